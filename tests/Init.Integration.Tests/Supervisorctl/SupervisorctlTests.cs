using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Init.Integration.Tests.Harness;
using Init.Integration.Tests.Supervisord;

namespace Init.Integration.Tests.Supervisorctl;

/// <summary>
/// The same commands, given to supervisor's client with supervisord and to another pair of client and server: what is printed and the exit code must be the
/// same, but for times, process ids, and the texts of Python's exceptions.
/// </summary>
public sealed class SupervisorctlTests
{
    private const string Config = """
        [unix_http_server]
        file=@DIR@/s.sock
        [rpcinterface:supervisor]
        supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
        [supervisorctl]
        serverurl=unix://%(here)s/s.sock
        prompt=ask
        [program:cat]
        command=cat
        [program:off]
        command=sleep 1000
        autostart=false
        priority=10
        [program:bad]
        command=sh -c "echo bad; exit 3"
        autostart=false
        startretries=0
        startsecs=5
        [program:missing]
        command=/no/such/command
        autostart=false
        startretries=0
        [program:folder]
        command=/tmp
        autostart=false
        startretries=0
        [program:talk]
        command=sh -c "echo hello; echo error >&2; exec sleep 1000"
        stdout_logfile=@DIR@/talk.log
        stopwaitsecs=2
        [program:pair]
        command=sleep 1000
        numprocs=2
        process_name=%(process_num)d
        [group:g]
        programs=x,y
        priority=5
        [program:x]
        command=sleep 1000
        numprocs=2
        process_name=x%(process_num)d
        [program:y]
        command=sleep 1000
        autostart=false

        """;

    /// <summary>The same programs as in <see cref="Config"/>.</summary>
    private const string Toml = """
        [init]
        state_dir = "@DIR@/state"
        [gateway]
        socket = "@DIR@/s.sock"
        [program.cat]
        command = "cat"
        stdin = "pipe"
        [program.off]
        command = "sleep 1000"
        enabled = false
        shutdown_priority = 10
        [program.bad]
        command = ["sh", "-c", "echo bad; exit 3"]
        enabled = false
        start_grace = "5s"
        early_exit_fails = true
        backoff.attempts = "none"
        [program.missing]
        command = "/no/such/command"
        enabled = false
        backoff.attempts = "none"
        [program.folder]
        command = "/tmp"
        enabled = false
        backoff.attempts = "none"
        [program.talk]
        command = ["sh", "-c", "echo hello; echo error >&2; exec sleep 1000"]
        stdout = { file = "@DIR@/talk.log" }
        stderr = { file = "@DIR@/talk.err" }
        stop.grace = "2s"
        [program.pair]
        command = "sleep 1000"
        replicas = 2
        [program.x0]
        command = "sleep 1000"
        group = "g"
        [program.x1]
        command = "sleep 1000"
        group = "g"
        [program.y]
        command = "sleep 1000"
        group = "g"
        enabled = false

        """;

    /// <summary>No command: waits until the programs run again.</summary>
    private const string Restarted = "(restarted)";

    /// <summary>What a supervisor.toml cannot or need not have as supervisord has it: the step, what is in its output there, what is there instead, and why.</summary>
    private static readonly (string Step, string There, string Here, string Why)[] s_tomlDifferences =
    [
        ("avail", "10:10", "999:999", "it has no priorities: what starts first is a matter of \"requires\" and \"after\""),
        ("avail", "  5:999", "  999:999", "as above, for groups"),
        ("", "missing                          STOPPED   Not started", "missing                          FATAL     can't find command '/no/such/command'", "supervisord looks for the file before it calls it a start; here each failed start is one"),
        ("", "folder                           STOPPED   Not started", "folder                           FATAL     command at '/tmp' is a directory", "as above"),
        ("tail missing", "\n\n\n(stderr) \nexit code 0", "\nmissing: ERROR (no log file)\n\n(stderr) \nexit code 1", "supervisord makes empty logs when it reads the file; here the first start makes them"),
    ];

