using System.Buffers;
using System.Globalization;
using System.Text;

namespace Init.Routing.Matching;

/// <summary>
/// What rules see of a path, as nginx's $uri: percent-decoded (%2f too), "." and ".." resolved, several slashes in a row one, no query. A backend will most likely
/// understand it so; matching anything else would let "/public/../admin" pass for "/public/".
/// </summary>
internal static class RequestPath
{
    /// <summary>No longer target needs a larger buffer: one character becomes at most 3 bytes.</summary>
    public const int ExpansionMax = 3;

    /// <summary>Splits "/path?query", or "http://host/path?query" as a client of a proxy sends it. The query has its "?".</summary>
    public static void Split(ReadOnlySpan<char> target, out ReadOnlySpan<char> path, out ReadOnlySpan<char> query)
    {
        if (target.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || target.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            ReadOnlySpan<char> behindScheme = target[(target.IndexOf(':') + 3)..];
            int start = behindScheme.IndexOfAny('/', '?');
            target = start < 0 ? "/" : behindScheme[start] == '/' ? behindScheme[start..] : $"/{behindScheme[start..]}";
        }

        int mark = target.IndexOf('?');
        path = mark < 0 ? target : target[..mark];
        query = mark < 0 ? [] : target[mark..];
    }

    /// <summary>Whether the path is what rules see, as it is.</summary>
    public static bool IsPlain(ReadOnlySpan<char> raw) =>
        raw.StartsWith("/") && !raw.Contains('%') && raw.IndexOf("//") < 0 && raw.IndexOf("/.") < 0 && Ascii.IsValid(raw);

    /// <param name="raw">Without the query.</param>
    /// <param name="scratch">At least <see cref="ExpansionMax"/> times as long; used when the path is not plain.</param>
    /// <param name="path">A part of one of the two.</param>
    /// <returns>False for what nginx answers with 400: no "/" at the start, a bad escape, %00, ".." above the root.</returns>
    public static bool TryNormalize(ReadOnlySpan<char> raw, Span<char> scratch, out ReadOnlySpan<char> path)
    {
        path = raw;
        if (IsPlain(raw))
            return true;
        if (!TryNormalize(raw, scratch, [], out int length))
            return false;

        path = scratch[..length];
        return true;
    }

    /// <summary>What of the raw path stands behind the first <paramref name="length"/> bytes of what rules see of it. The path must be valid.</summary>
    public static ReadOnlySpan<char> RawBehind(ReadOnlySpan<char> raw, int length)
    {
        if (IsPlain(raw))
            return raw[Math.Min(length, raw.Length)..];

        int[] origins = ArrayPool<int>.Shared.Rent(raw.Length * ExpansionMax);
        char[] scratch = ArrayPool<char>.Shared.Rent(raw.Length * ExpansionMax);
        try
        {
            // The byte that comes next has survived, so nothing behind its origin climbs above it.
            return TryNormalize(raw, scratch, origins, out int seen) && length < seen ? raw[origins[length]..] : [];
        }
        finally
        {
            ArrayPool<int>.Shared.Return(origins);
            ArrayPool<char>.Shared.Return(scratch);
        }
    }

    /// <param name="origins">Receives for each byte where in the raw path it comes from; may be empty when nobody asks.</param>
    private static bool TryNormalize(ReadOnlySpan<char> raw, Span<char> output, Span<int> origins, out int length)
    {
        length = 0;
        if (!raw.StartsWith("/"))
            return false;

        Span<byte> utf8 = stackalloc byte[4];
        for (int at = 0; at < raw.Length;)
        {
            int origin = at;
            char c = raw[at];
            bool isSlash = c == '/';
            int bytes = 1;
            if (c == '%')
            {
                if (at + 2 >= raw.Length || !char.IsAsciiHexDigit(raw[at + 1]) || !char.IsAsciiHexDigit(raw[at + 2]))
                    return false;

                utf8[0] = byte.Parse(raw.Slice(at + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                if (utf8[0] == 0)
                    return false;

                isSlash = utf8[0] == (byte)'/';
                at += 3;
            }
            else
            {
                OperationStatus status = Rune.DecodeFromUtf16(raw[at..], out Rune rune, out int consumed);
                if (status != OperationStatus.Done || rune.Value == 0)
                    return false;

                bytes = rune.EncodeToUtf8(utf8);
                at += consumed;
            }

            if (isSlash)
            {
                if (!CloseSegment(output, ref length))
                    return false;
                if (length > 0 && output[length - 1] == '/')
                    continue;
            }

            foreach (byte value in utf8[..bytes])
            {
                if (!origins.IsEmpty)
                    origins[length] = origin;
                output[length++] = (char)value;
            }
        }

        return CloseSegment(output, ref length);
    }

    /// <summary>Removes a last segment "." and, with the one before it, "..". False above the root.</summary>
    private static bool CloseSegment(Span<char> output, ref int length)
    {
        int start = output[..length].LastIndexOf('/') + 1;
        ReadOnlySpan<char> segment = output[start..length];
        if (segment is ".")
        {
            length = start;
        }
        else if (segment is "..")
        {
            if (start <= 1)
                return false;

            length = output[..(start - 1)].LastIndexOf('/') + 1;
        }

        return true;
    }
}
