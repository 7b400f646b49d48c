using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Init.Control.Tests.Server;

/// <summary>A client that may do anything wrong.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly MemoryStream _received = new();

    public RawClient(string path)
    {
        Socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        {
            ReceiveTimeout = (int)ServerFixture.Deadline.TotalMilliseconds,
            SendTimeout = (int)ServerFixture.Deadline.TotalMilliseconds,
        };
        Socket.Connect(new UnixDomainSocketEndPoint(path));
    }

    public Socket Socket { get; }

    public void Send(string text) => Socket.Send(Encoding.UTF8.GetBytes(text));

    public void Send(byte[] bytes) => Socket.Send(bytes);

    public JsonElement Ask(string line)
    {
        Send(line + "\n");
        return ReadLine() ?? throw new InvalidOperationException("the connection was closed");
    }

    /// <summary>Null at the end of the connection.</summary>
    public JsonElement? ReadLine()
    {
        while (true)
        {
            byte[] all = _received.ToArray();
            int newline = Array.IndexOf(all, (byte)'\n');
            if (newline >= 0)
            {
                _received.SetLength(0);
                _received.Write(all, newline + 1, all.Length - newline - 1);
                return JsonDocument.Parse(all.AsMemory(0, newline)).RootElement;
            }

            int count = Receive();
            if (count == 0)
            {
                Assert.Empty(all);
                return null;
            }

            _received.Write(_buffer, 0, count);
        }
    }

    /// <summary>Reads what is left until the server closes.</summary>
    public List<JsonElement> ReadToEnd()
    {
        List<JsonElement> lines = [];
        while (ReadLine() is { } line)
            lines.Add(line);

        return lines;
    }

    public void Dispose() => Socket.Dispose();

    private int Receive()
    {
        try
        {
            return Socket.Receive(_buffer);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            return 0; // Closed while something of ours was unread.
        }
    }
}
