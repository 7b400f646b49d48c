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

    /// <summary>Why there can be none; null: there can.</summary>
    public static string? Missing { get; } = Try();

    /// <returns>Null: not root, or no mounts here.</returns>
    public static SmallDisk? Mount(string path, string size)
    {
        Directory.CreateDirectory(path);
        return mount("tmpfs", path, "tmpfs", 0, $"size={size}") == 0 ? new SmallDisk(path) : null;
    }

    public void Dispose() => _ = umount2(Path, 2 /* MNT_DETACH */);

    private static string? Try()
    {
        string path = Directory.CreateTempSubdirectory("init-chat-disk-").FullName;
        using (SmallDisk? disk = Mount(path, "64k"))
        {
            if (disk is null)
                return "a file system can be mounted by root only, and not in every container";
        }

        Directory.Delete(path);
        return null;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string type, ulong flags, string data);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);
}
