using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Init.Chat.Http;
using Init.Chat.Providers;
using Init.Chat.Upstream;

namespace Init.Chat.OpenAi;

/// <summary>How a stream has ended.</summary>
internal enum RelayEnd
{
    /// <summary>Still under way.</summary>
    None,

    Done,

    /// <summary>The provider has said that it cannot go on, or has broken off. The client has been told.</summary>
    Failed,
}

/// <summary>
/// Passes the events of a provider on, as they were written, as soon as they are whole, and reads in passing what is to be known of them. Init writes an event of its own only where the provider's is missing: the usage that the client has
/// asked for, the end, an error.
/// </summary>
internal sealed class StreamRelay(EventWriter writer, UpstreamAnswer answer, AnswerFacts facts, in RequestFacts request, TimeProvider clock) : IDisposable
{
    private readonly EventCutter _cutter = new();
    private readonly bool _wantsUsage = request.WantsUsage;
    private readonly string _model = request.Model;
    private readonly TextSize _asked = request.Text;
    private bool _hasSaidUsage;
    private long _last;

    /// <summary>Gaps between events, in nanoseconds.</summary>
    public List<long> Gaps { get; } = [];

    /// <summary>The wall clock's nanoseconds when the first event came; 0: none has.</summary>
    public long First { get; private set; }

    public void Dispose() => _cutter.Dispose();

    /// <param name="gone">Set when nobody reads any more; what comes is still read, to know what it took.</param>
    /// <param name="cut">Ends it.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public async Task<RelayEnd> RunAsync(CancellationToken gone, CancellationToken cut)
    {
        try
        {
            while (true)
            {
                int count = await answer.Body.ReadAsync(_cutter.Free(), cut);
                if (count == 0)
                    return await EndAsync(gone);
                _cutter.Filled(count);
                if (await PassOnAsync(gone) is not RelayEnd.None and var end)
                    return end;
            }
        }
        catch (StreamException exception)
        {
            bool isTime = exception.Problem is StreamProblem.Silent or StreamProblem.Overdue;
            await SayAsync(OpenAiError.ToEvent(isTime ? 504 : 502, isTime ? "upstream_timeout" : "upstream_error", exception.Message), gone);
            return RelayEnd.Failed;
        }
    }

    private async ValueTask<RelayEnd> PassOnAsync(CancellationToken gone)
    {
        if (gone.IsCancellationRequested)
            return Cut(null);
        PipeWriter pipe = await writer.EnterAsync();
        try
        {
            return Cut(pipe);
        }
        finally
        {
            await writer.LeaveAsync();
        }
    }

    private RelayEnd Cut(PipeWriter? pipe)
    {
        RelayEnd end = RelayEnd.None;
        while (end == RelayEnd.None && _cutter.TryCut(out ReadOnlySpan<byte> one))
            end = Take(one, pipe);
        return end;
    }

    /// <param name="one">An event.</param>
    /// <param name="pipe">Null: nobody reads.</param>
    private RelayEnd Take(ReadOnlySpan<byte> one, PipeWriter? pipe)
    {
        ReadOnlySpan<byte> data = EventCutter.DataOf(one);
        return data.IsEmpty ? Pass(one, pipe) : TakeData(one, data, pipe);
    }

    private RelayEnd TakeData(ReadOnlySpan<byte> one, ReadOnlySpan<byte> data, PipeWriter? pipe)
    {
        NoteTime();
        if (data.Trim((byte)' ').SequenceEqual("[DONE]"u8))
        {
            WriteUsage(pipe);
            _ = Pass(one, pipe);
            return RelayEnd.Done;
        }

        _ = AnswerScan.Read(data, facts, out bool hasChoices, out bool hasUsage);
        if (facts.HasError)
        {
            // A provider may quote its key when it is at odds with it.
            pipe?.Write(Encoding.UTF8.GetBytes(answer.WithoutKeys(Encoding.UTF8.GetString(one))));
            return RelayEnd.Failed;
        }

        // Nobody but us has asked for a last chunk with the usage and without choices, and there are clients that stumble over it.
        if (hasUsage && !hasChoices && !_wantsUsage)
            return RelayEnd.None;
        _hasSaidUsage |= hasUsage;
        return Pass(one, pipe);
    }

    private static RelayEnd Pass(ReadOnlySpan<byte> one, PipeWriter? pipe)
    {
        pipe?.Write(one);
        return RelayEnd.None;
    }

    /// <summary>The connection has ended. Some providers say no [DONE].</summary>
    private async Task<RelayEnd> EndAsync(CancellationToken gone)
    {
        RelayEnd end = RelayEnd.None;
        if (!_cutter.Rest.IsEmpty)
        {
            "\n\n"u8.CopyTo(_cutter.Free().Span);
            _cutter.Filled(2);
            end = await PassOnAsync(gone);
        }

        if (end != RelayEnd.None)
            return end;
        if (!facts.HasFinished)
        {
            await SayAsync(OpenAiError.ToEvent(502, "upstream_error", "the provider's answer has ended in the middle"), gone);
            return RelayEnd.Failed;
        }

        if (gone.IsCancellationRequested)
            return RelayEnd.Done;
        PipeWriter pipe = await writer.EnterAsync();
        WriteUsage(pipe);
        pipe.Write("data: [DONE]\n\n"u8);
        await writer.LeaveAsync();
        return RelayEnd.Done;
    }

    private async Task SayAsync(byte[] bytes, CancellationToken gone)
    {
        if (gone.IsCancellationRequested)
            return;
        PipeWriter pipe = await writer.EnterAsync();
        pipe.Write(bytes);
        await writer.LeaveAsync();
    }

    private void WriteUsage(PipeWriter? pipe)
    {
        if (!_wantsUsage || _hasSaidUsage || pipe is null)
            return;
        TokenUsage usage = facts.Usage ?? facts.Estimate(_asked);
        pipe.Write("data: "u8);
        pipe.Write(ChatReply.ToJson(json =>
        {
            json.WriteStartObject();
            json.WriteString("id"u8, facts.Id ?? "");
            json.WriteString("object"u8, "chat.completion.chunk"u8);
            json.WriteNumber("created"u8, facts.Created);
            json.WriteString("model"u8, _model);
            json.WriteStartArray("choices"u8);
            json.WriteEndArray();
            json.WriteStartObject("usage"u8);
            json.WriteNumber("prompt_tokens"u8, usage.Prompt);
            json.WriteNumber("completion_tokens"u8, usage.Completion);
            json.WriteNumber("total_tokens"u8, usage.Total);
            json.WriteEndObject();
            json.WriteEndObject();
        }));
        pipe.Write("\n\n"u8);
        _hasSaidUsage = true;
    }

    private void NoteTime()
    {
        long now = (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        if (First == 0)
            First = now;
        else if (Gaps.Count < Store.CallRecord.ChunkTimesMax)
            Gaps.Add(now - _last);
        _last = now;
    }
}
