using System.Buffers.Text;
using System.Text;

namespace Init.Engine.Probes;

/// <summary>What came of an answer.</summary>
/// <param name="Success">It is a good one.</param>
/// <param name="Detail">Why not; never anything the server wrote, for that may be anything.</param>
internal readonly record struct HttpVerdict(bool Success, string? Detail);

/// <summary>
/// Reads an HTTP/1.x answer (RFC 9112) as it comes, in pieces of any size, until it is known whether it is a good one: a status of
/// 200..399 and, if a text is wanted, the text within the first <see cref="BodyBytesMax"/> bytes of the body.
/// </summary>
/// <remarks>
/// It keeps one unfinished line and the last few bytes of the body, nothing else. It takes bare LF line ends and a missing reason phrase,
/// as RFC 9112 2.2 and 4 allow, and refuses what contradicts itself.
/// </remarks>
internal sealed class HttpResponseReader
{
    /// <summary>Of the status line and all header lines together, interim (1xx) answers included.</summary>
    public const int HeaderBytesMax = 64 * 1024;

    public const int BodyBytesMax = 1024 * 1024;

    private const int ChunkLineBytesMax = 4096;

    private readonly byte[]? _wanted;
    private readonly byte[] _seam;
    private readonly List<byte> _line = [];
    private Part _part = Part.StatusLine;
    private int _seamLength;
    private int _status;
    private int _headerBytes;
    private int _bodyBytes;
    private bool _isChunked;
    private long? _contentLength;

    /// <summary>Bytes left of the chunk, or of a body of known length.</summary>
    private long _left;

    /// <param name="bodyContains">The text that the body must contain; null or empty = any body will do, and is not read.</param>
    public HttpResponseReader(string? bodyContains)
    {
        _wanted = string.IsNullOrEmpty(bodyContains) ? null : Encoding.UTF8.GetBytes(bodyContains);
        _seam = _wanted is null ? [] : new byte[2 * (_wanted.Length - 1)];
    }

    private enum Part
    {
        StatusLine,
        Header,
        BodyOfLength,
        BodyToEnd,
        ChunkSize,
        ChunkData,
        ChunkEnd,
    }

    /// <summary>The next piece; a verdict as soon as there is one, after which nothing more may be fed.</summary>
    public HttpVerdict? Feed(ReadOnlySpan<byte> piece)
    {
        while (!piece.IsEmpty)
        {
            HttpVerdict? verdict = _part switch
            {
                Part.BodyToEnd => TakeBody(ref piece, piece.Length),
                Part.BodyOfLength => TakeCountedBody(ref piece),
                Part.ChunkData => TakeChunk(ref piece),
                _ => TakeLine(ref piece),
            };
            if (verdict is not null)
                return verdict;
        }

        return null;
    }

    /// <summary>The server has closed the connection before there was a verdict.</summary>
    public HttpVerdict End() => _part switch
    {
        Part.StatusLine when _headerBytes == 0 && _line.Count == 0 => No("closed the connection without an answer"),
        Part.StatusLine or Part.Header => No("closed the connection in the middle of the header"),
        Part.BodyToEnd => NotFound(),
        _ => No("closed the connection in the middle of the body"),
    };

    private static HttpVerdict No(string detail) => new(Success: false, detail);

    private static HttpVerdict Yes() => new(Success: true, Detail: null);

    private HttpVerdict NotFound() => No($"status {_status}, but the body does not contain the expected text");

    private HttpVerdict? TakeLine(ref ReadOnlySpan<byte> piece)
    {
        int end = piece.IndexOf((byte)'\n');
        ReadOnlySpan<byte> part = end < 0 ? piece : piece[..end];
        piece = end < 0 ? [] : piece[(end + 1)..];

        bool isHeader = _part is Part.StatusLine or Part.Header;
        if (isHeader)
            _headerBytes += part.Length + (end < 0 ? 0 : 1);
        if (_headerBytes > HeaderBytesMax)
            return No($"the header is longer than {HeaderBytesMax / 1024} KiB");
        if (!isHeader && _line.Count + part.Length > ChunkLineBytesMax)
            return No("the chunks of the body are malformed");

        _line.AddRange(part);
        if (_part == Part.StatusLine && !MayBeStatusLine())
            return No("the answer is not HTTP"); // Said at once: whatever speaks there may never send the end of a line.
        if (end < 0)
            return null;

        if (_line.Count > 0 && _line[^1] == '\r')
            _line.RemoveAt(_line.Count - 1);
        byte[] line = [.. _line];
        _line.Clear();
        return _part switch
        {
            Part.StatusLine => ReadStatusLine(line),
            Part.Header => ReadHeaderLine(line),
            Part.ChunkSize => ReadChunkSize(line),
            _ => ReadChunkEnd(line),
        };
    }

    private bool MayBeStatusLine()
    {
        ReadOnlySpan<byte> protocol = "HTTP/1."u8;
        for (int i = 0; i < Math.Min(_line.Count, protocol.Length); i++)
        {
            if (_line[i] != protocol[i])
                return false;
        }

        return true;
    }

