using System.Buffers;
using System.Net;
using System.Text;

namespace Init.Gateway.Forwarding.WebSockets;

/// <summary>The head of a backend's answer to a handshake. It is taken apart only when it says 101: whatever else it is, somebody reads it who knows all of HTTP.</summary>
internal sealed class ResponseHead
{
    private const int BytesMax = 32 * 1024;

    private static readonly byte[] End = "\r\n\r\n"u8.ToArray(), Switch = "HTTP/1.1 101"u8.ToArray();

    private readonly List<KeyValuePair<string, string>> _headers = [];

    private ResponseHead(byte[] received, int length)
    {
        Received = received;
        if (!received.AsSpan(0, length).StartsWith(Switch) || received[Switch.Length] is not ((byte)' ' or (byte)'\r'))
            return;

        IsSwitch = true;
        Rest = received[length..];
        foreach (string line in Encoding.Latin1.GetString(received, 0, length - End.Length).Split("\r\n").Skip(1))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 1 || line.AsSpan(0, colon).ContainsAny(" \t") || line.AsSpan().ContainsAny('\r', '\n', '\0'))
                throw new FormatException("the backend's answer to the handshake is not valid HTTP");

            _headers.Add(new(line[..colon], line[(colon + 1)..].Trim(' ', '\t')));
        }
    }

    /// <summary>The backend speaks another protocol from here on.</summary>
    public bool IsSwitch { get; }

    /// <summary>All that has come, the head and what was behind it.</summary>
    public byte[] Received { get; }

    /// <summary>What was behind the head, which is the other protocol's already.</summary>
    public byte[] Rest { get; } = [];

    /// <summary>The protocol.</summary>
    public string Upgrade => _headers.Find(header => header.Key.Equals("Upgrade", StringComparison.OrdinalIgnoreCase)).Value ?? "websocket";

    /// <exception cref="FormatException">It is too long, or no HTTP.</exception>
    /// <exception cref="IOException">The backend has closed the connection before.</exception>
    public static async Task<ResponseHead> ReadAsync(Stream stream, CancellationToken limit)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BytesMax);
        try
        {
            int count = 0;
            while (true)
            {
                int read = await stream.ReadAsync(buffer.AsMemory(count, BytesMax - count), limit);
                if (read == 0)
                    throw new IOException("the backend has closed the connection instead of answering");

                count += read;
                int end = buffer.AsSpan(0, count).IndexOf(End);
                if (end >= 0)
                    return new ResponseHead(buffer[..count], end + End.Length);
                if (count == BytesMax)
                    throw new FormatException($"the head of the backend's answer has more than {BytesMax} bytes");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public HttpResponseMessage ToMessage()
    {
        HttpResponseMessage message = new(HttpStatusCode.SwitchingProtocols);
        foreach (var (name, value) in _headers)
        {
            if (!message.Headers.TryAddWithoutValidation(name, value))
                _ = message.Content.Headers.TryAddWithoutValidation(name, value);
        }

        return message;
    }
}
