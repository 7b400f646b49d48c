using System.Diagnostics;
using System.Text;
using Init.Backup.Names;
using Init.Backup.Restore;
using Init.Backup.Store;

namespace Init.Backup.Tests;

/// <summary>A BASE with one target "t", and a state directory beside it, in a folder that goes when the test does.</summary>
internal sealed class TestFolder : IDisposable
{
    /// <summary>Says what is there with nothing of ours: Python's lstat and its hashes. Times of links are not compared.</summary>
    private const string Lister = """
        import hashlib, os, stat, sys
        def show(path, shown):
            s = os.lstat(path)
            kind = stat.S_IFMT(s.st_mode)
            if kind == stat.S_IFREG:
                with open(path, 'rb') as f: more = (s.st_size, s.st_mtime_ns, hashlib.sha256(f.read()).hexdigest())
            elif kind == stat.S_IFLNK: more = os.readlink(path)
            else: more = s.st_mtime_ns if kind == stat.S_IFDIR else ''
            print(shown, oct(s.st_mode), s.st_uid, s.st_gid, more)
            if kind == stat.S_IFDIR:
                for name in sorted(os.listdir(path)): show(os.path.join(path, name), os.path.join(shown, name))
        show(os.fsencode(sys.argv[1]), b'.')
        """;

    public TestFolder()
    {
        Root = Directory.CreateTempSubdirectory("init-backup-").FullName;
        Directory.CreateDirectory(Target);
        Settings = SettingsOf(Root);
    }

    public string Root { get; }

    public string Target => Path.Combine(Root, "base", "t");

    public BackupSettings Settings { get; set; }

    public static BackupSettings SettingsOf(string root) => new(Path.Combine(root, "base"), [BytePath.Of("t")], Path.Combine(root, "state"));

    public static string Run(string program, params string[] arguments) => RunIn(null, program, arguments);

    public static string RunIn(string? directory, string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = directory ?? "/" };
        using Process process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: exit code {process.ExitCode}: {output}{errors.Result}");
        return output + errors.Result;
    }

    /// <summary>Files below a directory in which any of these words is, whatever else is in them.</summary>
    public static string FilesWith(string root, params string[] words)
    {
        ProcessStartInfo start = new("grep", ["-rlaF", "-f", "-", "--", root]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using Process process = Process.Start(start)!;
        process.StandardInput.Write(string.Join('\n', words)); // Not as arguments: another test looks at those of all processes.
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        string found = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == (found.Length > 0 ? 0 : 1), $"grep: exit code {process.ExitCode}: {errors.Result}"); // 2: it could not look everywhere.
        return found;
    }

    public BackupResult Backup(DateTimeOffset? now = null)
    {
        using BackupStore store = BackupStore.Open(Settings.StorePath, Settings.Branch);
        return BackupRun.Execute(Settings, store, now ?? DateTimeOffset.UtcNow);
    }

    public RestoreResult Restore(string commit, string? into = null, params string[] only)
    {
        using BackupStore store = BackupStore.Open(Settings.StorePath, Settings.Branch);
        return RestoreRun.Execute(Settings, store, new RestoreRequest(commit, into, [.. only.Select(path => BytePath.Of(path))]), new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    }

    /// <summary>What a remote at a path has, into another directory; nobody's lease is touched.</summary>
    public RestoreResult RestoreFrom(string remote, string into)
    {
        string state = Path.Combine(Root, "look-" + Guid.NewGuid().ToString("N"));
        BackupSettings settings = new(Settings.Base, Settings.Targets, state);
        using BackupStore store = BackupStore.Open(settings.StorePath, settings.Branch);
        string commit = Run("git", $"--git-dir={remote}", "rev-parse", settings.Branch).Trim();
        Run("git", $"--git-dir={settings.StorePath}", "fetch", "--quiet", remote, commit);
        return RestoreRun.Execute(settings, store, new RestoreRequest(commit, into, []), DateTimeOffset.UtcNow);
    }

    public void Wipe() => Run("rm", "-rf", Target);

    public string List(string? directory = null) => Run("python3", "-c", Lister, directory ?? Target);

    /// <summary>Git's own word on the store: every object whole, and nothing in it that a strict server would refuse.</summary>
    public void AssertSound()
    {
        string said = Run("git", $"--git-dir={Settings.StorePath}", "fsck", "--strict", "--full", "--no-dangling");
        Assert.True(!said.Contains("error") && !said.Contains("missing"), said);
    }

    public string Git(params string[] arguments) => Run("git", [$"--git-dir={Settings.StorePath}", .. arguments]);

    public void Write(string path, string content) => Write(path, Encoding.UTF8.GetBytes(content));

    public void Write(string path, byte[] content)
    {
        string full = Path.Combine(Target, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, content);
    }

    public long StoreBytes() => Directory.EnumerateFiles(Settings.StorePath, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);

    public void Dispose() => Run("sh", "-c", $"chmod -R u+rwx {Root}; rm -rf {Root}");
}
