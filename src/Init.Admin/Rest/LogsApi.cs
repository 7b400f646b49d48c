using System.Globalization;
using Init.Admin.Http;
using Init.Control;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Init.Admin.Rest;

/// <summary>Logs as plain bytes: the whole, a piece (offset and length, or Range), or its end and what follows.</summary>
internal static class LogsApi
{
    /// <summary>Of the past, when a log is followed.</summary>
    private const int TailBytesDefault = 1024;

    public static Task ReadAsync(RestCall call) => call.Route("stream") switch
    {
        "stdout" => ReadAsync(call, call.Route("name"), LogStream.Stdout),
        "stderr" => ReadAsync(call, call.Route("name"), LogStream.Stderr),
        _ => call.ProblemAsync(StatusCodes.Status404NotFound, "a program has the logs stdout and stderr"),
    };

    public static Task ReadOwnAsync(RestCall call) => ReadAsync(call, null, LogStream.Stdout);

    private static Task ReadAsync(RestCall call, string? name, LogStream stream)
    {
        IQueryCollection query = call.Context.Request.Query;
        if (!TryNumber(query, "offset", long.MinValue, out long? offset) || !TryNumber(query, "length", 0, out long? length) || !TryNumber(query, "tail", 0, out long? tail))
            return call.ProblemAsync(StatusCodes.Status400BadRequest, "offset, length and tail are integers; length and tail are not negative");

        if (query["follow"] is ["true" or "1"])
            return FollowAsync(call, name, stream, Math.Min(tail ?? TailBytesDefault, ControlProtocol.TailBytesMax));

        if (tail is not null)
            (offset, length) = (-tail, null);
        if (offset is < 0 && length is not null)
            return call.ProblemAsync(StatusCodes.Status400BadRequest, "a negative offset counts from the end and goes up to it: leave length out");

        if (offset is not null || length is not null)
            return SendAsync(call, new Piece(name, stream, offset ?? 0, length), isRange: false);

        return RangeOf(call.Context.Request) is { } range ? SendAsync(call, new Piece(name, stream, range.Offset, range.Length), isRange: true) : SendAsync(call, new Piece(name, stream, 0, null), isRange: false);
    }

    /// <param name="Offset">Negative: from the end.</param>
    /// <param name="Length">Null: up to the end.</param>
    private sealed record Piece(string? Name, LogStream Stream, long Offset, long? Length);

    private static async Task SendAsync(RestCall call, Piece piece, bool isRange)
    {
        // The first part also tells how long the log is; an answer begun is not changed by what is written meanwhile.
        long wanted = piece.Length ?? long.MaxValue;
        if (await ReadPartAsync(call, piece, piece.Offset, wanted) is not { } part)
            return;

        HttpResponse response = call.Context.Response;
        response.Headers.AcceptRanges = "bytes";
        if (isRange && part.Bytes.IsEmpty)
        {
            response.Headers.ContentRange = $"bytes */{part.Size}";
            await call.ProblemAsync(StatusCodes.Status416RangeNotSatisfiable, $"the log has {part.Size} bytes");
            return;
        }

        long left = Math.Max(0, Math.Min(wanted, part.Size - part.Offset));
        response.ContentType = "text/plain; charset=utf-8";
        response.ContentLength = left;
        response.Headers["X-Log-Offset"] = part.Offset.ToString(CultureInfo.InvariantCulture);
        response.Headers["X-Log-Size"] = part.Size.ToString(CultureInfo.InvariantCulture);
        if (isRange)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = $"bytes {part.Offset}-{part.Offset + left - 1}/{part.Size}";
        }

        while (true)
        {
            ReadOnlyMemory<byte> bytes = part.Bytes[..(int)Math.Min(part.Bytes.Length, left)];
            await response.Body.WriteAsync(bytes, call.Gone);
            left -= bytes.Length;
            if (left == 0)
                return;

            // Rotated or emptied meanwhile: the length was promised, so the client must see that this is not all.
            long next = part.Offset + bytes.Length;
            if (await call.Services.Backend.AskAsync(Request(piece, next, left), cancellation: call.Gone) is not ControlAnswer.Done(ControlResult.LogPart { Bytes.IsEmpty: false } more))
            {
                call.Context.Abort();
                return;
            }

            part = more;
        }
    }

    private static Task<ControlResult.LogPart?> ReadPartAsync(RestCall call, Piece piece, long offset, long length) =>
        call.AskAsync<ControlResult.LogPart>(Request(piece, offset, length));

    private static ControlRequest.ReadLog Request(Piece piece, long offset, long length) =>
        new(piece.Name, piece.Stream, offset, offset < 0 ? 0 : Math.Min(length, ControlProtocol.ReadLogBytesMax));

    private static async Task FollowAsync(RestCall call, string? name, LogStream stream, long tail)
    {
        // Whether there is such a log is said before the answer begins; an empty one has nothing to send, and its follower is to know that all is well.
        if (await ReadPartAsync(call, new Piece(name, stream, -1, null), -1, 0) is null)
            return;

        HttpResponse response = call.Context.Response;
        response.ContentType = "text/plain; charset=utf-8";
        response.Headers["X-Accel-Buffering"] = "no";
        SlowReaders.Allow(call.Context);
        await response.StartAsync(call.Gone);
        await response.Body.FlushAsync(call.Gone);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(call.Gone, call.Services.Ending);
        try
        {
            _ = await call.Services.Backend.AskAsync(
                new ControlRequest.Tail(name, stream, null, tail, Follow: true),
                async item =>
                {
                    if (item is not ControlItem.LogChunk(var bytes))
                        return;

                    await response.Body.WriteAsync(bytes, end.Token);
                    await response.Body.FlushAsync(end.Token);
                },
                cancellation: end.Token);
        }
        catch (OperationCanceledException) when (call.Services.Ending.IsCancellationRequested)
        {
            // This is the end it has.
        }
    }

    /// <summary>The one range that is asked for. Several, and other units, may be answered with the whole (RFC 9110, 14.2).</summary>
    private static (long Offset, long? Length)? RangeOf(HttpRequest request)
    {
        if (!RangeHeaderValue.TryParse(request.Headers.Range.ToString(), out RangeHeaderValue? header) || header.Unit != "bytes" || header.Ranges.Count != 1)
            return null;

        RangeItemHeaderValue range = header.Ranges.First();
        return range switch
        {
            { From: { } from, To: { } to } => (from, to - from + 1),
            { From: { } from } => (from, null),
            { To: { } last and > 0 } => (-last, null),
            _ => null,
        };
    }

    private static bool TryNumber(IQueryCollection query, string key, long min, out long? number)
    {
        number = null;
        if (query[key] is not [{ } text])
            return query[key].Count == 0;

        bool isNumber = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long read) && read >= min;
        number = read;
        return isNumber;
    }
}