    /// <summary>Arguments behind "-c FILE"; a line that begins with "$" is a shell command of its own.</summary>
    private static readonly string[] Scenario =
    [
        "status", "status cat nope 'g:*' g:x0 'nope:*' g:nope", "status all", "avail", "avail x", "version", "version x", "help", "help status", "help nope",
        "pid", "pid all", "pid cat off", "pid nope",
        "start", "start cat", "start off", "start bad", "status bad", "start missing folder", "status missing folder", "start nope g:nope 'nope:*'", "start 'g:*'", "start 'g:*'",
        "stop", "stop off cat", "stop off", "stop 'g:*'", "status", "stop nope 'nope:*'", "restart", "restart cat off", "restart 'g:*'", "restart nope",
        "signal", "signal HUP", "signal CONT cat 'g:*' nope", "signal NOPE cat 'g:*'", "signal 18 cat", "signal CONT bad", "signal CONT all", "signal CONT 'nope:*'",
        "stop all", "stop all", "status", "start cat talk 'g:*'",
        "tail", "tail talk", "tail -3 talk", "tail talk stderr",
        Followed("tail -f talk", "hello"), Followed("tail -f talk stderr", "error"), "tail -f g:nope", "$ @CTL@ -c @DIR@/supervisord.conf maintail -20 | wc -c",
        "tail talk nope", "tail -x talk", "tail nope", "tail missing", "tail -f nope", "tail -f", "tail a b c d",
        "maintail x", "maintail -x", "maintail 1 2",
        "clear", "clear talk", "tail talk", "clear nope cat 'g:*'", "clear cat all",
        "reread", "reread x", "update nope", "update", "add cat nope", "remove cat nope", "stop cat", "remove cat", "status", "avail", "reread", "add cat", "status cat",
        "$ printf '[program:new]\\ncommand=sleep 1000\\n' >> @DIR@/supervisord.conf; test ! -e @DIR@/supervisor.toml || printf '[program.new]\\ncommand = \"sleep 1000\"\\n' >> @DIR@/supervisor.toml", "reread", "avail", "update", "status new",
        "$ sed -i '/program.new/,$d; s/^command=cat/command=cat -/; s/^command = \"cat/command = \"cat -/' @DIR@/supervisor*.*", "reread", "update g", "update", "status",
        "fg", "fg nope", "fg bad", "fg cat talk", "open x", "open unix://@DIR@/s.sock", "open unix://@DIR@/none.sock", "nope", "'!ls'", "'?'", "quit", "EOF", "''",
        "-i shutdown < /dev/null",
        "< /dev/null",
        "$ printf 'status cat\\n\\nhelp help\\nnope\\nversion\\nstop cat\\nquit\\nversion\\n' | @CTL@ -c @DIR@/ctl.conf",
        "$ printf 'version' | @CTL@ -c @DIR@/ctl.conf -i", "$ printf 'shutdown\\nn\\nreload\\nx\\n' | @CTL@ -c @DIR@/ctl.conf",
        "$ @CTL@ -s unix://@DIR@/s.sock -c @DIR@/ctl.conf version", "$ @CTL@ --serverurl=unix://@DIR@/none.sock -c @DIR@/ctl.conf start cat",
        "$ cd @DIR@ && @CTL@ status cat",
        "-i reload < /dev/null", "reload x", "reload", Restarted, "status",
        "shutdown",
    ];

    [SupervisordFact]
    public void OurClient_WithSupervisord_IsLikeTheirs() => Compare(new ClientUnderTest(ClientUnderTest.Ours, SupervisorRun.StartSupervisord(Config)));

    [SupervisordFact]
    public void TheirClient_WithInit_IsAsWithSupervisord() => Compare(new ClientUnderTest(ClientUnderTest.Theirs, SupervisorRun.StartInit(Config)));

    [SupervisordFact]
    public void OurClient_WithInit_IsAsTheirsWithSupervisord() => Compare(new ClientUnderTest(ClientUnderTest.Ours, SupervisorRun.StartInit(Config)));

