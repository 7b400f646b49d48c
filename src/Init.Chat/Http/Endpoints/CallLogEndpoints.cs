using System.Text.Json;
using Init.Admin.Http;
using Init.Chat.CallLog;
using Init.Chat.Store;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http.Endpoints;

/// <summary>The log of calls of providers, as an array, and line by line with or without an end.</summary>
internal static class CallLogEndpoints
{
    /// <summary>How often a log that is followed is looked at.</summary>
    private static readonly TimeSpan FollowPause = TimeSpan.FromMilliseconds(500);

    public static void Map(ChatRouter router)
    {
        router.Map("GET", "/calllog", ArrayAsync, RouteAccess.AnyKey);
        router.Map("GET", "/calllog/stream", StreamAsync, RouteAccess.AnyKey);
    }

    private static async Task ArrayAsync(ChatCall call)
    {
        var (filter, _) = await ReadFilterAsync(call);
        call.Context.Response.ContentType = ChatReply.Json;
        if (HttpMethods.IsHead(call.Context.Request.Method))
            return;
        await using Utf8JsonWriter json = new(call.Context.Response.Body, ChatReply.JsonOptions);
        json.WriteStartArray();
        await foreach (CallRecord record in call.Services.Store.CallsAsync(filter, call.Gone))
        {
            CallLogJson.Write(json, record);
            if (json.BytesPending > 1 << 16)
                await json.FlushAsync(call.Gone);
        }

        json.WriteEndArray();
        await json.FlushAsync(call.Gone);
    }

    private static async Task StreamAsync(ChatCall call)
    {
        var (filter, follows) = await ReadFilterAsync(call);
        HttpResponse response = call.Context.Response;
        response.ContentType = "application/x-ndjson";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        SlowReaders.Allow(call.Context);
        if (HttpMethods.IsHead(call.Context.Request.Method))
            return;

        await response.StartAsync(call.Gone);
        long silentSince = Environment.TickCount64;
        for (long? left = filter.Limit; ;)
        {
            long last = filter.AfterSeq, count = await CallLogJson.WriteLinesAsync(response.Body, Noted(), call.Gone);
            await response.Body.FlushAsync(call.Gone);
            left -= count;
            if (!follows || left <= 0)
                return;
            if (count > 0)
            {
                filter = filter with { AfterSeq = last, Limit = (int?)left };
                silentSince = Environment.TickCount64;
            }
            else if (Environment.TickCount64 - silentSince > ChatLimits.Heartbeat.TotalMilliseconds)
            {
                await response.Body.WriteAsync("\n"u8.ToArray(), call.Gone); // A line with nothing in it: whoever has gone is noticed.
                await response.Body.FlushAsync(call.Gone);
                silentSince = Environment.TickCount64;
            }

            await Task.Delay(FollowPause, call.Gone);

            async IAsyncEnumerable<CallRecord> Noted()
            {
                await foreach (CallRecord record in call.Services.Store.CallsAsync(filter, call.Gone))
                {
                    last = record.Seq;
                    yield return record;
                }
            }
        }
    }

    private static async Task<(CallFilter Filter, bool Follows)> ReadFilterAsync(ChatCall call)
    {
        RequestInputs inputs = await RequestInputs.ReadAsync(call);
        long? limit = inputs.Integer("limit"), after = inputs.Integer("after");
        bool follows = inputs.Flag("follow", otherwise: false);
        string? user = inputs.Text("user") is { Length: > 0 } name ? name : null;
        CallFilter filter = new(
            Math.Max(0, after ?? 0), user, inputs.Text("model") is { Length: > 0 } model ? model : null, Since: inputs.Time("since"), Until: inputs.Time("until"), Limit: limit is null ? null : (int)Math.Clamp(limit.Value, 1, int.MaxValue));
        inputs.Finish();
        if (user is not null)
            call.CheckUser(user);
        else if (call.Key is { IsForAllUsers: false })
            filter = filter with { KeyId = call.KeyId };
        return (filter, follows);
    }
}
