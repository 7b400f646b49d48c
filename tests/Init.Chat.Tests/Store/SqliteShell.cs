using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Init.Chat.Tests.Store;

/// <summary>Looks into a database by another binding than ours.</summary>
internal static class SqliteShell
{
    private const string Script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); print(*[r[0] for r in c.execute(sys.argv[2])])";

    public static string Run(string path, string sql)
    {
        using Process process = Process.Start(new ProcessStartInfo("python3", ["-c", Script, path, sql]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        string output = process.StandardOutput.ReadToEnd();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors);
        return output;
    }
}

/// <summary>A file system that is soon full.</summary>
internal sealed partial class SmallDisk : IDisposable
{
    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    public static bool TryMount(string path, string size, out SmallDisk? disk)
    {
        Directory.CreateDirectory(path);
        bool done = mount("tmpfs", path, "tmpfs", 0, $"size={size}") == 0;
        disk = done ? new SmallDisk(path) : null;
        return done;
    }

    public void Dispose() => _ = umount2(Path, 2 /* MNT_DETACH */);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string type, ulong flags, string data);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);
}
