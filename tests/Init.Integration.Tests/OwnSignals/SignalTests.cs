using Init.Base;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.OwnSignals;

/// <summary>The signals that Init takes, as the table in docs/reference has them.</summary>
public sealed class SignalTests
{
    private const string Stubborn = """
        [init]
        shutdown = "60s"
        [program.stubborn]
        command = ["${DUMMY}", "ignore", "15", "say", "deaf", "pause"]
        ready = { log = "deaf" }
        start_grace = "0s"
        stop = { grace = "50s" }
        """;

    [RootFact]
    public void Term_ASecondTime_ShortensTheShutdown()
    {
        using InitUnderTest init = InitUnderTest.Start(Stubborn);
        init.WaitForReady("stubborn");
        init.Signal(Linux.Signals.SIGTERM);
        init.WaitForLine("stubborn: RUNNING -> STOPPING");
        init.Watch(TimeSpan.FromMilliseconds(300));
        Instant before = MonotonicClock.Now;

        init.Signal(Linux.Signals.SIGTERM);

        Assert.Equal(ExitStatus.Exited(0), init.WaitForExit());
        Assert.InRange((MonotonicClock.Now - before).TotalSeconds, 2, 12);
    }

    [RootTheory]
    [InlineData(3)]
    public void Quit_EndsAtOnce(int signal)
    {
        using InitUnderTest init = InitUnderTest.Start(Stubborn);
        init.WaitForReady("stubborn");
        Instant before = MonotonicClock.Now;

        init.Signal(signal);

        Assert.Equal(ExitStatus.Exited(0), init.WaitForExit());
        Assert.True(MonotonicClock.Now - before < TimeSpan.FromSeconds(12));
    }

