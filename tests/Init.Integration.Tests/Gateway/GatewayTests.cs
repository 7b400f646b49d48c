using System.Text.Json;
using Init.Base;
using Init.Control;
using Init.Integration.Tests.Harness;
using Init.Integration.Tests.Supervisorctl;
using Init.Linux;

namespace Init.Integration.Tests.Gateway;

/// <summary>The role process: it is Init's own, comes back, follows the configuration, and serves real clients.</summary>
public sealed class GatewayTests
{
    private const string Web = """
        [program.web]
        command = ["${DUMMY}", "say", "hello from web", "pause"]
        start_grace = "0s"
        """;

    [RootFact]
    public void Gateway_WhenConfigured_ServesAndIsInNoList()
    {
        using InitUnderTest init = GatewayFixture.Start(Web + "\ncritical = true");
        init.WaitForReady("web");

        Assert.Equal("ok\n", GatewayFixture.Curl(init, "/healthz"));
        Assert.Equal("ready\n", GatewayFixture.Curl(init, "/readyz"));
        JsonElement programs = JsonDocument.Parse(GatewayFixture.Curl(init, "/api/v1/programs")).RootElement.GetProperty("programs");
        Assert.Equal("web", Assert.Single(programs.EnumerateArray()).GetProperty("name").GetString());
        Assert.Equal("web", Assert.Single(init.Ask<ControlResult.Status>(new ControlRequest.Status([])).Programs).Name);
        Assert.Equal(0x1C0, Files.StatusOf(GatewayFixture.SocketOf(init))!.Value.Mode);
        init.EndInOrder();
        Assert.False(File.Exists(GatewayFixture.SocketOf(init)));
    }

    [RootFact]
    public void Gateway_WhenKilled_ComesBackAndTheProgramsGoOn()
    {
        using InitUnderTest init = GatewayFixture.Start(Web);
        int? web = init.WaitForReady("web").Pid;

        Assert.Equal(0, Processes.Kill(GatewayFixture.PidOf(init), Signals.SIGKILL));
        init.WaitUntil(() => !GatewayFixture.Answers(init), "the end of the first gateway");
        init.WaitUntil(() => GatewayFixture.Answers(init), "a gateway in its place");

        Assert.Equal("ok\n", GatewayFixture.Curl(init, "/healthz"));
        Assert.Equal(web, init.StatusOf("web").Pid);
        init.EndInOrder();
    }

    [RootFact]
    public void Gateway_WhenItsTableChanges_ListensElsewhere()
    {
        using InitUnderTest init = GatewayFixture.Start(Web);
        int? web = init.WaitForReady("web").Pid;

        init.WriteConfig($"[gateway]\nsocket = \"other.sock\"\n{Web}");
        init.Ask<ControlResult.Changes>(new ControlRequest.Update());

        init.WaitUntil(() => File.Exists(Path.Combine(init.Directory, "other.sock")), "the other socket");
        Assert.False(GatewayFixture.Answers(init));
        Assert.Equal(web, init.StatusOf("web").Pid);
        init.EndInOrder();
    }

    [RootFact]
    public void Gateway_WhenItsTableIsEmpty_ListensWhereSupervisorctlLooks()
    {
        using InitUnderTest init = InitUnderTest.Start($"[gateway]\n{Web}");
        init.WaitForReady("web");
        string socket = Path.Combine(Path.GetDirectoryName(init.ControlSocket)!, "supervisor.sock");
        init.WaitUntil(() => File.Exists(socket), "the gateway's socket");
        File.WriteAllText(Path.Combine(init.Directory, "empty.conf"), "[supervisorctl]\n");

        foreach (string client in (string[])[ClientUnderTest.Theirs, ClientUnderTest.Ours])
        {
            var (status, output, errors) = TestProcess.Run(client, "-c", Path.Combine(init.Directory, "empty.conf"), "-s", $"unix://{socket}", "status");
            Assert.True(status == ExitStatus.Exited(0), $"{client}: {status}\n{output}{errors}");
            Assert.Matches("^web +RUNNING ", output);
        }

        init.EndInOrder();
    }

    [RootFact]
    public void Gateway_WhenTheSocketIsTaken_SaysSoAndFails()
    {
        using InitUnderTest init = GatewayFixture.Start(Web);

        var (status, _, errors) = TestProcess.Run("env", $"DIR={init.Directory}", $"DUMMY={TestPaths.Dummy}", TestPaths.Init, "gateway", "-c", init.ConfigFile);

        Assert.Equal(ExitStatus.Exited(ExitCode.Failure), status);
        Assert.Contains("another program listens there", errors, StringComparison.Ordinal);
        Assert.Equal("ok\n", GatewayFixture.Curl(init, "/healthz"));
        init.EndInOrder();
    }

    [RootFact]
    public void Gateway_WhenAStaleSocketLiesThere_ReplacesIt()
    {
        using InitUnderTest init = GatewayFixture.Start(Web);
        int gateway = GatewayFixture.PidOf(init);

        // Killed, it leaves its socket behind.
        Assert.Equal(0, Processes.Kill(gateway, Signals.SIGKILL));
        init.WaitUntil(() => GatewayFixture.PidOf(init) != gateway && GatewayFixture.Answers(init), "a gateway in its place");

        Assert.Equal("ok\n", GatewayFixture.Curl(init, "/healthz"));
        init.EndInOrder();
    }

