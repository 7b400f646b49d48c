using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Init.Chat.Providers;
using Init.Chat.Upstream;

namespace Init.Chat.Tests.Generation;

/// <summary>Says what the test says, when the test says it.</summary>
internal sealed class ScriptedUpstream : IUpstream
{
    public static readonly ModelInfo Model = new("scripted", "Scripted", "s-1", "chat", "http://scripted", []) { Price = new ModelPrice(1, 1, 2) };

    private readonly Channel<ScriptedAnswer> _answers = Channel.CreateUnbounded<ScriptedAnswer>();

    public List<string> Bodies { get; } = [];

    public ImmutableArray<ModelInfo> Models => [Model];

    public ImmutableArray<KeyHealth> Health => [];

    /// <summary>Thrown instead of an answer.</summary>
    public Exception? Refusal { get; set; }

    public bool Knows(string modelTypeOrId) => true;

    public void Replace(ImmutableArray<ModelInfo> models) => throw new NotSupportedException();

    public async Task<UpstreamAnswer> CallAsync(UpstreamRequest request, CancellationToken cancellation)
    {
        lock (Bodies)
            Bodies.Add(Encoding.UTF8.GetString(request.Body.Span));
        if (Refusal is not null)
            throw Refusal;
        return await _answers.Reader.ReadAsync(cancellation);
    }

    public ScriptedAnswer Next()
    {
        ScriptedAnswer answer = new();
        _answers.Writer.TryWrite(answer);
        return answer;
    }
}

internal sealed class ScriptedAnswer : UpstreamAnswer
{
    private readonly Channel<StreamPart> _parts = Channel.CreateUnbounded<StreamPart>();

    public List<CallOutcome> Outcomes { get; } = [];

    public bool IsDisposed { get; private set; }

    public override ModelInfo Model => ScriptedUpstream.Model;

    public override string Url => "http://scripted/chat/completions";

    public override int Status => 200;

    public override string ContentType => "text/event-stream";

    public override (long Start, long Headers) Times => (1, 2);

    public override Stream Body => throw new NotSupportedException();

    public ScriptedAnswer Say(string content, string reasoning = "", string? finish = null, TokenUsage? usage = null)
    {
        _parts.Writer.TryWrite(new StreamPart.Chunk("{\"id\":\"answer-7\",\"created\":1700000000}"u8.ToArray(), content, reasoning, finish, false, usage));
        return this;
    }

    public void Done() => Over(new StreamPart.Ended(true));

    public void Over(StreamPart part)
    {
        _parts.Writer.TryWrite(part);
        _parts.Writer.Complete();
    }

    public void Break(StreamProblem problem) => _parts.Writer.Complete(new StreamException(problem, "it broke"));

    public override async IAsyncEnumerable<StreamPart> PartsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (StreamPart part in _parts.Reader.ReadAllAsync(cancellation))
            yield return part;
    }

    public override string WithoutKeys(string words) => words;

    public override void Finish(CallOutcome outcome) => Outcomes.Add(outcome);

    public override ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }
}
