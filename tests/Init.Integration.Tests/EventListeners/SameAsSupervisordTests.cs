using System.Text.RegularExpressions;
using Init.Base;
using Init.Control;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.EventListeners;

/// <summary>One listener and one scenario, under the real supervisord and under Init: it must be told the same, in the same order.</summary>
public sealed partial class SameAsSupervisordTests
{
    private static readonly string Programs = Path.Combine(TestPaths.Repository, "tests/Init.Integration.Tests/EventListeners/Programs");

    /// <summary>
    /// Each step begins when what the step before brings about has been told. Verbs are supervisorctl's, or methods of the XML-RPC interface with their arguments.
    /// </summary>
    private static readonly (string Verb, string Name, string Event, string Until)[] Steps =
    [
        ("", "", "PROCESS_STATE_RUNNING", "processname:listener"),
        ("", "", "PROCESS_STATE_FATAL", "processname:missing"),
        ("start", "stays", "PROCESS_STATE_RUNNING", "processname:stays"),
        ("restart", "stays", "PROCESS_STATE_RUNNING", "processname:stays"),
        ("stop", "stays", "PROCESS_STATE_STOPPED", "processname:stays"),
        ("start", "crew:member", "PROCESS_STATE_RUNNING", "processname:member groupname:crew"),
        ("stop", "crew:member", "PROCESS_STATE_STOPPED", "processname:member"),
        ("start", "talks", "PROCESS_STATE_EXITED", "processname:talks"),
        ("start", "again", "PROCESS_STATE_RUNNING", "processname:again groupname:again from_state:STARTING"),
        ("", "", "PROCESS_STATE_EXITED", "processname:again"),
        ("", "", "PROCESS_STATE_RUNNING", "processname:again"),
        ("stop", "again", "PROCESS_STATE_STOPPED", "processname:again"),
        ("start", "fails", "PROCESS_STATE_FATAL", "processname:fails"),
        ("start", "ignores", "PROCESS_STATE_RUNNING", "processname:ignores"),
        ("stop", "ignores", "PROCESS_STATE_STOPPED", "processname:ignores"),
        ("sendRemoteCommEvent", "deploy|version: 2\nall of it", "REMOTE_COMMUNICATION", "type:deploy\nversion: 2\nall of it"),
        ("sendRemoteCommEvent", "nothing|", "REMOTE_COMMUNICATION", "type:nothing\n"),
        ("sendProcessStdin", "echoes|to one that does not run", "", ""),
        ("start", "echoes", "PROCESS_STATE_RUNNING", "processname:echoes"),
        ("sendProcessStdin", "echoes|a line\nand another\n", "PROCESS_LOG_STDOUT", "channel:stdout\na line\nand another\n"),
        ("sendProcessStdin", "crew:member|to one that does not run", "", ""),
        ("sendProcessStdin", "nobody|hello", "", ""),
        ("stop", "echoes", "PROCESS_STATE_STOPPED", "processname:echoes"),
        ("start", "stays", "PROCESS_STATE_RUNNING", "processname:stays"), // It goes down before the listener, which hears of it.
    ];

    [RootFact]
    public void Listener_WithTheProtocolFromItsManual_IsToldTheSame() => Compare("");

    [RootFact]
    public void Listener_WithSupervisorsOwnModule_IsToldTheSame() => Compare("childutils");

    private static void Compare(string protocol)
    {
        if (!File.Exists("/usr/bin/supervisord"))
            return;

        List<string> theirs = RunSupervisord(protocol);
        List<string> ours = RunInit(protocol);

        Assert.Equal(string.Join('\n', theirs), string.Join('\n', ours));
    }

    private static string ConfigOf(string protocol, string directory) => $"""
        [supervisord]
        pidfile={directory}/state.pid
        logfile={directory}/main.log
        childlogdir={directory}
        nodaemon=true
        identifier=tested
        [unix_http_server]
        file={directory}/state.sock
        [rpcinterface:supervisor]
        supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
        [supervisorctl]
        serverurl=unix://{directory}/state.sock
        [eventlistener:listener]
        command=/usr/bin/python3 -u {Programs}/recorder.py {directory}/record {protocol}
        events=PROCESS_STATE,PROCESS_LOG,PROCESS_COMMUNICATION,REMOTE_COMMUNICATION,SUPERVISOR_STATE_CHANGE,PROCESS_GROUP
        buffer_size=100
        [program:missing]
        command=/nonexistent/program
        startretries=0
        [program:stays]
        command=sleep 1000
        autostart=false
        [program:member]
        command=sleep 1000
        autostart=false
        [group:crew]
        programs=member
        [program:talks]
        command={TestPaths.Dummy} sleep 2500 say "an ordinary line, and longer than any tag" sleep 400 complain "something to complain about, also longer" sleep 400 say "in the <!--XSUPERVISOR:BEGIN-->captured text<!--XSUPERVISOR:END--> middle of a longer line" sleep 400 say "the last words, which are longer than a tag" exit 3
        autostart=false
        autorestart=false
        stdout_events_enabled=true
        stderr_events_enabled=true
        stdout_capture_maxbytes=1000
        [program:again]
        command=sh -c "if [ -e {directory}/second ]; then exec sleep 1000; fi; sleep 2.5; touch {directory}/second"
        autorestart=true
        autostart=false
        [program:fails]
        command={TestPaths.Dummy} exit 7
        startsecs=5
        startretries=1
        autostart=false
        [program:echoes]
        command=cat
        stdout_events_enabled=true
        autostart=false
        [program:ignores]
        command={TestPaths.Dummy} ignore 15 pause
        stopwaitsecs=1
        autostart=false
        """;