    [SupervisordTheory]
    [InlineData(ClientUnderTest.Theirs)]
    [InlineData("")]
    public void Client_WithInitAndAToml_IsAsWithSupervisord(string client) =>
        Compare(new ClientUnderTest(client.Length > 0 ? client : ClientUnderTest.Ours, SupervisorRun.StartInitWithToml(Config, Toml)), s_tomlDifferences);

    [SupervisordTheory]
    [InlineData(ClientUnderTest.Theirs)]
    [InlineData("")]
    public void Client_WhenAPasswordIsAskedFor_IsTheSame(string client)
    {
        string here = FreePort(), there = FreePort();
        using ClientUnderTest expected = new(ClientUnderTest.Theirs, SupervisorRun.StartSupervisord(WithPassword(here)), here);
        using ClientUnderTest actual = new(client.Length > 0 ? client : ClientUnderTest.Ours, SupervisorRun.StartInit(WithPassword(there)), there);
        foreach (ClientUnderTest each in (ClientUnderTest[])[expected, actual])
            each.WaitForRunning("cat");

        const string Ctl = "$ @CTL@ -c @DIR@/ctl.conf -s http://127.0.0.1:@PORT@";
        Run(expected, actual,
        [
            "$ sed -n '/supervisorctl/,/serverurl/p' @DIR@/supervisord.conf > @DIR@/ctl.conf",
            "status", $"{Ctl} status", $"{Ctl} avail", $"{Ctl} -u me status", $"{Ctl} -u me -p wrong status", $"{Ctl} -u you -p secret status", $"{Ctl} -u me -p secret status",
            $"{Ctl} --username me --password secret stop cat", $"{Ctl} -u me -p secret tail -f nope", $"{Ctl} -u me -p wrong shutdown", $"{Ctl} -u me -p secret shutdown",
        ]);
    }

    [SupervisordFact]
    public void CommandLine_WhenItIsWrong_IsRefusedTheSame()
    {
        // Nothing of this reaches a server.
        using ClientUnderTest expected = new(ClientUnderTest.Theirs, SupervisorRun.StartSupervisord("")), actual = new(ClientUnderTest.Ours, SupervisorRun.StartSupervisord(""));
        Run(expected, actual,
        [
            "$ printf '[supervisorctl]\\nserverurl=unix://%%(here)s/none.sock ; comment\\n' > @DIR@/ctl.conf; printf '[supervisorctl]\\nserverurl=unix://%%(no)s\\n' > @DIR@/bad.conf",
            "$ @CTL@ -c @DIR@/ctl.conf status", "$ @CTL@ -c @DIR@/ctl.conf start x", "$ @CTL@ -c @DIR@/ctl.conf shutdown", "$ @CTL@ -c @DIR@/ctl.conf reload", "$ @CTL@ -c @DIR@/ctl.conf avail",
            "$ @CTL@ -c @DIR@/ctl.conf -s http://127.0.0.1:1 status", "$ @CTL@ -c @DIR@/ctl.conf -s http://127.0.0.1:1 version", "$ @CTL@ -c @DIR@/ctl.conf -s http://127.0.0.1:1 shutdown",
            "$ @CTL@ -c @DIR@/ctl.conf -s https://x version", "$ @CTL@ -c @DIR@/supervisord.conf status", "$ @CTL@ -c @DIR@/none.conf status", "$ cd @DIR@; @CTL@ status",
            "$ @CTL@ -c @DIR@/bad.conf status | cut -c1-100",
            "$ @CTL@ -z", "$ @CTL@ --nope", "$ @CTL@ -c", "$ @CTL@ --configuration", "$ @CTL@ --help=x", "$ @CTL@ -s x status", "$ @CTL@ -c a -c b status", "$ @CTL@ -ic @DIR@/ctl.conf help help",
        ]);
    }

    private static void Compare(ClientUnderTest actual, params (string Step, string There, string Here, string Why)[] differences)
    {
        using ClientUnderTest expected = new(ClientUnderTest.Theirs, SupervisorRun.StartSupervisord(Config));
        using (actual)
        {
            WaitForRunning(expected, actual);
            Run(expected, actual, ["$ sed -n '/supervisorctl/,/prompt/p' @DIR@/supervisord.conf > @DIR@/ctl.conf", .. Scenario], differences);
        }
    }

