using Init.Integration.Tests.Harness;
using Init.Integration.Tests.Supervisord;

namespace Init.Integration.Tests.EventListeners;

/// <summary>Listeners as superlance has them, under Init with a supervisord.conf.</summary>
public sealed class ListenerTests
{
    private static readonly string Programs = Path.Combine(TestPaths.Repository, "tests/Init.Integration.Tests/EventListeners/Programs");

    /// <summary>What superlance asks its questions of.</summary>
    private const string Server = """
        [unix_http_server]
        file=%(ENV_DIR)s/state.sock
        [rpcinterface:supervisor]
        supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
        """;

    [SupervisordRootFact]
    public void Memmon_WhenAProgramGrows_RestartsIt()
    {
        using InitUnderTest init = Start($"""
            {Server}
            [eventlistener:memmon]
            command=/usr/bin/python3 {Programs}/memmon.py -p fat=40000000 -p lean=40000000
            events=TICK_5
            stderr_logfile=%(ENV_DIR)s/memmon.err
            [program:fat]
            command=python3 -c "import os, time; a = bytearray(b'x') * (60000000 if not os.path.exists('%(ENV_DIR)s/second') else 1); open('%(ENV_DIR)s/second', 'a'); time.sleep(1000)"
            [program:lean]
            command=sleep 1000
            """);
        int fat = init.WaitForState("fat", "RUNNING").Pid!.Value;
        int lean = init.WaitForState("lean", "RUNNING").Pid!.Value;

        init.WaitForState("fat", "RUNNING", status => status.Pid != fat);

        Assert.Equal(lean, init.StatusOf("lean").Pid);
        Assert.Contains("Restarting fat: RSS of ", File.ReadAllText(Path.Combine(init.Directory, "memmon.err")), StringComparison.Ordinal);
        init.EndInOrder();
    }

