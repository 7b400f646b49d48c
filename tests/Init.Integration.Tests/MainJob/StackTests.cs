using System.Globalization;
using Init.Base;
using Init.Control;
using Init.Integration.Tests.Harness;
using Init.Linux;
using Xunit.Abstractions;

namespace Init.Integration.Tests.MainJob;

/// <summary>
/// The whole job on real programs: they start in the order of their gates, survive random kills, and end in order. INIT_CHAOS_SECONDS makes the kills go on for longer
/// (a minute by default), INIT_CHAOS_SEED repeats a sequence of them.
/// </summary>
public sealed class StackTests(ITestOutputHelper output)
{
    /// <summary>Who requires whom, as in the configuration.</summary>
    private static readonly (string Dependent, string Required)[] Gates =
    [
        ("clock", "xvfb"), ("nginx", "backup"), ("postgres", "backup"), ("python", "backup"),
        ("last", "nginx"), ("last", "redis"), ("last", "postgres"), ("last", "python"), ("last", "node"), ("last", "slow"),
    ];

    private static readonly string[] Lasting = ["backup", "xvfb", "clock", "nginx", "redis", "postgres", "python", "node", "slow", "messy", "last"];

    private static readonly Dictionary<string, string> Files = new()
    {
        ["clean-display"] = "#!/bin/sh\nexec rm -f /tmp/.X$DISPLAY_NUMBER-lock /tmp/.X11-unix/X$DISPLAY_NUMBER\n",
        ["nginx.conf"] = """
            worker_processes 2;
            pid nginx.pid;
            events {}
            http {
              access_log off;
              client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
              server { listen 127.0.0.1:NGINX_PORT; location / { return 200 "nginx is here"; } }
            }

            """,
        // Killed in the moment in which it makes its lock file, it leaves an empty one, and will not start until somebody takes that away.
        ["prepare-postgres"] = "#!/bin/sh\n[ -s \"$DIR/pg/postmaster.pid\" ] || rm -f \"$DIR/pg/postmaster.pid\"\n[ -s \"$DIR/pg/PG_VERSION\" ] || exec initdb -D \"$DIR/pg\" -U postgres -A trust --no-sync\n",
        ["service.py"] = """
            import http.server, os

            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(b'python is here')

                def log_message(self, *_):
                    pass

            http.server.ThreadingHTTPServer(('127.0.0.1', int(os.environ['PYTHON_PORT'])), Handler).serve_forever()

            """,
        ["service.js"] = """
            const server = require('http').createServer((request, response) => response.end('node is here'));
            server.listen(Number(process.env.NODE_PORT), '127.0.0.1', () => console.log('node listens'));

            """,
        ["backup.py"] = """
            import os, signal, socket, time

            def tell(text):
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
                    s.sendto(text, os.environ['NOTIFY_SOCKET'].replace('@', '\0', 1))

            signal.signal(signal.SIGUSR1, lambda *_: print('backup runs', flush=True))
            tell(b'STATUS=restoring')
            time.sleep(0.5)
            tell(b'READY=1\nSTATUS=idle')
            while True:
                signal.pause()

            """,
    };

