using Init.Base;
using Init.Integration.Tests.EventListeners;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Supervisord;

/// <summary>A supervisord.conf that changes while it runs.</summary>
public sealed class UpdateTests
{
    private static readonly string Recorder = Path.Combine(TestPaths.Repository, "tests/Init.Integration.Tests/EventListeners/Programs/recorder.py");

    private static readonly string Base = $"""
        [unix_http_server]
        file=@DIR@/sv.sock
        [rpcinterface:supervisor]
        supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
        [supervisorctl]
        serverurl=unix://@DIR@/sv.sock
        [eventlistener:first]
        command=/usr/bin/python3 -u {Recorder} @DIR@/first
        events=PROCESS_GROUP
        [program:stays]
        command=sleep 1000

        """;

    private const string Old = "[program:goes]\ncommand=sleep 1000\n[program:changes]\ncommand=sleep 1000\n";

    private static readonly string New = $"""
        [program:changes]
        command=sleep 1001
        [program:comes]
        command=sleep 1000
        [eventlistener:second]
        command=/usr/bin/python3 -u {Recorder} @DIR@/second
        events=PROCESS_GROUP,PROCESS_STATE_RUNNING

        """;

    [SupervisordFact]
    public void Update_OfGroupsAndPools_IsDoneAndToldAsBySupervisord()
    {
        var (supervisord, init) = SupervisorRun.StartBoth(Base + Old);
        using var first = supervisord;
        using var second = init;
        List<string>[] told = [.. ((SupervisorRun[])[supervisord, init]).Select(Scenario)];

        Assert.Contains("second heard PROCESS_GROUP_ADDED groupname:second", told[0]);
        Assert.Contains("first heard PROCESS_GROUP_REMOVED groupname:second", told[0]);
        Assert.Equal(string.Join('\n', told[0]), string.Join('\n', told[1]));
    }

    private static List<string> Scenario(SupervisorRun run)
    {
        List<string> told = [];
        run.WaitUntil(() => States(run) is [_, _, _, _] states && states.All(state => state.EndsWith("RUNNING", StringComparison.Ordinal)), "four programs");
        string stays = PidOf(run, "stays"), changes = PidOf(run, "changes");

        Write(run, Base + New);
        told.Add(Control(run, "reread"));
        told.Add(Control(run, "update"));
        run.WaitUntil(() => States(run) is [_, _, _, _, _] states && states.All(state => state.EndsWith("RUNNING", StringComparison.Ordinal)), "five programs");
        told.AddRange(States(run));
        Assert.Equal(stays, PidOf(run, "stays"));
        Assert.NotEqual(changes, PidOf(run, "changes"));
        run.WaitUntil(() => Heard(run, "second").Any(line => line.Contains("processname:second", StringComparison.Ordinal)), "the new pool to hear of itself");

        Write(run, Base + Old);
        told.Add(Control(run, "update"));
        run.WaitUntil(() => States(run) is [_, _, _, _] states && states.All(state => state.EndsWith("RUNNING", StringComparison.Ordinal)), "four programs again");
        run.WaitUntil(() => Heard(run, "first").Count(line => line.Contains("ADDED groupname:goes", StringComparison.Ordinal)) == 2, "the last event");
        told.AddRange(Heard(run, "first").Select(line => $"first heard {line}"));
        told.AddRange(Heard(run, "second").Where(line => line.Contains("GROUP", StringComparison.Ordinal)).Select(line => $"second heard {line}"));
        Assert.Equal(ExitStatus.Exited(0), run.End());
        return told;
    }

