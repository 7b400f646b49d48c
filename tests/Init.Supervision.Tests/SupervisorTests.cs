using System.Collections.Immutable;
using static Init.Supervision.Tests.SystemRig;

namespace Init.Supervision.Tests;

public sealed class SupervisorTests
{
    // --- Starting in order ----------------------------------------------------------------------------------------------

    [Fact]
    public void Boot_WhenProgramsRequireOthers_StartsThemWhenThoseAreReady()
    {
        SystemRig rig = Booted(Program("app", "db", "cache"), Slow("db"), Program("cache"));
        Assert.Equal(["db spawn", "cache spawn"], rig.Take());
        Assert.Equal(ProgramPhase.Waiting, rig.Phase("app"));

        rig.Tell("db", new ProgramEvent.ReadyTold());

        Assert.Equal(["app spawn"], rig.Take());
    }

    [Fact]
    public void Boot_WhenAProgramIsDisabledOrScheduled_DoesNotStartIt()
    {
        SystemRig rig = Booted(Program("off") with { Enabled = false }, Program("nightly") with { Scheduled = true }, Program("web"));

        Assert.Equal(["web spawn"], rig.Take());
    }

    [Fact]
    public void Boot_WhenAProgramComesAfterAnother_DoesNotWaitForItsReadiness()
    {
        SystemRig rig = Booted(Program("second") with { After = ["first"] }, Slow("first"));

        Assert.Equal(["first spawn", "second spawn"], rig.Take());
    }

    [Fact]
    public void Boot_WhenTheEarlierProgramWaits_HoldsTheLaterOneBack()
    {
        SystemRig rig = Booted(Slow("base"), Program("first", "base"), Program("second") with { After = ["first"] });
        Assert.Equal(["base spawn"], rig.Take());

        rig.Tell("base", new ProgramEvent.ReadyTold());

        Assert.Equal(["first spawn", "second spawn"], rig.Take());
    }

    [Fact]
    public void Gate_WhenAProgramWithReplicasIsRequired_OpensWhenAllAreReady()
    {
        SystemRig rig = Booted(Slow("worker:0"), Slow("worker:1"), Program("app", "worker"));

        rig.Tell("worker:0", new ProgramEvent.ReadyTold());
        Assert.Equal(ProgramPhase.Waiting, rig.Phase("app"));
        rig.Tell("worker:1", new ProgramEvent.ReadyTold());

        Assert.Equal(ProgramPhase.Running, rig.Phase("app"));
    }

    [Fact]
    public void Gate_WhenAOneShotIsRequired_OpensWithItsSuccess()
    {
        ProgramPolicy migrate = Program("migrate") with { Restart = RestartMode.Never, Readiness = new ReadinessPolicy(ReadinessSource.Exit, default, default, null) };
        SystemRig rig = Booted(migrate, Program("app", "migrate"));
        Assert.Equal(ProgramPhase.Waiting, rig.Phase("app"));

        rig.Exit("migrate", 0);

        Assert.Equal((ProgramPhase.Exited, ProgramPhase.Running), (rig.Phase("migrate"), rig.Phase("app")));
    }

    [Fact]
    public void Gate_WhenTheRequiredProgramIsFatal_StaysShut()
    {
        ProgramPolicy db = Program("db") with { Backoff = new BackoffPolicy { Attempts = 1, Initial = TimeSpan.Zero }, StartGrace = TimeSpan.FromSeconds(1) };
        SystemRig rig = Booted(db, Program("app", "db"));

        rig.Exit("db", 1);
        rig.Pass(TimeSpan.FromMilliseconds(50));
        rig.Exit("db", 1);

        Assert.Equal((ProgramPhase.Fatal, ProgramPhase.Waiting), (rig.Phase("db"), rig.Phase("app")));
        Assert.Equal([("db", "is FATAL (ended too early: exit code 1)")], rig.Supervisor.BlockersOf("app"));
    }

    [Fact]
    public void Gate_WhenARequiredProgramRestarts_LetsDependantsRun()
    {
        SystemRig rig = Booted(Program("db"), Program("app", "db"));
        rig.Take();

        rig.Exit("db", 1);
        rig.Pass(TimeSpan.FromSeconds(1));

        Assert.Equal(["db spawn"], rig.Take());
        Assert.Equal(ProgramPhase.Running, rig.Phase("app"));
    }

    // --- Restart with a required program --------------------------------------------------------------------------------

    [Fact]
    public void RestartEdge_WhenTheRequiredProgramCrashes_RestartsTheDependant()
    {
        SystemRig rig = Booted(Slow("db"), Program("app", "db!"));
        rig.Tell("db", new ProgramEvent.ReadyTold());
        rig.Pass(TimeSpan.FromSeconds(1)); // Long enough for its restart to be free of any delay.
        rig.Take();

        rig.Exit("db", 1);
        Assert.Equal(["db spawn", "app signal 15"], rig.Take());
        rig.Exit("app");
        Assert.Equal(ProgramPhase.Waiting, rig.Phase("app"));
        rig.Tell("db", new ProgramEvent.ReadyTold());

        Assert.Equal(["app spawn"], rig.Take());
    }

