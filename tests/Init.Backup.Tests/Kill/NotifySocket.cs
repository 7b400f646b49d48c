using System.Net.Sockets;
using System.Text;

namespace Init.Backup.Tests.Kill;

/// <summary>Hears what a program says by sd_notify(3).</summary>
internal sealed class NotifySocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    public NotifySocket(string path)
    {
        Path = path;
        _socket.Bind(new UnixDomainSocketEndPoint(path));
    }

    public string Path { get; }

    /// <summary>Each line, until it is disposed of.</summary>
    public void Read(Action<string> line) => _ = Task.Run(async () =>
    {
        byte[] buffer = new byte[65536];
        try
        {
            while (true)
            {
                int count = await _socket.ReceiveAsync(buffer, SocketFlags.None);
                foreach (string one in Encoding.UTF8.GetString(buffer, 0, count).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                    line(one);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Nobody listens any more.
        }
    });

    public void Dispose() => _socket.Dispose();
}
