using Init.Base;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Supervisord;

/// <summary>The same supervisord.conf under supervisord and under Init: what people and scripts can see must be the same.</summary>
public sealed class SideBySideTests
{
    [SupervisordFact]
    public void Programs_OfEveryFate_HaveTheSameStory()
    {
        const string config = """
            [program:sleeper]
            command=sleep 1000
            [program:missing]
            command=/no/such/thing
            startretries=1
            [program:folder]
            command=/tmp
            startretries=0
            [program:unreadable]
            command=/etc/passwd
            startretries=0
            [program:unparsable]
            command=sh -c 'never closed
            startretries=0
            [program:crash]
            command=sh -c 'exit 3'
            startsecs=4
            startretries=2
            [program:signalled]
            command=sh -c 'kill -SEGV $$'
            startsecs=4
            startretries=0
            [program:once]
            command=sh -c 'sleep 3; exit 2'
            exitcodes=0,2
            [program:twice]
            command=sh -c 'sleep 3; test ! -e @DIR@/been && touch @DIR@/been && exit 5; exit 0'
            [program:never]
            command=sh -c 'sleep 3; exit 7'
            autorestart=false
            [program:manual]
            command=sleep 1000
            autostart=false
            """;
        var (supervisord, init) = SupervisorRun.StartBoth(config);
        using var first = supervisord;
        using var second = init;
        foreach (SupervisorRun run in (SupervisorRun[])[supervisord, init])
        {
            run.WaitForLog("gave up: crash");
            run.WaitForLog("exited: twice (exit status 0; expected)");
            Assert.Equal($"{run.Pid}\n", run.Read("supervisord.pid"));
            Assert.Equal(ExitStatus.Exited(0), run.End());
            Assert.False(File.Exists(run.PathOf("supervisord.pid")));
        }

        foreach (string process in (string[])["sleeper", "crash", "signalled", "once", "twice", "never", "manual"])
            Assert.Equal(supervisord.StoryOf(process).Where(IsNoWaiting), init.StoryOf(process).Where(IsNoWaiting));
        foreach (string part in (string[])["spawnerr", "gave up", "received", "waiting", "supervisord started", "CRIT"])
            Assert.Equal(Lines(supervisord, part), Lines(init, part));

        // Init's own stdout has the same lines, as supervisord -n has them.
        Assert.Equal(init.Log, init.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries));

