using System.Text;
using Init.Admin.Http;
using Init.Panel.SignIn;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Init.Panel.Live;

/// <summary><c>/live</c>: one stream of events for each open panel, which ends when its user is signed out.</summary>
/// <param name="hub">What there is to tell.</param>
/// <param name="access">Knows whether a session has run out.</param>
/// <param name="clock">For that.</param>
/// <param name="ending">When the gateway is to end.</param>
internal sealed class LiveApi(LiveHub hub, PanelAccess access, TimeProvider clock, CancellationToken ending)
{
    /// <summary>At the same time; beyond it: 503.</summary>
    public const int StreamsMax = 50;

    /// <summary>Often enough that no proxy in between takes the connection for dead.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private int _streams;

    public async Task FollowAsync(HttpContext context)
    {
        if (Interlocked.Increment(ref _streams) > StreamsMax)
        {
            _ = Interlocked.Decrement(ref _streams);
            await PanelReply.ProblemAsync(context, StatusCodes.Status503ServiceUnavailable, "too_many_streams", $"{StreamsMax} panels are open already");
            return;
        }

        SignedIn who = context.Features.GetRequiredFeature<SignedIn>();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, ending, who.Ended);
        try
        {
            using LiveHub.Listener listener = hub.Listen();
            await CopyAsync(context, who, listener, end.Token);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            if (who.Ended.IsCancellationRequested)
                await WriteAsync(context, "event: signed_out\ndata: {}\n\n", context.RequestAborted);
        }
        finally
        {
            _ = Interlocked.Decrement(ref _streams);
        }
    }

    private async Task CopyAsync(HttpContext context, SignedIn who, LiveHub.Listener listener, CancellationToken end)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        SlowReaders.Allow(context);
        await WriteAsync(context, ":\n\n", end);
        long lastWrite = clock.GetTimestamp();
        while (who.Session is not { } session || access.ExpiresAt(session) > clock.GetUtcNow().ToUnixTimeMilliseconds())
        {
            string news = await listener.TakeAsync(Heartbeat, end);
            bool isTime = clock.GetElapsedTime(lastWrite) >= Heartbeat;
            if (news.Length == 0 && !isTime)
                continue;

            await WriteAsync(context, isTime ? news + ":\n\n" : news, end);
            if (isTime)
                lastWrite = clock.GetTimestamp();
        }

        await WriteAsync(context, "event: signed_out\ndata: {}\n\n", end);
    }

    private static async Task WriteAsync(HttpContext context, string text, CancellationToken end)
    {
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), end);
        await context.Response.Body.FlushAsync(end);
    }
}
