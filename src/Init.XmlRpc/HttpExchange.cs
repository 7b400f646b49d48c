using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Init.XmlRpc;

/// <param name="User">Null: none is sent.</param>
/// <param name="Password">Null: none is sent.</param>
public readonly record struct HttpCredentials(string? User, string? Password)
{
    /// <summary>The value of the Authorization header; null when there is nothing to tell.</summary>
    internal string? Header => User is null || Password is null ? null : "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}"));

    /// <summary>So that no log shows it.</summary>
    public override string ToString() => User is null ? "none" : $"{User}:***";
}

/// <summary>The server's answer is no HTTP/1, ended too early or is beyond a limit.</summary>
public sealed class HttpFormatException : Exception
{
    public HttpFormatException(string message, Exception inner) : base(message, inner) { }

    public HttpFormatException() { }

    public HttpFormatException(string message) : base(message) { }
}

/// <summary>
/// One HTTP/1.1 request and its answer on a connection of its own, over TCP or a unix socket. It blocks, and waits as long as the server takes: a start that is waited for may
/// take minutes. docs/decisions/0011-supervisorctl-http-client.md says why it is not HttpClient.
/// </summary>
public sealed class HttpExchange : IDisposable
{
    /// <summary>Status line and headers of an answer.</summary>
    private const int HeadBytesMax = 64 * 1024;

    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[HeadBytesMax];
    private int _start;
    private int _end;
    private bool _isChunked;

    /// <summary>Bytes until the end of the body, or of the chunk; null: until the connection is closed.</summary>
    private long? _left;
    private bool _isLast;

    private HttpExchange(Socket socket) => _socket = socket;

    public int Status { get; private set; }

    /// <summary>What the server calls the status: "Not Found".</summary>
    public string Reason { get; private set; } = "";

    /// <summary>Sends the request and reads the answer as far as the body.</summary>
    /// <exception cref="SocketException">As connect(2), or because the connection broke.</exception>
    /// <exception cref="HttpFormatException"/>
    public static HttpExchange Post(ServerAddress server, string path, HttpCredentials credentials, ReadOnlySpan<byte> body) =>
        Begin(server, $"POST {path}", credentials, $"Connection: close\r\nAccept: text/xml\r\nContent-Type: text/xml\r\nContent-Length: {body.Length}\r\n", body);

    /// <inheritdoc cref="Post"/>
    /// <remarks>It does not ask for the end of the connection: supervisord holds a log that is followed back until its end then, and it has none.</remarks>
    public static HttpExchange Get(ServerAddress server, string path, HttpCredentials credentials) => Begin(server, $"GET {path}", credentials, "Accept: */*\r\n", []);

    /// <summary>The next bytes of the body; 0 = its end.</summary>
    /// <exception cref="SocketException"/>
    /// <exception cref="HttpFormatException"/>
    public int Read(Span<byte> destination)
    {
        if (_left == 0 && _isChunked && !_isLast)
            ReadChunkSize();
        if (_left == 0)
            return 0;

        if (_start == _end && !Fill())
            return _left is null ? 0 : throw new HttpFormatException("the connection was closed in the middle of the answer");

        int count = (int)Math.Min(Math.Min(destination.Length, _end - _start), _left ?? long.MaxValue);
        _buffer.AsSpan(_start, count).CopyTo(destination);
        _start += count;
        _left -= count;
        if (_left == 0 && _isChunked && ReadLine().Length != 0)
            throw new HttpFormatException("a chunk does not end where it should");

        return count;
    }

