namespace Init.Supervision.Tests;

/// <summary>A program under the rules that supervisord has for it: what its section without any key but the command gives.</summary>
public sealed class SupervisordRulesTests
{
    private static readonly ProgramPolicy Rules = MachineRig.Plain with
    {
        Restart = RestartMode.OnFailure,
        EarlyExitFails = true,
        Backoff = new BackoffPolicy
        {
            Initial = TimeSpan.FromSeconds(1),
            Factor = 1,
            Increment = TimeSpan.FromSeconds(1),
            Max = TimeSpan.FromDays(1),
            Jitter = 0,
            Attempts = 3,
            OnlyFailedStarts = true,
        },
        Stop = new StopPolicy { Group = false },
    };

    [Fact]
    public void FailedStarts_WithThreeRetries_WaitOneTwoAndThreeSecondsAndEndInFatal()
    {
        var rig = new MachineRig(Rules);
        rig.Do(new ProgramEvent.StartRequested());
        var waits = new List<double>();

        for (int pid = 1; pid <= 4; pid++)
        {
            rig.Do(new ProgramEvent.Spawned(pid));
            rig.Exit(1);
            if (rig.Phase != ProgramPhase.Backoff)
                break;

            TimeSpan wait = ProgramMachine.NextDeadline(rig.State)!.Value - rig.Now;
            waits.Add(wait.TotalSeconds);
            rig.Pass(wait);
        }

        Assert.Equal([1, 2, 3], waits);
        Assert.Equal(ProgramPhase.Fatal, rig.Phase);
        Assert.Equal(
            "STARTING BACKOFF STARTING BACKOFF STARTING BACKOFF STARTING BACKOFF FATAL", PhasesOf(rig));
    }

    [Fact]
    public void FailedStart_WithNoRetries_IsFatalThroughBackoff()
    {
        var rig = new MachineRig(Rules with { Backoff = Rules.Backoff with { Attempts = 0 } });

        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.SpawnFailed("no", NotInstalled: true, 127));

