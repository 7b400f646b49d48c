using System.Text.Json;
using Init.Base;
using Init.Integration.Tests.Harness;

namespace Init.Integration.Tests.CommandLine;

/// <summary>The commands of <c>init</c>, run against a running Init.</summary>
public sealed class CommandLineTests
{
    [RootFact]
    public void Commands_OfADay_DoWhatTheySay()
    {
        using InitUnderTest init = InitUnderTest.Start(
            """
            [init]
            secrets = ["TOKEN"]
            [program.web]
            command = ["${DUMMY}", "report", "1", "say", "web is up", "pause"]
            start_grace = "0s"
            secrets = ["TOKEN"]
            [program.worker]
            command = ["${DUMMY}", "pause"]
            replicas = 2
            start_grace = "0s"
            [program.failing]
            command = ["${DUMMY}", "exit", "3"]
            backoff = { initial = "10ms", attempts = 1 }
            [group.all-workers]
            programs = ["worker"]
            """,
            new InitOptions { Environment = ["TOKEN=hunter2-4711"] });
        init.WaitForReady("web");
        init.WaitForState("failing", "FATAL");

        var (status, table) = Run(init, "status");
        Assert.Equal(3, status.Code); // One is FATAL.
        Assert.Matches("web +RUNNING", table);
        JsonElement json = JsonDocument.Parse(Run(init, "status", "--json").Stdout).RootElement;
        Assert.Equal(
            ["failing", "web", "worker:0", "worker:1"],
            json.GetProperty("programs").EnumerateArray().Select(program => program.GetProperty("name").GetString()).Order(StringComparer.Ordinal));
        Assert.Equal(0, Run(init, "status", "web").Status.Code);

        Assert.Equal(0, Run(init, "stop", "all-workers").Status.Code);
        Assert.Equal("STOPPED", init.StatusOf("worker:1").State);
        Assert.Equal(0, Run(init, "start", "worker:1").Status.Code);
        Assert.Equal("RUNNING", init.StatusOf("worker:1").State);
        Assert.Equal(1, Run(init, "start", "failing").Status.Code);
        Assert.Equal(1, Run(init, "stop", "wbe").Status.Code);

        Assert.Contains(init.StatusOf("web").Pid.ToString()!, Run(init, "pid", "web").Stdout, StringComparison.Ordinal);
        Assert.Equal(0, Run(init, "reload", "web").Status.Code);
        init.WaitForLine("web | signal 1");
        init.WaitUntil(() => Run(init, "tail", "-n", "1", "web").Stdout == "signal 1\n", "the end of the log");
        Assert.Contains("exit code 3", Run(init, "explain", "failing").Stdout, StringComparison.Ordinal);
        string environment = Run(init, "env", "web").Stdout;
        Assert.Contains("TOKEN", environment, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", environment, StringComparison.Ordinal);
        Assert.Equal(0, Run(init, "check", "-c", init.ConfigFile).Status.Code);
        Assert.Equal(0, Run(init, "clear", "web").Status.Code);

        Assert.Equal(0, Run(init, "shutdown").Status.Code);
        Assert.Equal(ExitStatus.Exited(0), init.WaitForExit());
        Assert.Equal(4, Run(init, "status").Status.Code);
    }

    private static (ExitStatus Status, string Stdout) Run(InitUnderTest init, params string[] command)
    {
        using TestProcess process = TestProcess.Start([TestPaths.Init, .. command], [$"INIT_SOCKET={init.ControlSocket}", $"DIR={init.Directory}", $"DUMMY={TestPaths.Dummy}", "TOKEN=x"]);
        ExitStatus status = process.WaitForExit();
        return (status, process.Stdout);
    }
}