    [Fact]
    public void RestartEdge_WhenTheDependantIsInBackoff_MakesItWait()
    {
        ProgramPolicy app = Program("app", "db!") with { StartGrace = TimeSpan.FromSeconds(1) };
        SystemRig rig = Booted(Slow("db"), app);
        rig.Tell("db", new ProgramEvent.ReadyTold());
        rig.Exit("app", 1);
        Assert.Equal(ProgramPhase.Backoff, rig.Phase("app"));

        rig.Exit("db", 1);

        Assert.Equal(ProgramPhase.Waiting, rig.Phase("app"));
    }

    [Fact]
    public void RestartEdge_WhenTheRequiredProgramIsStopped_TakesTheDependantDownFirst()
    {
        SystemRig rig = Booted(Program("db"), Program("app", "db!"), Program("web", "app!"), Program("free", "db"));
        rig.Take();

        rig.Stop("db");
        Assert.Equal(["web signal 15"], rig.Take());
        rig.Exit("web");
        Assert.Equal(["app signal 15"], rig.Take());
        rig.Exit("app");
        Assert.Equal(["db signal 15"], rig.Take());
        rig.Exit("db");

        Assert.Equal((ProgramPhase.Stopped, ProgramPhase.Waiting, ProgramPhase.Waiting, ProgramPhase.Running), (rig.Phase("db"), rig.Phase("app"), rig.Phase("web"), rig.Phase("free")));
        rig.Start("db");
        Assert.Equal(["db spawn", "app spawn", "web spawn"], rig.Take());
    }

    [Fact]
    public void RestartEdge_WhenAStopIsCalledOffAfterTheRequiredProgramWentDown_StillRestartsTheDependant()
    {
        SystemRig rig = Booted(Program("db"), Program("app", "db!"), Program("web", "app"));
        rig.Pass(TimeSpan.FromSeconds(1));
        rig.Stop("app", "web");
        rig.Exit("db", 1);
        rig.Take();

        rig.Start("app");
        rig.Exit("web");
        Assert.Equal(["app signal 15"], rig.Take());
        rig.Exit("app");

        Assert.Equal(["app spawn"], rig.Take());
    }

    // --- Stopping in order ----------------------------------------------------------------------------------------------

    [Fact]
    public void Stop_WhenSeveralAreNamed_StopsDependantsFirst()
    {
        SystemRig rig = Booted(Program("db"), Program("app", "db"), Program("log") with { After = ["db"] });
        rig.Take();

        rig.Stop("db", "app", "log");
        Assert.Equal(["app signal 15", "log signal 15"], rig.Take().Order(StringComparer.Ordinal));
        rig.Exit("log");
        Assert.Empty(rig.Take());
        rig.Exit("app");

        Assert.Equal(["db signal 15"], rig.Take());
    }

    [Fact]
    public void Stop_WhenTheDependantIsNotNamed_DoesNotWaitForIt()
    {
        SystemRig rig = Booted(Program("db"), Program("app", "db"));
        rig.Take();

        rig.Stop("db");

        Assert.Equal(["db signal 15"], rig.Take());
        Assert.Equal(ProgramPhase.Running, rig.Phase("app"));
    }

    [Fact]
    public void Stop_WhenADependantDependsThroughAFinishedOneShot_StillGoesFirst()
    {
        ProgramPolicy migrate = Program("migrate", "db") with { Restart = RestartMode.Never, Readiness = new ReadinessPolicy(ReadinessSource.Exit, default, default, null) };
        SystemRig rig = Booted(Program("db"), migrate, Program("app", "migrate"));
        rig.Exit("migrate", 0);
        rig.Take();

        rig.Stop("db", "app");
        Assert.Equal(["app signal 15"], rig.Take());
        rig.Exit("app");

        Assert.Equal(["db signal 15"], rig.Take());
    }

    [Fact]
    public void Stop_WhenItsTurnHasNotCome_StillForbidsARestart()
    {
        SystemRig rig = Booted(Program("db"), Program("app", "db"));
        rig.Take();
        rig.Stop("db", "app");

        rig.Exit("db", 1);

        Assert.Equal((ProgramPhase.Stopped, ProgramPhase.Stopping), (rig.Phase("db"), rig.Phase("app")));
        Assert.Equal(["app signal 15"], rig.Take());
    }

    [Fact]
    public void Stop_WhenTheOneShotEndsBeforeItsTurn_DoesNotShutTheContainerDown()
    {
        ProgramPolicy main = Program("main") with { Restart = RestartMode.Never, OnExit = OnExit.Shutdown };
        SystemRig rig = Booted(main, Program("side", "main"));
        rig.Stop("main", "side");
        rig.Take();

        rig.Exit("main", 0);

        Assert.Equal(ProgramPhase.Stopped, rig.Phase("main"));
        Assert.False(rig.Supervisor.IsShuttingDown);
    }

