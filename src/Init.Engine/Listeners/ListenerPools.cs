using Init.Base;
using Init.Config;
using Init.Engine.Children;
using Init.Engine.Logging;
using Init.Linux;

namespace Init.Engine.Listeners;

/// <summary>
/// All pools of event listeners: takes the events they want, gives each to one free listener of each pool, and deals with what the listeners answer. Nothing here
/// waits for a listener.
/// </summary>
/// <param name="loop">The loop.</param>
/// <param name="isRunning">Whether an instance is RUNNING: before that it gets no events, though it may be ready for them.</param>
/// <param name="leaveToLog">Takes over the stdout of a listener that has nothing more to say to us.</param>
/// <param name="log">Init's own log.</param>
public sealed class ListenerPools(EventLoop loop, Func<string, bool> isRunning, Action<ProgramDefinition, int> leaveToLog, InitLog log)
{
    /// <summary>
    /// Before a rejected event is given out once more, and twice as long after each further rejection in a row: a listener that rejects all it gets must
    /// keep neither PID 1 nor the disk busy.
    /// </summary>
    public static readonly TimeSpan PauseAfterRejection = TimeSpan.FromMilliseconds(50);

    /// <summary>The pause does not grow beyond this.</summary>
    public static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(5);

    /// <summary>How long a listener may take over what it has still to hear before it is told to end.</summary>
    public static readonly TimeSpan FarewellLimit = TimeSpan.FromSeconds(1);

    /// <summary>Lines about discarded events that a pool may write in <see cref="SayingPeriod"/>; the others are counted.</summary>
    private const int SayingMax = 10;

    private static readonly TimeSpan SayingPeriod = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, PoolState> _pools = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ListenerProcess> _processes = new(StringComparer.Ordinal);
    private long _nextSerial;

    /// <summary>What this supervisor calls itself towards listeners.</summary>
    public string Identifier { get; set; } = "supervisor";

    /// <summary>Events that were discarded because a pool's buffer was full, since the start.</summary>
    public long Discarded { get; private set; }

    /// <summary>A new pool, or another definition of one that is there.</summary>
    public void Define(EventListenerPool definition)
    {
        if (_pools.TryGetValue(definition.Name, out PoolState? state))
            state.Pool.Definition = definition;
        else
            _pools.Add(definition.Name, new PoolState(new ListenerPool(definition)));
    }

    public void Remove(string pool) => _pools.Remove(pool);

    public bool IsListener(ProgramDefinition program) => _pools.ContainsKey(program.SupervisordGroup);

    /// <summary>The state of a listener's conversation; null when no such process runs.</summary>
    public ListenerState? StateOf(string instance) => _processes.TryGetValue(instance, out ListenerProcess? process) ? process.State : null;

    public bool Wants(string type)
    {
        foreach (PoolState state in _pools.Values)
        {
            if (state.Pool.Wants(type))
                return true;
        }

        return false;
    }

    public void Take(SupervisordEvent happening)
    {
        // Only what some pool takes has a number: listeners look for gaps.
        long? serial = null;
        foreach (PoolState state in _pools.Values)
        {
            if (!state.Pool.Wants(happening.Type))
                continue;

            serial ??= _nextSerial++;
            SayDiscarded(state, state.Pool.Accept(happening, serial.Value));
            Dispatch(state);
        }
    }

    /// <summary>A listener is being started.</summary>
    /// <param name="program">Its definition.</param>
    /// <param name="stdin">Our end of its stdin.</param>
    /// <returns>The writing end of its stdout, which the caller closes when the process has been started.</returns>
    /// <exception cref="SyscallException">No more descriptors.</exception>
    public int Open(ProgramDefinition program, StdinPipe stdin)
    {
        End(program.Policy.Name);
        var (read, write) = Pipes.Create(nonBlockingRead: true);
        _processes.Add(program.Policy.Name, new ListenerProcess(loop, _pools[program.SupervisordGroup].Pool, program, stdin, read, Hear));
        return write;
    }

    /// <summary>An instance has become RUNNING: events that wait for it can be given out.</summary>
    public void NoteRunning(string instance)
    {
        if (_processes.TryGetValue(instance, out ListenerProcess? process))
            Dispatch(process.Pool);
    }

    /// <summary>The process of an instance has ended, or could not be started. The event that it was busy with is the next to be given out.</summary>
    public void End(string instance)
    {
        if (!_processes.Remove(instance, out ListenerProcess? process))
            return;

        process.Farewell?.Limit.Cancel();
        process.Farewell = null;
        process.Finish();
        if (process.TakeCurrent() is { } current)
            PutBack(process.Pool, current);
        Dispatch(process.Pool);
    }

