using System.Net;
using System.Net.Sockets;
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

    [SupervisordFact]
    public void Gateway_WhenARelativePathMeansAnotherPlaceToIt_AsksTheInitThatRunsIt()
    {
        using TcpListener free = new(IPAddress.Loopback, 0);
        free.Start();
        int port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();

        // Init's own socket is named after the pid file when no server has one.
        using var init = SupervisorRun.StartInit(
            $"""
            [inet_http_server]
            port=127.0.0.1:{port}
            [rpcinterface:supervisor]
            supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
            [supervisorctl]
            serverurl=http://127.0.0.1:{port}
            [program:web]
            command=sleep 1000
            """,
            "pidfile=relative.pid\ndirectory=@DIR@/auto");

        init.WaitUntil(() => Status(init).Contains("RUNNING", StringComparison.Ordinal), "an answer to supervisorctl");

        Assert.True(File.Exists(init.PathOf("relative.pid")));
        Assert.Equal(ExitStatus.Exited(0), init.End());
    }

    /// <summary>A member has the group's name, and one is in another group too.</summary>
    [SupervisordFact]
    public void Names_OfGroups_StandForTheirProcesses()
    {
        using var init = SupervisorRun.StartInit($"""
            {Config}
            [program:mail]
            command=sleep 1000
            [group:web]
            programs=web,mail
            [group:night]
            programs=mail
            """);
        init.WaitUntil(() => Status(init).Split("RUNNING").Length == 4, "three processes to run");

        Assert.Equal("web: stopped\nweb:mail: stopped\n", InOrder(Control(init, "stop", "web:*")));
        Assert.Equal("night:mail RUNNING\nweb STOPPED\nweb:mail STOPPED\n", States(init));
        Assert.Equal("night:mail: stopped\n", Control(init, "stop", "night:*"));
        Assert.Equal("web:mail: started\n", Control(init, "start", "web:mail"));
        Assert.Equal("night:mail STOPPED\nweb STOPPED\nweb:mail RUNNING\n", States(init));
        Assert.Equal("mail: ERROR (no such process)\n", Control(init, "start", "mail"));
        Assert.Equal(ExitStatus.Exited(0), init.End());
    }

    private static string States(SupervisorRun run) =>
        InOrder(string.Concat(Status(run).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(2)) + "\n")));

    private static string InOrder(string lines) => string.Concat(lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal).Select(line => line + "\n"));

    private static string Control(SupervisorRun run, params string[] arguments) =>
        TestProcess.Run(["/usr/bin/supervisorctl", "-c", run.PathOf("supervisord.conf"), .. arguments]).Stdout;

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
