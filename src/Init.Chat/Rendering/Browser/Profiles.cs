using System.Globalization;
using Init.Linux;

namespace Init.Chat.Rendering.Browser;

/// <summary>
/// The directories that running browsers have to themselves. They are in the directory for temporary files and have short names, because Chromium makes a socket in them, whose path may have no more than 107 bytes.
/// </summary>
internal static class Profiles
{
    private const string Prefix = "init-browser-";

    private static readonly string Root = Path.GetTempPath();

    /// <exception cref="RenderException">It cannot be made.</exception>
    public static string Make()
    {
        string path = Path.Combine(Root, $"{Prefix}{Processes.GetPid()}-{Random.Shared.Next():x8}");
        int errno = Files.MakeDirectory(path, 0x1C0 /* 0700 */);
        return errno == 0 ? path : throw new RenderException(500, "render_failed", $"cannot make {path}: {Errno.Describe(errno)}; TMPDIR must be a directory that is ours to write to");
    }

    /// <summary>Removes those whose process is gone: it was killed, or what it left could not be removed.</summary>
    /// <param name="isStart">Ours are old as well: a process in a new container often has the number of the last one.</param>
    public static void Sweep(bool isStart)
    {
        foreach (string path in Directory.EnumerateDirectories(Root, Prefix + "*"))
        {
            string[] parts = Path.GetFileName(path).Split('-');
            if (parts.Length != 4 || !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
                continue;
            if (pid == Processes.GetPid() ? isStart : !Directory.Exists($"/proc/{pid}"))
                Remove(path);
        }
    }

    public static void Remove(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A process that is just ending writes to it. The next sweep takes the rest.
        }
    }
}
