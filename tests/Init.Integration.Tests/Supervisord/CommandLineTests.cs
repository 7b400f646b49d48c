using Init.Base;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Supervisord;

/// <summary>Options of the link called "supervisord", and paths that are relative to where it was started: they mean the same to Init and to its HTTP role.</summary>
public sealed class CommandLineTests
{
    private const string Config = """
        [unix_http_server]
        file=relative.sock
        [rpcinterface:supervisor]
        supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
        [supervisorctl]
        serverurl=unix://@DIR@/relative.sock
        [program:web]
        command=sh -c 'pwd > @DIR@/where; id -u > @DIR@/who; umask > @DIR@/umask; echo $SUPERVISOR_SERVER_URL > @DIR@/url; sleep 1000'
        """;

    /// <summary>supervisord resolves the path before it changes its directory, whether it becomes a daemon or not.</summary>
    [SupervisordFact]
    public void Socket_WithARelativePath_IsWhereInitWasStarted()
    {
        using var supervisord = SupervisorRun.StartSupervisord(Config, "directory=@DIR@/auto");
        using var inForeground = SupervisorRun.StartInit(Config, "directory=@DIR@/auto");
        using var asDaemon = SupervisorRun.StartInit(Config, "directory=@DIR@/auto\nnodaemon=false");

        foreach (SupervisorRun run in (SupervisorRun[])[supervisord, inForeground, asDaemon])
        {
            run.WaitUntil(() => Control(run, "status").Contains("RUNNING", StringComparison.Ordinal), "an answer to supervisorctl");
            Assert.Equal($"unix://{run.Directory}/relative.sock\n", run.Read("url"));
            Assert.Equal($"{run.Directory}{(run == asDaemon ? "/auto" : "")}\n", run.Read("where"));

            // A restart finds everything where the start has found it.
            run.Signal(Signals.SIGHUP);
            run.WaitForLog("success: web", times: 2);
            run.WaitUntil(() => Control(run, "status").Contains("RUNNING", StringComparison.Ordinal), "an answer after the restart");
            Assert.Equal("No config updates to processes\n", Control(run, "reread"));
            Assert.Equal(ExitStatus.Exited(0), run.End());
            Assert.False(File.Exists(run.PathOf("relative.sock")));
        }
    }

    /// <summary>What the options replace cannot be used: were one not told to the role, it could not read the file.</summary>
    [RootFact]
    public void Options_OfTheLink_WinOverTheFileAlsoInTheRole()
    {
        using var init = SupervisorRun.StartLink(
            Config,
            "nodaemon=false\ndirectory=/no/such/place\nlogfile=/no/such/place/main.log\npidfile=/no/such/place/main.pid\numask=999\nloglevel=loud\nchildlogdir=/no/such/place",
            "-c", "supervisord.conf", "-l", "@DIR@/other.log", "-j", "@DIR@/other.pid", "-d", "@DIR@/auto", "-u", "nobody", "-m", "077", "-e", "debug", "-q", "@DIR@/auto", "-i", "mine");

        init.WaitUntil(() => Control(init, "status").Contains("RUNNING", StringComparison.Ordinal), "an answer to supervisorctl");

        Assert.Contains("supervisord started with pid ", Control(init, "maintail"), StringComparison.Ordinal);
        Assert.Contains("DEBG ", init.Read("other.log"), StringComparison.Ordinal);
        Assert.Equal($"{init.Pid}\n", init.Read("other.pid"));
        Assert.Equal("65534\n", init.Read("who"));
        Assert.Equal("0077\n", init.Read("umask"));
        Assert.Equal($"{init.Directory}/auto\n", init.Read("where"));
        Assert.Equal(65534, Files.StatusOf(init.PathOf("relative.sock"))!.Value.Uid);
        Assert.False(File.Exists(init.PathOf("supervisord.log")));
        Assert.Equal(ExitStatus.Exited(0), init.End());
    }

    /// <summary>Who asks for a daemon is told that there will be none; who does not, hears nothing of it.</summary>
    [RootTheory]
    [InlineData("nodaemon=false", true)]
    [InlineData("nodaemon=true", false)]
    public void Foreground_IsExplained_ToThoseWhoWantADaemon(string daemonKeys, bool isExplained)
    {
        using var init = SupervisorRun.StartLink(Config, daemonKeys, "-c", "supervisord.conf");
        init.WaitForLog("success: web");

        Assert.Equal(ExitStatus.Exited(0), init.End());
        Assert.Equal(isExplained, init.Stderr.Contains("staying in the foreground", StringComparison.Ordinal));
    }

    private static string Control(SupervisorRun run, params string[] arguments) =>
        TestProcess.Run(["/usr/bin/supervisorctl", "-c", run.PathOf("supervisord.conf"), .. arguments]).Stdout;
}