    [RootFact]
    public void Crashmail_WhenAProgramEndsUnexpectedly_SendsMail()
    {
        using InitUnderTest init = Start($"""
            [eventlistener:crashmail]
            command=python3 {Programs}/crashmail.py -a -s "cat >> %(ENV_DIR)s/mail" -m admin@example.org
            events=PROCESS_STATE_EXITED
            [program:good]
            command=%(ENV_DUMMY)s sleep 1500 exit 0
            autorestart=false
            [program:crashes]
            command=%(ENV_DUMMY)s sleep 1500 die 11
            autorestart=false
            [group:apps]
            programs=good,crashes
            """);
        string mail = Path.Combine(init.Directory, "mail");
        init.WaitForState("apps:good", "EXITED");
        init.WaitForState("apps:crashes", "EXITED");
        init.WaitUntil(() => Exists(mail, "from state"), "the mail");

        string text = File.ReadAllText(mail);

        Assert.StartsWith("To: admin@example.org\nSubject: crashes crashed\n\nProcess crashes in group apps exited unexpectedly (pid ", text, StringComparison.Ordinal);
        Assert.EndsWith(") from state RUNNING\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("good", text, StringComparison.Ordinal);
        init.EndInOrder();
    }

    [SupervisordRootFact]
    public void Httpok_WhenASiteFails_RestartsIt()
    {
        int port = FreePorts.Take(1)[0];
        using InitUnderTest init = Start($"""
            {Server}
            [eventlistener:httpok]
            command=/usr/bin/python3 {Programs}/httpok.py -p site -t 5 http://127.0.0.1:{port}/
            events=TICK_5
            stderr_logfile=%(ENV_DIR)s/httpok.err
            [program:site]
            command=python3 {Programs}/website.py {port} %(ENV_DIR)s/second
            """);
        int before = init.WaitForState("site", "RUNNING").Pid!.Value;

        int after = init.WaitForState("site", "RUNNING", status => status.Pid != before).Pid!.Value;

        Assert.Contains("site: status 500, restarting", File.ReadAllText(Path.Combine(init.Directory, "httpok.err")), StringComparison.Ordinal);

        // It is well now, and is left alone over the next tick.
        init.Watch(TimeSpan.FromSeconds(6));
        Assert.Equal(after, init.StatusOf("site").Pid);
        init.EndInOrder();
    }

    [RootFact]
    public void Listener_ThatDiesBusy_LeavesItsEventToItsReplacement()
    {
        using InitUnderTest init = Start("""
            [eventlistener:mortal]
            command=sh -c "echo READY; read header; echo \"$header\" >> %(ENV_DIR)s/headers; if [ ! -e %(ENV_DIR)s/second ]; then touch %(ENV_DIR)s/second; exit 1; fi; exec sleep 1000"
            events=PROCESS_STATE_RUNNING
            """);
        string headers = Path.Combine(init.Directory, "headers");

        init.WaitUntil(() => Exists(headers, "\n") && File.ReadAllLines(headers).Length == 2, "two headers");

        string[] lines = File.ReadAllLines(headers);
        Assert.StartsWith("ver:3.0 server:supervisor serial:0 pool:mortal poolserial:0 eventname:PROCESS_STATE_RUNNING len:", lines[0], StringComparison.Ordinal);
        Assert.Equal(lines[0], lines[1]);
        init.EndInOrder();
    }

    [RootFact]
    public void Listener_ThatBreaksTheProtocol_IsSaid_AndItsOutputIsLogged()
    {
        using InitUnderTest init = Start("""
            [eventlistener:rude]
            command=sh -c "echo hello; while [ ! -e %(ENV_DIR)s/go ]; do sleep 0.1; done; echo more; exec sleep 1000"
            events=EVENT
            stdout_logfile=%(ENV_DIR)s/rude.log
            """);

        init.WaitForLine("rude: has entered the UNKNOWN state and will no longer receive events, this usually indicates the process violated the eventlistener protocol");

        File.WriteAllText(Path.Combine(init.Directory, "go"), "");
        init.WaitUntil(() => Exists(Path.Combine(init.Directory, "rude.log"), "more\n"), "what it says later");
        init.WaitForState("rude", "RUNNING");
        init.EndInOrder();
    }

    /// <summary>A listener that does not read, one that floods, and one that rejects all it gets: none of them holds up Init or the listener beside them.</summary>
    [RootFact]
    public void HostileListeners_HoldUpNobody()
    {
        using InitUnderTest init = Start($"""
            [eventlistener:deaf]
            command=sh -c "echo READY; exec sleep 1000"
            events=EVENT
            [eventlistener:flooding]
            command=sh -c "echo READY; exec yes RESULT"
            events=EVENT
            stdout_logfile=NONE
            [eventlistener:rejecting]
            command=sh -c "while true; do echo READY; read header; head -c $(echo \"$header\" | sed 's/.*len://') > /dev/null; printf 'RESULT 4\nFAIL'; done"
            events=PROCESS_STATE
            [eventlistener:good]
            command=python3 {Programs}/recorder.py %(ENV_DIR)s/record
            events=PROCESS_LOG,PROCESS_STATE
            buffer_size=1000
            [program:talker]
            command=%(ENV_DUMMY)s spew 2000 1000 sleep 2000 say last-words pause
            stdout_logfile=NONE
            stdout_events_enabled=true
            """);
        var record = new ListenerRecord(Path.Combine(init.Directory, "record"));
        init.WaitForState("talker", "RUNNING");
        init.WaitUntil(() => record.Events.Any(one => one.Name == "PROCESS_LOG_STDOUT" && one.Body.EndsWith("last-words\n", StringComparison.Ordinal)), "the last words");

        var began = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(["talker: stopped"], init.StopProgram("talker"));

        Assert.InRange(began.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        init.WaitUntil(() => record.Events.Any(one => one.Name == "PROCESS_STATE_STOPPED"), "the stop");
        init.EndInOrder();
    }

    [RootFact]
    public void Events_OfSupervisord_ComeToControlClientsThatAskForThem()
    {
        using InitUnderTest init = Start("""
            [program:web]
            command=%(ENV_DUMMY)s say hello pause
            autostart=false
            stdout_events_enabled=true
            """);
        init.WaitForState("web", "STOPPED");
        using var events = TestProcess.Start([TestPaths.Init, "events", "--socket", init.ControlSocket, "-t", "supervisord.PROCESS_STATE", "-t", "supervisord.TICK_5", "-t", "supervisord.PROCESS_LOG_STDOUT"]);
        events.WaitUntil(() => events.Stdout.Contains("supervisord.TICK_5 when:", StringComparison.Ordinal), "a tick", InitUnderTest.Patience);

        Assert.Equal(["web: started"], init.StartProgram("web"));

        string[] expected =
        [
            "supervisord.PROCESS_STATE_STARTING processname:web groupname:web from_state:STOPPED tries:0",
            $"supervisord.PROCESS_LOG_STDOUT processname:web groupname:web pid:{init.StatusOf("web").Pid} channel:stdout hello",
            $"supervisord.PROCESS_STATE_RUNNING processname:web groupname:web from_state:STARTING pid:{init.StatusOf("web").Pid}",
        ];
        foreach (string line in expected)
            events.WaitUntil(() => events.Stdout.Contains(line + "\n", StringComparison.Ordinal), line, InitUnderTest.Patience);
        Assert.DoesNotContain("program.running", events.Stdout, StringComparison.Ordinal);
        init.EndInOrder();
    }

    [RootFact]
    public void Init_WithListenersThatWaitForNoTick_DoesNotWakeUp()
    {
        using InitUnderTest init = Start($"""
            [eventlistener:good]
            command=python3 {Programs}/recorder.py %(ENV_DIR)s/record
            events=PROCESS_STATE
            """);
        init.WaitForState("good", "RUNNING");
        init.Watch(TimeSpan.FromSeconds(3)); // Its start is told, and heard.
        long before = SwitchesOf(init.Pid);

        init.Watch(TimeSpan.FromSeconds(7));

        Assert.Equal(before, SwitchesOf(init.Pid));
        init.EndInOrder();
    }

    /// <summary>How often the threads of a process were waiting and went on.</summary>
    private static long SwitchesOf(int pid) => Directory.GetDirectories($"/proc/{pid}/task").Sum(thread =>
        long.Parse(File.ReadLines(Path.Combine(thread, "status")).First(line => line.StartsWith("voluntary_ctxt_switches:", StringComparison.Ordinal)).Split('\t')[1]));

    private static InitUnderTest Start(string sections) => InitUnderTest.Start(
        $"""
        [supervisord]
        pidfile=%(ENV_DIR)s/state.pid
        logfile=%(ENV_DIR)s/main.log
        childlogdir=%(ENV_DIR)s
        nodaemon=true
        {sections}
        """);

    private static bool Exists(string path, string part) => File.Exists(path) && File.ReadAllText(path).Contains(part, StringComparison.Ordinal);
}
