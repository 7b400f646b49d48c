using Init.Base;
using Init.Control;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Supervision;

/// <summary>What ends is started again, promptly, once, and whatever its descendants do.</summary>
public sealed class RestartTests
{
    [RootTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Restart_OfChildrenThatEndAtOnce_LosesNoneOfThousands(bool asPid1)
    {
        // They end before Init has noted their pid. A lost exit would leave its replica RUNNING for ever.
        using InitUnderTest init = InitUnderTest.Start(
            """
            [program.flash]
            command = ["/bin/true"]
            replicas = 60
            start_grace = "0s"
            backoff = { initial = "1ms", max = "1ms", attempts = 0 }
            stdout = { file = "" , mirror = false }
            """,
            new InitOptions { AsPid1 = asPid1, Redirection = "> /dev/null" });

        init.WaitUntil(() => All(init).Sum(status => status.Restarts) > 3000, "3000 restarts");
        List<ProgramStatus> before = All(init);
        init.WaitUntil(() => All(init).Zip(before).All(pair => pair.First.Restarts > pair.Second.Restarts), "every replica to be restarted once more");

        init.Ask(new ControlRequest.Stop(["all"], Wait: true));
        Assert.All(All(init), status => Assert.Equal("STOPPED", status.State));
        Assert.Empty(ProcFs.ListProcesses().FindAll(process => process.ParentPid == init.Pid && process.IsZombie));
        init.Signal(Signals.SIGTERM);
        if (asPid1)
            Assert.Equal(ExitStatus.Exited(0), init.WaitForExit());
    }

    [RootFact]
    public void Restart_WhenAGrandchildKeepsThePipe_IsNotDelayed()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.parent]
            command = ["${DUMMY}", "fork", "1", "setsid", "sleep", "100000", "then", "say", "born", "sleep", "100", "exit", "0"]
            start_grace = "0s"
            backoff = { attempts = 0, initial = "1ms", max = "1ms" }
            """);
        Instant before = MonotonicClock.Now;

        init.WaitForState("parent", "RUNNING", status => status.Restarts >= 10);

        Assert.True(MonotonicClock.Now - before < TimeSpan.FromSeconds(20), "ten restarts took 20 s");
        Assert.Equal(["parent: stopped"], init.StopProgram("parent"));
        Assert.Empty(init.CommandsInside());
        string log = init.ReadLog("parent.log");
        init.EndInOrder();
        Assert.Equal(init.Lines.Count(line => line.EndsWith("parent | born", StringComparison.Ordinal)), log.Split('\n').Length - 1);
    }

    [RootFact]
    public void Program_ThatClosesItsOutputAndLives_CostsNoProcessorTime()
    {
        // supervisord turned at 100 % (its PR 589, issue 807).
        using InitUnderTest init = InitUnderTest.Start("""
            [program.silent]
            command = ["${DUMMY}", "close", "1", "close", "2", "pause"]
            start_grace = "0s"
            [program.half]
            command = ["${DUMMY}", "close", "2", "say", "still here", "pause"]
            start_grace = "0s"
            stderr = { mirror = true }
            """);
        init.WaitForReady("silent");
        init.WaitForLine("half | still here");
        TimeSpan before = ProcFs.Read(init.Pid)!.Value.CpuTime;

        init.Watch(TimeSpan.FromSeconds(2));

        Assert.True(ProcFs.Read(init.Pid)!.Value.CpuTime - before < TimeSpan.FromMilliseconds(100));
        Assert.Equal("RUNNING", init.StatusOf("silent").State);
        init.EndInOrder();
    }

    [RootFact]
    public void Restart_WhileAnotherProgramFloodsBothPipes_IsPrompt()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.flood]
            command = ["${DUMMY}", "flood"]
            start_grace = "0s"
            stdout = { max_size = "1MB", keep = 1, mirror = false }
            stderr = { max_size = "1MB", keep = 1, mirror = false }
            [program.victim]
            command = ["sleep", "100000"]
            start_grace = "0s"
            backoff = { attempts = 0, initial = "1ms", max = "1ms" }
            """);
        init.WaitForReady("flood");
        init.WaitUntil(() => init.StatusOf("flood").LogBytes > 10_000_000, "the flood");

        for (int i = 0; i < 10; i++)
        {
            ProgramStatus old = init.WaitForReady("victim");
            Instant before = MonotonicClock.Now;
            init.SignalInside(old.Pid!.Value, Signals.SIGKILL);
            init.WaitForState("victim", "RUNNING", status => status.Pid != old.Pid);
            Assert.True(MonotonicClock.Now - before < TimeSpan.FromSeconds(2), $"restart {i} took {(MonotonicClock.Now - before).TotalMilliseconds} ms");
        }

        init.EndInOrder();
    }

    [RootTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Orphans_2000AtOnce_AreAllReaped(bool asPid1)
    {
        using InitUnderTest init = InitUnderTest.Start(
            """
            [program.parent]
            command = ["${DUMMY}", "fork", "1", "fork", "2000", "sleep", "3000", "then", "exit", "0", "then", "say", "forked", "pause"]
            start_grace = "0s"
            """,
            new InitOptions { AsPid1 = asPid1 });
        init.WaitForLine("parent | forked");
        init.WaitUntil(() => ChildrenOf(init.Pid) > 1500, "the orphans to arrive");
        int own = asPid1 ? 1 : 2; // The program; and the guard.

        init.WaitUntil(() => ChildrenOf(init.Pid) <= own, "all orphans to be reaped");

        Assert.Equal("RUNNING", init.StatusOf("parent").State);
        init.EndInOrder();
    }

    [RootFact]
    public void Backoff_OfAProgramThatKeepsFailing_GrowsAndEndsFatal()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.failing]
            command = ["${DUMMY}", "exit", "3"]
            backoff = { initial = "100ms", factor = 2, max = "300ms", jitter = 0, attempts = 4 }
            """);
        List<DateTimeOffset> starts = [];
        for (int i = 0; i < 5; i++)
            starts.Add(DateTimeOffset.Parse(init.WaitForLine(i == 0 ? "failing: STOPPED -> STARTING" : "failing: BACKOFF -> STARTING").Split(' ')[0]));
        init.WaitForLine("failing: STARTING -> FATAL: ended too early: exit code 3; gave up after 4 restarts");

        double[] pauses = [.. starts.Zip(starts.Skip(1), (a, b) => (b - a).TotalMilliseconds)];
        Assert.True(pauses[0] >= 95 && pauses[1] >= 195 && pauses[2] >= 295 && pauses[3] >= 295, string.Join(", ", pauses));
        Assert.Equal("FATAL", init.StatusOf("failing").State);
        init.EndInOrder();
    }

    private static int ChildrenOf(int pid) => ProcFs.ListProcesses().Count(process => process.ParentPid == pid);

    private static List<ProgramStatus> All(InitUnderTest init) => [.. init.Ask<ControlResult.Status>(new ControlRequest.Status([])).Programs];
}
