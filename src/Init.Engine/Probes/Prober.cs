using Init.Config;
using Init.Engine.Children;
using Init.Linux;

namespace Init.Engine.Probes;

/// <summary>A probe's answer.</summary>
/// <param name="Success">It found what it asked for.</param>
/// <param name="Detail">For people: what was found. Null when there is nothing to say beyond success.</param>
public sealed record ProbeResult(bool Success, string? Detail)
{
    public static ProbeResult Yes { get; } = new(Success: true, Detail: null);

    public static ProbeResult No(string detail) => new(Success: false, detail);
}

/// <summary>Whose probe it is: an exec probe runs as that program would.</summary>
public sealed record ProbeSubject(string Instance, LaunchSpec Launch);

public interface IRunningProbe
{
    /// <summary>Ends it and gives back all it holds; its answer is not wanted any more and will not come. May be called at any time.</summary>
    void Cancel();
}

/// <summary>
/// Asks one question at a time of any number of programs: does the path exist, does somebody accept connections, does the web server
/// answer, does the command succeed. Nothing here waits; everything happens on the loop's thread.
/// </summary>
/// <remarks>
/// At most <see cref="InFlightMax"/> probes hold a socket or a process at once, so that a thousand programs that are probed together
/// cannot use up our descriptors. The others wait their turn, first come first served. Their time does not run until they have it,
/// for a probe that was not even tried must not count against the program.
/// </remarks>
public sealed class Prober(EventLoop loop, ICommandRunner commands)
{
    public const int InFlightMax = 256;

    private readonly LinkedList<ProbeAttempt> _waiting = [];

    /// <summary>Probes that hold a socket or a process now.</summary>
    public int InFlight { get; private set; }

    /// <summary>Probes that wait for one of the others to end.</summary>
    public int Waiting => _waiting.Count;

    internal EventLoop Loop { get; } = loop;

    internal ICommandRunner Commands { get; } = commands;

    /// <summary>Where all HTTP probes receive; each is done with it before it returns to the loop.</summary>
    internal byte[] ReceiveBuffer { get; } = new byte[16 * 1024];

    /// <summary>
    /// Probes once. <paramref name="done"/> is called once, never from within this call, and at the latest when
    /// <paramref name="timeout"/> has passed since the probe got its turn.
    /// </summary>
    /// <exception cref="ArgumentException">This kind of probe is not asked but told (log line, notify, exit, delay).</exception>
    public IRunningProbe Start(Probe probe, ProbeSubject subject, TimeSpan timeout, Action<ProbeResult> done)
    {
        ProbeAttempt attempt = probe switch
        {
            Probe.PathExists path => new PathAttempt(this, path, timeout, done),
            Probe.Tcp tcp => new TcpAttempt(this, tcp, timeout, done),
            Probe.Http http => new HttpAttempt(this, http, timeout, done),
            Probe.Exec exec => new ExecAttempt(this, exec, subject, timeout, done),
            _ => throw new ArgumentException($"a probe of kind {probe?.GetType().Name} cannot be asked", nameof(probe)),
        };

        if (!attempt.NeedsSlot || InFlight < InFlightMax)
            Begin(attempt);
        else
            attempt.Place = _waiting.AddLast(attempt);

        return attempt;
    }

    /// <summary>The attempt has ended or was cancelled: whoever waits longest is next.</summary>
    internal void Leave(ProbeAttempt attempt)
    {
        if (attempt.Place is { } place)
        {
            _waiting.Remove(place);
            attempt.Place = null;
        }
        else if (attempt.NeedsSlot)
        {
            InFlight--;
            while (InFlight < InFlightMax && _waiting.First is { } first)
            {
                _waiting.RemoveFirst();
                first.Value.Place = null;
                Begin(first.Value);
            }
        }
    }

    private void Begin(ProbeAttempt attempt)
    {
        if (attempt.NeedsSlot)
            InFlight++;

        attempt.Begin();
    }
}

/// <summary>One probe under way: waiting for its turn, begun, or over. Each kind says how it begins and what it gives back.</summary>
internal abstract class ProbeAttempt(Prober prober, TimeSpan timeout, Action<ProbeResult> done) : IRunningProbe
{
    private LoopTimer? _deadline;
    private Action<ProbeResult>? _done = done;

    /// <summary>Where it stands in the queue; null when it does not wait.</summary>
    public LinkedListNode<ProbeAttempt>? Place { get; set; }

    /// <summary>False: it is answered at once and holds nothing.</summary>
    public virtual bool NeedsSlot => true;

    protected Prober Prober { get; } = prober;

    protected TimeSpan Timeout { get; } = timeout;

    /// <summary>What a probe that ran out of time says of itself.</summary>
    protected abstract string TimeoutDetail { get; }

    protected bool IsOver => _done is null;

    public void Begin()
    {
        _deadline = Prober.Loop.After(Timeout, () => Finish(ProbeResult.No(TimeoutDetail)));
        if (Open() is not { } answer)
            return;

        // The answer is there already, but whoever started the probe is not ready for it before Start has returned.
        Prober.Loop.Post(() => Finish(answer));
    }

    public void Cancel()
    {
        if (IsOver)
            return;

        _done = null;
        GiveBack();
    }

    /// <summary>Starts the work. A result says that it is over already.</summary>
    protected abstract ProbeResult? Open();

    /// <summary>Gives back descriptors and processes. Called once at the end, also when <see cref="Open"/> was never called or has failed.</summary>
    protected abstract void Close();

    protected void Finish(ProbeResult result)
    {
        if (_done is not { } tell)
            return;

        _done = null;
        GiveBack();
        tell(result);
    }

    private void GiveBack()
    {
        _deadline?.Cancel();
        Close();
        Prober.Leave(this);
    }
}