    [Fact]
    public void Start_WhenTheStopIsStillToCome_CallsItOff()
    {
        SystemRig rig = Booted(Program("db"), Program("app", "db"));
        rig.Stop("db", "app");
        rig.Take();

        rig.Start("db");
        rig.Exit("app");

        Assert.Equal((ProgramPhase.Running, ProgramPhase.Stopped), (rig.Phase("db"), rig.Phase("app")));
        Assert.Empty(rig.Take());
    }

    [Fact]
    public void Start_WhenARestartIsStillToCome_LetsItHappen()
    {
        SystemRig rig = Booted(Program("db"), Program("app", "db!"));
        rig.Restart("db");
        rig.Take();

        rig.Start("db", "app");
        rig.Exit("app");
        Assert.Equal(["db signal 15"], rig.Take());
        rig.Exit("db");

        Assert.Equal(["db spawn", "app spawn"], rig.Take());
    }

    [Fact]
    public void Names_WhenUnknown_AreIgnored()
    {
        SystemRig rig = Booted(Program("web"));
        rig.Take();

        rig.Start("nobody");
        rig.Stop("nobody");
        rig.Restart("nobody");
        rig.Handle(new SystemEvent.ScheduleDue("nobody"));
        rig.Tell("nobody", new ProgramEvent.Spawned(1));

        Assert.Empty(rig.Take());
    }

    // --- Restarting -----------------------------------------------------------------------------------------------------

    [Fact]
    public void Restart_WhenAProgramAndItsDependantAreNamed_GoesDownAndComesUpInOrder()
    {
        SystemRig rig = Booted(Program("db"), Program("app", "db"));
        rig.Take();

        rig.Restart("db", "app");
        Assert.Equal(["app signal 15"], rig.Take());
        rig.Exit("app");
        Assert.Equal(["db signal 15"], rig.Take());
        Assert.Equal(ProgramPhase.Waiting, rig.Phase("app"));
        rig.Exit("db");

        Assert.Equal(["db spawn", "app spawn"], rig.Take());
    }

    [Fact]
    public void Restart_WhenItIsDown_StartsIt()
    {
        SystemRig rig = Booted(Program("web"));
        rig.Stop("web");
        rig.Exit("web");
        rig.Take();

        rig.Restart("web");

        Assert.Equal(["web spawn"], rig.Take());
    }

    [Fact]
    public void Restart_WhenItIsBeingStopped_BringsItBack()
    {
        SystemRig rig = Booted(Program("web"));
        rig.Stop("web");
        rig.Take();

        rig.Restart("web");
        rig.Exit("web");

        Assert.Equal(["web spawn"], rig.Take());
    }

    [Fact]
    public void Restart_WhenTheStopIsStillToCome_LeavesItRunningInTheEnd()
    {
        ProgramPolicy db = Program("db") with { Hooks = new HookPolicy { AfterStop = true } };
        SystemRig rig = Booted(db, Program("app", "db"));
        rig.Stop("db", "app");
        rig.Exit("db"); // By itself, before its turn.
        rig.Take();

        rig.Restart("db");
        rig.Tell("db", new ProgramEvent.HookEnded(HookKind.AfterStop, Success: true));
        rig.Exit("app");

        Assert.Equal((ProgramPhase.Running, ProgramPhase.Stopped), (rig.Phase("db"), rig.Phase("app")));
    }

    [Fact]
    public void RollingRestart_WhenAllComeUp_TakesOneAfterAnother()
    {
        SystemRig rig = Booted(Slow("web:0"), Slow("web:1"));
        rig.Tell("web:0", new ProgramEvent.ReadyTold());
        rig.Tell("web:1", new ProgramEvent.ReadyTold());
        rig.Take();

        rig.Roll("web:0", "web:1");
        Assert.Equal(["web:0 signal 15"], rig.Take());
        rig.Exit("web:0");
        Assert.Equal(["web:0 spawn"], rig.Take());
        rig.Tell("web:0", new ProgramEvent.ReadyTold());
        Assert.Equal(["web:1 signal 15"], rig.Take());
        rig.Exit("web:1");
        rig.Tell("web:1", new ProgramEvent.ReadyTold());

        Assert.Equal(["web:1 spawn", "rolling restart 1 ended: Done at none before"], rig.Take());
    }

    [Fact]
    public void RollingRestart_WhenThereIsAnother_GivesWayToIt()
    {
        SystemRig rig = Booted(Slow("web:0"), Slow("web:1"), Slow("web:2"));
        rig.Take();
        rig.Roll("web:0", "web:1", "web:2");
        rig.Take();

        rig.Roll("web:2");

        Assert.Equal(["rolling restart 1 ended: Replaced at web:0 before web:1 web:2", "web:2 signal 15"], rig.Take());
        rig.Exit("web:0");
        Assert.Equal(["web:0 spawn"], rig.Take());
    }

