using Init.Base;

namespace Init.Supervision.Tests;

/// <summary>One program's machine with a clock that stands still until it is moved.</summary>
internal sealed class MachineRig(ProgramPolicy policy)
{
    private readonly List<ProgramEffect> _effects = [];

    public ProgramPolicy Policy { get; set; } = policy;

    public ProgramState State { get; private set; } = new();

    public Instant Now { get; private set; } = new(1_000_000_000_000);

    public bool GateOpen { get; set; } = true;

    public ProgramPhase Phase => State.Phase;

    public static ProgramPolicy Plain { get; } = new()
    {
        Name = "web",
        Program = "web",
        Backoff = new BackoffPolicy { Jitter = 0 },
    };

    public static MachineRig Running(ProgramPolicy policy)
    {
        var rig = new MachineRig(policy);
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42));
        rig.Pass(policy.StartGrace);
        rig.Take();
        return rig;
    }

    /// <summary>In the midst of a stop: the stop signal is sent.</summary>
    public static MachineRig Stopping(ProgramPolicy policy, StopReason reason = StopReason.User)
    {
        MachineRig rig = Running(policy);
        rig.Do(new ProgramEvent.StopRequested(reason));
        rig.Take();
        return rig;
    }

    public void Do(params ReadOnlySpan<ProgramEvent> events)
    {
        foreach (ProgramEvent happening in events)
        {
            var (next, effects) = ProgramMachine.Step(State, happening, Policy, Now, new ProgramSurroundings(GateOpen, Chance: 0.5));
            State = next;
            _effects.AddRange(effects);
        }
    }

    /// <summary>Lets time pass, with every deadline on the way handled when it is due.</summary>
    public void Pass(TimeSpan time)
    {
        Instant end = Now + time;
        while (ProgramMachine.NextDeadline(State) is { } due && due <= end)
        {
            Now = due > Now ? due : Now;
            Do(new ProgramEvent.DeadlineReached());
        }

        Now = end;
    }

    /// <summary>Moves the clock and handles nothing.</summary>
    public void Wait(Instant until) => Now = until > Now ? until : Now;

    public void Exit(int code) => Do(new ProgramEvent.Exited(ExitStatus.Exited(code)));

    /// <summary>What was to be done since the last call, without announcements.</summary>
    public ProgramEffect[] Take()
    {
        ProgramEffect[] taken = [.. _effects.Where(effect => effect is not ProgramEffect.Announce)];
        _effects.Clear();
        return taken;
    }

    /// <summary>What was announced since the last call.</summary>
    public ProgramNotice[] TakeNotices()
    {
        ProgramNotice[] taken = [.. _effects.OfType<ProgramEffect.Announce>().Select(announce => announce.Notice)];
        _effects.Clear();
        return taken;
    }
}
