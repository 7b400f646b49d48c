using System.Text.Json;
using Init.Base;
using Init.Control;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Supervision;

/// <summary>What a program's table can ask for: hooks, timetables, replicas, watchdog, health, ends of the container.</summary>
public sealed class FeatureTests
{
    [RootFact]
    public void Hooks_BeforeAndAfter_RunAtTheirTime()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.web]
            command = ["${DUMMY}", "exit-unless", "${DIR}/prepared", "9", "say", "main", "pause"]
            start_grace = "0s"
            ready = { log = "main" }
            hooks = { before_start = ["${DUMMY}", "sleep", "100", "say", "before", "touch", "${DIR}/prepared"], after_start = "${DUMMY} say after-start", after_stop = "${DUMMY} say after-stop" }
            """);
        init.WaitForLine("web | before");
        init.WaitForLine("web | main");
        init.WaitForLine("web | after-start");

        Assert.Equal(["web: stopped"], init.StopProgram("web"));

        init.WaitForLine("web | after-stop");
        init.EndInOrder();
    }

    [RootFact]
    public void Hook_ThatFailsOrHangs_IsAFailedStart()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.refused]
            command = ["${DUMMY}", "say", "must not start", "pause"]
            backoff = { initial = "10ms", attempts = 1 }
            hooks = { before_start = ["${DUMMY}", "exit", "4"] }
            [program.hanging]
            command = ["${DUMMY}", "say", "must not start", "pause"]
            backoff = { initial = "10ms", attempts = 1 }
            hooks = { before_start = ["${DUMMY}", "ignore", "15", "pause"], timeout = "200ms" }
            """);

        Assert.Contains("the before_start hook failed: exit code 4", init.WaitForState("refused", "FATAL").Problem, StringComparison.Ordinal);
        Assert.Contains("longer than 200ms", init.WaitForState("hanging", "FATAL").Problem, StringComparison.Ordinal);
        init.WaitUntil(() => init.CommandsInside().Count == 0, "the hooks to be gone");
        init.EndInOrder();
        Assert.DoesNotContain(init.Lines, line => line.Contains("must not start", StringComparison.Ordinal));
    }

    [RootFact]
    public void OnEvent_Command_HasTheEventAsJsonOnItsStdin()
    {
        using InitUnderTest init = InitUnderTest.Start(
            """
            [program.doomed]
            command = ["${DUMMY}", "exit", "5"]
            backoff = { initial = "10ms", attempts = 1 }
            [on_event.alert]
            events = ["program.fatal"]
            command = ["${DIR}/hook"]
            """,
            new InitOptions { Files = new Dictionary<string, string> { ["hook"] = "#!/bin/sh\ncat > $DIR/event.new; echo \"$INIT_EVENT $INIT_PROGRAM_NAME\" > $DIR/variables; mv $DIR/event.new $DIR/event\n" } });
        string path = Path.Combine(init.Directory, "event");
        init.WaitUntil(() => File.Exists(path), "the hook");

        JsonElement json = JsonDocument.Parse(File.ReadAllText(path)).RootElement;

        Assert.Equal("program.fatal", json.GetProperty("type").GetString());
        Assert.Equal("doomed", json.GetProperty("name").GetString());
        Assert.Equal("FATAL", json.GetProperty("to").GetString());
        Assert.Equal("program.fatal doomed\n", File.ReadAllText(Path.Combine(init.Directory, "variables")));
        init.EndInOrder();
    }

    [RootFact]
    public void OnEvent_Url_IsPostedTheEventAsJson_AndItsPasswordIsInNoLog()
    {
        using var server = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        server.Start();
        int port = ((System.Net.IPEndPoint)server.LocalEndpoint).Port;
        using InitUnderTest init = InitUnderTest.Start($$"""
            [program.doomed]
            command = ["${DUMMY}", "exit", "5"]
            backoff = { initial = "10ms", attempts = 1 }
            [on_event.alert]
            events = ["program.fatal"]
            url = "http://bot:pass-4711@127.0.0.1:{{port}}/alerts?token=t-4712"
            """);
        init.WaitUntil(server.Pending, "the hook to call");
        using System.Net.Sockets.TcpClient client = server.AcceptTcpClient();
        client.ReceiveTimeout = 20_000;
        using var reader = new StreamReader(client.GetStream());
        List<string> head = [];
        while (reader.ReadLine() is { Length: > 0 } header)
            head.Add(header);
        int length = int.Parse(head.Single(header => header.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)).Split(' ')[1]);
        var body = new char[length];
        Assert.Equal(length, reader.ReadBlock(body));
        client.GetStream().Write("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8);

        Assert.Equal("POST /alerts?token=t-4712 HTTP/1.1", head[0]);
        Assert.Contains("Authorization: Basic " + Convert.ToBase64String("bot:pass-4711"u8), head);
        JsonElement json = JsonDocument.Parse(new string(body)).RootElement;
        Assert.Equal("program.fatal", json.GetProperty("type").GetString());
        Assert.Equal("doomed", json.GetProperty("name").GetString());
        init.WaitForLine("alert"); // The server has refused it, and Init says so.
        init.EndInOrder();
        Assert.DoesNotContain(init.Lines, line => line.Contains("4711", StringComparison.Ordinal) || line.Contains("4712", StringComparison.Ordinal));
    }

    [RootFact]
    public void Schedule_WithACronExpression_RunsAtTheFullMinute_InItsTimeZone()
    {
        // The wall clock of the machine cannot be set for a test, so this one takes up to a minute, while others run beside it.
        using InitUnderTest init = InitUnderTest.Start("""
            [program.minutely]
            command = ["${DUMMY}", "say", "run"]
            schedule = "* * * * *"
            [program.yearly]
            command = ["${DUMMY}", "say", "must not run"]
            schedule = "30 2 1 1 *"
            timezone = "Asia/Shanghai"
            """);
        DateTimeOffset before = DateTimeOffset.UtcNow;
        long next = init.StatusOf("minutely").NextRun!.Value;
        Assert.InRange(DateTimeOffset.FromUnixTimeMilliseconds(next), before, before.AddSeconds(61));
        Assert.Equal(0, next % 60_000);
        DateTimeOffset yearly = DateTimeOffset.FromUnixTimeMilliseconds(init.StatusOf("yearly").NextRun!.Value);
        Assert.Equal((12, 31, 18, 30), (yearly.UtcDateTime.Month, yearly.UtcDateTime.Day, yearly.UtcDateTime.Hour, yearly.UtcDateTime.Minute));

        init.WaitUntil(() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() > next - 20_000, "the minute to draw near");
        DateTimeOffset ran = DateTimeOffset.Parse(init.WaitForLine("minutely | run").Split(' ')[0]);

        Assert.InRange(ran.ToUnixTimeMilliseconds(), next, next + 10_000);
        Assert.True(init.WaitForState("minutely", "EXITED").NextRun > next);
        init.EndInOrder();
        Assert.DoesNotContain(init.Lines, line => line.Contains("must not run", StringComparison.Ordinal));
    }

    [RootFact]
    public void Every_RunsAgainAndAgain_AndIsRemembered()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.tick]
            command = ["${DUMMY}", "say", "tick"]
            every = "1s"
            """);
        List<DateTimeOffset> ticks = [.. Enumerable.Range(0, 3).Select(_ => DateTimeOffset.Parse(init.WaitForLine("tick | tick").Split(' ')[0]))];

        Assert.InRange((ticks[2] - ticks[0]).TotalSeconds, 1.5, 20);
        Assert.NotNull(init.StatusOf("tick").NextRun);
        init.EndInOrder();
        string state = File.ReadAllText(Path.Combine(init.Directory, "state/state.json"));
        Assert.Contains("tick", state, StringComparison.Ordinal);
    }

    [RootFact]
    public void Restart_Rolling_TakesOneReplicaAfterAnother()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.worker]
            command = ["${DUMMY}", "say", "worker ${INDEX}", "pause"]
            replicas = 3
            start_grace = "0s"
            ready = { delay = "200ms" }
            """);
        int[] before = [.. Enumerable.Range(0, 3).Select(index => init.WaitForReady($"worker:{index}").Pid!.Value)];

        Assert.Equal(
            ["worker:0: started", "worker:1: started", "worker:2: started"],
            init.Ask(new ControlRequest.Restart(["worker"], Rolling: true, Wait: true)));

        for (int index = 0; index < 3; index++)
        {
            Assert.NotEqual(before[index], init.WaitForReady($"worker:{index}").Pid);
            init.WaitForLine($"worker:{index}: RUNNING -> STOPPING");
            init.WaitForLine($"worker:{index}: ready"); // Before the next one is stopped.
        }

        init.EndInOrder();
    }

    [RootFact]
    public void Watchdog_ThatIsNotFed_RestartsTheProgram()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.dog]
            command = ["${DUMMY}", "notify", "READY=1", "sleep", "200", "notify", "WATCHDOG=1", "sleep", "300", "notify", "WATCHDOG=1", "say", "last sign", "pause"]
            start_grace = "0s"
            ready = { notify = true }
            health = { watchdog = "800ms" }
            backoff = { initial = "10ms", attempts = 0 }
            """);
        ProgramStatus first = init.WaitForReady("dog");
        init.WaitForLine("dog | last sign"); // So it was fed in time for longer than one period.

        ProgramStatus second = init.WaitForState("dog", "RUNNING", status => status.Pid != first.Pid);

        Assert.Equal(1, second.Restarts);
        Assert.Contains("watchdog", string.Join('\n', init.Lines), StringComparison.OrdinalIgnoreCase);
        init.EndInOrder();
    }

    [RootFact]
    public void Health_WhenTheProbeFails_RestartsOrReports()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.restarted]
            command = ["${DUMMY}", "pause"]
            start_grace = "0s"
            health = { path = "${DIR}/healthy", interval = "100ms", failures = 2 }
            backoff = { initial = "10ms", attempts = 0 }
            [program.reported]
            command = ["${DUMMY}", "pause"]
            start_grace = "0s"
            health = { exec = ["test", "-e", "${DIR}/healthy"], interval = "100ms", failures = 2, action = "report" }
            """,
            new InitOptions { Files = new Dictionary<string, string> { ["healthy"] = "" } });
        int pid = init.WaitForState("restarted", "RUNNING", status => status.Health == "healthy").Pid!.Value;
        int reported = init.WaitForState("reported", "RUNNING", status => status.Health == "healthy").Pid!.Value;

        File.Delete(Path.Combine(init.Directory, "healthy"));

        init.WaitForState("restarted", "RUNNING", status => status.Pid != pid);
        Assert.Equal(reported, init.WaitForState("reported", "RUNNING", status => status.Health == "unhealthy").Pid);
        File.WriteAllText(Path.Combine(init.Directory, "healthy"), "");
        Assert.Equal(reported, init.WaitForState("reported", "RUNNING", status => status.Health == "healthy").Pid);
        init.EndInOrder();
    }

    [RootFact]
    public void Requires_WithRestart_FollowsTheRequiredProgram()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.display]
            command = ["${DUMMY}", "sleep", "100000"]
            start_grace = "0s"
            [program.follower]
            command = ["${DUMMY}", "pause"]
            start_grace = "0s"
            requires = [{ name = "display", restart = true }]
            [program.calm]
            command = ["${DUMMY}", "pause"]
            start_grace = "0s"
            requires = ["display"]
            """);
        int display = init.WaitForReady("display").Pid!.Value;
        int follower = init.WaitForReady("follower").Pid!.Value;
        int calm = init.WaitForReady("calm").Pid!.Value;

        init.SignalInside(display, Signals.SIGKILL);

        init.WaitForState("follower", "RUNNING", status => status.Pid != follower && status.Ready);
        Assert.Equal(calm, init.StatusOf("calm").Pid);
        init.EndInOrder();
    }

    [RootTheory]
    [InlineData("critical = true\nbackoff = { initial = \"10ms\", attempts = 1 }", "exit", "7", 7)]
    [InlineData("critical = true\nbackoff = { initial = \"10ms\", attempts = 1 }", "die", "9", 137)]
    [InlineData("restart = \"never\"\non_exit = \"shutdown\"", "exit", "0", 0)]
    [InlineData("restart = \"never\"\non_exit = \"shutdown\"", "exit", "3", 3)]
    public void Container_WhenTheProgramThatMattersIsGone_EndsWithItsCode(string policy, string verb, string argument, int code)
    {
        using InitUnderTest init = InitUnderTest.Start($$"""
            [init]
            on_fatal = "exit"
            [program.other]
            command = ["${DUMMY}", "pause"]
            start_grace = "0s"
            [program.main]
            command = ["${DUMMY}", "{{verb}}", "{{argument}}"]
            requires = ["other"]
            {{policy}}
            """);

        Assert.Equal(ExitStatus.Exited(code), init.WaitForExit());

        Assert.Contains(init.Lines, line => line.EndsWith("other: STOPPING -> STOPPED", StringComparison.Ordinal));
    }

    [RootFact]
    public void Container_WhenANoncriticalProgramIsFatal_GoesOn()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [init]
            on_fatal = "exit"
            [program.main]
            command = ["${DUMMY}", "exit", "7"]
            backoff = { initial = "10ms", attempts = 1 }
            """);
        init.WaitForState("main", "FATAL");
        init.Watch(TimeSpan.FromMilliseconds(500));

        init.EndInOrder();
    }
}