    [Fact]
    public void RollingRestart_WhenEverythingIsShutDown_Ends()
    {
        SystemRig rig = Booted(Slow("web:0"), Slow("web:1"));
        rig.Take();
        rig.Roll("web:0", "web:1");
        rig.Take();

        rig.Handle(new SystemEvent.ShutdownAsked());
        Assert.Equal("rolling restart 1 ended: ShutDown at web:0 before web:1", rig.Take()[0]);
        rig.Roll("web:1");

        Assert.Equal(["rolling restart 2 ended: ShutDown at none before web:1"], rig.Take());
    }

    [Fact]
    public void RollingRestart_OfNothing_IsDone()
    {
        SystemRig rig = Booted(Slow("web:0"));
        rig.Take();

        rig.Roll("nobody");

        Assert.Equal(["rolling restart 1 ended: Done at none before"], rig.Take());
    }

    [Fact]
    public void RollingRestart_WhenTheFirstFails_SaysWhichWereNotRestarted()
    {
        SystemRig rig = Booted(Slow("web:0") with { StartGrace = TimeSpan.FromSeconds(1) }, Slow("web:1"), Slow("web:2"));
        rig.Take();
        rig.Roll("web:0", "web:1", "web:2");
        rig.Exit("web:0");
        rig.Take();

        rig.Exit("web:0", 1);

        Assert.Equal(["rolling restart 1 ended: Failed at web:0 before web:1 web:2"], rig.Take());
        Assert.Equal(ProgramPhase.Backoff, rig.Phase("web:0"));
    }

    [Fact]
    public void RollingRestart_WhenAProgramIsStoppedMeanwhile_LeavesItOut()
    {
        SystemRig rig = Booted(Slow("web:0"), Program("web:1"), Program("web:2"));
        rig.Roll("web:0", "web:1", "web:2");
        rig.Stop("web:1");
        rig.Exit("web:1");
        rig.Exit("web:0");
        rig.Take();

        rig.Tell("web:0", new ProgramEvent.ReadyTold());

        Assert.Equal(["web:2 signal 15"], rig.Take());
        Assert.Equal(ProgramPhase.Stopped, rig.Phase("web:1"));
    }

    [Fact]
    public void RollingRestart_WhenAOneShotHasRunWell_GoesOn()
    {
        SystemRig rig = Booted(Program("job") with { Restart = RestartMode.Never, StartGrace = TimeSpan.FromSeconds(1) }, Program("web"));
        rig.Take();
        rig.Roll("job", "web");
        rig.Exit("job");
        rig.Take();

        rig.Exit("job", 0);

        Assert.Equal(["web signal 15"], rig.Take());
    }

    // --- Timetables -----------------------------------------------------------------------------------------------------

    private static readonly ProgramPolicy Nightly = Program("nightly") with { Scheduled = true, Restart = RestartMode.Never };

    [Fact]
    public void Schedule_WhenDue_RunsTheProgram()
    {
        SystemRig rig = Booted(Nightly);

        rig.Handle(new SystemEvent.ScheduleDue("nightly"));
        rig.Handle(new SystemEvent.ScheduleDue("nightly"));
        rig.Exit("nightly", 0);
        rig.Handle(new SystemEvent.ScheduleDue("nightly"));

        Assert.Equal(["nightly spawn", "nightly run skipped", "nightly spawn"], rig.Take());
    }

    [Fact]
    public void Schedule_WhenTheUserHasStoppedIt_RestsUntilTheUserStartsIt()
    {
        SystemRig rig = Booted(Nightly);
        rig.Stop("nightly");

        rig.Handle(new SystemEvent.ScheduleDue("nightly"));
        Assert.Empty(rig.Take());
        rig.Start("nightly");
        rig.Exit("nightly", 0);
        rig.Handle(new SystemEvent.ScheduleDue("nightly"));

        Assert.Equal(["nightly spawn", "nightly spawn"], rig.Take());
    }

    [Fact]
    public void Schedule_WhenDisabled_Rests()
    {
        SystemRig rig = Booted(Nightly with { Enabled = false });

        rig.Handle(new SystemEvent.ScheduleDue("nightly"));

        Assert.Empty(rig.Take());
    }

    // --- A new configuration --------------------------------------------------------------------------------------------

    [Fact]
    public void Reload_WhenAProgramIsAdded_StartsItIfEnabled()
    {
        SystemRig rig = Booted(Program("web"));
        rig.Take();

        rig.Reload([Program("web"), Program("new"), Program("off") with { Enabled = false }]);

        Assert.Equal(["new spawn"], rig.Take());
    }