    /// <summary>The rest of the body.</summary>
    /// <exception cref="SocketException"/>
    /// <exception cref="HttpFormatException">Also when it has more than <paramref name="bytesMax"/>.</exception>
    public byte[] ReadToEnd(int bytesMax)
    {
        byte[] body = new byte[Math.Min(_left is > 0 ? _left.Value + 1 : 16 * 1024, Math.Min(bytesMax, 1024 * 1024) + 1L)];
        int length = 0;
        while (true)
        {
            int count = Read(body.AsSpan(length));
            if (count == 0)
                return body[..length];

            length += count;
            if (length > bytesMax)
                throw new HttpFormatException($"the answer has more than {bytesMax} bytes");
            if (length == body.Length)
                Array.Resize(ref body, (int)Math.Min(body.Length * 2L, bytesMax + 1L));
        }
    }

    /// <summary>May be called while another thread reads, which then gets a <see cref="SocketException"/>.</summary>
    public void Dispose() => _socket.Dispose();

    private static HttpExchange Begin(ServerAddress server, string request, HttpCredentials credentials, string headers, ReadOnlySpan<byte> body)
    {
        string host = server is ServerAddress.Tcp tcp ? $"{(tcp.Host.Contains(':') ? $"[{tcp.Host}]" : tcp.Host)}:{tcp.Port}" : "localhost";
        string authorization = credentials.Header is { } value ? $"Authorization: {value}\r\n" : "";
        HttpExchange exchange = new(server.Connect());
        try
        {
            exchange.SendAll([.. Encoding.UTF8.GetBytes($"{request} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: init\r\nAccept-Encoding: identity\r\n{authorization}{headers}\r\n"), .. body]);
            exchange.ReadHead();
            return exchange;
        }
        catch
        {
            exchange.Dispose();
            throw;
        }
    }

    private void SendAll(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[_socket.Send(bytes)..];
    }

    private void ReadHead()
    {
        do
        {
            string line = ReadLine();
            string[] parts = line.Split(' ', 3);
            if (parts.Length < 2 || !parts[0].StartsWith("HTTP/1.", StringComparison.Ordinal) || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int status))
                throw new HttpFormatException("the answer is no HTTP/1");

            Status = status;
            Reason = parts.Length > 2 ? parts[2] : "";
            ReadHeaders();
        }
        while (Status == 100);
    }

    private void ReadHeaders()
    {
        int bytes = 0;
        while (ReadLine() is { Length: > 0 } line)
        {
            bytes += line.Length;
            if (bytes > HeadBytesMax)
                throw new HttpFormatException("the answer's headers are too long");

            int colon = line.IndexOf(':');
            string value = colon < 0 ? "" : line[(colon + 1)..].Trim();
            if (colon == "Content-Length".Length && line.StartsWith("Content-Length", StringComparison.OrdinalIgnoreCase))
                _left = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long length) ? length : throw new HttpFormatException("the answer's length is none");
            else if (colon == "Transfer-Encoding".Length && line.StartsWith("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
                _isChunked = value.Equals("chunked", StringComparison.OrdinalIgnoreCase) ? true : throw new HttpFormatException("the answer has an unknown encoding");
        }

        if (_isChunked)
            _left = 0;
    }

    private void ReadChunkSize()
    {
        string line = ReadLine();
        int extension = line.IndexOf(';');
        if (!long.TryParse((extension < 0 ? line : line[..extension]).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long size) || size < 0)
            throw new HttpFormatException("a chunk has no size");

        // What may follow the last one, trailers, is of no use to us.
        _left = size;
        _isLast = size == 0;
    }

    /// <summary>Without its end.</summary>
    private string ReadLine()
    {
        int searched = 0;
        while (true)
        {
            int newline = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (newline >= 0)
            {
                string line = Encoding.UTF8.GetString(_buffer, _start, searched + newline).TrimEnd('\r');
                _start += searched + newline + 1;
                return line;
            }

            searched = _end - _start;
            if (!Fill())
                throw new HttpFormatException("the connection was closed in the middle of the answer");
        }
    }

    /// <summary>False when the server has closed the connection.</summary>
    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
            throw new HttpFormatException("a line of the answer is too long");

        int count = _socket.Receive(_buffer.AsSpan(_end));
        _end += count;
        return count > 0;
    }
}
