using Init.Base;

namespace Init.Supervision.Tests;

public sealed class ProgramMachineTests
{
    private static readonly ProgramPolicy Plain = MachineRig.Plain;
    private static readonly ProgramEffect.Spawn Spawn = new();
    private static readonly ProgramEffect.CancelHook CancelHook = new();
    private static readonly ProgramEffect.KillLeftovers KillLeftovers = new();

    // --- Starting -------------------------------------------------------------------------------------------------------

    [Fact]
    public void Start_WhenStopped_Spawns()
    {
        var rig = new MachineRig(Plain);

        rig.Do(new ProgramEvent.StartRequested());

        Assert.Equal(ProgramPhase.Starting, rig.Phase);
        Assert.True(rig.State.Wanted);
        Assert.Equal([Spawn], rig.Take());
    }

    [Fact]
    public void Start_WhenTheGateIsShut_Waits()
    {
        var rig = new MachineRig(Plain) { GateOpen = false };

        rig.Do(new ProgramEvent.StartRequested());

        Assert.Equal(ProgramPhase.Waiting, rig.Phase);
        Assert.Empty(rig.Take());
        Assert.Null(ProgramMachine.NextDeadline(rig.State));
    }

    [Fact]
    public void Gate_WhenItOpens_Spawns()
    {
        var rig = new MachineRig(Plain) { GateOpen = false };
        rig.Do(new ProgramEvent.StartRequested());

        rig.Do(new ProgramEvent.GateOpened());

        Assert.Equal(ProgramPhase.Starting, rig.Phase);
        Assert.Equal([Spawn], rig.Take());
    }

    [Fact]
    public void Gate_WhenNothingWaits_ChangesNothing()
    {
        MachineRig rig = MachineRig.Running(Plain);

        rig.Do(new ProgramEvent.GateOpened());

        Assert.Equal(ProgramPhase.Running, rig.Phase);
        Assert.Empty(rig.Take());
    }

    [Fact]
    public void Start_WhenNotInstalled_IsAbsent()
    {
        var rig = new MachineRig(Plain with { Optional = true });

        rig.Do(new ProgramEvent.StartRequested(Installed: false));

        Assert.Equal(ProgramPhase.Absent, rig.Phase);
        Assert.Empty(rig.Take());
    }