    [RootTheory]
    [InlineData(true, 0)]
    [InlineData(true, 1000)]
    [InlineData(false, 0)]
    [InlineData(false, 1000)]
    public void Stack_OfRealPrograms_StartsInOrderSurvivesAndEndsInOrder(bool asPid1, int uid)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("INIT_CHAOS_SEED"), CultureInfo.InvariantCulture, out int given) ? given : Random.Shared.Next();
        output.WriteLine($"seed {seed} (INIT_CHAOS_SEED repeats it)");
        using InitUnderTest init = StartStack(asPid1, uid);

        foreach (string name in Lasting)
            init.WaitForReady(name);
        AssertGatesHeld(init.Lines);
        AssertServicesAnswer(init);
        AssertBackupIsAskedOnce(init);

        KillAtRandom(init, new Random(seed), asPid1 && uid == 0 ? ChaosTime : ChaosTime / 4);

        WaitForCalm(init);
        AssertServicesAnswer(init);
        Assert.True(init.StatusOf("crashing").Restarts > 5);

        int beforeEnd = init.Lines.Count;
        init.EndInOrder();
        AssertStopsInOrder([.. init.Lines.Skip(beforeEnd).SkipWhile(line => !line.Contains("received SIGTERM", StringComparison.Ordinal))]);
        if (!asPid1)
            Assert.Empty(init.CommandsInside());
    }

    private static TimeSpan ChaosTime =>
        TimeSpan.FromSeconds(int.TryParse(Environment.GetEnvironmentVariable("INIT_CHAOS_SECONDS"), CultureInfo.InvariantCulture, out int seconds) ? seconds : 60);

    private static InitUnderTest StartStack(bool asPid1, int uid)
    {
        int[] ports = FreePorts.Take(4);
        Dictionary<string, string> files = new(Files);
        files["nginx.conf"] = files["nginx.conf"].Replace("NGINX_PORT", $"{ports[0]}", StringComparison.Ordinal);
        if (uid == 0)
            files["nginx.conf"] = "user root root;\n" + files["nginx.conf"];

        // initdb wants to know the name of its user, and nobody has one as a user without an entry in /etc/passwd; the server itself does not care.
        string prelude = "mkdir -p -m 1777 /tmp/.X11-unix";
        if (uid != 0)
            prelude += $"; mkdir $DIR/pg; chown postgres $DIR/pg; setpriv --reuid=postgres --regid=postgres --clear-groups initdb -D $DIR/pg -U postgres -A trust --no-sync > /dev/null && chown -R {uid}:{uid} $DIR/pg";
        string binaries = Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Last() + "/bin";
        return InitUnderTest.Start(
            $$"""
            [init]
            shutdown = "30s"

            [program.backup]
            command = ["/usr/bin/python3", "${DIR}/backup.py"]
            ready = { notify = true }

            [program.xvfb]
            command = ["Xvfb", ":${DISPLAY_NUMBER}", "-screen", "0", "640x480x24", "-nolisten", "tcp"]
            hooks = { before_start = ["${DIR}/clean-display"] }
            ready = { path = "/tmp/.X11-unix/X${DISPLAY_NUMBER}" }

            [program.clock]
            command = ["xclock", "-display", ":${DISPLAY_NUMBER}"]
            requires = [{ name = "xvfb", restart = true }]

            [program.nginx]
            command = ["/usr/sbin/nginx", "-p", "${DIR}/", "-c", "nginx.conf", "-e", "stderr", "-g", "daemon off;"]
            requires = ["backup"]
            ready = { http = "http://127.0.0.1:{{ports[0]}}/", body = "nginx is here" }
            stop = { signal = "QUIT" }

            [program.redis]
            command = ["redis-server", "--port", "{{ports[1]}}", "--bind", "127.0.0.1", "--dir", "${DIR}", "--save", ""]
            ready = { tcp = "127.0.0.1:{{ports[1]}}" }

            [program.postgres]
            command = ["postgres", "-D", "${DIR}/pg", "-k", "${DIR}", "-c", "listen_addresses=", "-c", "fsync=off"]
            environment = { PATH = "{{binaries}}:/usr/bin:/bin" }
            hooks = { before_start = ["${DIR}/prepare-postgres"], timeout = "60s" }
            {{(uid == 0 ? "user = \"postgres\"" : "")}}
            requires = ["backup"]
            ready = { exec = ["pg_isready", "-q", "-h", "${DIR}", "-U", "postgres", "-d", "postgres"], probe_timeout = "10s" }
            stop = { signal = "INT" }

            [program.python]
            command = ["/usr/bin/python3", "${DIR}/service.py"]
            environment = { PYTHON_PORT = "{{ports[2]}}" }
            requires = ["backup"]
            ready = { http = "http://127.0.0.1:{{ports[2]}}/" }

            [program.node]
            command = ["node", "${DIR}/service.js"]
            environment = { NODE_PORT = "{{ports[3]}}" }
            ready = { log = "node listens" }

            [program.slow]
            command = ["${DUMMY}", "sleep", "1500", "say", "at last", "pause"]
            ready = { log = "^at last$" }

            [program.crashing]
            command = ["${DUMMY}", "sleep", "200", "exit", "3"]

            [program.messy]
            command = ["${DUMMY}", "fork", "1", "daemon", "sleep", "100031", "then", "fork", "1", "setsid", "ignore", "15", "sleep", "100032", "then", "pause"]
            stop = { grace = "1s" }

            [program.last]
            command = ["${DUMMY}", "pause"]
            requires = ["nginx", "redis", "postgres", "python", "node", "slow"]

            """.Replace("\n\n[program.", "\nstart_grace = \"50ms\"\nbackoff = { initial = \"50ms\", max = \"500ms\", attempts = 0 }\n\n[program.", StringComparison.Ordinal)
               .Replace("shutdown = \"30s\"\nstart_grace = \"50ms\"\nbackoff = { initial = \"50ms\", max = \"500ms\", attempts = 0 }\n", "shutdown = \"30s\"\n", StringComparison.Ordinal)
               .TrimEnd() + "\nstart_grace = \"50ms\"\nbackoff = { initial = \"50ms\", max = \"500ms\", attempts = 0 }\n",
            new InitOptions
            {
                AsPid1 = asPid1,
                Uid = uid,
                Files = files,
                Prelude = $"PATH={binaries}:$PATH; {prelude}",
                Environment = [$"DISPLAY_NUMBER={Random.Shared.Next(200, 60000)}"],
            });
    }

    private static void AssertGatesHeld(IReadOnlyList<string> lines)
    {
        foreach (var (dependent, required) in Gates)
        {
            int ready = IndexOf(lines, $"{required}: ready");
            int opened = IndexOf(lines, $"{dependent}: WAITING -> STARTING");
            Assert.True(ready >= 0 && opened > ready, $"{dependent} did not wait for {required}:\n{string.Join('\n', lines)}");
        }
    }

    private static void AssertServicesAnswer(InitUnderTest init)
    {
        using HttpClient client = new() { Timeout = TimeSpan.FromSeconds(10) };
        string config = File.ReadAllText(init.ConfigFile);
        foreach (string url in config.Split('"').Where(text => text.StartsWith("http://", StringComparison.Ordinal)))
            Assert.Contains("is here", client.GetStringAsync(url).GetAwaiter().GetResult(), StringComparison.Ordinal);
    }

    private static void AssertBackupIsAskedOnce(InitUnderTest init)
    {
        init.SendBurst(Signals.SIGUSR1, 20);
        init.WaitForLine("backup | backup runs");
        init.Watch(TimeSpan.FromMilliseconds(1500)); // Longer than requests are gathered.
        Assert.Single(init.Lines, line => line.EndsWith("backup | backup runs", StringComparison.Ordinal));
    }

    /// <summary>Anything in the namespace but Init itself: main processes, their children, orphans, hooks, probes, the guard.</summary>
    private void KillAtRandom(InitUnderTest init, Random random, TimeSpan time)
    {
        int[] signals = [Signals.SIGKILL, Signals.SIGKILL, Signals.SIGKILL, Signals.SIGTERM, Signals.SIGSEGV, Signals.SIGHUP];
        int killed = 0;
        Instant end = MonotonicClock.Now + time;
        while (MonotonicClock.Now < end)
        {
            List<ProcessInfo> candidates = init.ProcessesInside().FindAll(process => process.Pid != init.Pid && !init.IsOfHarness(process.Pid));
            ProcessInfo victim = candidates[random.Next(candidates.Count)];
            if (Processes.KillExactly(victim.Pid, victim.StartTime, signals[random.Next(signals.Length)]) == 0)
                killed++;
            init.Watch(TimeSpan.FromMilliseconds(random.Next(20, 250)));
        }

        output.WriteLine($"{killed} killed in {time.TotalSeconds} s");
        Assert.True(killed > time.TotalSeconds);
    }

    /// <summary>All up and ready for a second: some take their time to die of a signal.</summary>
    private static void WaitForCalm(InitUnderTest init)
    {
        Instant disturbed = MonotonicClock.Now;
        init.WaitUntil(
            () =>
            {
                var status = init.Ask<ControlResult.Status>(new ControlRequest.Status(Lasting));
                if (!status.Programs.All(program => program is { State: "RUNNING", Ready: true }))
                    disturbed = MonotonicClock.Now;
                return MonotonicClock.Now - disturbed > TimeSpan.FromSeconds(1);
            },
            "all to run again");
    }

    private static void AssertStopsInOrder(List<string> lines)
    {
        foreach (var (dependent, required) in Gates)
        {
            int stopped = IndexOf(lines, $"{dependent}: STOPPING -> STOPPED");
            int stopping = IndexOf(lines, $"{required}: RUNNING -> STOPPING");
            Assert.True(stopped >= 0 && stopping > stopped, $"{required} was stopped before {dependent}:\n{string.Join('\n', lines)}");
        }

        Assert.DoesNotContain(lines, line => line.Contains("-> STARTING", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.EndsWith("all programs are down; exit code 0", StringComparison.Ordinal));
    }

    private static int IndexOf(IReadOnlyList<string> lines, string part)
    {
        for (int i = 0; i < lines.Count; i++)
        {
            if (lines[i].Contains($" init | {part}", StringComparison.Ordinal))
                return i;
        }

        return -1;
    }
}