    private static void Run(
        ClientUnderTest expected, ClientUnderTest actual, IEnumerable<string> steps, params (string Step, string There, string Here, string Why)[] differences)
    {
        HashSet<string> seen = [];
        List<string> theirs = [], ours = [];
        foreach (string step in steps)
        {
            if (step == Restarted)
            {
                WaitForRunning(expected, actual);
                continue;
            }

            string command = step.StartsWith("$ ", StringComparison.Ordinal) ? step[2..] : $"@CTL@ -c @DIR@/supervisord.conf {step}";
            Func<string> first = Begin(expected, command), second = Begin(actual, command);
            string there = first(), here = second();
            foreach (var difference in differences.Where(one => (one.Step.Length == 0 || one.Step == step)
                && there.Contains(one.There, StringComparison.Ordinal) && here.Contains(one.Here, StringComparison.Ordinal)))
            {
                there = there.Replace(difference.There, difference.Here, StringComparison.Ordinal);
                seen.Add(difference.There);
            }

            theirs.Add($"=== {step}{Ordered(step, there)}");
            ours.Add($"=== {step}{Ordered(step, here)}");
        }

        Assert.All(differences, one => Assert.Contains(one.There, seen));

        // All that differs, not the first of it only.
        string[] different = [.. theirs.Zip(ours).Where(pair => pair.First != pair.Second).Select(pair => $"{pair.First}\n--- here:\n{pair.Second}\n")];
        Assert.True(different.Length == 0, string.Concat(different));
    }

    private static void WaitForRunning(params ReadOnlySpan<ClientUnderTest> clients)
    {
        foreach (ClientUnderTest client in clients)
            client.WaitForRunning("cat", "talk", "g:x0", "g:x1", "pair:0", "pair:1");
    }

    /// <summary>A command that would not end is interrupted, as by Ctrl-C, once its output has this text. A shell has its background jobs ignore the signal otherwise.</summary>
    private static string Followed(string command, string text) =>
        "$ cd @DIR@; touch followed; PYTHONUNBUFFERED=1 env --default-signal=INT @CTL@ -c @DIR@/supervisord.conf " + command
        + $" > followed 2>&1 & until grep -q {text} @DIR@/followed; do sleep 0.1; done; kill -INT $! 2> /dev/null; wait $!; echo \"exit $?\"; cat @DIR@/followed; rm @DIR@/followed";

    /// <summary>The command runs, and its output can be waited for. A status is asked for until nothing is on its way.</summary>
    private static Func<string> Begin(ClientUnderTest client, string command)
    {
        TestProcess process = client.Begin(command);
        return () =>
        {
            string text = "";
            client.Server.WaitUntil(
                () =>
                {
                    using (process)
                        text = client.Finish(process);
                    bool isOver = !text.Contains(" STARTING ", StringComparison.Ordinal);
                    if (!isOver)
                        process = client.Begin(command);
                    return isOver;
                },
                "the end of STARTING");
            return text;
        };
    }

    /// <summary>In which order supervisord tells of several is a matter of chance: of who was reaped when it looked.</summary>
    private static string Ordered(string step, string text) =>
        step.Contains(" all", StringComparison.Ordinal) || step.Contains(":*", StringComparison.Ordinal) ? string.Join('\n', text.Split('\n').Order(StringComparer.Ordinal)) : text;

    private static string WithPassword(string port) => $"""
        [unix_http_server]
        file=@DIR@/s.sock
        username=me
        password=secret
        [inet_http_server]
        port=127.0.0.1:{port}
        username=me
        password=secret
        [rpcinterface:supervisor]
        supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
        [supervisorctl]
        username=me
        password=secret
        serverurl=unix://%(here)s/s.sock
        [program:cat]
        command=cat

        """;

    private static string FreePort()
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture);
    }
}