    [Fact]
    public void Reload_WhenAProgramIsRemoved_StopsAndForgetsIt()
    {
        SystemRig rig = Booted(Program("web"), Program("old"));
        rig.Take();

        rig.Reload([Program("web")]);
        Assert.Equal(["old signal 15"], rig.Take());
        rig.Exit("old");

        Assert.Equal(["old forgotten"], rig.Take());
        Assert.False(rig.Supervisor.Knows("old"));
    }

    [Fact]
    public void Reload_WhenAStackIsRemoved_StopsItInItsOldOrder()
    {
        SystemRig rig = Booted(Program("db"), Program("app", "db"));
        rig.Take();

        rig.Reload([]);
        Assert.Equal(["app signal 15"], rig.Take());
        rig.Exit("app");

        Assert.Equal(["app forgotten", "db signal 15"], rig.Take().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Reload_WhenOldAndNewOrderContradictEachOther_DoesNotFail()
    {
        // worker:1 goes and still requires app by its old rules; app now requires worker.
        SystemRig rig = Booted(Program("app"), Program("worker:0", "app"), Program("worker:1", "app"));

        rig.Reload([Program("app", "worker"), Program("worker:0")]);
        rig.Exit("worker:1");

        Assert.False(rig.Supervisor.Knows("worker:1"));
    }

    [Fact]
    public void Reload_WhenAProgramMustBeReplaced_RestartsItAndNoOther()
    {
        SystemRig rig = Booted(Program("web"), Program("app"));
        rig.Take();

        rig.Reload(rig.Policies, "web");
        rig.Exit("web");

        Assert.Equal(["web signal 15", "web spawn"], rig.Take());
    }

    [Fact]
    public void Reload_WhenTheUserHasStoppedAProgram_KeepsItStopped()
    {
        SystemRig rig = Booted(Program("web") with { Enabled = false });
        rig.Start("web");
        rig.Stop("web");
        rig.Exit("web");
        rig.Take();

        rig.Reload([Program("web")], "web");

        Assert.Empty(rig.Take());
        Assert.Equal(ProgramPhase.Stopped, rig.Phase("web"));
    }

    [Fact]
    public void Reload_WhenAProgramIsBeingStoppedAndMustBeReplaced_LetsItStop()
    {
        SystemRig rig = Booted(Program("db"), Program("app", "db"));
        rig.Stop("db", "app");
        rig.Reload(rig.Policies, "db", "app");

        rig.Exit("app");
        rig.Exit("db");

        Assert.Equal((ProgramPhase.Stopped, ProgramPhase.Stopped), (rig.Phase("db"), rig.Phase("app")));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void Reload_WhenAProgramIsSwitchedOn_StartsIt(bool enabled, bool scheduled)
    {
        SystemRig rig = Booted(Program("web") with { Enabled = enabled, Scheduled = scheduled });
        Assert.Empty(rig.Take());

        rig.Reload([Program("web")]);

        Assert.Equal(["web spawn"], rig.Take());
    }

    [Fact]
    public void Reload_WhenARemovedProgramComesBackInTime_RestartsIt()
    {
        SystemRig rig = Booted(Program("web"));
        rig.Reload([]);
        rig.Take();

        rig.Reload([Program("web")]);
        rig.Exit("web");

        Assert.Equal(["web spawn"], rig.Take());
        Assert.True(rig.Supervisor.Knows("web"));
    }

    [Fact]
    public void Start_WhenTheProgramIsBeingRemoved_DoesNothing()
    {
        SystemRig rig = Booted(Program("web"));
        rig.Reload([]);
        rig.Take();

        rig.Start("web");
        rig.Restart("web");
        rig.Exit("web");

        Assert.Equal(["web forgotten"], rig.Take());
    }

    [Fact]
    public void Reload_WhenAReplicaIsTakenAway_DoesNotHoldUpWhoRequiresTheProgram()
    {
        SystemRig rig = Booted(Program("worker:0"), Program("worker:1"));
        rig.Take();

        rig.Reload([Program("worker:0"), Program("app", "worker")]);

        Assert.Equal(["app spawn", "worker:1 signal 15"], rig.Take().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Reload_WhenNothingChangesInHealthChecks_DoesNotBeginThemAnew()
    {
        ProgramPolicy web = Program("web") with { Health = new HealthPolicy { InitialDelay = TimeSpan.FromSeconds(10) } };
        SystemRig rig = Booted(web);
        rig.Take();

        rig.Pass(TimeSpan.FromSeconds(6));
        rig.Reload([web with { SuccessExitCodes = [0] }]);
        rig.Pass(TimeSpan.FromSeconds(6));

        Assert.Equal(["web probe Health"], rig.Take());
    }

    [Fact]
    public void Reload_WhenAGateNeedsLess_OpensIt()
    {
        SystemRig rig = Booted(Slow("db"), Program("app", "db"));
        rig.Take();

        rig.Reload([Slow("db"), Program("app")]);

        Assert.Equal(["app spawn"], rig.Take());
    }

    [Fact]
    public void Reload_WhenAFatalProgramHasChanged_TriesItAgain()
    {
        SystemRig rig = Booted(Program("web") with { Restart = RestartMode.Always, StartGrace = TimeSpan.FromSeconds(1), Backoff = new BackoffPolicy { Attempts = 1, Initial = TimeSpan.Zero } });
        rig.Exit("web", 1);
        rig.Pass(TimeSpan.FromMilliseconds(50));
        rig.Exit("web", 1);
        Assert.Equal(ProgramPhase.Fatal, rig.Phase("web"));
        rig.Take();

        rig.Reload([Program("web")], "web");

        Assert.Equal(["web spawn"], rig.Take());
    }

    // --- Shutting down --------------------------------------------------------------------------------------------------

    [Fact]
    public void Shutdown_WhenAllObey_IsTheStartInReverse()
    {
        SystemRig rig = Booted(Program("a"), Program("b", "a"), Program("c", "b"), Program("d", "b"));
        string[] started = [.. rig.Take().Select(line => line.Split(' ')[0])];
        foreach (string name in started)
            rig.Obedient.Add(name);

        rig.Handle(new SystemEvent.ShutdownAsked());

        string[] stopped = [.. rig.Take().Where(line => line.EndsWith(" signal 15", StringComparison.Ordinal)).Select(line => line.Split(' ')[0])];
        Assert.Equal(["a", "b", "c", "d"], started);
        Assert.Equal(["c", "d"], stopped[..2].Order(StringComparer.Ordinal)); // In one wave.
        Assert.Equal(["b", "a"], stopped[2..]);
        Assert.Equal((0, 0), (rig.Completed!.ExitCode, rig.Completed.Left.Length));
    }

    [Fact]
    public void Shutdown_WhenNothingRuns_CompletesAtOnce()
    {
        SystemRig rig = Booted(Program("off") with { Enabled = false });

        rig.Handle(new SystemEvent.ShutdownAsked());

        Assert.Equal(["shutdown: asked to", "shutdown complete: 0"], rig.Take());
    }

    [Fact]
    public void Shutdown_WhenProgramsWait_StartsNoneOfThem()
    {
        SystemRig rig = Booted(Slow("db"), Program("app", "db"));
        rig.Take();

        rig.Handle(new SystemEvent.ShutdownAsked());
        rig.Tell("db", new ProgramEvent.ReadyTold());
        rig.Start("app");
        rig.Restart("app");
        rig.Exit("db", 1);

        Assert.DoesNotContain("app spawn", rig.Take());
        Assert.NotNull(rig.Completed);
    }

    [Fact]
    public void Shutdown_WhenTheLimitIsReached_KillsWhatIsLeftAndCompletes()
    {
        SystemRig rig = Booted(Program("db"), Program("app", "db"));
        rig.Handle(new SystemEvent.ShutdownAsked());
        rig.Pass(TimeSpan.FromSeconds(24));
        rig.Take();

        rig.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(["app signal 9", "db signal 15", "db signal 9"], rig.Take().Order(StringComparer.Ordinal));
        rig.Exit("app");
        rig.Pass(Supervisor.KillLimit);

        Assert.Equal(["shutdown complete: 0 left db"], rig.Take());
    }

    [Fact]
    public void Shutdown_WhenItIsComplete_DoesNotCompleteAgain()
    {
        SystemRig rig = Booted(Program("web"));
        rig.Obedient.Add("web");
        rig.Handle(new SystemEvent.ShutdownAsked());
        rig.Take();

        rig.Handle(new SystemEvent.ShutdownAsked());
        rig.Pass(TimeSpan.FromMinutes(1));

        Assert.Empty(rig.Take());
        Assert.Null(rig.Supervisor.NextDeadline);
    }

    [Fact]
    public void Shutdown_WhenAskedTwice_IsShortenedAndStaysInOrder()
    {
        SystemRig rig = Booted(Program("db"), Program("app", "db"));
        rig.Handle(new SystemEvent.ShutdownAsked());
        rig.Take();

        rig.Handle(new SystemEvent.ShutdownAsked());
        Assert.Empty(rig.Take());
        rig.Pass(Supervisor.HastenedLimit);

        Assert.Contains("app signal 9", rig.Take());
    }

    [Fact]
    public void Shutdown_WhenFast_DoesNotWaitForTheOrder()
    {
        SystemRig rig = Booted(Program("db"), Program("app", "db"));
        rig.Take();

        rig.Handle(new SystemEvent.FastShutdownAsked());
        Assert.Equal(["app signal 15", "db signal 15"], rig.Take()[1..].Order(StringComparer.Ordinal));
        rig.Pass(Supervisor.HastenedLimit);

        Assert.Equal(["app signal 9", "db signal 9"], rig.Take().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Shutdown_WhenAHookRunsAfterTheKill_IsGivenTheLastSecondsAndThenEnded()
    {
        SystemRig rig = Booted(Program("web") with { Hooks = new HookPolicy { AfterStop = true } });
        rig.Handle(new SystemEvent.ShutdownAsked());
        rig.Pass(TimeSpan.FromSeconds(25));
        rig.Exit("web");
        Assert.Contains("web run AfterStop", rig.Take());

        rig.Pass(Supervisor.KillLimit);

        Assert.Equal(["web cancel hook", "shutdown complete: 0"], rig.Take());
    }

    private static readonly SupervisorOptions ExitsOnFatal = new(TimeSpan.FromSeconds(25), ExitOnFatal: true);

    private static ProgramPolicy Frail(string name) => Program(name) with
    {
        StartGrace = TimeSpan.FromSeconds(1),
        Backoff = new BackoffPolicy { Attempts = 1, Initial = TimeSpan.Zero },
    };

    private static void FailForGood(SystemRig rig, string name, int code)
    {
        rig.Exit(name, code);
        rig.Pass(TimeSpan.FromMilliseconds(50));
        rig.Exit(name, code);
    }

    [Fact]
    public void Critical_WhenItFailsForGood_EndsTheContainerWithItsCode()
    {
        SystemRig rig = new SystemRig(ExitsOnFatal, Frail("db") with { Critical = true }, Program("web")).Boot();
        rig.Obedient.Add("web");

        FailForGood(rig, "db", 7);

        Assert.Equal(7, rig.Completed!.ExitCode);
        Assert.Contains("shutdown: critical program \"db\" failed for good", rig.Take());
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Fatal_WhenNotCriticalOrNotAskedTo_KeepsTheContainer(bool critical, bool exitOnFatal)
    {
        SystemRig rig = new SystemRig(ExitsOnFatal with { ExitOnFatal = exitOnFatal }, Frail("db") with { Critical = critical }, Program("web")).Boot();

        FailForGood(rig, "db", 7);

        Assert.Equal(ProgramPhase.Fatal, rig.Phase("db"));
        Assert.False(rig.Supervisor.IsShuttingDown);
    }

    [Fact]
    public void Shutdown_WhenACriticalProgramHasFailed_EndsWithItsCode()
    {
        SystemRig rig = Booted(Frail("db") with { Critical = true });
        FailForGood(rig, "db", 7);

        rig.Handle(new SystemEvent.ShutdownAsked());

        Assert.Equal(7, rig.Completed!.ExitCode);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void OnExit_WhenItIsShutdown_EndsTheContainerWithTheProgramsCode(int code)
    {
        SystemRig rig = Booted(Program("main") with { Restart = RestartMode.Never, OnExit = OnExit.Shutdown }, Program("side"));
        rig.Obedient.Add("side");

        rig.Exit("main", code);

        Assert.Equal(code, rig.Completed!.ExitCode);
    }

    [Fact]
    public void OnExit_WhenTheProgramIsFatal_EndsTheContainerToo()
    {
        SystemRig rig = Booted(Frail("main") with { OnExit = OnExit.Shutdown });

        FailForGood(rig, "main", 0); // Success, and yet it never came up.

        Assert.Equal(1, rig.Completed!.ExitCode);
    }

    [Fact]
    public void Shutdown_WhenItBeganByItself_IsNotHastenedByTheFirstRequest()
    {
        SystemRig rig = Booted(Program("main") with { Restart = RestartMode.Never, OnExit = OnExit.Shutdown }, Program("side"));
        rig.Exit("main", 0);
        rig.Take();

        rig.Handle(new SystemEvent.ShutdownAsked());
        rig.Pass(Supervisor.HastenedLimit);

        Assert.Empty(rig.Take());
        Assert.Null(rig.Completed);
    }

    // --- Gates with a limit ---------------------------------------------------------------------------------------------

    [Fact]
    public void Gate_WithALimit_OpensWhenItIsOver_AndSaysWithoutWhom()
    {
        SystemRig rig = SystemRig.Booted(SystemRig.Slow("db"), Limited("app", "db", 300), SystemRig.Program("other", "db"));
        rig.Pass(TimeSpan.FromSeconds(299));
        Assert.Equal(ProgramPhase.Waiting, rig.Phase("app"));
        rig.Take();

        rig.Pass(TimeSpan.FromSeconds(2));

        Assert.Equal(["app starts without db", "app spawn"], rig.Take());
        Assert.Equal((ProgramPhase.Running, ProgramPhase.Waiting), (rig.Phase("app"), rig.Phase("other")));
    }

    [Fact]
    public void Gate_WithALimit_WhenTheRequiredIsReadyBefore_OpensAtOnceAndSaysNothing()
    {
        SystemRig rig = SystemRig.Booted(SystemRig.Slow("db"), Limited("app", "db", 300));
        rig.Pass(TimeSpan.FromSeconds(10));
        rig.Take();

        rig.Tell("db", new ProgramEvent.ReadyTold());
        rig.Pass(TimeSpan.FromSeconds(600));

        Assert.Equal(["app spawn"], rig.Take());
    }

    [Fact]
    public void Gate_WithALimit_CountsAnewForEachWait_AndWaitsForTheOthersWithoutEnd()
    {
        ProgramPolicy app = SystemRig.Program("app") with { Requires = [new Requirement("db", Limit: TimeSpan.FromSeconds(300)), new Requirement("net")] };
        SystemRig rig = SystemRig.Booted(SystemRig.Slow("db"), SystemRig.Slow("net"), app);
        rig.Pass(TimeSpan.FromSeconds(1000));
        Assert.Equal(["net"], rig.Supervisor.BlockersOf("app").Select(blocker => blocker.Name));
        rig.Tell("net", new ProgramEvent.ReadyTold());
        Assert.Equal(ProgramPhase.Running, rig.Phase("app"));

        rig.Stop("app");
        rig.Exit("app");
        rig.Start("app");
        Assert.Equal(ProgramPhase.Waiting, rig.Phase("app"));
        rig.Pass(TimeSpan.FromSeconds(301));
        Assert.Equal(ProgramPhase.Running, rig.Phase("app"));
    }

    private static ProgramPolicy Limited(string name, string required, int seconds) =>
        SystemRig.Program(name) with { Requires = [new Requirement(required, Limit: TimeSpan.FromSeconds(seconds))] };

    // --- Why a program waits --------------------------------------------------------------------------------------------

    [Fact]
    public void Blockers_WhenNothingIsInTheWay_AreNone() => Assert.Empty(Booted(Program("web")).Supervisor.BlockersOf("web"));

    [Fact]
    public void Blockers_WhateverTheState_SayWhatIsTheMatter()
    {
        SystemRig rig = Booted(
            Program("off") with { Enabled = false },
            Program("gone") with { Optional = true },
            Slow("slow"),
            Program("stopped"),
            Program("job") with { Restart = RestartMode.Never },
            Program("held", "slow"),
            Program("app", "off", "gone", "slow", "stopped", "job", "held"));
        rig.Tell("gone", new ProgramEvent.SpawnFailed("cannot execute", NotInstalled: true, 127));
        rig.Stop("stopped");
        rig.Exit("stopped");
        rig.Exit("job", 2);

        Assert.Equal(
            [
                ("off", "is not enabled and has not been started"),
                ("gone", "is ABSENT: its command is not installed"),
                ("slow", "is STARTING and not ready yet"),
                ("stopped", "is STOPPED"),
                ("job", "has EXITED without becoming ready (ended: exit code 2)"),
                ("held", "is WAITING"),
            ],
            rig.Supervisor.BlockersOf("app"));
    }

    [Fact]
    public void Blockers_WhenTheRequiredProgramIsAboutToBeStopped_SaySo()
    {
        SystemRig rig = Booted(Program("db"), Program("app", "db"), Program("late", "db") with { Enabled = false });
        rig.Stop("db", "app");

        rig.Start("late");

        Assert.Equal([("db", "is about to be stopped")], rig.Supervisor.BlockersOf("late"));
        Assert.Equal(ProgramPhase.Waiting, rig.Phase("late"));
    }

    [Fact]
    public void Blockers_WhenAnEarlierProgramIsStillToStart_NameIt()
    {
        SystemRig rig = Booted(Slow("base"), Program("first", "base"), Program("second") with { After = ["first"] });

        Assert.Equal([("first", "is to be started first")], rig.Supervisor.BlockersOf("second"));
    }

    // --- Absent ---------------------------------------------------------------------------------------------------------

    [Fact]
    public void NotInstalled_WhenBooting_IsAbsentUntilItIs()
    {
        var rig = new SystemRig(Program("extra") with { Optional = true });
        rig.Supervisor.NoteInstalled("extra", installed: false);
        rig.Boot();
        Assert.Equal(ProgramPhase.Absent, rig.Phase("extra"));

        rig.Supervisor.NoteInstalled("extra", installed: true);
        rig.Start("extra");

        Assert.Equal(["extra spawn"], rig.Take());
    }

    // --- Size -----------------------------------------------------------------------------------------------------------

    [Fact]
    public void System_WhenAThousandProgramsDependInAChain_StartsAndStops()
    {
        ProgramPolicy[] chain = [.. Enumerable.Range(0, 1_000).Select(i => i == 0 ? Program("p0") : Program($"p{i}", $"p{i - 1}"))];
        SystemRig rig = Booted(chain);
        Assert.Equal(1_000, rig.Take().Length);
        foreach (ProgramPolicy program in chain)
            rig.Obedient.Add(program.Name);

        rig.Handle(new SystemEvent.ShutdownAsked());

        ImmutableArray<string> lines = [.. rig.Take()];
        Assert.Equal(("p999 signal 15", "p0 signal 15", "shutdown complete: 0"), (lines[1], lines[^2], lines[^1]));
    }
}
