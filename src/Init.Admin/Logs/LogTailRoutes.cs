using Init.Admin.Http;
using Init.Control;
using Microsoft.AspNetCore.Http;

namespace Init.Admin.Logs;

/// <summary>
/// <c>GET /logtail/NAME[/stdout|stderr]</c> and <c>GET /mainlogtail</c>, which supervisorctl's <c>tail -f</c> and <c>maintail -f</c> read: text without an end. The
/// files are read here, where somebody else's slowness costs the supervisor nothing; it only says where they are.
/// </summary>
internal sealed class LogTailRoutes(AdminServices services)
{
    /// <summary>As supervisord: so much of the past comes first.</summary>
    private const int BytesBefore = 1024;

    private const int BufferBytes = 32 * 1024;

    /// <summary>As supervisord.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private int _followers;

    public async Task FollowProgramAsync(HttpContext context)
    {
        // "group:process", "process", each with a stream after it or without. The path is decoded already.
        string[] parts = ((string?)context.Request.RouteValues["name"] ?? "").Split('/', 2);
        string stream = parts.Length == 2 ? parts[1] : "stdout";
        if (stream is not ("stdout" or "stderr"))
        {
            await ErrorReply.WriteAsync(context, StatusCodes.Status404NotFound, "a program has the logs stdout and stderr");
            return;
        }

        ControlAnswer answer = await services.Backend.AskAsync(new ControlRequest.Status([], Usage: false), cancellation: context.RequestAborted);
        if (answer is not ControlAnswer.Done(ControlResult.Status(var programs, _)))
        {
            await UnavailableAsync(context);
            return;
        }

        ProgramStatus? program = programs.FirstOrDefault(status => Names(status, parts[0]));
        await FollowAsync(context, stream == "stdout" ? program?.StdoutLog : program?.StderrLog, isBehindProxy: true);
    }

    public async Task FollowOwnAsync(HttpContext context)
    {
        ControlAnswer answer = await services.Backend.AskAsync(new ControlRequest.ReadLog(null, LogStream.Stdout, -1, 0), cancellation: context.RequestAborted);
        if (answer is ControlAnswer.Lost)
            await UnavailableAsync(context);
        else
            await FollowAsync(context, answer is ControlAnswer.Done(ControlResult.LogPart(_, _, _, var path)) ? path : null, isBehindProxy: false);
    }

    /// <summary>As supervisord reads it: "name" is the process of that name in the group of that name.</summary>
    private static bool Names(ProgramStatus status, string name)
    {
        int colon = name.IndexOf(':', StringComparison.Ordinal);
        return status.Name == name
            || (colon < 0 ? status.Group == name && status.Process == name : status.Group == name[..colon] && status.Process == name[(colon + 1)..]);
    }

    private static Task UnavailableAsync(HttpContext context) =>
        ErrorReply.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "the supervisor cannot be reached");

    private async Task FollowAsync(HttpContext context, string? path, bool isBehindProxy)
    {
        using FollowedFile? file = path is null ? null : FollowedFile.Open(path, BytesBefore);
        if (file is null)
        {
            await ErrorReply.WriteAsync(context, StatusCodes.Status404NotFound, "there is no such log");
            return;
        }

        if (Interlocked.Increment(ref _followers) > HttpLimits.FollowersMax)
        {
            _ = Interlocked.Decrement(ref _followers);
            await ErrorReply.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, $"{HttpLimits.FollowersMax} clients follow logs already");
            return;
        }

        try
        {
            HttpResponse response = context.Response;
            response.Headers.LastModified = file.ModifiedAt.ToString("R");
            response.ContentType = "text/plain;charset=utf-8";
            if (isBehindProxy)
                response.Headers["X-Accel-Buffering"] = "no";
            SlowReaders.Allow(context);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, services.Ending);
            await CopyAsync(file, response, end.Token);
        }
        catch (OperationCanceledException) when (services.Ending.IsCancellationRequested)
        {
            // This is the end it has.
        }
        finally
        {
            _ = Interlocked.Decrement(ref _followers);
        }
    }

    private static async Task CopyAsync(FollowedFile file, HttpResponse response, CancellationToken gone)
    {
        byte[] buffer = new byte[BufferBytes];
        await response.StartAsync(gone);
        await response.Body.FlushAsync(gone);
        int kept = 0;
        while (true)
        {
            int count = file.Read(buffer.AsSpan(kept));
            int length = kept + count;
            if (count == 0)
            {
                await Task.Delay(Pause, gone);
                continue;
            }

            kept = Utf8Pieces.IncompleteTail(buffer.AsSpan(0, length));
            await response.Body.WriteAsync(buffer.AsMemory(0, length - kept), gone);
            await response.Body.FlushAsync(gone);
            buffer.AsSpan(length - kept, kept).CopyTo(buffer);
        }
    }
}