    [RootFact]
    public void Hup_AsPid1_StartsAllOfTheNewFileInTheSameProcess()
    {
        const string head = "[supervisord]\npidfile=%(ENV_DIR)s/state.pid\nlogfile=%(ENV_DIR)s/main.log\nchildlogdir=%(ENV_DIR)s\nnodaemon=true\n";
        using InitUnderTest init = InitUnderTest.Start(head + "[program:stays]\ncommand=sleep 1000\n[program:goes]\ncommand=sleep 1000\n");
        int stays = init.WaitForState("stays", "RUNNING").Pid!.Value;
        int pid = init.Pid;

        // A file that cannot be used: everything stays as it is, where supervisord would end.
        init.WriteConfig(head + "[program:stays]\ncommand=sleep 1000\nautorestart=perhaps\n");
        init.Signal(Signals.SIGHUP);
        init.WaitForLine("autorestart");
        Assert.Equal(stays, init.WaitForState("stays", "RUNNING").Pid);

        init.WriteConfig(head + "[program:stays]\ncommand=sleep 1000\n[program:comes]\ncommand=sleep 1000\n");
        init.Signal(Signals.SIGHUP);
        init.WaitForLine("received SIGHUP indicating restart request");
        init.WaitForLine("waiting for ");
        init.WaitForLine("supervisord started with pid 1");
        init.WaitForLine("success: comes entered RUNNING state");

        Assert.Null(ProcFs.Read(pid) is { IsZombie: false } ? null : "Init is another process");
        Assert.Equal(["sleep 1000", "sleep 1000"], init.CommandsInside());
        init.EndInOrder();
    }

    [RootFact]
    public void InitUpdate_OfAChangedFile_RestartsOnlyWhatHasChangedAndNamesThePool()
    {
        const string head = "[supervisord]\npidfile=%(ENV_DIR)s/state.pid\nlogfile=%(ENV_DIR)s/main.log\nchildlogdir=%(ENV_DIR)s\nnodaemon=true\n";
        using InitUnderTest init = InitUnderTest.Start(head + "[program:stays]\ncommand=sleep 1000\n[program:changes]\ncommand=sleep 1000\n");
        int stays = init.WaitForState("stays", "RUNNING").Pid!.Value;
        int changes = init.WaitForState("changes", "RUNNING").Pid!.Value;

        init.WriteConfig($"{head}[program:stays]\ncommand=sleep 1000\n[program:changes]\ncommand=sleep 1001\n[eventlistener:pool]\nevents=PROCESS_GROUP\ncommand=/usr/bin/python3 -u {Recorder} %(ENV_DIR)s/pool\n");
        var (status, stdout, stderr) = TestProcess.Run(TestPaths.Init, "update", "--socket", init.ControlSocket);

        Assert.True(status == ExitStatus.Exited(0), stdout + stderr);
        Assert.Contains("event_listener.pool", stdout, StringComparison.Ordinal);
        init.WaitForState("changes", "RUNNING", program => program.Pid != changes);
        init.WaitForState("pool", "RUNNING");
        Assert.Equal(stays, init.StatusOf("stays").Pid);
        init.WaitUntil(() => new ListenerRecord(Path.Combine(init.Directory, "pool")).Events.Exists(told => told.Body == "groupname:pool\n"), "the pool to hear of itself");
        init.EndInOrder();
    }

    private static void Write(SupervisorRun run, string config)
    {
        string file = run.PathOf("supervisord.conf"), text = File.ReadAllText(file);
        File.WriteAllText(file, text[..text.IndexOf("[unix_http_server]", StringComparison.Ordinal)] + config.Replace("@DIR@", run.Directory, StringComparison.Ordinal));
    }

    private static List<string> Heard(SupervisorRun run, string pool) => [.. new ListenerRecord(run.PathOf(pool)).Events.Select(told => $"{told.Name} {told.Body.Trim()}")];

    private static string[] States(SupervisorRun run) =>
        [.. Control(run, "status").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(2)))];

    private static string PidOf(SupervisorRun run, string name) => Control(run, "pid", name);

    private static string Control(SupervisorRun run, params string[] arguments) =>
        TestProcess.Run(["/usr/bin/supervisorctl", "-c", run.PathOf("supervisord.conf"), .. arguments]).Stdout;
}
