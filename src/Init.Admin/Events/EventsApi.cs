using System.Text;
using System.Text.Json;
using Init.Admin.Http;
using Init.Admin.Rest;
using Init.Control;
using Microsoft.AspNetCore.Http;

namespace Init.Admin.Events;

/// <summary><c>/events</c> as Server-Sent Events: <c>id</c>, <c>event</c> (the type) and <c>data</c> (the event as JSON), and a comment when nothing happens for a while.</summary>
internal static class EventsApi
{
    /// <summary>Often enough that no proxy in between takes the connection for dead.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private static int _followers;

    public static async Task FollowAsync(RestCall call, EventHub hub)
    {
        if (Interlocked.Increment(ref _followers) > HttpLimits.FollowersMax)
        {
            _ = Interlocked.Decrement(ref _followers);
            await call.ProblemAsync(StatusCodes.Status503ServiceUnavailable, $"{HttpLimits.FollowersMax} clients follow events already");
            return;
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(call.Gone, call.Services.Ending);
        try
        {
            HttpRequest request = call.Context.Request;
            string? lastId = request.Headers["Last-Event-ID"] is [{ Length: > 0 } id] ? id : request.Query["last_event_id"];
            using EventHub.Subscription subscription = hub.Subscribe(lastId);
            await CopyAsync(call.Context.Response, subscription, hub, new Wanted(request.Query), end.Token);
        }
        catch (OperationCanceledException) when (call.Services.Ending.IsCancellationRequested)
        {
            // This is the end it has.
        }
        finally
        {
            _ = Interlocked.Decrement(ref _followers);
        }
    }

    private static async Task CopyAsync(HttpResponse response, EventHub.Subscription subscription, EventHub hub, Wanted wanted, CancellationToken end)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        SlowReaders.Allow(response.HttpContext);
        await WriteAsync(":\n\n");
        while (true)
        {
            if (!await subscription.WaitAsync(Heartbeat, end))
                await WriteAsync(":\n\n");

            if (subscription.HasMissed)
            {
                subscription.HasMissed = false;
                await WriteAsync("event: missed\ndata: {}\n\n");
            }

            StringBuilder text = new();
            while (text.Length < 16 * 1024 && subscription.TryRead(out NumberedEvent next))
            {
                if (wanted.Matches(next.Event))
                    Append(text, hub.IdOf(next.Number), next.Event);
            }

            if (text.Length > 0)
                await WriteAsync(text.ToString());
        }

        async Task WriteAsync(string text)
        {
            await response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), end);
            await response.Body.FlushAsync(end);
        }
    }

    /// <summary>JSON of ours has no line breaks, so one data line holds it; a type is a dotted word.</summary>
    private static void Append(StringBuilder text, string id, ControlEvent raised) => text
        .Append("id: ").Append(id)
        .Append("\nevent: ").Append(raised.Type)
        .Append("\ndata: ").Append(JsonSerializer.Serialize(raised, RestJson.Default.ControlEvent))
        .Append("\n\n");

    /// <summary><c>?type=program.*&amp;type=…&amp;name=web</c>: all when nothing is said.</summary>
    private sealed class Wanted(IQueryCollection query)
    {
        private readonly EventFilter _types = new([.. query["type"].OfType<string>().SelectMany(text => text.Split(','))]);
        private readonly HashSet<string> _names = [.. query["name"].OfType<string>().SelectMany(text => text.Split(','))];

        public bool Matches(ControlEvent raised) =>
            _types.Matches(raised.Type) && (_names.Count == 0 || (raised.Name is { } name && _names.Contains(name)) || (raised.Program is { } program && _names.Contains(program)));
    }
}