        Assert.Equal("STARTING BACKOFF FATAL", PhasesOf(rig));
    }

    [Theory]
    [InlineData(RestartMode.Never)]
    [InlineData(RestartMode.OnFailure)]
    [InlineData(RestartMode.Always)]
    public void EarlyEnd_WhateverItsCodeAndTheRestartMode_IsAFailedStart(RestartMode restart)
    {
        var rig = new MachineRig(Rules with { Restart = restart });
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42));

        rig.Exit(0);

        Assert.Equal("STARTING BACKOFF", PhasesOf(rig));
        Assert.Equal(1, rig.State.Attempt);
    }

    [Fact]
    public void End_WhenTheGraceIsOverAndItsDeadlineIsHandledLater_IsNoFailedStart()
    {
        var rig = new MachineRig(Rules with { Restart = RestartMode.Never });
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42));

        rig.Wait(rig.Now + Rules.StartGrace);
        rig.Exit(0);

        Assert.Equal("STARTING RUNNING EXITED", PhasesOf(rig));
    }

    [Theory]
    [InlineData(RestartMode.OnFailure, 1, "EXITED STARTING")]
    [InlineData(RestartMode.OnFailure, 0, "EXITED")]
    [InlineData(RestartMode.Always, 0, "EXITED STARTING")]
    [InlineData(RestartMode.Never, 1, "EXITED")]
    public void End_WhenItWasRunning_IsExitedAndFollowedByARestartAsTheModeSays(RestartMode restart, int code, string phases)
    {
        MachineRig rig = MachineRig.Running(Rules with { Restart = restart });

        rig.Exit(code);

        Assert.Equal(phases, PhasesOf(rig));
        Assert.Equal(0, rig.State.Attempt);
    }

    [Fact]
    public void End_AfterEachRun_NeverCountsTowardsFatal()
    {
        MachineRig rig = MachineRig.Running(Rules);

        for (int pid = 1; pid <= 20; pid++)
        {
            rig.Exit(1);
            rig.Do(new ProgramEvent.Spawned(pid));
            rig.Pass(Rules.StartGrace);
            Assert.Equal(ProgramPhase.Running, rig.Phase);
        }
    }

    [Fact]
    public void End_WithoutGraceAndAtOnce_IsRestartedAtTheLeastIntervalOnly()
    {
        var rig = new MachineRig(Rules with { StartGrace = TimeSpan.Zero });
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42));

        rig.Exit(1);

        Assert.Equal("STARTING RUNNING EXITED", PhasesOf(rig));
        Assert.True(ProgramMachine.IsAwaitingRestart(rig.State));
        Assert.False(ProgramMachine.IsDown(rig.State));
        rig.Pass(ProgramMachine.TryInterval);
        Assert.Equal("STARTING", PhasesOf(rig));
    }

    [Theory]
    [InlineData(StopReason.User)]
    [InlineData(StopReason.Shutdown)]
    [InlineData(StopReason.Removed)]
    public void Stop_WhenItIsExitedAndAboutToBeRestarted_KeepsItDown(StopReason reason)
    {
        var rig = new MachineRig(Rules with { StartGrace = TimeSpan.Zero });
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42));
        rig.Exit(1);

        rig.Do(new ProgramEvent.StopRequested(reason));
        rig.Pass(TimeSpan.FromMinutes(1));

        Assert.Equal(ProgramPhase.Exited, rig.Phase);
        Assert.True(ProgramMachine.IsDown(rig.State));
        Assert.Null(rig.State.Problem);
    }

    [Theory]
    [InlineData(StopReason.User, ProgramPhase.Stopped)]
    [InlineData(StopReason.Shutdown, ProgramPhase.Fatal)]
    public void Stop_WhenItIsInBackoff_TakesEffectAtOnce(StopReason reason, ProgramPhase expected)
    {
        var rig = new MachineRig(Rules);
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42));
        rig.Exit(1);

        rig.Do(new ProgramEvent.StopRequested(reason));

        Assert.Equal(expected, rig.Phase);
        Assert.Null(ProgramMachine.NextDeadline(rig.State));
    }

    [Theory]
    [InlineData(false, false, false, false)]
    [InlineData(false, true, false, true)]
    [InlineData(true, false, true, true)]
    public void Stop_WhenItIsIgnored_KillsWhomThePolicySays(bool group, bool finalGroup, bool firstToGroup, bool finalToGroup)
    {
        StopPolicy stop = Rules.Stop with { Group = group, FinalGroup = finalGroup };
        MachineRig rig = MachineRig.Running(Rules with { Stop = stop });

        rig.Do(new ProgramEvent.StopRequested(StopReason.User));
        rig.Pass(stop.Grace + ProgramMachine.KillRepeat);

        Assert.Equal(
            [new ProgramEffect.Signal(15, firstToGroup), new ProgramEffect.Signal(9, finalToGroup), new ProgramEffect.Signal(9, finalToGroup)], rig.Take());
    }

    [Fact]
    public void End_WhenThereIsNoGroup_LeavesAloneWhatTheProgramHasStarted()
    {
        MachineRig rig = MachineRig.Stopping(Rules with { Stop = Rules.Stop with { FinalGroup = true } });

        rig.Exit(0);

        Assert.Equal(ProgramPhase.Stopped, rig.Phase);
        Assert.Empty(rig.Take());
    }

    [Fact]
    public void Shutdown_WithPriorities_EndsTheHighestFirstAndEqualOnesTogether()
    {
        SystemRig rig = SystemRig.Booted(Prioritized("a", 1), Prioritized("b", 5), Prioritized("c", 5), Prioritized("d", 999));
        rig.Take();

        rig.Handle(new SystemEvent.ShutdownAsked());
        Assert.Equal(["shutdown: asked to", "d signal 15"], rig.Take());
        rig.Exit("d");
        Assert.Equal(["b signal 15", "c signal 15"], rig.Take());
        rig.Exit("b");
        Assert.Empty(rig.Take());
        rig.Exit("c");
        Assert.Equal(["a signal 15"], rig.Take());
        rig.Exit("a");
        Assert.Equal(["shutdown complete: 0"], rig.Take());
    }

    [Fact]
    public void Shutdown_WhenAPriorityContradictsARequirement_GoesByTheRequirement()
    {
        SystemRig rig = SystemRig.Booted(Prioritized("db", 999), Prioritized("web", 1, "db"), Prioritized("other", 5));
        rig.Take();

        rig.Handle(new SystemEvent.ShutdownAsked());

        Assert.Equal(["shutdown: asked to", "web signal 15"], rig.Take());
        rig.Exit("web");
        Assert.Equal(["db signal 15"], rig.Take());
        rig.Exit("db");
        Assert.Equal(["other signal 15"], rig.Take());
    }

    private static ProgramPolicy Prioritized(string name, int priority, params ReadOnlySpan<string> requires) =>
        SystemRig.Program(name, requires) with { ShutdownPriority = priority };

    private static string PhasesOf(MachineRig rig) => string.Join(
        ' ', rig.TakeNotices().OfType<ProgramNotice.PhaseChanged>().Select(change => change.To.ToString().ToUpperInvariant()));
}