    /// <summary>"HTTP/1.1 200 OK".</summary>
    private HttpVerdict? ReadStatusLine(ReadOnlySpan<byte> line)
    {
        if (line.Length < 12 || !char.IsAsciiDigit((char)line[7]) || line[8] != ' '
            || !Utf8Parser.TryParse(line.Slice(9, 3), out int status, out int digits) || digits != 3 || status is < 100 or > 999
            || (line.Length > 12 && line[12] != ' '))
        {
            return No("the answer is not HTTP");
        }

        _status = status;

        // 101 would be the answer to an Upgrade, which was not asked for; the other interim answers announce the real one.
        if (status is < 200 and not 101)
        {
            _part = Part.Header;
            return null;
        }

        if (status is < 200 or > 399)
            return No($"status {status}");

        _part = Part.Header;
        return null;
    }

    private HttpVerdict? ReadHeaderLine(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty)
            return EndHeader();

        int colon = line.IndexOf((byte)':');
        if (line[0] is (byte)' ' or (byte)'\t')
            return null; // A folded line goes on with a value (RFC 9112 5.2); none of those that matter here is ever folded.
        if (colon <= 0)
            return No("the header is malformed");

        ReadOnlySpan<byte> name = line[..colon];
        ReadOnlySpan<byte> value = line[(colon + 1)..].Trim(" \t"u8);
        if (Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8))
        {
            // The last coding is the one that frames the body; we have asked for no others.
            _isChunked = value.Length >= 7 && Ascii.EqualsIgnoreCase(value[^7..], "chunked"u8);
        }
        else if (Ascii.EqualsIgnoreCase(name, "content-length"u8))
        {
            if (!Utf8Parser.TryParse(value, out long length, out int digits) || digits != value.Length || length < 0
                || !char.IsAsciiDigit((char)value[0]) || (_contentLength ?? length) != length)
            {
                return No("the header gives no valid length of the body");
            }

            _contentLength = length;
        }

        return null;
    }

    private HttpVerdict? EndHeader()
    {
        if (_status < 200)
        {
            (_part, _isChunked, _contentLength) = (Part.StatusLine, false, null);
            return null;
        }

        if (_wanted is null)
            return Yes();

        // RFC 9112 6.3: these have no body; else chunked goes before a length; else the body lasts until the connection is closed.
        if (_status is 204 or 304 || (!_isChunked && _contentLength == 0))
            return NotFound();

        _left = _contentLength ?? 0;
        _part = _isChunked ? Part.ChunkSize : _contentLength is null ? Part.BodyToEnd : Part.BodyOfLength;
        return null;
    }

    /// <summary>"1a;name=value".</summary>
    private HttpVerdict? ReadChunkSize(ReadOnlySpan<byte> line)
    {
        int end = line.IndexOfAny(" \t;"u8);
        ReadOnlySpan<byte> size = end < 0 ? line : line[..end];
        if (size.Length is 0 or > 15 || !Utf8Parser.TryParse(size, out long length, out int digits, 'x') || digits != size.Length)
            return No("the chunks of the body are malformed");

        // The chunk of no bytes is the last; a trailer cannot change the verdict.
        if (length == 0)
            return NotFound();

        (_left, _part) = (length, Part.ChunkData);
        return null;
    }

    private HttpVerdict? ReadChunkEnd(ReadOnlySpan<byte> line)
    {
        if (!line.IsEmpty)
            return No("the chunks of the body are malformed");

        _part = Part.ChunkSize;
        return null;
    }

    private HttpVerdict? TakeChunk(ref ReadOnlySpan<byte> piece)
    {
        HttpVerdict? verdict = TakeBody(ref piece, _left);
        if (_left == 0)
            _part = Part.ChunkEnd;

        return verdict;
    }

    private HttpVerdict? TakeCountedBody(ref ReadOnlySpan<byte> piece)
    {
        HttpVerdict? verdict = TakeBody(ref piece, _left);
        return verdict ?? (_left == 0 ? NotFound() : null);
    }

    /// <summary>Looks for the wanted text in the next bytes of the body, at most <paramref name="limit"/> of them.</summary>
    private HttpVerdict? TakeBody(ref ReadOnlySpan<byte> piece, long limit)
    {
        int count = (int)Math.Min(Math.Min(piece.Length, limit), BodyBytesMax - _bodyBytes);
        ReadOnlySpan<byte> body = piece[..count];
        piece = piece[count..];
        _bodyBytes += count;
        _left -= count;

        if (CrossesSeam(body) || body.IndexOf(_wanted) >= 0)
            return Yes();

        return _bodyBytes == BodyBytesMax ? No($"status {_status}, but the first {BodyBytesMax / 1024 / 1024} MiB of the body does not contain the expected text") : null;
    }

    /// <summary>True when the text begins in an earlier piece and ends in this one. Keeps what the next piece may need.</summary>
    private bool CrossesSeam(ReadOnlySpan<byte> body)
    {
        int keep = _wanted!.Length - 1;
        if (keep == 0)
            return false;

        // Behind the end of the earlier pieces comes the beginning of this one, as much of each as the text could cover.
        int added = Math.Min(keep, body.Length);
        body[..added].CopyTo(_seam.AsSpan(_seamLength));
        bool found = _seam.AsSpan(0, _seamLength + added).IndexOf(_wanted) >= 0;

        if (body.Length >= keep)
        {
            body[^keep..].CopyTo(_seam);
            _seamLength = keep;
        }
        else
        {
            int length = _seamLength + added;
            int dropped = Math.Max(0, length - keep);
            _seam.AsSpan(dropped, length - dropped).CopyTo(_seam);
            _seamLength = length - dropped;
        }

        return found;
    }
}
