using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Init.Admin.Http;
using Init.Chat.Generation;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http.Endpoints;

/// <summary>
/// Writes an answer as it comes: as server-sent events, whose ids a client comes back with, or as lines of JSON. Says something at least every <see cref="ChatLimits.Heartbeat"/>, so that nobody between takes the connection for dead.
/// </summary>
internal sealed class EventWriter : IAsyncDisposable
{
    private readonly ChatCall _call;
    private readonly bool _isSse;
    private readonly ArrayBufferWriter<byte> _buffer = new(512);
    private readonly Utf8JsonWriter _json;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _end;
    private Task _beating = Task.CompletedTask;

    public EventWriter(ChatCall call, AnswerForm form)
    {
        _call = call;
        _isSse = form == AnswerForm.Events;
        _json = new Utf8JsonWriter(_buffer, ChatReply.JsonOptions);
        _end = CancellationTokenSource.CreateLinkedTokenSource(call.Gone);
    }

    public async Task BeginAsync()
    {
        HttpResponse response = _call.Context.Response;
        response.ContentType = _isSse ? "text/event-stream" : "application/x-ndjson";
        response.Headers.CacheControl = "no-cache";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["X-Accel-Buffering"] = "no";
        SlowReaders.Allow(_call.Context);
        await response.StartAsync(_call.Gone);
        await response.Body.FlushAsync(_call.Gone);
        _beating = BeatAsync();
    }

    /// <summary>The first event: what to come back with.</summary>
    public Task TaskAsync(string taskId) => WriteAsync(0, "task", json => json.WriteString("task_id", taskId));

    /// <summary>The whole answer so far, in the place of all that came before.</summary>
    public Task SnapshotAsync(string content, string reasoning) => WriteAsync(null, "snapshot", json =>
    {
        json.WriteString("content", content);
        json.WriteString("reasoning_content", reasoning);
    });

    /// <summary>All events behind a number, to the last.</summary>
    /// <param name="generation">Whose.</param>
    /// <param name="after">The last one that the client has.</param>
    /// <param name="finish">Gives what the last event says.</param>
    public async Task FollowAsync(IGeneration generation, long after, Func<GenerationResult, Task<Action<Utf8JsonWriter>>> finish)
    {
        await foreach (GenerationEvent happened in generation.FollowAsync(after, _call.Gone))
        {
            switch (happened)
            {
                case GenerationEvent.Delta delta:
                    await WriteAsync(delta.Seq, null, json =>
                    {
                        if (delta.Reasoning.Length > 0)
                            json.WriteString("reasoning_content", delta.Reasoning);
                        if (delta.Content.Length > 0)
                            json.WriteString("content", delta.Content);
                    });
                    break;
                case GenerationEvent.Ended ended:
                    await EndAsync(ended.Seq, await finish(ended.Result));
                    return;
            }
        }
    }

    /// <param name="seq">Null: nobody can come back behind it.</param>
    /// <param name="write">A whole object.</param>
    public async Task EndAsync(long? seq, Action<Utf8JsonWriter> write)
    {
        await _turn.WaitAsync(_call.Gone);
        try
        {
            _buffer.ResetWrittenCount();
            Head(seq, "end");
            if (!_isSse)
                Raw($"{{\"event\":\"end\",{(seq is null ? "" : string.Create(CultureInfo.InvariantCulture, $"\"seq\":{seq},"))}\"result\":");
            _json.Reset();
            write(_json);
            _json.Flush();
            Raw(_isSse ? "\n\n" : "}\n");
            await SendAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _beating;
        _end.Dispose();
        _turn.Dispose();
        await _json.DisposeAsync();
    }

    private async Task WriteAsync(long? seq, string? name, Action<Utf8JsonWriter> members)
    {
        await _turn.WaitAsync(_call.Gone);
        try
        {
            _buffer.ResetWrittenCount();
            Head(seq, name);
            _json.Reset();
            _json.WriteStartObject();
            if (!_isSse && name is not null)
                _json.WriteString("event", name);
            if (!_isSse && seq is { } number)
                _json.WriteNumber("seq", number);
            members(_json);
            _json.WriteEndObject();
            _json.Flush();
            Raw(_isSse ? "\n\n" : "\n");
            await SendAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    private void Head(long? seq, string? name)
    {
        if (!_isSse)
            return;
        if (seq is not null)
            Raw(string.Create(CultureInfo.InvariantCulture, $"id: {seq}\n"));
        if (name is not null)
            Raw($"event: {name}\n");
        Raw("data: ");
    }

    private void Raw(string text) => Encoding.UTF8.GetBytes(text, _buffer);

    private async Task SendAsync()
    {
        await _call.Context.Response.Body.WriteAsync(_buffer.WrittenMemory, _call.Gone);
        await _call.Context.Response.Body.FlushAsync(_call.Gone);
    }

    private async Task BeatAsync()
    {
        byte[] beat = _isSse ? ": \n\n"u8.ToArray() : "\n"u8.ToArray();
        using PeriodicTimer timer = new(ChatLimits.Heartbeat, _call.Services.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token))
            {
                await _turn.WaitAsync(_end.Token);
                try
                {
                    await _call.Context.Response.Body.WriteAsync(beat, _end.Token);
                    await _call.Context.Response.Body.FlushAsync(_end.Token);
                }
                finally
                {
                    _turn.Release();
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The answer has ended, or the client has gone.
        }
    }
}
