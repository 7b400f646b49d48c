using Init.Base;
using Init.Control;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Supervision;

/// <summary>A stop ends everything that belongs to the program, whatever it does about it, and leaves alone what does not.</summary>
public sealed class StopTests
{
    [RootFact]
    public void Stop_OfAProgramThatIgnoresTerm_KillsItAfterItsGrace()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.stubborn]
            command = ["${DUMMY}", "ignore", "15", "say", "deaf", "pause"]
            ready = { log = "deaf" }
            start_grace = "0s"
            stop = { grace = "300ms" }
            """);
        init.WaitForReady("stubborn");
        Instant before = MonotonicClock.Now;

        Assert.Equal(["stubborn: stopped"], init.StopProgram("stubborn"));

        Assert.True(MonotonicClock.Now - before >= TimeSpan.FromMilliseconds(300));
        Assert.Equal("terminated by SIGKILL", init.StatusOf("stubborn").LastExit);
        init.EndInOrder();
    }

    [RootFact]
    public void Stop_OfAProgramThatHasStoppedItself_EndsIt()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.frozen]
            command = ["${DUMMY}", "say", "cold", "stop", "pause"]
            ready = { log = "cold" }
            start_grace = "0s"
            stop = { grace = "10s" }
            """);
        int pid = init.PidFromInside(init.WaitForReady("frozen").Pid!.Value)!.Value;
        init.WaitUntil(() => ProcFs.Read(pid) is { State: 'T' }, "it to stop itself");

        Assert.Equal(["frozen: stopped"], init.StopProgram("frozen"));

        Assert.Equal("terminated by SIGTERM", init.StatusOf("frozen").LastExit); // Continued, so that it could hear the signal.
        init.EndInOrder();
    }

    [RootTheory]
    [InlineData(true, 0)]
    [InlineData(true, 12345)]
    [InlineData(false, 0)]
    [InlineData(false, 12345)]
    public void Stop_WhenDescendantsHaveEscaped_EndsThemToo(bool asPid1, int uid)
    {
        // One of the group, one with a session of its own, one daemon that init has adopted and that ignores TERM, one whose child has a session of its own.
        using InitUnderTest init = InitUnderTest.Start(
            """
            [program.parent]
            command = ["${DIR}/parent"]
            ready = { log = "all there" }
            start_grace = "0s"
            stop = { grace = "500ms" }
            [program.bystander]
            command = ["${DUMMY}", "fork", "1", "daemon", "say", "bystander is there", "sleep", "100001", "then", "pause"]
            start_grace = "0s"
            """,
            new InitOptions
            {
                AsPid1 = asPid1,
                Uid = uid,
                Files = new Dictionary<string, string>
                {
                    ["parent"] = """
                        #!/bin/sh
                        "$DUMMY" sleep 100002 &
                        "$DUMMY" setsid sleep 100003 &
                        "$DUMMY" daemon ignore 15 say daemon sleep 100004
                        "$DUMMY" daemon fork 1 setsid say deep sleep 100006 then pause
                        sleep 0.3
                        echo all there
                        wait
                        """,
                },
            });
        init.WaitForReady("parent");
        init.WaitUntil(() => init.CommandsInside().Count(line => line.Contains("sleep 10000", StringComparison.Ordinal)) >= 5, "all of them to be there");

        Assert.Equal(["parent: stopped"], init.StopProgram("parent"));

        string[] left = [.. init.CommandsInside().Where(line => line.Contains("sleep 10000", StringComparison.Ordinal))];
        Assert.All(left, line => Assert.Contains("sleep 100001", line, StringComparison.Ordinal));
        Assert.NotEmpty(left);
        init.EndInOrder();
        if (!asPid1)
            Assert.Empty(init.CommandsInside());
    }

    [RootTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Stop_EndsDaemonsThatHaveClearedTheirEnvironmentAndStillWriteTheProgramsOutput(bool asPid1)
    {
        using InitUnderTest init = InitUnderTest.Start(
            """
            [program.parent]
            command = ["env", "-i", "${DUMMY}", "fork", "1", "daemon", "ignore", "15", "fork", "1", "setsid", "sleep", "100008", "then", "sleep", "100008", "then", "pause"]
            start_grace = "0s"
            stop = { grace = "300ms" }
            [program.other]
            command = ["env", "-i", "${DUMMY}", "daemon", "sleep", "100009"]
            restart = "never"
            start_grace = "0s"
            """,
            new InitOptions { AsPid1 = asPid1 });
        init.WaitForReady("parent");
        init.WaitUntil(() => init.CommandsInside().Count(line => line.Contains("sleep 100008", StringComparison.Ordinal)) >= 2, "the daemon and its child");
        init.WaitUntil(() => init.CommandsInside().Any(line => line.Contains("sleep 100009", StringComparison.Ordinal)), "the daemon of the other");

        Assert.Equal(["parent: stopped"], init.StopProgram("parent"));

        Assert.DoesNotContain(init.CommandsInside(), line => line.Contains("sleep 100008", StringComparison.Ordinal));
        Assert.Contains(init.CommandsInside(), line => line.Contains("sleep 100009", StringComparison.Ordinal));
        init.EndInOrder();
    }

    [RootTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void End_OfInit_EndsEvenDaemonsThatHaveClearedTheirEnvironment(bool asPid1)
    {
        // Without its environment and with its output elsewhere nothing tells to which program it belongs; but everybody is somebody's descendant.
        using InitUnderTest init = InitUnderTest.Start(
            """
            [program.parent]
            command = ["env", "-i", "${DUMMY}", "fork", "1", "daemon", "close", "1", "close", "2", "ignore", "15", "fork", "1", "setsid", "sleep", "100008", "then", "sleep", "100008", "then", "pause"]
            start_grace = "0s"
            """,
            new InitOptions { AsPid1 = asPid1 });
        init.WaitForReady("parent");
        init.WaitUntil(() => init.ProcessesInside().Count(process => process.ParentPid == init.Pid) > (asPid1 ? 1 : 2), "the daemon to be adopted");

        init.EndInOrder();

        if (!asPid1)
            Assert.Empty(init.CommandsInside());
    }

    [RootTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Stop_OfAProgramThatForksForEver_EndsAllOfIt(bool asPid1)
    {
        // A limit on the user's processes, or the machine would be the one to suffer. Every process is in a session of its own.
        int uid = asPid1 ? 12352 : 12353;
        using InitUnderTest init = InitUnderTest.Start(
            """
            [program.bomb]
            command = ["${DUMMY}", "say", "ticking", "multiply", "20"]
            ready = { log = "ticking" }
            start_grace = "0s"
            stop = { grace = "1s" }
            [program.other]
            command = ["sleep", "100000"]
            start_grace = "0s"
            """,
            new InitOptions { Uid = uid, AsPid1 = asPid1, Wrapper = ["prlimit", "--nproc=150"] });
        init.WaitUntil(() => init.CommandsInside().Count(IsBomb) > 100, "it to multiply");

        Assert.Equal(["bomb: stopped"], init.StopProgram("bomb"));

        Assert.DoesNotContain(init.CommandsInside(), IsBomb);
        Assert.Equal("RUNNING", init.StatusOf("other").State);
        init.EndInOrder();

        static bool IsBomb(string line) => line.EndsWith("multiply 20", StringComparison.Ordinal);
    }

    [RootFact]
    public void Stop_DuringStart_EndsHookAndProgram()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.hooked]
            command = ["${DUMMY}", "say", "must not start", "pause"]
            hooks = { before_start = ["${DUMMY}", "say", "hook runs", "fork", "1", "setsid", "sleep", "100000", "then", "sleep", "100000"] }
            [program.settling]
            command = ["${DUMMY}", "say", "settling", "pause"]
            start_grace = "1h"
            [program.unready]
            command = ["${DUMMY}", "say", "unready", "pause"]
            start_grace = "0s"
            ready = { path = "${DIR}/never" }
            """);
        init.WaitUntil(() => HasAll(init, "hooked | hook runs", "settling | settling", "unready | unready"), "all three to be on their way");

        foreach (string name in (string[])["hooked", "settling", "unready"])
        {
            Assert.Equal("STARTING", init.StatusOf(name).State);
            Assert.Equal([$"{name}: stopped"], init.StopProgram(name));
            Assert.Equal("STOPPED", init.StatusOf(name).State);
        }

        Assert.Empty(init.CommandsInside());
        init.EndInOrder();
        Assert.DoesNotContain(init.Lines, line => line.Contains("must not start", StringComparison.Ordinal));
    }

    [RootFact]
    public void Stop_DuringBackoffAndGating_HoldsThemDown()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.failing]
            command = ["${DUMMY}", "say", "one more try", "exit", "3"]
            backoff = { initial = "400ms", jitter = 0, factor = 1 }
            [program.gate]
            command = ["${DUMMY}", "pause"]
            ready = { path = "${DIR}/open" }
            start_grace = "0s"
            [program.gated]
            command = ["${DUMMY}", "say", "through the gate", "pause"]
            requires = ["gate"]
            start_grace = "0s"
            [program.after]
            command = ["${DUMMY}", "pause"]
            requires = ["gate"]
            start_grace = "0s"
            """);
        init.WaitForLine("failing | one more try");
        init.WaitForState("failing", "BACKOFF");
        Assert.Equal(["gate"], init.WaitForState("gated", "WAITING").WaitingFor);

        Assert.Equal(["failing: stopped"], init.StopProgram("failing"));
        Assert.Equal(["gated: stopped"], init.StopProgram("gated"));
        init.Watch(TimeSpan.FromMilliseconds(200)); // For lines that are on their way.
        int tries = Tries();
        File.WriteAllText(Path.Combine(init.Directory, "open"), "");
        init.WaitForReady("after"); // The same gate, so the other one would be up too.
        init.Watch(TimeSpan.FromSeconds(1));

        Assert.Equal("STOPPED", init.StatusOf("failing").State);
        Assert.Equal("STOPPED", init.StatusOf("gated").State);
        Assert.Equal(tries, Tries());
        Assert.DoesNotContain(init.Lines, line => line.Contains("through the gate", StringComparison.Ordinal));
        init.EndInOrder();

        int Tries() => init.Lines.Count(line => line.EndsWith("one more try", StringComparison.Ordinal));
    }

    [RootFact]
    public void Start_AskedForByManyAtOnce_StartsOneProcess()
    {
        // process-compose #347: concurrent restarts left two processes.
        using InitUnderTest init = InitUnderTest.Start("""
            [program.single]
            command = ["${DUMMY}", "sleep", "100007"]
            start_grace = "0s"
            """);
        init.WaitForReady("single");

        Parallel.For(0, 24, new ParallelOptions { MaxDegreeOfParallelism = 24 }, i =>
        {
            using ControlClient client = ControlClient.Connect(init.ControlSocket, out _)!;
            ControlRequest request = (i % 3) switch
            {
                0 => new ControlRequest.Restart(["single"], Rolling: false, Wait: true),
                1 => new ControlRequest.Start(["single"], Wait: true),
                _ => new ControlRequest.Restart(["single"], Rolling: true, Wait: false),
            };
            Assert.IsType<ControlAnswer.Done>(client.Ask(request));
            Assert.InRange(init.CommandsInside().Count(line => line.EndsWith("sleep 100007", StringComparison.Ordinal)), 0, 1);
        });

        init.WaitForReady("single");
        Assert.Single(init.CommandsInside(), line => line.EndsWith("sleep 100007", StringComparison.Ordinal));
        init.EndInOrder();
    }

    private static bool HasAll(InitUnderTest init, params string[] ends) =>
        ends.All(end => init.Lines.Any(line => line.EndsWith(end, StringComparison.Ordinal)));
}