    private static List<string> RunSupervisord(string protocol)
    {
        string directory = Directory.CreateTempSubdirectory("supervisord-").FullName;
        string config = Path.Combine(directory, "supervisord.conf");
        File.WriteAllText(config, ConfigOf(protocol, directory));
        var record = new ListenerRecord(Path.Combine(directory, "record"));
        List<string> answers;
        using (var supervisord = TestProcess.Start(["supervisord", "-n", "-c", config]))
        {
            answers = Play(
                record,
                (verb, name) => TestProcess.Run("supervisorctl", "-c", config, verb, name),
                Path.Combine(directory, "state.sock"),
                (condition, what) => supervisord.WaitUntil(condition, what, InitUnderTest.Patience));
            Assert.Equal(0, Processes.Kill(supervisord.Pid, Signals.SIGTERM));
            supervisord.WaitForExit();
        }

        List<string> told = [.. answers, .. Told(record)];
        Directory.Delete(directory, recursive: true);
        return told;
    }

    private static List<string> RunInit(string protocol)
    {
        using InitUnderTest init = InitUnderTest.Start(ConfigOf(protocol, "%(ENV_DIR)s"));
        var record = new ListenerRecord(Path.Combine(init.Directory, "record"));
        List<string> answers = Play(record, (verb, name) => init.Ask(RequestOf(verb, name)), Path.Combine(init.Directory, "state.sock"), init.WaitUntil);
        init.EndInOrder();
        return [.. answers, .. Told(record)];
    }

    private static ControlRequest RequestOf(string verb, string name) => verb switch
    {
        "start" => new ControlRequest.Start([name], Wait: true),
        "stop" => new ControlRequest.Stop([name], Wait: true),
        _ => new ControlRequest.Restart([name], Rolling: false, Wait: true),
    };

    /// <summary>Gives what the calls have answered.</summary>
    private static List<string> Play(ListenerRecord record, Action<string, string> act, string server, Action<Func<bool>, string> waitUntil)
    {
        List<string> answers = [];
        int seen = 0;
        foreach (var (verb, name, awaited, until) in Steps)
        {
            if (verb.StartsWith("send", StringComparison.Ordinal))
                answers.Add($"{verb} {name}: {Call(server, verb, name.Split('|'))}");
            else if (verb.Length > 0)
                act(verb, name);
            if (awaited.Length == 0)
                continue;

            waitUntil(() => IndexOf(record.Events, awaited, until, seen) >= 0, $"{awaited} {until} after \"{verb} {name}\"");

            // The two at the beginning come in either order; from then on each step is behind the one before.
            if (seen > 0 || name.Length > 0)
                seen = IndexOf(record.Events, awaited, until, seen) + 1;
        }

        return answers;
    }

    private static string Call(string server, string method, string[] arguments)
    {
        var (status, output, errors) = TestProcess.Run(["/usr/bin/python3", Path.Combine(Programs, "call.py"), server, method, .. arguments]);
        Assert.True(status == ExitStatus.Exited(0), errors);
        return output;
    }

    private static int IndexOf(List<RecordedEvent> events, string name, string part, int from) =>
        events.FindIndex(from, one => one.Name == name && one.Body.Contains(part, StringComparison.Ordinal));

    /// <summary>Header and body, without what differs by nature: pids, and the length that depends on them. That numbers have no gap is checked here.</summary>
    private static List<string> Told(ListenerRecord record)
    {
        List<RecordedEvent> events = record.Events;
        Assert.Equal(Enumerable.Range(0, events.Count).Select(number => $"{number}"), events.Select(one => one.Headers["serial"]));
        Assert.Equal(Enumerable.Range(0, events.Count).Select(number => $"{number}"), events.Select(one => one.Headers["poolserial"]));
        Assert.All(events, one => Assert.Equal($"{one.Body.Length}", one.Headers["len"]));

        // How the start of the listener itself and that of the missing program mix depends on the pace of a loop.
        var told = events.Select(one =>
            $"{one.Headers["ver"]} {one.Headers["server"]} {one.Headers["pool"]} {one.Name} {Pid().Replace(one.Body, "pid:N").Replace("\n", "\\n", StringComparison.Ordinal)}").ToList();
        int firstStep = told.FindIndex(line => line.Contains("processname:stays", StringComparison.Ordinal));
        return [.. told[..firstStep].OrderBy(line => line.Contains("processname:missing", StringComparison.Ordinal)), .. told[firstStep..]];
    }

    [GeneratedRegex("pid:[1-9][0-9]*", RegexOptions.NonBacktracking)]
    private static partial Regex Pid();
}
