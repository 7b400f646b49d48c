using System.Runtime.CompilerServices;
using System.Text;
using Init.Base;

namespace Init.Supervision.Tests;

/// <summary>
/// What every event does in every state, as a text file: a changed behaviour is a changed line. After a change that is meant, write it anew with
/// <c>INIT_APPROVE=1 dotnet test tests/Init.Supervision.Tests -p:InitFramework=net10.0 --filter PhaseEventTable</c> and read the difference.
/// </summary>
public sealed class PhaseEventTableTests
{
    /// <summary>Everything a program can have, so that everything can show.</summary>
    private static readonly ProgramPolicy Full = MachineRig.Plain with
    {
        Optional = true,
        Readiness = new ReadinessPolicy(ReadinessSource.Told, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20)),
        Health = new HealthPolicy { Failures = 1 },
        Watchdog = TimeSpan.FromSeconds(30),
        Hooks = new HookPolicy { BeforeStart = true, AfterStart = true, AfterStop = true },
        Stop = new StopPolicy { HasCommand = true },
    };

    private static readonly ProgramPolicy Polled = Full with { Readiness = Full.Readiness! with { Source = ReadinessSource.Polled } };
    private static readonly ProgramPolicy OneShot = MachineRig.Plain with { Restart = RestartMode.Never, Readiness = Full.Readiness! with { Source = ReadinessSource.Exit } };

    /// <summary>As a supervisord.conf gives it: startretries=1, killasgroup=true, startsecs=0 where it says so.</summary>
    private static readonly ProgramPolicy Supervisord = MachineRig.Plain with
    {
        EarlyExitFails = true,
        Backoff = new BackoffPolicy { Initial = TimeSpan.FromSeconds(1), Factor = 1, Increment = TimeSpan.FromSeconds(1), Jitter = 0, Attempts = 1, OnlyFailedStarts = true },
        Stop = new StopPolicy { Group = false, FinalGroup = true },
    };

    private static readonly ProgramPolicy Graceless = Supervisord with { StartGrace = TimeSpan.Zero };

    private static readonly (string Name, Func<MachineRig> Make)[] States =
    [
        ("STOPPED", () => new MachineRig(Full)),
        ("STOPPED, one-shot", () => new MachineRig(OneShot)),
        ("WAITING", () => After(Full, gateOpen: false, new ProgramEvent.StartRequested())),
        ("ABSENT", () => After(Full, new ProgramEvent.StartRequested(Installed: false))),
        ("STARTING, hook", () => After(Full, new ProgramEvent.StartRequested())),
        ("STARTING, spawning", () => After(Full, ToSpawn)),
        ("STARTING, in grace", () => After(Full, ToSpawned)),
        ("STARTING, polled", () => Later(After(Polled, ToSpawned), TimeSpan.FromSeconds(2))),
        ("STARTING, grace over", () => Later(After(Full, ToSpawned), TimeSpan.FromSeconds(2))),
        ("RUNNING", () => Running(Full)),
        ("RUNNING, health probed", () => Later(Running(Full), TimeSpan.Zero)),
        ("RUNNING, unwanted", () => Do(Running(Full), new ProgramEvent.Unwanted(StopReason.User))),
        ("RUNNING, one-shot", () => Later(After(OneShot, new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42)), TimeSpan.FromSeconds(1))),
        ("BACKOFF", () => Do(After(Full, ToSpawned), new ProgramEvent.Exited(ExitStatus.Exited(1)), new ProgramEvent.HookEnded(HookKind.AfterStop, true))),
        ("STOPPING, spawning", () => Do(After(Full, ToSpawn), new ProgramEvent.StopRequested(StopReason.User))),
        ("STOPPING, command", () => Do(Running(Full), new ProgramEvent.StopRequested(StopReason.User))),
        ("STOPPING, signalled", () => Do(Running(Full), new ProgramEvent.StopRequested(StopReason.User), new ProgramEvent.HookEnded(HookKind.Stop, true))),
        ("STOPPING, killed", () => Do(Running(Full), new ProgramEvent.StopRequested(StopReason.User), new ProgramEvent.StopHastened())),
        ("STOPPING, sweeping", () => Do(Running(Full), new ProgramEvent.StopRequested(StopReason.User), new ProgramEvent.Exited(ExitStatus.Exited(0)))),
        ("STOPPING, last hook", () => Do(Running(Full), new ProgramEvent.StopRequested(StopReason.User), new ProgramEvent.Exited(ExitStatus.Exited(0)), new ProgramEvent.Swept())),
        ("STOPPING to restart", () => Do(Running(Full), new ProgramEvent.StopRequested(StopReason.Restart))),
        ("STOPPING, ended itself", () => Do(Running(Full), new ProgramEvent.Exited(ExitStatus.Exited(1)))),
        ("EXITED", () => Do(After(OneShot, new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42)), new ProgramEvent.Exited(ExitStatus.Exited(0)))),
        ("FATAL", () => Do(
            After(MachineRig.Plain with { Backoff = new BackoffPolicy { Attempts = 1, Jitter = 0 } }, new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42)),
            new ProgramEvent.Exited(ExitStatus.Exited(1)),
            new ProgramEvent.StopRequested(StopReason.Dependency),
            new ProgramEvent.GateOpened(),
            new ProgramEvent.Spawned(43),
            new ProgramEvent.Exited(ExitStatus.Exited(1)))),
        ("STARTING, supervisord", () => After(Supervisord, new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42))),
        ("STARTING again, superv.", () => Later(
            After(Supervisord, new ProgramEvent.StartRequested(), new ProgramEvent.SpawnFailed("cannot spawn", NotInstalled: false, 126)), TimeSpan.FromSeconds(1))),
        ("RUNNING, supervisord", () => Later(After(Supervisord, new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42)), TimeSpan.FromSeconds(1))),
        ("BACKOFF, supervisord", () => After(Supervisord, new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42), new ProgramEvent.Exited(ExitStatus.Exited(0)))),
        ("EXITED, to be restarted", () => After(Graceless, new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42), new ProgramEvent.Exited(ExitStatus.Exited(1)))),
    ];

    private static readonly (string Name, ProgramEvent Event)[] Events =
    [
        ("start", new ProgramEvent.StartRequested()),
        ("start, not installed", new ProgramEvent.StartRequested(Installed: false)),
        ("gate opened", new ProgramEvent.GateOpened()),
        ("before_start hook well", new ProgramEvent.HookEnded(HookKind.BeforeStart, true)),
        ("before_start hook badly", new ProgramEvent.HookEnded(HookKind.BeforeStart, false, "exit code 1")),
        ("after_start hook well", new ProgramEvent.HookEnded(HookKind.AfterStart, true)),
        ("after_start hook badly", new ProgramEvent.HookEnded(HookKind.AfterStart, false, "exit code 1")),
        ("stop command well", new ProgramEvent.HookEnded(HookKind.Stop, true)),
        ("stop command badly", new ProgramEvent.HookEnded(HookKind.Stop, false, "exit code 1")),
        ("after_stop hook well", new ProgramEvent.HookEnded(HookKind.AfterStop, true)),
        ("after_stop hook badly", new ProgramEvent.HookEnded(HookKind.AfterStop, false, "exit code 1")),
        ("spawned", new ProgramEvent.Spawned(77)),
        ("spawn failed", new ProgramEvent.SpawnFailed("cannot spawn", NotInstalled: false, 126)),
        ("spawn failed, missing", new ProgramEvent.SpawnFailed("cannot execute", NotInstalled: true, 127)),
        ("exit 0", new ProgramEvent.Exited(ExitStatus.Exited(0))),
        ("exit 1", new ProgramEvent.Exited(ExitStatus.Exited(1))),
        ("killed", new ProgramEvent.Exited(ExitStatus.Signalled(9))),
        ("deadline", new ProgramEvent.DeadlineReached()),
        ("ready told", new ProgramEvent.ReadyTold()),
        ("readiness probe well", new ProgramEvent.ProbeEnded(ProbeRole.Readiness, true)),
        ("readiness probe badly", new ProgramEvent.ProbeEnded(ProbeRole.Readiness, false, "refused")),
        ("health probe well", new ProgramEvent.ProbeEnded(ProbeRole.Health, true)),
        ("health probe badly", new ProgramEvent.ProbeEnded(ProbeRole.Health, false, "refused")),
        ("watchdog fed", new ProgramEvent.WatchdogFed()),
        ("watchdog triggered", new ProgramEvent.WatchdogTriggered()),
        ("stop by user", new ProgramEvent.StopRequested(StopReason.User)),
        ("stop at shutdown", new ProgramEvent.StopRequested(StopReason.Shutdown)),
        ("stop for removal", new ProgramEvent.StopRequested(StopReason.Removed)),
        ("restart", new ProgramEvent.StopRequested(StopReason.Restart)),
        ("stop with dependency", new ProgramEvent.StopRequested(StopReason.Dependency)),
        ("stop hastened", new ProgramEvent.StopHastened()),
        ("swept", new ProgramEvent.Swept()),
        ("policy changed", new ProgramEvent.PolicyChanged()),
        ("unwanted", new ProgramEvent.Unwanted(StopReason.User)),
    ];

    private static ProgramEvent[] ToSpawn => [new ProgramEvent.StartRequested(), new ProgramEvent.HookEnded(HookKind.BeforeStart, true)];

    private static ProgramEvent[] ToSpawned => [.. ToSpawn, new ProgramEvent.Spawned(42)];

    [Fact]
    public void PhaseEventTable_WhenPrinted_IsTheApprovedOne()
    {
        string path = Path.Combine(Path.GetDirectoryName(ThisFile())!, "Approved", "phase-event-table.txt");
        string table = Print();
        if (Environment.GetEnvironmentVariable("INIT_APPROVE") == "1")
            File.WriteAllText(path, table);

        Assert.Equal(File.ReadAllText(path).Split('\n'), table.Split('\n'));
    }

    [Fact]
    public void PhaseEventTable_WhenPrinted_HasEveryPhaseStepAndEvent()
    {
        ProgramState[] states = [.. States.Select(state => state.Make().State)];

        Assert.Equal(Enum.GetValues<ProgramPhase>().Order(), states.Select(state => state.Phase).Distinct().Order());
        Assert.Equal(Enum.GetValues<ProgramStep>().Order(), states.Select(state => state.Step).Distinct().Order());
        Assert.Equal(
            typeof(ProgramEvent).GetNestedTypes().Select(type => type.Name).Order(StringComparer.Ordinal),
            Events.Select(entry => entry.Event.GetType().Name).Distinct().Order(StringComparer.Ordinal));
    }

    private static string Print()
    {
        var text = new StringBuilder();
        text.Append("# state | event | phase and step afterwards | what is to be done; \"-\" = nothing changes\n");
        foreach (var (stateName, make) in States)
        {
            text.Append('\n');
            foreach (var (eventName, happening) in Events)
                text.Append($"{stateName,-22} | {eventName,-23} | {Outcome(make(), happening)}\n");
        }

        return text.ToString();
    }

    private static string Outcome(MachineRig rig, ProgramEvent happening)
    {
        ProgramState before = rig.State;
        if (happening is ProgramEvent.DeadlineReached)
        {
            if (ProgramMachine.NextDeadline(before) is not { } due)
                return "-";
            rig.Take();
            rig.Wait(due);
        }

        var (next, effects) = ProgramMachine.Step(before, happening, rig.Policy, rig.Now, new ProgramSurroundings(rig.GateOpen, Chance: 0.5));
        if (next == before && effects.Count == 0)
            return "-";

        string step = next.Step == ProgramStep.None ? "" : $" {next.Step}";
        string facts = $"{(next.Wanted == before.Wanted ? "" : next.Wanted ? " +wanted" : " -wanted")}{(next.Attempt == before.Attempt ? "" : $" attempt={next.Attempt}")}";
        string where = $"{next.Phase.ToString().ToUpperInvariant()}{step}{facts}";
        string what = string.Join(", ", effects.Select(Describe).Where(effect => effect.Length > 0));
        return what.Length == 0 ? where : $"{where} | {what}";
    }

    private static string Describe(ProgramEffect effect) => effect switch
    {
        ProgramEffect.Spawn => "spawn",
        ProgramEffect.RunHook(var kind) => $"run {kind} hook",
        ProgramEffect.CancelHook => "cancel hook",
        ProgramEffect.Signal(var number, _) => $"signal {number}",
        ProgramEffect.Sweep(var number) => $"sweep {number}",
        ProgramEffect.KillLeftovers => "kill leftovers",
        ProgramEffect.StartProbe(var role) => $"start {role} probe",
        ProgramEffect.CancelProbe(var role) => $"cancel {role} probe",
        ProgramEffect.Announce(ProgramNotice.ReadyChanged(var ready)) => ready ? "ready" : "not ready",
        ProgramEffect.Announce(ProgramNotice.HealthChanged(var health, _)) => health.ToString().ToLowerInvariant(),
        ProgramEffect.Announce(ProgramNotice.PhaseChanged(_, _, { Length: > 0 } detail)) => $"\"{detail}\"",
        ProgramEffect.Announce(ProgramNotice.HookFailed failed) => $"{failed.Hook} hook failed",
        _ => "",
    };

    private static MachineRig After(ProgramPolicy policy, params ReadOnlySpan<ProgramEvent> events) => After(policy, gateOpen: true, events);

    private static MachineRig After(ProgramPolicy policy, bool gateOpen, params ReadOnlySpan<ProgramEvent> events) =>
        Do(new MachineRig(policy) { GateOpen = gateOpen }, events);

    private static MachineRig Running(ProgramPolicy policy) =>
        Do(Later(After(policy, ToSpawned), TimeSpan.FromSeconds(1)), new ProgramEvent.ReadyTold());

    private static MachineRig Do(MachineRig rig, params ReadOnlySpan<ProgramEvent> events)
    {
        rig.Do(events);
        return rig;
    }

    private static MachineRig Later(MachineRig rig, TimeSpan time)
    {
        rig.Pass(time);
        return rig;
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
