using Init.Base;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Supervisord;

/// <summary>The role that Init runs by itself when a supervisord.conf has a server in it.</summary>
public sealed class OwnRoleTests
{
    private const string Config = """
        [unix_http_server]
        file=@DIR@/sv.sock
        [rpcinterface:supervisor]
        supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
        [supervisorctl]
        serverurl=unix://@DIR@/sv.sock
        [program:web]
        command=sleep 1000
        """;

    [SupervisordFact]
    public void Gateway_OfAServerInTheFile_ServesAndIsNotListed()
    {
        using var init = SupervisorRun.StartInit(Config);
        init.WaitForLog("success: web");

        init.WaitUntil(() => Status(init).Contains("RUNNING", StringComparison.Ordinal), "an answer to supervisorctl");

        Assert.StartsWith("web ", Assert.Single(Status(init).Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.DoesNotContain(init.Log, line => line.Contains("gateway", StringComparison.Ordinal));
        Assert.Equal(ExitStatus.Exited(0), init.End());
        Assert.DoesNotContain(Gateways(init), _ => true);
    }

    [SupervisordFact]
    public void Gateway_WhenItIsKilled_IsBackAndTheProgramsHaveNotNoticed()
    {
        using var init = SupervisorRun.StartInit(Config);
        init.WaitUntil(() => Status(init).Contains("RUNNING", StringComparison.Ordinal), "an answer to supervisorctl");
        string before = Status(init).Split("uptime")[0];
        int gateway = Assert.Single(Gateways(init));

        Assert.Equal(0, Processes.Kill(gateway, Signals.SIGKILL));

        init.WaitUntil(() => Gateways(init) is [var next] && next != gateway && Status(init).Contains("RUNNING", StringComparison.Ordinal), "another gateway");
        Assert.Equal(before, Status(init).Split("uptime")[0]);
        Assert.Equal(ExitStatus.Exited(0), init.End());
    }

    private static string Status(SupervisorRun run) => TestProcess.Run("/usr/bin/supervisorctl", "-c", run.PathOf("supervisord.conf"), "status").Stdout;

    private static List<int> Gateways(SupervisorRun run) => [.. ProcFs.ListProcesses()
        .Where(process => process.ParentPid == run.Pid && !process.IsZombie && ProcFs.ReadEnvironmentValue(process.Pid, "INIT_INSTANCE") is not null)
        .Where(process => CommandLineOf(process.Pid).Contains("gateway", StringComparison.Ordinal))
        .Select(process => process.Pid)];

    /// <summary>Empty when it has ended meanwhile.</summary>
    private static string CommandLineOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
