using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using Init.Chat.CallLog;
using Init.Chat.Http;
using Init.Chat.OpenAi;
using Init.Chat.Store;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Manage;

/// <summary>/manage/calls: the log of calls, as an array or followed as events.</summary>
internal sealed class ManageCalls
{
    /// <summary>Beyond it: 429.</summary>
    private const int FollowersMax = 16;

    /// <summary>How often the store is asked for what is new. Other processes write to it, too.</summary>
    private static readonly TimeSpan LookPause = TimeSpan.FromSeconds(1);

    /// <summary>Calls of one look.</summary>
    private const int LookMax = 500;

    private int _followers;

    public static void Map(ChatRouter router)
    {
        ManageCalls endpoints = new();
        router.Map("GET", "/manage/calls", call => ManageRequest.Flag(call, "follow") ? endpoints.FollowAsync(call) : ListAsync(call), RouteAccess.Administration);
    }

    private static async Task ListAsync(ChatCall call)
    {
        string order = ManageRequest.Text(call, "order") ?? "newest";
        if (order is not ("newest" or "oldest"))
            throw ManageRequest.Wrong("order: must be newest or oldest");
        CallFilter filter = Filter(call) with { Limit = (int)ManageRequest.Number(call, "limit", 100, ChatLimits.ListMax), NewestFirst = order == "newest" };
        ArrayBufferWriter<byte> buffer = new();
        await using (Utf8JsonWriter json = new(buffer, ChatReply.JsonOptions))
        {
            json.WriteStartObject();
            json.WriteStartArray("calls"u8);
            await foreach (CallRecord record in call.Services.Store.CallsAsync(filter, call.Gone))
                CallLogJson.Write(json, record);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        await ChatReply.BytesAsync(call.Context, ChatReply.Json, buffer.WrittenMemory, StatusCodes.Status200OK);
    }

    private async Task FollowAsync(ChatCall call)
    {
        try
        {
            if (Interlocked.Increment(ref _followers) > FollowersMax)
                throw new RefusedException(StatusCodes.Status429TooManyRequests, $"{FollowersMax} follow the log already") { RetryAfter = TimeSpan.FromSeconds(10) };
            await WriteNewAsync(call, Filter(call) with { Limit = LookMax });
        }
        finally
        {
            _ = Interlocked.Decrement(ref _followers);
        }
    }

    private static async Task WriteNewAsync(ChatCall call, CallFilter filter)
    {
        if (filter.AfterSeq == 0 && !call.Context.Request.Query.ContainsKey("after"))
            filter = filter with { AfterSeq = await LastAsync(call) };
        await using EventWriter writer = new(call.Context, call.Services.Time, ChatLimits.Heartbeat);
        ArrayBufferWriter<byte> events = new();
        bool isFirst = true;
        while (!call.Gone.IsCancellationRequested)
        {
            events.ResetWrittenCount();
            int count = 0;
            await foreach (CallRecord record in call.Services.Store.CallsAsync(filter, call.Gone))
            {
                filter = filter with { AfterSeq = record.Seq };
                events.Write("id: "u8);
                events.Write(System.Text.Encoding.ASCII.GetBytes(record.Seq.ToString(CultureInfo.InvariantCulture)));
                events.Write("\nevent: call\ndata: "u8);
                await using (Utf8JsonWriter json = new(events, ChatReply.JsonOptions))
                    CallLogJson.Write(json, record);
                events.Write("\n\n"u8);
                count++;
            }

            if (count > 0 || isFirst)
            {
                PipeWriter pipe = await writer.EnterAsync();
                pipe.Write(isFirst && count == 0 ? ": follows\n\n"u8 : events.WrittenSpan);
                await writer.LeaveAsync();
            }

            isFirst = false;
            if (count < LookMax)
                await Task.Delay(LookPause, call.Services.Time, call.Gone);
        }
    }

    /// <summary>Without saying where, one follows from now on.</summary>
    private static async Task<long> LastAsync(ChatCall call)
    {
        await foreach (CallRecord record in call.Services.Store.CallsAsync(new CallFilter(Limit: 1, NewestFirst: true), call.Gone))
            return record.Seq;
        return 0;
    }

    private static CallFilter Filter(ChatCall call)
    {
        long after = ManageRequest.Number(call, "after", 0, long.MaxValue);
        if (long.TryParse(call.Context.Request.Headers["Last-Event-ID"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out long last))
            after = last;
        return new CallFilter(after, ManageRequest.Text(call, "user"), ManageRequest.Text(call, "model"), ManageRequest.Text(call, "key"), ManageRequest.Time(call, "since"), ManageRequest.Time(call, "until"));
    }
}
