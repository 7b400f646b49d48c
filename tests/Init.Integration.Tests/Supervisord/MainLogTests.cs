using System.Net;
using System.Net.Sockets;
using Init.Base;

namespace Init.Integration.Tests.Supervisord;

/// <summary>What the main log says of servers, and what is written beside it: nothing.</summary>
public sealed class MainLogTests
{
    [SupervisordFact]
    public void Servers_OfEveryKind_AreToldAsBySupervisord()
    {
        using TcpListener one = Listener(), two = Listener();
        string config = $"""
            [unix_http_server]
            file=@DIR@/sv.sock
            [inet_http_server:open]
            port=127.0.0.1:@ONE@
            [inet_http_server:closed]
            port=127.0.0.1:@TWO@
            username=u
            password=p
            [rpcinterface:supervisor]
            supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
            [rpcinterface:second]
            supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
            [include]
            files=@DIR@/more.conf
            [program:web]
            command=sleep 1000
            """.Replace("@ONE@", PortOf(one), StringComparison.Ordinal).Replace("@TWO@", PortOf(two), StringComparison.Ordinal);
        one.Stop();
        two.Stop();

        // One after the other, for they have the same ports.
        string[] theirs = Beginning(SupervisorRun.StartSupervisord(config, before: WithInclude));
        string[] ours = Beginning(SupervisorRun.StartInit(config, before: WithInclude));

        Assert.Contains("CRIT Server 'unix_http_server' running without any HTTP authentication checking", theirs);
        Assert.Equal(theirs, ours);
    }

    [SupervisordFact]
    public void Stdout_WithAServer_HasNothingButTheMainLog()
    {
        using var init = SupervisorRun.StartInit("[unix_http_server]\nfile=@DIR@/sv.sock\n[program:web]\ncommand=sleep 1000");
        init.WaitForLog("success: web");
        init.WaitUntil(() => File.Exists(init.PathOf("sv.sock")), "the server");

        Assert.Equal(ExitStatus.Exited(0), init.End());

        Assert.Equal(init.Log, init.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.DoesNotContain("listens on", init.Stdout, StringComparison.Ordinal);
    }

    [SupervisordTheory]
    [InlineData("silent=true")]
    [InlineData("")]
    public void Port_ThatIsTaken_IsSaidInTheMainLog(string daemonKeys)
    {
        using TcpListener taken = Listener();
        string port = PortOf(taken);
        using var init = SupervisorRun.StartInit($"[inet_http_server]\nport=127.0.0.1:{port}\n[program:web]\ncommand=sleep 1000", daemonKeys);

        init.WaitForLog($"ERRO gateway: cannot listen on 127.0.0.1:{port}");
        init.WaitForLog("success: web");
        taken.Stop();

        init.WaitUntil(() => CanConnect(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture)), "the port to be taken when it is free");
        Assert.Equal(ExitStatus.Exited(0), init.End());
        Assert.Equal(daemonKeys.Length == 0, init.Stdout.Contains("cannot listen", StringComparison.Ordinal));
    }

    private static void WithInclude(string directory) => File.WriteAllText(Path.Combine(directory, "more.conf"), "[program:more]\ncommand=sleep 1000\n");

    /// <summary>The main log until programs are started.</summary>
    private static string[] Beginning(SupervisorRun run)
    {
        using (run)
        {
            run.WaitForLog("success: web");
            Assert.Equal(ExitStatus.Exited(0), run.End());
            return [.. run.Story.TakeWhile(line => !line.Contains("spawned:", StringComparison.Ordinal)).Select(line => line.Replace(run.Directory, "@DIR@", StringComparison.Ordinal))];
        }
    }

    private static bool CanConnect(int port)
    {
        try
        {
            using TcpClient client = new("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static TcpListener Listener()
    {
        TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private static string PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