    [RootTheory]
    [InlineData("dependent")]
    [InlineData("required")]
    public void Term_WhenAProgramDiesMeanwhile_StartsNothingAnew(string killed)
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.required]
            command = ["${DUMMY}", "pause"]
            start_grace = "0s"
            [program.dependent]
            command = ["${DUMMY}", "ignore", "15", "say", "deaf", "pause"]
            requires = ["required"]
            ready = { log = "deaf" }
            start_grace = "0s"
            stop = { grace = "2s" }
            """);
        init.WaitForReady("dependent");
        int pid = init.StatusOf(killed).Pid!.Value;
        init.Signal(Linux.Signals.SIGTERM);
        init.WaitForLine("dependent: RUNNING -> STOPPING");
        int before = init.Lines.Count;

        init.SignalInside(pid, Linux.Signals.SIGKILL);

        Assert.Equal(ExitStatus.Exited(0), init.WaitForExit());
        Assert.DoesNotContain(init.Lines.Skip(before), line => line.Contains("-> STARTING", StringComparison.Ordinal));
    }

    [Fact]
    public void Term_AtAnyMomentOfTheBoot_EndsInit()
    {
        // my_init hung when it was stopped while it started. Not as PID 1, for there the kernel drops the signal until it is handled.
        using InitUnderTest example = InitUnderTest.Start("");
        File.WriteAllText(Path.Combine(example.Directory, "boot.toml"), """
            [init]
            state_dir = "${DIR}/boot"
            [program.one]
            command = ["${DUMMY}", "pause"]
            hooks = { before_start = ["sleep", "0.02"] }
            [program.two]
            command = ["${DUMMY}", "pause"]
            start_grace = "0s"
            [program.three]
            command = ["${DUMMY}", "pause"]
            requires = ["two"]
            """);
        int orderly = 0;
        for (int milliseconds = 0; milliseconds <= 200; milliseconds += 4)
        {
            using TestProcess init = TestProcess.Start(
                [TestPaths.Init, "run", "-c", Path.Combine(example.Directory, "boot.toml")], [$"DIR={example.Directory}", $"DUMMY={TestPaths.Dummy}"]);
            Instant until = MonotonicClock.Now + TimeSpan.FromMilliseconds(milliseconds);
            while (MonotonicClock.Now < until)
                Thread.SpinWait(20);

            init.Signal(Linux.Signals.SIGTERM);

            ExitStatus status = init.WaitForExit();
            Assert.True(status == ExitStatus.Exited(0) || status == ExitStatus.Signalled(Linux.Signals.SIGTERM), $"after {milliseconds} ms: {status}");
            orderly += status == ExitStatus.Exited(0) ? 1 : 0;
        }

        Assert.InRange(orderly, 10, 51); // Nearly all of them; a busy machine takes longer to get to handling signals.
    }

    [RootFact]
    public void Usr1_OnceAndInABurst_ReachesTheBackupCoalesced()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.backup]
            command = ["${DUMMY}", "report", "10", "notify", "READY=1", "say", "up", "pause"]
            ready = { notify = true }
            start_grace = "0s"
            """);
        init.WaitForReady("backup");

        init.Signal(Linux.Signals.SIGUSR1);
        init.WaitForLine("backup | signal 10");
        init.Watch(TimeSpan.FromMilliseconds(1500));
        Assert.Equal(1, Count());

        init.SendBurst(Linux.Signals.SIGUSR1, 20);
        init.WaitForLine("backup | signal 10");
        init.Watch(TimeSpan.FromMilliseconds(1500));
        Assert.Equal(2, Count());

        // While it goes on for half a second: once for its beginning, and once more for all that came after.
        Instant before = MonotonicClock.Now;
        for (int i = 0; i < 20; i++)
        {
            init.Signal(Linux.Signals.SIGUSR1);
            init.Watch(TimeSpan.FromMilliseconds(25));
        }

        int expected = 4 + (int)(MonotonicClock.Now - before).TotalSeconds; // More only where the machine was too busy to be in time.
        init.WaitUntil(() => Count() >= 4, "one more");
        init.Watch(TimeSpan.FromMilliseconds(1500));
        Assert.InRange(Count(), 4, expected);
        init.EndInOrder();

        int Count() => init.Lines.Count(line => line.EndsWith("backup | signal 10", StringComparison.Ordinal));
    }

    [RootFact]
    public void Usr1_BeforeTheBackupIsReady_IsDeliveredWhenItIs()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.backup]
            command = ["${DUMMY}", "report", "10", "say", "up", "pause"]
            ready = { path = "${DIR}/restored" }
            start_grace = "0s"
            """);
        init.WaitForLine("backup | up");
        for (int i = 0; i < 5; i++)
            init.Signal(Linux.Signals.SIGUSR1);
        init.WaitForLine("received SIGUSR1");
        init.Watch(TimeSpan.FromMilliseconds(500));
        Assert.DoesNotContain(init.Lines, line => line.EndsWith("signal 10", StringComparison.Ordinal));

        File.WriteAllText(Path.Combine(init.Directory, "restored"), "");

        init.WaitForLine("backup | signal 10");
        init.Watch(TimeSpan.FromMilliseconds(1500));
        Assert.Single(init.Lines, line => line.EndsWith("signal 10", StringComparison.Ordinal));
        init.EndInOrder();
    }

    [RootFact]
    public void Usr2_ReopensTheLogFiles()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.talker]
            command = ["${DUMMY}", "report", "10", "say", "first", "pause"]
            start_grace = "0s"
            """);
        string log = Path.Combine(init.Directory, "state/logs/talker.log");
        init.WaitForLine("talker | first");
        init.WaitUntil(() => File.Exists(log) && File.ReadAllText(log) == "first\n", "the log");
        File.Move(log, log + ".moved");

        init.Signal(Linux.Signals.SIGUSR2);
        init.WaitForLine("received SIGUSR2");
        init.Ask(new Control.ControlRequest.Signal(["talker"], Linux.Signals.SIGUSR1));

        init.WaitUntil(() => File.Exists(log) && File.ReadAllText(log) == "signal 10\n", "the new log");
        Assert.Equal("first\n", File.ReadAllText(log + ".moved"));
        init.EndInOrder();
    }

    [RootTheory]
    [InlineData(0)]
    [InlineData(12345)]
    public void Kill_OfAnInitThatIsNotPid1_EndsItsChildrenToo(int uid)
    {
        using InitUnderTest init = InitUnderTest.Start(
            """
            [program.plain]
            command = ["${DUMMY}", "sleep", "100010"]
            start_grace = "0s"
            [program.escaped]
            command = ["${DUMMY}", "fork", "1", "daemon", "ignore", "15", "sleep", "100011", "then", "sleep", "100010"]
            start_grace = "0s"
            """,
            new InitOptions { AsPid1 = false, Uid = uid });
        init.WaitForReady("plain");
        init.WaitForReady("escaped");
        init.WaitUntil(() => init.CommandsInside().Count(line => line.Contains("sleep 1000", StringComparison.Ordinal)) >= 3, "the daemon");

        init.Signal(Linux.Signals.SIGKILL);

        init.WaitForLine("init ended with 137");
        init.WaitUntil(() => init.CommandsInside().Count == 0, "the guard to end them and itself");
    }
}