    [Fact]
    public void Spawned_WhenTheGraceIsOver_IsRunningAndReady()
    {
        var rig = new MachineRig(Plain);
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42));

        rig.Pass(TimeSpan.FromMilliseconds(999));
        Assert.Equal(ProgramPhase.Starting, rig.Phase);
        rig.Pass(TimeSpan.FromMilliseconds(1));

        Assert.Equal((ProgramPhase.Running, true, 42), (rig.Phase, rig.State.Ready, rig.State.Pid));
        Assert.Null(ProgramMachine.NextDeadline(rig.State));
    }

    [Fact]
    public void Spawned_WhenThereIsNoGrace_IsRunningAtOnce()
    {
        var rig = new MachineRig(Plain with { StartGrace = TimeSpan.Zero });

        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42));

        Assert.Equal(ProgramPhase.Running, rig.Phase);
    }

    [Fact]
    public void Deadline_WhenItIsNotDue_ChangesNothing()
    {
        var rig = new MachineRig(Plain);
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42));

        rig.Do(new ProgramEvent.DeadlineReached());

        Assert.Equal(ProgramPhase.Starting, rig.Phase);
    }

    [Theory]
    [InlineData(true, ProgramPhase.Absent)]
    [InlineData(false, ProgramPhase.Backoff)]
    public void SpawnFailed_WhenTheCommandIsMissing_IsAbsentOnlyIfOptional(bool optional, ProgramPhase expected)
    {
        var rig = new MachineRig(Plain with { Optional = optional });
        rig.Do(new ProgramEvent.StartRequested());

        rig.Do(new ProgramEvent.SpawnFailed("cannot execute /app/web", NotInstalled: true, 127));

        Assert.Equal(expected, rig.Phase);
        Assert.Equal(("cannot execute /app/web", 127), (rig.State.Problem, rig.State.SpawnFailureCode));
    }

    [Fact]
    public void SpawnFailed_WhenItIsRunningAlready_IsNotReadyAndHasNoHook()
    {
        ProgramPolicy policy = Plain with { StartGrace = TimeSpan.Zero, Hooks = new HookPolicy { AfterStart = true } };
        MachineRig rig = MachineRig.Running(policy);

        rig.Do(new ProgramEvent.SpawnFailed("cannot set up", NotInstalled: false, 126));

        Assert.Equal((ProgramPhase.Backoff, false, null), (rig.Phase, rig.State.Ready, rig.State.Hook));
        Assert.Equal([CancelHook], rig.Take());
        Assert.Null(rig.State.Pid);
    }

    // --- Readiness ------------------------------------------------------------------------------------------------------

    private static ProgramPolicy With(ReadinessSource source, TimeSpan? timeout = null) =>
        Plain with { Readiness = new ReadinessPolicy(source, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(1), timeout) };

    [Fact]
    public void Readiness_WhenPolled_IsAskedAgainUntilItSaysYes()
    {
        MachineRig rig = MachineRig.Running(With(ReadinessSource.Polled));
        Assert.Equal(ProgramPhase.Starting, rig.Phase);

        rig.Do(new ProgramEvent.ProbeEnded(ProbeRole.Readiness, Success: false, "refused"));
        rig.Pass(TimeSpan.FromMilliseconds(199));
        Assert.Empty(rig.Take());
        rig.Pass(TimeSpan.FromMilliseconds(1));
        Assert.Equal([new ProgramEffect.StartProbe(ProbeRole.Readiness)], rig.Take());
        rig.Do(new ProgramEvent.ProbeEnded(ProbeRole.Readiness, Success: true));

        Assert.Equal((ProgramPhase.Running, true), (rig.Phase, rig.State.Ready));
        Assert.Null(ProgramMachine.NextDeadline(rig.State));
    }

    [Fact]
    public void Readiness_WhenItComesBeforeTheGraceIsOver_OpensGatesAndNotRunning()
    {
        var rig = new MachineRig(With(ReadinessSource.Told));
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42));

        rig.Do(new ProgramEvent.ReadyTold());

        Assert.Equal((ProgramPhase.Starting, true), (rig.Phase, rig.State.Ready));
        rig.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(ProgramPhase.Running, rig.Phase);
    }

    [Theory]
    [InlineData(ReadinessSource.Polled)]
    [InlineData(ReadinessSource.Exit)]
    [InlineData(ReadinessSource.Delay)]
    public void ReadyTold_WhenSomethingElseDecides_ChangesNothing(ReadinessSource source)
    {
        var rig = new MachineRig(With(source));
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42));

        rig.Do(new ProgramEvent.ReadyTold());

        Assert.False(rig.State.Ready);
    }

    [Fact]
    public void Readiness_WhenItIsADelay_ComesWithTime()
    {
        var rig = new MachineRig(With(ReadinessSource.Delay, timeout: TimeSpan.FromMilliseconds(100)));
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42));

        rig.Pass(TimeSpan.FromMilliseconds(199));
        Assert.False(rig.State.Ready);
        rig.Pass(TimeSpan.FromMilliseconds(1));

        Assert.True(rig.State.Ready); // And a timeout shorter than the delay has not made it fail.
    }

    [Fact]
    public void Readiness_WhenItIsAnExit_ComesWithSuccess()
    {
        MachineRig rig = MachineRig.Running(With(ReadinessSource.Exit) with { Restart = RestartMode.Never });
        Assert.Equal((ProgramPhase.Running, false), (rig.Phase, rig.State.Ready));

        rig.Exit(0);

        Assert.Equal((ProgramPhase.Exited, true), (rig.Phase, rig.State.Ready));
    }

    [Fact]
    public void Readiness_WhenAOneShotIsStopped_DoesNotComeFromItsExitCode()
    {
        MachineRig rig = MachineRig.Stopping(With(ReadinessSource.Exit) with { Restart = RestartMode.Never });

        rig.Exit(0);
        rig.Do(new ProgramEvent.Swept());

        Assert.Equal((ProgramPhase.Stopped, false), (rig.Phase, rig.State.Ready));
    }

    [Fact]
    public void Readiness_WhenAOneShotWaitsToRunAgain_IsGone()
    {
        MachineRig rig = MachineRig.Running(With(ReadinessSource.Exit) with { Restart = RestartMode.Never });
        rig.Exit(0);
        rig.GateOpen = false;

        rig.Do(new ProgramEvent.StartRequested());

        Assert.Equal((ProgramPhase.Waiting, false), (rig.Phase, rig.State.Ready));
    }

    [Fact]
    public void Readiness_WhenItDoesNotComeInTime_IsAFailedStart()
    {
        var rig = new MachineRig(With(ReadinessSource.Told, timeout: TimeSpan.FromSeconds(5)));
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42));
        rig.Take();

        rig.Pass(TimeSpan.FromSeconds(5));

        Assert.Equal((ProgramPhase.Stopping, StopReason.NotReady), (rig.Phase, rig.State.StopReason));
        Assert.Equal([new ProgramEffect.Signal(15, true)], rig.Take());
        rig.Do(new ProgramEvent.Exited(ExitStatus.Signalled(15)), new ProgramEvent.Swept());
        Assert.Equal((ProgramPhase.Backoff, 1, "not ready within 5s"), (rig.Phase, rig.State.Attempt, rig.State.Problem));
    }

    [Fact]
    public void Readiness_WhenAOneShotDoesNotBecomeReady_IsFatal()
    {
        var rig = new MachineRig(With(ReadinessSource.Told, timeout: TimeSpan.FromSeconds(5)) with { Restart = RestartMode.Never });
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42));

        rig.Pass(TimeSpan.FromSeconds(5));
        rig.Do(new ProgramEvent.Exited(ExitStatus.Signalled(15)), new ProgramEvent.Swept());

        Assert.Equal(ProgramPhase.Fatal, rig.Phase);
    }

    [Fact]
    public void Reload_WhenReadinessIsTakenAwayFromAStartingProgram_LetsItRun()
    {
        MachineRig rig = MachineRig.Running(With(ReadinessSource.Told));
        Assert.Equal(ProgramPhase.Starting, rig.Phase);

        rig.Policy = Plain;
        rig.Do(new ProgramEvent.PolicyChanged());

        Assert.Equal((ProgramPhase.Running, true), (rig.Phase, rig.State.Ready));
    }

    [Fact]
    public void Reload_WhenAProbeBecomesADelay_CancelsTheProbeAndCountsFromTheSpawn()
    {
        MachineRig rig = MachineRig.Running(With(ReadinessSource.Polled));

        rig.Policy = With(ReadinessSource.Delay);
        rig.Do(new ProgramEvent.PolicyChanged());
        Assert.Equal([new ProgramEffect.CancelProbe(ProbeRole.Readiness)], rig.Take());
        rig.Pass(TimeSpan.Zero);

        Assert.Equal(ProgramPhase.Running, rig.Phase);
    }

    [Fact]
    public void Reload_WhenADelayBecomesTold_DoesNotMakeItReady()
    {
        var rig = new MachineRig(With(ReadinessSource.Delay));
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42));

        rig.Policy = With(ReadinessSource.Told);
        rig.Do(new ProgramEvent.PolicyChanged());
        rig.Pass(TimeSpan.FromSeconds(10));

        Assert.Equal((ProgramPhase.Starting, false), (rig.Phase, rig.State.Ready));
    }

    [Fact]
    public void ProbeResult_WhenTheProbeWasCancelled_ChangesNothing()
    {
        MachineRig rig = MachineRig.Running(With(ReadinessSource.Polled));
        rig.Do(new ProgramEvent.StopRequested(StopReason.User));

        rig.Do(new ProgramEvent.ProbeEnded(ProbeRole.Readiness, Success: true));

        Assert.False(rig.State.Ready);
    }

    // --- Ending by itself -----------------------------------------------------------------------------------------------

    [Fact]
    public void Exit_WhenRunningForTheFirstTime_IsRestartedAtOnce()
    {
        MachineRig rig = MachineRig.Running(Plain);

        rig.Exit(1);

        Assert.Equal((ProgramPhase.Starting, 1, 1), (rig.Phase, rig.State.Attempt, rig.State.Restarts));
        Assert.Equal([KillLeftovers, Spawn], rig.Take());
        Assert.Equal("ended: exit code 1", rig.State.Problem);
    }

    [Fact]
    public void Exit_WhenStarting_WaitsTheInitialDelay()
    {
        var rig = new MachineRig(Plain);
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42));

        rig.Exit(0);

        Assert.Equal((ProgramPhase.Backoff, rig.Now + TimeSpan.FromMilliseconds(500)), (rig.Phase, rig.State.Deadline));
        Assert.Equal("ended too early: exit code 0", rig.State.Problem);
    }

    [Fact]
    public void Exit_WhenThereIsNoDelay_StillWaitsTheLeastTimeBetweenTries()
    {
        var rig = new MachineRig(Plain with { Backoff = new BackoffPolicy { Initial = TimeSpan.Zero, Max = TimeSpan.Zero, Attempts = null } });
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42));

        rig.Exit(1);

        Assert.Equal((ProgramPhase.Backoff, rig.Now + ProgramMachine.TryInterval), (rig.Phase, rig.State.Deadline));
    }

    [Fact]
    public void Exit_WhenTheAttemptsAreUsedUp_IsFatal()
    {
        var rig = new MachineRig(Plain with { Backoff = new BackoffPolicy { Attempts = 3 } });
        rig.Do(new ProgramEvent.StartRequested());
        for (int failure = 1; failure <= 3; failure++)
        {
            rig.Do(new ProgramEvent.Spawned(42));
            rig.Exit(1);
            Assert.Equal((ProgramPhase.Backoff, failure), (rig.Phase, rig.State.Attempt));
            rig.Pass(TimeSpan.FromMinutes(1));
            Assert.Equal(ProgramPhase.Starting, rig.Phase);
        }

        rig.Do(new ProgramEvent.Spawned(42));
        rig.Exit(1);

        Assert.Equal(ProgramPhase.Fatal, rig.Phase);
        Assert.Null(ProgramMachine.NextDeadline(rig.State));
    }

    [Fact]
    public void Exit_WhenItHadBeenRunningLongEnough_ForgetsEarlierFailures()
    {
        MachineRig rig = MachineRig.Running(Plain);
        rig.Exit(1);
        rig.Do(new ProgramEvent.Spawned(43));
        rig.Pass(TimeSpan.FromSeconds(10));
        rig.Exit(1);
        Assert.Equal(2, rig.State.Attempt);
        rig.Pass(TimeSpan.FromSeconds(1));
        rig.Do(new ProgramEvent.Spawned(44));
        rig.Pass(TimeSpan.FromSeconds(61));

        rig.Exit(1);

        Assert.Equal((ProgramPhase.Starting, 1), (rig.Phase, rig.State.Attempt));
    }

    [Theory]
    [InlineData(RestartMode.Never, 0, ProgramPhase.Exited)]
    [InlineData(RestartMode.Never, 1, ProgramPhase.Exited)]
    [InlineData(RestartMode.OnFailure, 0, ProgramPhase.Exited)]
    [InlineData(RestartMode.OnFailure, 3, ProgramPhase.Exited)]
    [InlineData(RestartMode.OnFailure, 1, ProgramPhase.Starting)]
    [InlineData(RestartMode.Always, 0, ProgramPhase.Starting)]
    public void Exit_WhenRunning_FollowsTheRestartMode(RestartMode mode, int code, ProgramPhase expected)
    {
        MachineRig rig = MachineRig.Running(Plain with { Restart = mode, SuccessExitCodes = [0, 3] });

        rig.Exit(code);

        Assert.Equal(expected, rig.Phase);
        Assert.Equal(code is 1 || mode == RestartMode.Always, rig.State.Problem is not null);
    }

    [Fact]
    public void Exit_WhenASignalEndedIt_IsNeverSuccess()
    {
        MachineRig rig = MachineRig.Running(Plain with { Restart = RestartMode.OnFailure });

        rig.Do(new ProgramEvent.Exited(ExitStatus.Signalled(9)));

        Assert.Equal(ProgramPhase.Starting, rig.Phase);
    }

    [Fact]
    public void Exit_WhenScheduled_StaysDownBetweenTwoRuns()
    {
        MachineRig rig = MachineRig.Running(Plain with { Scheduled = true, Restart = RestartMode.Always });

        rig.Exit(0);

        Assert.Equal(ProgramPhase.Exited, rig.Phase);
    }

    [Fact]
    public void Exit_WhenThereIsNoGroup_KillsNoLeftovers()
    {
        MachineRig rig = MachineRig.Running(Plain with { Stop = new StopPolicy { Group = false } });

        rig.Exit(1);

        Assert.Equal([Spawn], rig.Take());
    }

    [Fact]
    public void Exit_WhenItIsNoLongerWanted_IsStopped()
    {
        MachineRig rig = MachineRig.Running(Plain with { Restart = RestartMode.Never });
        rig.Do(new ProgramEvent.Unwanted(StopReason.User));

        rig.Exit(0);

        Assert.Equal((ProgramPhase.Stopped, true), (rig.Phase, rig.State.StoppedByUser));
    }

    [Fact]
    public void Exit_WhenThereIsAHookAfterIt_RestartsAfterTheHook()
    {
        MachineRig rig = MachineRig.Running(Plain with { Hooks = new HookPolicy { AfterStop = true } });

        rig.Exit(1);
        Assert.Equal((ProgramPhase.Stopping, ProgramStep.AfterStopHook), (rig.Phase, rig.State.Step));
        Assert.Equal([KillLeftovers, new ProgramEffect.RunHook(HookKind.AfterStop)], rig.Take());
        rig.Do(new ProgramEvent.HookEnded(HookKind.AfterStop, Success: false, "exit code 1"));

        Assert.Equal(ProgramPhase.Starting, rig.Phase);
        Assert.Equal([Spawn], rig.Take());
    }

    // --- Backoff --------------------------------------------------------------------------------------------------------

    private static MachineRig InBackoff(ProgramPolicy? policy = null)
    {
        var rig = new MachineRig(policy ?? Plain);
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42));
        rig.Exit(1);
        rig.Take();
        return rig;
    }

    [Fact]
    public void Backoff_WhenTheDelayIsOver_TriesAgain()
    {
        MachineRig rig = InBackoff();

        rig.Pass(TimeSpan.FromMilliseconds(499));
        Assert.Equal(ProgramPhase.Backoff, rig.Phase);
        rig.Pass(TimeSpan.FromMilliseconds(1));

        Assert.Equal(ProgramPhase.Starting, rig.Phase);
        Assert.Equal([Spawn], rig.Take());
    }

    [Fact]
    public void Backoff_WhenTheGateIsShut_TriesAgainAllTheSame()
    {
        MachineRig rig = InBackoff();
        rig.GateOpen = false;

        rig.Pass(TimeSpan.FromSeconds(1));

        Assert.Equal(ProgramPhase.Starting, rig.Phase);
    }

    [Fact]
    public void Backoff_WhenTheUserStartsIt_TriesAtOnceAndCountsAnew()
    {
        MachineRig rig = InBackoff();

        rig.Do(new ProgramEvent.StartRequested());

        Assert.Equal((ProgramPhase.Starting, 0), (rig.Phase, rig.State.Attempt));
    }

    [Theory]
    [InlineData(StopReason.User, ProgramPhase.Stopped)]
    [InlineData(StopReason.Shutdown, ProgramPhase.Stopped)]
    [InlineData(StopReason.Removed, ProgramPhase.Stopped)]
    [InlineData(StopReason.Restart, ProgramPhase.Starting)]
    [InlineData(StopReason.Dependency, ProgramPhase.Waiting)]
    public void Backoff_WhenItIsStopped_GoesWhereTheReasonSays(StopReason reason, ProgramPhase expected)
    {
        MachineRig rig = InBackoff();

        rig.Do(new ProgramEvent.StopRequested(reason));

        Assert.Equal(expected, rig.Phase);
    }

    // --- Stopping -------------------------------------------------------------------------------------------------------

    [Fact]
    public void Stop_WhenRunning_SignalsThenSweepsThenIsStopped()
    {
        MachineRig rig = MachineRig.Running(Plain);

        rig.Do(new ProgramEvent.StopRequested(StopReason.User));
        Assert.Equal([new ProgramEffect.Signal(15, true)], rig.Take());
        Assert.Equal(rig.Now + TimeSpan.FromSeconds(10), rig.State.Deadline);
        rig.Do(new ProgramEvent.Exited(ExitStatus.Signalled(15)));
        Assert.Equal([new ProgramEffect.Sweep(15)], rig.Take());
        rig.Do(new ProgramEvent.Swept());

        Assert.Equal((ProgramPhase.Stopped, false, true), (rig.Phase, rig.State.Wanted, rig.State.StoppedByUser));
        Assert.Null(ProgramMachine.NextDeadline(rig.State));
    }

    [Fact]
    public void Stop_WhenItDoesNotEnd_KillsAndKillsAgain()
    {
        MachineRig rig = MachineRig.Stopping(Plain);

        rig.Pass(TimeSpan.FromMilliseconds(9_999));
        Assert.Empty(rig.Take());
        rig.Pass(TimeSpan.FromMilliseconds(1));
        Assert.Equal([new ProgramEffect.Signal(9, true)], rig.Take());
        rig.Pass(ProgramMachine.KillRepeat);

        Assert.Equal([new ProgramEffect.Signal(9, true)], rig.Take());
        rig.Do(new ProgramEvent.Exited(ExitStatus.Signalled(9)));
        Assert.Equal([new ProgramEffect.Sweep(9)], rig.Take());
    }

    [Fact]
    public void Stop_WhenTheFinalSignalIsIgnored_Kills()
    {
        MachineRig rig = MachineRig.Stopping(Plain with { Stop = new StopPolicy { FinalSignal = 3 } });

        rig.Pass(TimeSpan.FromSeconds(10));
        Assert.Equal([new ProgramEffect.Signal(3, true)], rig.Take());
        rig.Pass(ProgramMachine.KillRepeat);

        Assert.Equal([new ProgramEffect.Signal(9, true)], rig.Take());
    }

    [Fact]
    public void Stop_WhenLeftoversIgnoreTheSignal_SweepsWithKill()
    {
        MachineRig rig = MachineRig.Stopping(Plain);
        rig.Exit(0);
        rig.Take();

        rig.Pass(TimeSpan.FromSeconds(10));

        Assert.Equal([new ProgramEffect.Sweep(9)], rig.Take());
        Assert.Equal(ProgramPhase.Stopping, rig.Phase);
    }

    [Fact]
    public void Stop_WhenThereIsNoGroup_DoesNotSweep()
    {
        MachineRig rig = MachineRig.Stopping(Plain with { Stop = new StopPolicy { Group = false } });

        rig.Exit(0);

        Assert.Equal(ProgramPhase.Stopped, rig.Phase);
        Assert.Empty(rig.Take());
    }

    [Fact]
    public void Stop_WhenThereIsACommand_SignalsWhenTheCommandHasEnded()
    {
        MachineRig rig = MachineRig.Running(Plain with { Stop = new StopPolicy { HasCommand = true } });

        rig.Do(new ProgramEvent.StopRequested(StopReason.User));
        Assert.Equal([new ProgramEffect.RunHook(HookKind.Stop)], rig.Take());
        rig.Do(new ProgramEvent.HookEnded(HookKind.Stop, Success: true));

        Assert.Equal([new ProgramEffect.Signal(15, true)], rig.Take());
    }

    [Fact]
    public void Stop_WhenTheCommandHangs_AsksTheProgramBeforeItIsKilled()
    {
        MachineRig rig = MachineRig.Stopping(Plain with { Stop = new StopPolicy { HasCommand = true } });

        rig.Pass(TimeSpan.FromSeconds(10));
        Assert.Equal([CancelHook, new ProgramEffect.Signal(15, true)], rig.Take().Where(effect => effect is not ProgramEffect.Announce));
        rig.Pass(TimeSpan.FromSeconds(10));

        Assert.Equal([new ProgramEffect.Signal(9, true)], rig.Take());
    }

    [Fact]
    public void Stop_WhenTheProgramEndsDuringTheCommand_CancelsTheCommand()
    {
        MachineRig rig = MachineRig.Stopping(Plain with { Stop = new StopPolicy { HasCommand = true } });

        rig.Exit(0);

        Assert.Equal([CancelHook, new ProgramEffect.Sweep(15)], rig.Take());
    }

    [Fact]
    public void Stop_WhenThereIsAHookAfterIt_RunsItLast()
    {
        MachineRig rig = MachineRig.Stopping(Plain with { Hooks = new HookPolicy { AfterStop = true } });
        rig.Exit(0);
        rig.Take();

        rig.Do(new ProgramEvent.Swept());
        Assert.Equal([new ProgramEffect.RunHook(HookKind.AfterStop)], rig.Take());
        rig.Pass(TimeSpan.FromSeconds(30));

        Assert.Equal(ProgramPhase.Stopped, rig.Phase);
        Assert.Equal([CancelHook], rig.Take());
    }

    [Fact]
    public void Stop_WhenTheSpawnIsNotAnsweredYet_HoldsForTheProcessThatAppears()
    {
        var rig = new MachineRig(Plain);
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.StopRequested(StopReason.User));
        rig.Take();
        Assert.Equal(ProgramPhase.Stopping, rig.Phase);

        rig.Do(new ProgramEvent.Spawned(42));

        Assert.Equal([new ProgramEffect.Signal(15, true)], rig.Take());
    }

    [Fact]
    public void Stop_WhenTheSpawnFailsMeanwhile_IsStopped()
    {
        var rig = new MachineRig(Plain);
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.StopRequested(StopReason.User));

        rig.Do(new ProgramEvent.SpawnFailed("cannot spawn", NotInstalled: false, 126));

        Assert.Equal(ProgramPhase.Stopped, rig.Phase);
    }

    [Fact]
    public void Haste_WhenTheSpawnIsNotAnsweredYet_KillsTheProcessThatAppears()
    {
        var rig = new MachineRig(Plain);
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.StopRequested(StopReason.Shutdown), new ProgramEvent.StopHastened());
        rig.Take();

        rig.Do(new ProgramEvent.Spawned(42));

        Assert.Equal([new ProgramEffect.Signal(9, true)], rig.Take());
    }

    [Fact]
    public void Haste_WhenSignalled_Kills()
    {
        MachineRig rig = MachineRig.Stopping(Plain);

        rig.Do(new ProgramEvent.StopHastened());

        Assert.Equal([new ProgramEffect.Signal(9, true)], rig.Take());
    }

    [Fact]
    public void Haste_WhenTheHookAfterTheStopRuns_EndsIt()
    {
        MachineRig rig = MachineRig.Stopping(Plain with { Hooks = new HookPolicy { AfterStop = true } });
        rig.Exit(0);
        rig.Do(new ProgramEvent.Swept());
        rig.Take();

        rig.Do(new ProgramEvent.StopHastened());

        Assert.Equal(ProgramPhase.Stopped, rig.Phase);
        Assert.Equal([CancelHook], rig.Take());
    }

    [Fact]
    public void Start_WhenStopping_ComesUpAfterwards()
    {
        MachineRig rig = MachineRig.Stopping(Plain);

        rig.Do(new ProgramEvent.StartRequested());
        Assert.Empty(rig.Take());
        rig.Exit(0);
        rig.Do(new ProgramEvent.Swept());

        Assert.Equal((ProgramPhase.Starting, false), (rig.Phase, rig.State.StoppedByUser));
        Assert.Contains(Spawn, rig.Take());
    }

    [Fact]
    public void Restart_WhenRunning_ComesUpWithoutAFailure()
    {
        MachineRig rig = MachineRig.Stopping(Plain, StopReason.Restart);

        rig.Exit(1);
        rig.Do(new ProgramEvent.Swept());

        Assert.Equal((ProgramPhase.Starting, 0), (rig.Phase, rig.State.Attempt));
    }

    [Fact]
    public void Stop_WhenARestartIsGoingOn_Prevails()
    {
        MachineRig rig = MachineRig.Stopping(Plain, StopReason.Restart);

        rig.Do(new ProgramEvent.StopRequested(StopReason.User));
        rig.Exit(0);
        rig.Do(new ProgramEvent.Swept());

        Assert.Equal(ProgramPhase.Stopped, rig.Phase);
    }

    [Theory]
    [InlineData(StopReason.User)]
    [InlineData(StopReason.Shutdown)]
    [InlineData(StopReason.Removed)]
    public void Unwanted_WhenItEndsByItself_IsNotRestarted(StopReason reason)
    {
        MachineRig rig = MachineRig.Running(Plain);
        rig.Do(new ProgramEvent.Unwanted(reason));
        Assert.Equal(ProgramPhase.Running, rig.Phase);

        rig.Exit(1);

        Assert.Equal(ProgramPhase.Stopped, rig.Phase);
        Assert.DoesNotContain(Spawn, rig.Take());
    }

    [Fact]
    public void Unwanted_WhenWaiting_IsStopped()
    {
        var rig = new MachineRig(Plain) { GateOpen = false };
        rig.Do(new ProgramEvent.StartRequested());

        rig.Do(new ProgramEvent.Unwanted(StopReason.User), new ProgramEvent.GateOpened());

        Assert.Equal(ProgramPhase.Stopped, rig.Phase);
        Assert.Empty(rig.Take());
    }

    // --- Hooks ----------------------------------------------------------------------------------------------------------

    private static readonly ProgramPolicy Hooked = Plain with { Hooks = new HookPolicy { BeforeStart = true, Timeout = TimeSpan.FromSeconds(3) } };

    [Fact]
    public void BeforeStartHook_WhenItSucceeds_Spawns()
    {
        var rig = new MachineRig(Hooked);

        rig.Do(new ProgramEvent.StartRequested());
        Assert.Equal([new ProgramEffect.RunHook(HookKind.BeforeStart)], rig.Take());
        rig.Do(new ProgramEvent.HookEnded(HookKind.BeforeStart, Success: true));

        Assert.Equal([Spawn], rig.Take());
        Assert.Null(rig.State.Deadline);
    }

    [Fact]
    public void BeforeStartHook_WhenItFails_IsAFailedStart()
    {
        var rig = new MachineRig(Hooked);
        rig.Do(new ProgramEvent.StartRequested());

        rig.Do(new ProgramEvent.HookEnded(HookKind.BeforeStart, Success: false, "exit code 2"));

        Assert.Equal((ProgramPhase.Backoff, 1), (rig.Phase, rig.State.Attempt));
        Assert.Contains(new ProgramNotice.HookFailed(HookKind.BeforeStart, "exit code 2"), rig.TakeNotices());
    }

    [Fact]
    public void BeforeStartHook_WhenItTakesTooLong_IsSweptUpBeforeTheNextTry()
    {
        ProgramPolicy policy = Hooked with { Stop = new StopPolicy { Group = false }, Backoff = new BackoffPolicy { Initial = TimeSpan.Zero } };
        var rig = new MachineRig(policy);
        rig.Do(new ProgramEvent.StartRequested());
        rig.Take();

        rig.Pass(TimeSpan.FromSeconds(3));
        Assert.Equal([CancelHook, new ProgramEffect.Sweep(15)], rig.Take());
        rig.Do(new ProgramEvent.HookEnded(HookKind.BeforeStart, Success: true)); // Was on its way when the hook was cancelled.
        Assert.Empty(rig.Take());
        rig.Do(new ProgramEvent.Swept());

        Assert.Equal([new ProgramEffect.RunHook(HookKind.BeforeStart)], rig.Take());
        Assert.Equal(1, rig.State.Attempt);
    }

    [Fact]
    public void BeforeStartHook_WhenTheProgramIsStopped_IsCancelledAndNothingIsSpawned()
    {
        var rig = new MachineRig(Hooked with { Hooks = Hooked.Hooks with { AfterStop = true } });
        rig.Do(new ProgramEvent.StartRequested());
        rig.Take();

        rig.Do(new ProgramEvent.StopRequested(StopReason.User));
        Assert.Equal([CancelHook, new ProgramEffect.Sweep(15)], rig.Take());
        rig.Do(new ProgramEvent.HookEnded(HookKind.BeforeStart, Success: true), new ProgramEvent.Swept());

        Assert.Equal(ProgramPhase.Stopped, rig.Phase);
        Assert.Empty(rig.Take()); // No after_stop hook either: the program has not run.
    }

    [Fact]
    public void BeforeStartHook_WhenTheProgramIsUnwantedMeanwhile_DoesNotSpawn()
    {
        var rig = new MachineRig(Hooked);
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Unwanted(StopReason.User));
        rig.Take();

        rig.Do(new ProgramEvent.HookEnded(HookKind.BeforeStart, Success: true));

        Assert.Equal(ProgramPhase.Stopped, rig.Phase);
        Assert.Empty(rig.Take());
    }

    [Fact]
    public void AfterStartHook_WhenItTakesTooLong_IsKilledAndTheProgramRuns()
    {
        MachineRig rig = MachineRig.Running(Plain with { Hooks = new HookPolicy { AfterStart = true, Timeout = TimeSpan.FromSeconds(3) } });

        rig.Pass(TimeSpan.FromSeconds(3));

        Assert.Equal(ProgramPhase.Running, rig.Phase);
        Assert.Equal([CancelHook], rig.Take());
    }

    [Fact]
    public void HookEnd_WhenItsHookWasCancelled_ChangesNothing()
    {
        MachineRig rig = MachineRig.Stopping(Plain with { Stop = new StopPolicy { HasCommand = true } });
        rig.Do(new ProgramEvent.StopHastened());
        rig.Take();

        rig.Do(new ProgramEvent.HookEnded(HookKind.Stop, Success: true));

        Assert.Empty(rig.Take());
        Assert.Equal(ProgramStep.Killed, rig.State.Step);
    }

    // --- Health and watchdog --------------------------------------------------------------------------------------------

    private static ProgramPolicy Watched(HealthAction action = HealthAction.Restart) => Plain with
    {
        Health = new HealthPolicy { InitialDelay = TimeSpan.FromSeconds(5), Interval = TimeSpan.FromSeconds(10), Failures = 2, Action = action },
    };

    private static void FailProbe(MachineRig rig, TimeSpan after)
    {
        rig.Pass(after);
        Assert.Equal([new ProgramEffect.StartProbe(ProbeRole.Health)], rig.Take());
        rig.Do(new ProgramEvent.ProbeEnded(ProbeRole.Health, Success: false, "refused"));
    }

    [Fact]
    public void Health_WhenItFailsOftenEnough_RestartsTheProgram()
    {
        MachineRig rig = MachineRig.Running(Watched());

        FailProbe(rig, TimeSpan.FromSeconds(5));
        Assert.Equal(HealthState.Unknown, rig.State.Health);
        FailProbe(rig, TimeSpan.FromSeconds(10));

        Assert.Equal((ProgramPhase.Stopping, StopReason.Unhealthy, HealthState.Unhealthy), (rig.Phase, rig.State.StopReason, rig.State.Health));
        rig.Exit(0);
        rig.Do(new ProgramEvent.Swept());
        Assert.Equal((ProgramPhase.Starting, 1, "unhealthy: refused"), (rig.Phase, rig.State.Attempt, rig.State.Problem));
    }

    [Fact]
    public void Health_WhenItSucceedsBetweenFailures_CountsAnew()
    {
        MachineRig rig = MachineRig.Running(Watched());
        FailProbe(rig, TimeSpan.FromSeconds(5));

        rig.Pass(TimeSpan.FromSeconds(10));
        rig.Do(new ProgramEvent.ProbeEnded(ProbeRole.Health, Success: true));
        rig.Take();
        FailProbe(rig, TimeSpan.FromSeconds(10));

        Assert.Equal((ProgramPhase.Running, HealthState.Healthy), (rig.Phase, rig.State.Health));
    }

    [Fact]
    public void Health_WhenItIsOnlyReported_LetsTheProgramRun()
    {
        MachineRig rig = MachineRig.Running(Watched(HealthAction.Report));

        FailProbe(rig, TimeSpan.FromSeconds(5));
        FailProbe(rig, TimeSpan.FromSeconds(10));

        Assert.Equal((ProgramPhase.Running, HealthState.Unhealthy), (rig.Phase, rig.State.Health));
        rig.Pass(TimeSpan.FromSeconds(10));
        rig.Do(new ProgramEvent.ProbeEnded(ProbeRole.Health, Success: true));
        Assert.Equal(HealthState.Healthy, rig.State.Health);
    }

    [Fact]
    public void Watchdog_WhenItIsNotFed_RestartsTheProgram()
    {
        MachineRig rig = MachineRig.Running(Plain with { Watchdog = TimeSpan.FromSeconds(2) });

        rig.Pass(TimeSpan.FromSeconds(1));
        rig.Do(new ProgramEvent.WatchdogFed());
        rig.Pass(TimeSpan.FromMilliseconds(1_999));
        Assert.Equal(ProgramPhase.Running, rig.Phase);
        rig.Pass(TimeSpan.FromMilliseconds(1));

        Assert.Equal((ProgramPhase.Stopping, StopReason.Watchdog), (rig.Phase, rig.State.StopReason));
    }

    [Theory]
    [InlineData(StopReason.Unhealthy)]
    [InlineData(StopReason.Watchdog)]
    public void Failure_WhenItIsNeverToBeRestarted_IsFatal(StopReason reason)
    {
        MachineRig rig = MachineRig.Running(Watched() with { Restart = RestartMode.Never, Watchdog = reason == StopReason.Watchdog ? TimeSpan.FromSeconds(2) : null });
        if (reason == StopReason.Watchdog)
            rig.Pass(TimeSpan.FromSeconds(2));
        else
        {
            FailProbe(rig, TimeSpan.FromSeconds(5));
            FailProbe(rig, TimeSpan.FromSeconds(10));
        }

        rig.Exit(0);
        rig.Do(new ProgramEvent.Swept());

        Assert.Equal(ProgramPhase.Fatal, rig.Phase);
    }

    [Fact]
    public void Reload_WhenHealthChecksChange_BeginsThemAnew()
    {
        MachineRig rig = MachineRig.Running(Watched());
        rig.Pass(TimeSpan.FromSeconds(5));
        rig.Take();

        rig.Policy = Plain with { Watchdog = TimeSpan.FromSeconds(7) };
        rig.Do(new ProgramEvent.PolicyChanged());

        Assert.Equal([new ProgramEffect.CancelProbe(ProbeRole.Health)], rig.Take());
        Assert.Equal((rig.Now + TimeSpan.FromSeconds(7), null), (rig.State.WatchdogDeadline, rig.State.HealthProbe.DueAt));
    }

    [Fact]
    public void Reload_WhenAProbeIsUnderWay_LetsItsResultCountAndGoesOnByTheNewRules()
    {
        MachineRig rig = MachineRig.Running(Watched());
        rig.Pass(TimeSpan.FromSeconds(5));
        rig.Take();

        rig.Policy = Watched() with { Health = new HealthPolicy { Interval = TimeSpan.FromSeconds(1) } };
        rig.Do(new ProgramEvent.PolicyChanged(), new ProgramEvent.DeadlineReached());
        Assert.Empty(rig.Take());
        rig.Do(new ProgramEvent.ProbeEnded(ProbeRole.Health, Success: true));

        Assert.Equal((HealthState.Healthy, rig.Now + TimeSpan.FromSeconds(1)), (rig.State.Health, rig.State.HealthProbe.DueAt));
    }

    [Fact]
    public void Reload_WhenAReadinessProbeIsUnderWay_DoesNotStartASecondOne()
    {
        MachineRig rig = MachineRig.Running(With(ReadinessSource.Polled));
        rig.Take();

        rig.Policy = With(ReadinessSource.Polled, timeout: TimeSpan.FromSeconds(5));
        rig.Do(new ProgramEvent.PolicyChanged(), new ProgramEvent.DeadlineReached());

        Assert.Empty(rig.Take());
        Assert.Equal(rig.Now + TimeSpan.FromSeconds(5), rig.State.ReadyDeadline);
    }

    // --- A leap of time -------------------------------------------------------------------------------------------------

    [Fact]
    public void Deadlines_WhenSeveralAreOverdue_AreHandledInTheirOrder()
    {
        var rig = new MachineRig(With(ReadinessSource.Told, timeout: TimeSpan.FromSeconds(5)));
        rig.Do(new ProgramEvent.StartRequested(), new ProgramEvent.Spawned(42));
        rig.Take();
        rig.Do(new ProgramEvent.DeadlineReached());
        MachineRig late = rig;

        late.Pass(TimeSpan.FromHours(1));

        Assert.True(late.State.GraceOver);
        Assert.Equal(StopReason.NotReady, late.State.StopReason);
        Assert.Equal(ProgramStep.Killed, late.State.Step);
    }
}