    /// <summary>
    /// Everything is being shut down, and this listener with it, as the last: it hears first of the ends of the others, as far as it has not, for
    /// <see cref="FarewellLimit"/> at most.
    /// </summary>
    /// <param name="instance">The listener, or any other program.</param>
    /// <param name="end">Tells it to end; called at once when there is nothing to wait for, and not at all when it has ended by itself meanwhile.</param>
    public void EndAfterFarewell(string instance, Action end)
    {
        if (!_processes.TryGetValue(instance, out ListenerProcess? process) || !HasMoreToHear(process))
        {
            end();
            return;
        }

        process.Farewell?.Limit.Cancel();
        process.Farewell = new Farewell(loop.After(FarewellLimit, () => EndFarewell(process)), end);
        Dispatch(process.Pool);
        EndFarewellIfDone(process);
    }

    /// <summary>What its pool has after the news of its own stop is not for it.</summary>
    private static bool HasMoreToHear(ListenerProcess process) =>
        process.State != ListenerState.Unknown
        && (process.Current is not null || (process.Pool.First is { } next && next.Event.Instance != process.Definition.Policy.Name));

    private static void EndFarewellIfDone(ListenerProcess process)
    {
        if (process.Farewell is not null && !HasMoreToHear(process))
            EndFarewell(process);
    }

    private static void EndFarewell(ListenerProcess process)
    {
        Farewell? farewell = process.Farewell;
        process.Farewell = null;
        farewell?.Limit.Cancel();
        farewell?.End();
    }

    private void Hear(ListenerProcess process, ListenerSign sign)
    {
        string name = process.Definition.SupervisordProcess;
        switch (sign)
        {
            case ListenerSign.Ready:
                Dispatch(process.Pool);
                break;

            case ListenerSign.Accepted:
                process.TakeCurrent();
                if (_pools.TryGetValue(process.Pool.Name, out PoolState? accepting))
                    accepting.NextPause = PauseAfterRejection;
                break;

            case ListenerSign.Rejected:
                log.EventRejected(name, process.Pool.Name);
                PutBack(process.Pool, process.TakeCurrent());
                Pause(process.Pool);
                break;

            case ListenerSign.Broken(var badResult):
                if (badResult is not null)
                    log.BadResultLine(name, process.Pool.Name, badResult);
                log.ListenerBroken(name, process.Pool.Name);
                PutBack(process.Pool, process.TakeCurrent());
                if (process.TakeStdout() is var stdout and >= 0)
                    leaveToLog(process.Definition, stdout);
                Dispatch(process.Pool);
                break;
        }

        EndFarewellIfDone(process);
    }

    private void PutBack(ListenerPool pool, PooledEvent? rejected)
    {
        // A pool that is no longer configured has no use for it.
        if (rejected is not null && _pools.TryGetValue(pool.Name, out PoolState? state) && state.Pool == pool)
            SayDiscarded(state, pool.PutBack(rejected));
    }

    private void Pause(ListenerPool pool)
    {
        if (!_pools.TryGetValue(pool.Name, out PoolState? state))
            return;

        state.Pause?.Cancel();
        state.Pause = loop.After(state.NextPause, () => Dispatch(state));
        state.NextPause = state.NextPause * 2 < PauseMax ? state.NextPause * 2 : PauseMax;
    }

    private void Dispatch(ListenerPool pool)
    {
        if (_pools.TryGetValue(pool.Name, out PoolState? state) && state.Pool == pool)
            Dispatch(state);
    }

    private void Dispatch(PoolState state)
    {
        if (state.Pause is { IsPending: true })
            return;

        while (state.Pool.First is { } first && TrySend(state.Pool, first))
            state.Pool.RemoveFirst();
    }

    private bool TrySend(ListenerPool pool, PooledEvent pooled)
    {
        byte[]? encoded = null;
        foreach (ListenerProcess process in _processes.Values)
        {
            if (process.Pool == pool && process.IsFree && MayHear(process, pooled) && process.TrySend(pooled, encoded ??= pool.Encode(pooled, Identifier)))
                return true;
        }

        return false;
    }

    private bool MayHear(ListenerProcess process, PooledEvent pooled)
    {
        string name = process.Definition.Policy.Name;
        return process.Farewell is null ? isRunning(name) : pooled.Event.Instance != name;
    }

    private void SayDiscarded(PoolState state, IReadOnlyList<PooledEvent> discarded)
    {
        foreach (PooledEvent pooled in discarded)
        {
            Discarded++;
            if (loop.Now - state.SayingSince >= SayingPeriod)
                (state.SayingSince, state.Said) = (loop.Now, 0);
            if (state.Said++ >= SayingMax)
            {
                state.Unsaid++;
                continue;
            }

            log.EventDiscarded(state.Pool.Name, pooled.Serial, state.Unsaid);
            state.Unsaid = 0;
        }
    }

    private sealed class PoolState(ListenerPool pool)
    {
        public ListenerPool Pool { get; } = pool;

        public LoopTimer? Pause { get; set; }

        public TimeSpan NextPause { get; set; } = PauseAfterRejection;

        public Instant SayingSince { get; set; }

        public int Said { get; set; }

        public int Unsaid { get; set; }
    }
}