    [RootFact]
    public void Action_OverRest_IsCarriedOut()
    {
        using InitUnderTest init = GatewayFixture.Start(Web);
        init.WaitForReady("web");

        string answer = GatewayFixture.Curl(init, "/api/v1/programs/web/stop", "-X", "POST", "-H", "Content-Type: application/json");

        Assert.Equal("""{"outcomes":[{"name":"web","code":"stopped"}]}""", answer);
        Assert.Equal("STOPPED", init.StatusOf("web").State);
        init.EndInOrder();
    }

    [RootFact]
    public void Events_OverRest_ComeAsTheyHappen()
    {
        using InitUnderTest init = GatewayFixture.Start(Web);
        init.WaitForReady("web");
        using TestProcess events = GatewayFixture.StartCurl(init, "/api/v1/events?type=program.*");
        events.ReadUntil(":");

        // The supervisor is asked in the background: what happens before that is not seen.
        Instant nextRestart = MonotonicClock.Now;
        events.WaitUntil(
            () =>
            {
                if (MonotonicClock.Now >= nextRestart)
                {
                    init.Ask(new ControlRequest.Restart(["web"], Rolling: false, Wait: true));
                    nextRestart = MonotonicClock.Now + TimeSpan.FromSeconds(1);
                }

                return events.Lines.Any(line => line == "event: program.running") && events.Lines[^1].Length == 0;
            },
            "an event");

        Assert.Contains(events.Lines, line => line.StartsWith("data: {", StringComparison.Ordinal) && line.Contains("\"name\":\"web\"", StringComparison.Ordinal));
        init.EndInOrder();
    }

    [RootFact]
    public void Metrics_WhenChecked_AreWhatPrometheusReads()
    {
        using InitUnderTest init = GatewayFixture.Start(Web + """

            [program.failing]
            command = ["${DUMMY}", "exit", "3"]
            start_grace = "0s"
            backoff = { attempts = 2, initial = "1ms", max = "1ms" }
            """);
        init.WaitForState("failing", "FATAL");
        string metrics = Path.Combine(init.Directory, "metrics");
        File.WriteAllText(metrics, GatewayFixture.Curl(init, "/metrics"));

        var (status, output, errors) = TestProcess.Run("sh", "-c", $"promtool check metrics < {metrics}");

        Assert.True(status == ExitStatus.Exited(0) && errors.Length + output.Length == 0, $"{status}: {output}{errors}");
        Assert.Contains("""init_program_state{name="failing",program="failing",group="failing",state="FATAL"} 1""", File.ReadAllText(metrics), StringComparison.Ordinal);
        Assert.Contains("""init_program_exits_total{name="failing",program="failing",group="failing",code="3",signal=""} 3""", File.ReadAllText(metrics), StringComparison.Ordinal);
        init.EndInOrder();
    }

    [RootFact]
    public void Tail_OfTheRealSupervisorctl_FollowsTheLog()
    {
        using InitUnderTest init = GatewayFixture.Start("""
            [program.talker]
            command = ["sh", "-c", "echo begin; while read line; do echo got $$line; done < ${DIR}/fifo; sleep 1000"]
            start_grace = "0s"
            stdout = { file = "talker.log" }
            hooks = { before_start = ["mkfifo", "${DIR}/fifo"] }
            """);
        init.WaitForReady("talker");
        using TestProcess tail = GatewayFixture.StartSupervisorctl(init, "tail", "-f", "talker");
        tail.ReadUntil("begin");

        File.WriteAllText(Path.Combine(init.Directory, "fifo"), "one\ntwo\n");

        tail.ReadUntil("got one");
        tail.ReadUntil("got two");
        tail.Signal(Signals.SIGINT);
        tail.WaitForExit();
        init.EndInOrder();
    }

    [RootFact]
    public void MainTail_OfTheRealSupervisorctl_FollowsTheMainLog()
    {
        using InitUnderTest init = GatewayFixture.WaitForGateway(InitUnderTest.Start($"""
            [supervisord]
            logfile=%(here)s/main.log
            [unix_http_server]
            file=%(here)s/http.sock
            [rpcinterface:supervisor]
            supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
            [program:web]
            command={TestPaths.Dummy} pause
            """));
        using TestProcess tail = GatewayFixture.StartSupervisorctl(init, "maintail", "-f");
        tail.WaitUntil(() => tail.Stdout.Contains("web entered RUNNING state", StringComparison.Ordinal), "what has been logged");

        using (TestProcess stop = GatewayFixture.StartSupervisorctl(init, "stop", "web"))
            Assert.Equal(ExitStatus.Exited(0), stop.WaitForExit());

        tail.WaitUntil(() => tail.Stdout.Contains("stopped: web (", StringComparison.Ordinal), "what is logged now");
        tail.Signal(Signals.SIGINT);
        tail.WaitForExit();
        init.EndInOrder();
    }

    [RootFact]
    public void Tail_OfTheRealSupervisorctl_WithoutALog_SaysNotFound()
    {
        using InitUnderTest init = GatewayFixture.Start(Web);

        using TestProcess tail = GatewayFixture.StartSupervisorctl(init, "tail", "-f", "nobody");
        tail.WaitForExit();

        Assert.Contains("Cannot read, status code 404", tail.Stdout + tail.Stderr, StringComparison.Ordinal);
        init.EndInOrder();
    }
}
