using System.Diagnostics;
using System.Runtime.InteropServices;
using Init.Backup.Service;
using Init.Backup.Tests.Harness;
using Init.Backup.Tests.Service;

namespace Init.Backup.Tests.Kill;

/// <summary>
/// The role in a process of its own, to be killed: "role ROOT REMOTE LEASE". ROOT is as <see cref="TestFolder"/> has it. With INIT_BINARY it is the published one,
/// whose lease takes 3 s at least, and which takes its time between two pushes.
/// </summary>
internal sealed class RoleProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly NotifySocket? _notify;
    private readonly List<string> _lines = [];

    private RoleProcess(Process process, string socketPath, NotifySocket? notify = null)
    {
        _process = process;
        _notify = notify;
        SocketPath = socketPath;
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string SocketPath { get; }

    public int Pid => _process.Id;

    public bool HasEnded => _process.HasExited;

    public string Said
    {
        get
        {
            lock (_lines)
                return string.Join('\n', _lines);
        }
    }

    /// <param name="folder">The machine.</param>
    /// <param name="remote">A URL or a path.</param>
    /// <param name="path">Directories before those of PATH, for another git.</param>
    /// <param name="lease">Seconds.</param>
    public static RoleProcess Start(TestFolder folder, string remote, string? path = null, double lease = 0.6)
    {
        if (Environment.GetEnvironmentVariable("INIT_BINARY") is { Length: > 0 } binary)
            return StartPublished(binary, folder, remote, path, lease);
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [typeof(Program).Assembly.Location, "role", folder.Root, remote, lease.ToString(System.Globalization.CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["DOTNET_TieredPGO"] = "0"; // It lives for a moment.
        if (path is not null)
            start.Environment["PATH"] = $"{path}:{Environment.GetEnvironmentVariable("PATH")}";
        return new RoleProcess(Process.Start(start)!, RunningService.PartsOf(folder.Settings, remote, Quick).SocketPath);
    }

    private static RoleProcess StartPublished(string binary, TestFolder folder, string remote, string? path, double lease)
    {
        string file = Path.Combine(folder.Root, "supervisor.toml");
        File.WriteAllText(file, $"""
            [init]
            state_dir = "{folder.Root}"

            [backup]
            base = "{folder.Settings.Base}"
            targets = ["t"]
            remote = "{remote}"
            user = "{GitServer.User}"
            interval = "10m"
            watch = false
            lease_time = "{(int)Math.Max(3, lease)}s"

            [program.backup]
            builtin = "backup"
            """);
        NotifySocket notify = new(Path.Combine(folder.Root, $"notify-{Guid.NewGuid():N}"));
        ProcessStartInfo start = new(binary, ["backup", "run", "-c", file]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment.Clear();
        start.Environment["PATH"] = (path is null ? "" : path + ":") + Environment.GetEnvironmentVariable("PATH");
        start.Environment["NOTIFY_SOCKET"] = notify.Path;
        if (!remote.StartsWith('/'))
            start.Environment["GITHUB_PAT"] = GitServer.Token;
        RoleProcess role = new(Process.Start(start)!, Path.Combine(folder.Root, "backup", "backup.sock"), notify);
        notify.Read(line => role.Add("notify: " + line));
        return role;
    }

    /// <summary>What <see cref="Start"/> starts.</summary>
    public static int Run(string root, string remote, string lease)
    {
        void Print(string line)
        {
            lock (Console.Out)
                Console.Out.WriteLine(line);
        }

        using BackupService service = new(RunningService.PartsOf(TestFolder.SettingsOf(root), remote, options => Quick(options) with { LeaseTime = TimeSpan.FromSeconds(double.Parse(lease, System.Globalization.CultureInfo.InvariantCulture)) }), new ServiceSurroundings(line => Print("said: " + line), line => Print("notify: " + line), null));
        using PosixSignalRegistration term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            service.End();
        });
        service.Run();
        return 0;
    }

    /// <summary>With the lease of a second, and the credentials of the test's servers.</summary>
    public static Config.BackupOptions Quick(Config.BackupOptions options) => options with
    {
        LeaseTime = TimeSpan.FromSeconds(0.6),
        Interval = TimeSpan.FromMinutes(10),
        User = options.Remote.StartsWith('/') ? null : GitServer.User,
        Token = options.Remote.StartsWith('/') ? null : GitServer.Token,
    };

    /// <returns>False: it has ended before.</returns>
    public bool WaitForReady() => WaitFor("notify: READY=1", Patience);

    public bool WaitFor(string part, TimeSpan patience)
    {
        long began = Stopwatch.GetTimestamp();
        lock (_lines)
        {
            while (!_lines.Exists(line => line.Contains(part, StringComparison.Ordinal)))
            {
                if (_process.HasExited)
                    return false;
                TimeSpan left = patience - Stopwatch.GetElapsedTime(began);
                Assert.True(left > TimeSpan.Zero, $"waited in vain for \"{part}\"; it said: {string.Join('\n', _lines)}");
                Monitor.Wait(_lines, left < TimeSpan.FromMilliseconds(50) ? left : TimeSpan.FromMilliseconds(50));
            }
        }

        return true;
    }

    /// <returns>The answer to <c>init backup now --wait</c>; null: nobody gave one.</returns>
    public BackupAnswer? BackUpNow()
    {
        try
        {
            using BackupClient? client = BackupClient.Connect(SocketPath);
            return client?.Ask("now", "\"wait\":true");
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or System.Net.Sockets.SocketException or Linux.SyscallException)
        {
            return null; // It was killed.
        }
    }

    public void Kill(bool withGit)
    {
        _process.Kill(entireProcessTree: withGit);
        _process.WaitForExit();
    }

    public void EndInOrder()
    {
        _ = Linux.Processes.Kill(Pid, Linux.Signals.SIGTERM);
        Assert.True(_process.WaitForExit(Patience), $"the role does not end; it said: {Said}");
        Assert.True(_process.ExitCode == 0, Said);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill(withGit: true);
        _process.Dispose();
        _notify?.Dispose();
    }

    private void Add(string? line)
    {
        lock (_lines)
        {
            if (line is not null)
                _lines.Add(line);
            Monitor.PulseAll(_lines);
        }
    }
}
