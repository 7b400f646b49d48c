using System.Collections.Immutable;
using Init.Config.Reading;

namespace Init.Config;

/// <summary>The real machine. Used before the main loop runs, and on the main loop at reloads: see <see cref="MayWait"/>.</summary>
/// <param name="startDirectory">What relative paths are relative to; null = where we are now.</param>
public sealed class SystemConfigFiles(string? startDirectory = null) : IConfigFiles
{
    /// <summary>How many directory entries a glob looks at before it gives up looking for more.</summary>
    private const int EntriesMax = 100_000;

    /// <summary>Init may change its directory (supervisord's <c>directory</c>); what a path means must not change with it.</summary>
    private readonly string _startDirectory = startDirectory ?? Environment.CurrentDirectory;

    /// <summary>
    /// Whether reading this could take its time, as a pipe does whose writer is yet to come. Null: everything is read, as before the main loop runs, when
    /// nobody waits for us.
    /// </summary>
    public Func<string, bool>? MayWait { get; set; }

    public string FullPath(string path) => Path.GetFullPath(path, _startDirectory);

    public ConfigFile Read(string path, int sizeMax)
    {
        path = FullPath(path);
        try
        {
            if (Directory.Exists(path))
                return new ConfigFile.Unreadable("is a directory");
            if (MayWait?.Invoke(path) == true)
                return new ConfigFile.Unreadable("is no regular file, and can be read at the first start only");

            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            using MemoryStream content = new();
            byte[] buffer = new byte[64 * 1024];

            // The length is not asked for: files of /proc and pipes have none.
            for (int count = file.Read(buffer); count > 0; count = file.Read(buffer))
            {
                if (content.Length + count > sizeMax)
                    return new ConfigFile.TooLarge();

                content.Write(buffer, 0, count);
            }

            return new ConfigFile.Content(content.ToArray());
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new ConfigFile.Missing();
        }
        catch (UnauthorizedAccessException)
        {
            return new ConfigFile.Unreadable("permission denied");
        }
        catch (IOException e)
        {
            return new ConfigFile.Unreadable(e.Message);
        }
    }

    public bool IsDirectory(string path) => Directory.Exists(FullPath(path));

    public ImmutableArray<string> Glob(string directory, string pattern, int countMax)
    {
        string full = Path.GetFullPath(pattern, directory);
        string[] segments = full.Split('/', StringSplitOptions.RemoveEmptyEntries);
        SortedSet<string> found = new(StringComparer.Ordinal);
        int budget = EntriesMax;
        Walk("/", segments, 0, found, ref budget);
        return [.. found.Take(countMax)];
    }

    public bool HasTimeZone(string name) => TimeZoneInfo.TryFindSystemTimeZoneById(name, out _);

    public string UserId
    {
        get
        {
            // proc_pid_status(5): "Uid:" real, effective, saved, filesystem.
            const string status = "/proc/self/status";
            string? line = File.Exists(status)
                ? File.ReadLines(status).FirstOrDefault(candidate => candidate.StartsWith("Uid:", StringComparison.Ordinal))
                : null;
            return line?.Split('\t', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(2)?.Trim() ?? "unknown";
        }
    }

    private static void Walk(string directory, string[] segments, int depth, SortedSet<string> found, ref int budget)
    {
        string segment = segments[depth];
        bool isLast = depth == segments.Length - 1;
        if (!GlobPattern.IsPattern(segment))
        {
            string path = Path.Combine(directory, segment);
            if (isLast && File.Exists(path))
                found.Add(path);
            else if (!isLast && Directory.Exists(path))
                Walk(path, segments, depth + 1, found, ref budget);

            return;
        }

        // A directory that cannot be listed has no matches, as in a shell.
        EnumerationOptions options = new() { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = true };
        foreach (string path in Directory.EnumerateFileSystemEntries(directory, "*", options))
        {
            if (budget-- <= 0)
                return;

            if (!GlobPattern.Matches(segment, Path.GetFileName(path)))
                continue;

            if (isLast && File.Exists(path))
                found.Add(path);
            else if (!isLast && Directory.Exists(path))
                Walk(path, segments, depth + 1, found, ref budget);
        }
    }
}
