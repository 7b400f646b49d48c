using Init.Engine.Logging;
using Init.Linux;

namespace Init.Engine.Listeners;

/// <summary>
/// Passes supervisord's events to those who want them: the listeners' pools, and control clients that have asked. It keeps their order: what a program has written
/// before it ended is told before its end, although output comes over the log thread and the end does not.
/// </summary>
public sealed class SupervisordEvents(EventLoop loop)
{
    /// <summary>How long events wait for the last output of a program that has ended. The log thread needs microseconds, unless a disk hangs.</summary>
    private static readonly TimeSpan OutputLimit = TimeSpan.FromMilliseconds(250);

    /// <summary>Events that wait; beyond it the order is given up and not the events.</summary>
    private const int WaitingMax = 4096;

    private readonly List<Subscription> _subscriptions = [];
    private readonly Queue<Waiting> _waiting = new();

    /// <summary>Called when somebody wants other events than before.</summary>
    public Action? InterestChanged { get; set; }

    /// <summary>Listens until the returned object is disposed. Receivers must not throw.</summary>
    /// <param name="wants">Which types, asked each time.</param>
    /// <param name="receive">Called on the loop's thread, in the order of the events.</param>
    public IDisposable Subscribe(Func<string, bool> wants, Action<SupervisordEvent> receive)
    {
        var subscription = new Subscription(this, wants, receive);
        _subscriptions.Add(subscription);
        InterestChanged?.Invoke();
        return subscription;
    }

    public bool IsWanted(string type)
    {
        foreach (Subscription subscription in _subscriptions)
        {
            if (subscription.Wants(type))
                return true;
        }

        return false;
    }

    public void Raise(SupervisordEvent happening)
    {
        if (_waiting.Count == 0)
        {
            Deliver(happening);
            return;
        }

        _waiting.Enqueue(new Waiting(happening, null));
        if (_waiting.Count > WaitingMax)
            GiveUpWaiting();
    }

    /// <summary>An event that was made of output: it does not wait for that output.</summary>
    public void RaiseOutput(SupervisordEvent happening)
    {
        foreach (Waiting waiting in _waiting)
        {
            if (waiting.For is { IsOver: false } output && output.Instance == happening.Instance)
            {
                Deliver(happening);
                return;
            }
        }

        Raise(happening);
    }

    /// <summary>A program has ended: what is raised from now on waits for what it may have written last.</summary>
    public void AwaitOutput(string instance, LogPump pump)
    {
        var output = new AwaitedOutput(instance);
        _waiting.Enqueue(new Waiting(null, output));
        output.Limit = loop.After(OutputLimit, () => End(output));
        pump.Drain(instance, () => End(output));
    }

    private void End(AwaitedOutput output)
    {
        output.Limit?.Cancel();
        output.IsOver = true;
        while (_waiting.TryPeek(out Waiting next) && next.For is not { IsOver: false })
        {
            _waiting.Dequeue();
            if (next.Event is { } happening)
                Deliver(happening);
        }
    }

    private void GiveUpWaiting()
    {
        foreach (Waiting waiting in _waiting.ToArray())
        {
            if (waiting.For is { IsOver: false } output)
                End(output);
        }
    }

    private void Deliver(SupervisordEvent happening)
    {
        // From a copy: a receiver may end its subscription while it is told.
        foreach (Subscription subscription in _subscriptions.ToArray())
        {
            if (subscription.Wants(happening.Type))
                subscription.Receive(happening);
        }
    }

    private void Remove(Subscription subscription)
    {
        if (_subscriptions.Remove(subscription))
            InterestChanged?.Invoke();
    }

    /// <summary>Either an event or what the events behind it wait for.</summary>
    private readonly record struct Waiting(SupervisordEvent? Event, AwaitedOutput? For);

    private sealed class AwaitedOutput(string instance)
    {
        public string Instance { get; } = instance;

        public LoopTimer? Limit { get; set; }

        public bool IsOver { get; set; }
    }

    private sealed class Subscription(SupervisordEvents owner, Func<string, bool> wants, Action<SupervisordEvent> receive) : IDisposable
    {
        public Func<string, bool> Wants { get; } = wants;

        public Action<SupervisordEvent> Receive { get; } = receive;

        public void Dispose() => owner.Remove(this);
    }
}