        // supervisord looks only once a second, so its waits are up to that much longer.
        double[] theirs = supervisord.TimesOf("spawned: 'crash'"), ours = init.TimesOf("spawned: 'crash'");
        Assert.Equal(3, ours.Length);
        Assert.InRange(ours[1], 1.0, theirs[1] + 1.5);
        Assert.InRange(ours[2] - ours[1], 2.0, theirs[2] - theirs[1] + 1.5);
    }

    [SupervisordFact]
    public void Shutdown_OfGroupsWithPriorities_GoesInTheSameOrder()
    {
        const string config = """
            [program:low]
            command=sh -c 'trap "sleep 0.3; echo low >> @DIR@/order; exit 0" TERM; touch @DIR@/low; while :; do sleep 0.1; done'
            priority=1
            [program:high]
            command=sh -c 'trap "sleep 0.3; echo high >> @DIR@/order; exit 0" TERM; touch @DIR@/high; while :; do sleep 0.1; done'
            priority=900
            [program:a]
            command=sh -c 'trap "sleep 0.3; echo middle >> @DIR@/order; exit 0" TERM; touch @DIR@/a; while :; do sleep 0.1; done'
            [program:b]
            command=sh -c 'trap "sleep 0.3; echo middle >> @DIR@/order; exit 0" TERM; touch @DIR@/b; while :; do sleep 0.1; done'
            [group:middle]
            programs=a,b
            priority=500
            """;
        var (supervisord, init) = SupervisorRun.StartBoth(config);
        using var first = supervisord;
        using var second = init;
        foreach (SupervisorRun run in (SupervisorRun[])[supervisord, init])
        {
            run.WaitUntil(() => Array.TrueForAll(["low", "high", "a", "b"], name => File.Exists(run.PathOf(name))), "all programs");
            Assert.Equal(ExitStatus.Exited(0), run.End(Signals.SIGQUIT));
            Assert.Equal("high\nmiddle\nmiddle\nlow\n", run.Read("order"));
        }
    }

    [SupervisordFact]
    public void Stop_OfWhatIgnoresIt_KillsProcessOrGroupAsConfigured()
    {
        // The child of each ignores TERM and tells that it is there by its pid.
        const string config = """
            [program:alone]
            command=sh -c 'trap "" TERM; sleep 1000 & echo $! > @DIR@/alone; touch @DIR@/alone.up; while :; do sleep 0.1; done'
            stopwaitsecs=1
            [program:killed]
            command=sh -c 'trap "" TERM; sleep 1000 & echo $! > @DIR@/killed; touch @DIR@/killed.up; while :; do sleep 0.1; done'
            stopwaitsecs=1
            killasgroup=true
            [program:group]
            command=sh -c 'sleep 1000 & echo $! > @DIR@/group; touch @DIR@/group.up; wait'
            stopasgroup=true
            """;
        var (supervisord, init) = SupervisorRun.StartBoth(config);
        using var first = supervisord;
        using var second = init;
        foreach (SupervisorRun run in (SupervisorRun[])[supervisord, init])
        {
            string[] names = ["alone", "killed", "group"];
            run.WaitUntil(() => Array.TrueForAll(names, name => File.Exists(run.PathOf(name + ".up"))), "all programs");
            Assert.Equal(ExitStatus.Exited(0), run.End());
            foreach (string name in names[1..])
                Assert.False(IsAlive(run, name), name);
            Assert.Contains("WARN killing 'alone' (N) with SIGKILL", run.Story);
        }

        // KILL may be sent twice when it is not seen at once that the first has done its work.
        foreach (string process in (string[])["alone", "killed", "group"])
            Assert.Equal(supervisord.StoryOf(process).Where(IsNoWaiting).Distinct(), init.StoryOf(process).Where(IsNoWaiting).Distinct());
    }

    [SupervisordFact]
    public void Logs_OfPrograms_HaveTheSameNamesAndContents()
    {
        const string config = """
            [program:auto]
            command=sh -c 'echo out; echo err >&2; sleep 1000'
            [program:both]
            command=sh -c 'echo out; echo err >&2; touch @DIR@/both.up; sleep 1000'
            redirect_stderr=true
            stdout_logfile=@DIR@/both.log
            [program:rotated]
            command=sh -c 'for i in 1 2 3 4 5 6; do printf "%%0100d\n" $i; sleep 0.3; done; touch @DIR@/rotated.up; sleep 1000'
            stdout_logfile=@DIR@/rotated.log
            stdout_logfile_maxbytes=150
            stdout_logfile_backups=2
            [program:stripped]
            command=printf '\033[1;31mred\033[0m text\n'
            startsecs=0
            autorestart=false
            stdout_logfile=@DIR@/stripped.log
            [program:none]
            command=sh -c 'echo nothing; sleep 1000'
            stdout_logfile=NONE
            stderr_logfile=NONE
            [program:shown]
            command=sh -c 'echo on stdout; echo on stderr >&2; sleep 1000'
            stdout_logfile=/dev/stdout
            stdout_logfile_maxbytes=0
            stderr_logfile=/dev/stderr
            stderr_logfile_maxbytes=0
            """;
        var (supervisord, init) = SupervisorRun.StartBoth(config, "strip_ansi=true");
        using var first = supervisord;
        using var second = init;
        foreach (SupervisorRun run in (SupervisorRun[])[supervisord, init])
        {
            run.WaitUntil(() => File.Exists(run.PathOf("rotated.up")) && File.Exists(run.PathOf("both.up")), "all output");
            run.WaitUntil(() => run.Stdout.Contains("on stdout\n", StringComparison.Ordinal), "output on stdout");
            run.WaitUntil(() => run.Stderr.Contains("on stderr\n", StringComparison.Ordinal), "output on stderr");
            run.WaitUntil(() => run.Read("stripped.log").Length > 0, "the stripped log");
            Assert.Equal(ExitStatus.Exited(0), run.End());
        }

        Assert.Equal(AutoLogs(supervisord), AutoLogs(init));
        Assert.Equal("out\nerr\n", init.Read("both.log"));
        Assert.Equal("red text\n", supervisord.Read("stripped.log"));
        Assert.Equal("red text\n", init.Read("stripped.log"));
        Assert.Equal(RotatedNames(supervisord), RotatedNames(init));
    }

    [SupervisordFact]
    public void Hup_RestartsEverythingInTheSameProcess()
    {
        const string config = """
            [program:web]
            command=sh -c 'echo $$ >> @DIR@/pids; sleep 1000'
            """;
        var (supervisord, init) = SupervisorRun.StartBoth(config);
        using var first = supervisord;
        using var second = init;
        foreach (SupervisorRun run in (SupervisorRun[])[supervisord, init])
        {
            run.WaitForLog("success: web");
            run.Signal(Signals.SIGHUP);
            run.WaitForLog("success: web", times: 2);
            Assert.Equal(2, run.Read("pids").Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct().Count());
            Assert.Equal($"{run.Pid}\n", run.Read("supervisord.pid"));
            run.Signal(Signals.SIGUSR2);
            run.WaitForLog("received SIGUSR2 indicating log reopen request");
            Assert.Equal(ExitStatus.Exited(0), run.End(Signals.SIGINT));
        }

        Assert.Equal(supervisord.StoryOf("web").Where(IsNoWaiting), init.StoryOf("web").Where(IsNoWaiting));
        Assert.Equal(Lines(supervisord, "received SIG"), Lines(init, "received SIG"));
    }

    [SupervisordFact]
    public void FcgiProgram_HasTheSharedSocketAsItsStdin()
    {
        const string config = """
            [fcgi-program:app]
            command=sh -c 'readlink /proc/self/fd/0 > @DIR@/fd.%(process_num)d; sleep 1000'
            process_name=%(program_name)s_%(process_num)d
            numprocs=2
            socket=unix://@DIR@/app.sock
            socket_mode=0660
            """;
        var (supervisord, init) = SupervisorRun.StartBoth(config);
        using var first = supervisord;
        using var second = init;
        foreach (SupervisorRun run in (SupervisorRun[])[supervisord, init])
        {
            run.WaitUntil(() => run.Read("fd.0").Length > 0 && run.Read("fd.1").Length > 0, "both processes");
            Assert.StartsWith("socket:[", run.Read("fd.0"), StringComparison.Ordinal);
            Assert.Equal(run.Read("fd.0"), run.Read("fd.1"));
            Assert.Equal(0x1B0, Files.StatusOf(run.PathOf("app.sock"))!.Value.Mode);
            OpenResult client = UnixSockets.Connect(run.PathOf("app.sock"));
            Assert.True(client.Succeeded);
            Files.Close(client.Fd);
            Assert.Equal(ExitStatus.Exited(0), run.End());
        }

        // supervisord leaves it when it ends, and replaces it at its next start.
        Assert.False(File.Exists(init.PathOf("app.sock")));
    }

    [RootFact]
    public void User_OfTheDaemon_IsWhoRunsThePrograms()
    {
        using var init = SupervisorRun.StartInit("[program:who]\ncommand=sh -c 'id -u > @DIR@/who; sleep 1000'", "user=nobody");

        init.WaitForLog("success: who");

        Assert.Equal("65534\n", init.Read("who"));
        Assert.Contains(init.Story, line => line.EndsWith("Set uid to user 65534 succeeded", StringComparison.Ordinal));
        Assert.Equal(65534, Files.StatusOf(init.PathOf("supervisord.log"))!.Value.Uid);
        Assert.Equal(ExitStatus.Exited(0), init.End());
    }

    [RootFact]
    public void User_OfTheDaemonThatItCannotBecome_KeepsItFromStarting()
    {
        using var init = SupervisorRun.StartInit("", "user=root", wrapper: Namespaces.AsStranger);

        Assert.Equal(ExitStatus.Exited(2), init.WaitForExit());
        Assert.Contains("Can't drop privilege as nonroot user", init.Stderr, StringComparison.Ordinal);
    }

    private static string[] Lines(SupervisorRun run, string part) => [.. run.Story.Where(line => line.Contains(part, StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal)];

    private static bool IsNoWaiting(string line) => !line.Contains("waiting for", StringComparison.Ordinal);

    private static bool IsAlive(SupervisorRun run, string name) =>
        ProcFs.Read(int.Parse(run.Read(name), System.Globalization.CultureInfo.InvariantCulture)) is { IsZombie: false, Name: "sleep" };

    /// <summary>Names without their random part, and contents.</summary>
    private static string[] AutoLogs(SupervisorRun run) =>
        [.. Directory.GetFiles(run.PathOf("auto")).Select(path => $"{Path.GetFileName(path)[..^12]}{new FileInfo(path).Length}").Order(StringComparer.Ordinal)];

    private static string[] RotatedNames(SupervisorRun run) => [.. Directory.GetFiles(run.Directory, "rotated.log*").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
