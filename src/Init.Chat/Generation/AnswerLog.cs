using System.Runtime.CompilerServices;
using System.Text;

namespace Init.Chat.Generation;

/// <summary>
/// What has come of an answer, as numbered events: texts that only grow, and where in them each event ends. Whoever follows has a place in it and takes all that is behind it as one event, so that nobody who is slow
/// holds up anybody or costs memory. Several threads may use it.
/// </summary>
internal sealed class AnswerLog
{
    private readonly Lock _lock = new();
    private readonly StringBuilder _content = new(), _reasoning = new();
    private readonly List<(int Content, int Reasoning)> _ends = [];
    private GenerationResult? _result;

    /// <summary>Of those who wait for the next event; null: nobody does.</summary>
    private TaskCompletionSource? _next;

    /// <summary>UTF-16 units of answer and thoughts.</summary>
    public int Length
    {
        get
        {
            lock (_lock)
                return _content.Length + _reasoning.Length;
        }
    }

    /// <summary>UTF-16 units of the answer.</summary>
    public int ContentLength
    {
        get
        {
            lock (_lock)
                return _content.Length;
        }
    }

    public (string Content, string Reasoning) Texts
    {
        get
        {
            lock (_lock)
                return (_content.ToString(), _reasoning.ToString());
        }
    }

    public void Append(string content, string reasoning)
    {
        TaskCompletionSource? waiting;
        lock (_lock)
        {
            _content.Append(content);
            _reasoning.Append(reasoning);
            _ends.Add((_content.Length, _reasoning.Length));
            (waiting, _next) = (_next, null);
        }

        waiting?.TrySetResult();
    }

    public void End(GenerationResult result)
    {
        TaskCompletionSource? waiting;
        lock (_lock)
        {
            _result = result;
            (waiting, _next) = (_next, null);
        }

        waiting?.TrySetResult();
    }

    public async IAsyncEnumerable<GenerationEvent> FollowAsync(long after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        long at = Math.Max(0, after);
        while (true)
        {
            (GenerationEvent? next, bool isOver, Task? more) = Take(at);
            if (next is not null)
            {
                at = next.Seq;
                yield return next;
            }

            if (isOver)
                yield break;
            if (more is not null)
                await more.WaitAsync(cancellation);
        }
    }

    /// <summary>What is behind a place: an event, the end, or the wait for either.</summary>
    private (GenerationEvent? Next, bool IsOver, Task? More) Take(long at)
    {
        lock (_lock)
        {
            if (at < _ends.Count)
            {
                (int content, int reasoning) = at == 0 ? default : _ends[(int)at - 1];
                return (new GenerationEvent.Delta(_ends.Count, _content.ToString(content, _content.Length - content), _reasoning.ToString(reasoning, _reasoning.Length - reasoning)), false, null);
            }

            if (_result is not null)
                return (at == _ends.Count ? new GenerationEvent.Ended(_ends.Count + 1, _result) : null, true, null);
            _next ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return (null, false, _next.Task);
        }
    }
}
