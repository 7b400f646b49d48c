using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Init.Config;
using Init.Linux;

namespace Init.Engine.Programs;

/// <summary>
/// supervisord's AUTO log files: "NAME-CHANNEL---IDENTIFIER-RANDOM.log" in the folder for them, a new name in each life of Init, and those of earlier lives deleted.
/// </summary>
public sealed class AutoLogFiles
{
    private const int RandomLength = 8;

    /// <summary>As Python's tempfile picks them.</summary>
    private const string RandomCharacters = "abcdefghijklmnopqrstuvwxyz0123456789_";

    /// <summary>A folder with more files than this is not searched to its end: /tmp may be anybody's.</summary>
    private const int FilesMax = 100_000;

    private readonly Dictionary<string, string> _chosen = new(StringComparer.Ordinal);

    /// <summary>The configuration with a file for each AUTO; a name that was chosen once stays.</summary>
    public SystemConfig Resolve(SystemConfig config) =>
        config.Programs.Any(program => program is { Stdout.AutoPrefix: not null } or { Stderr.AutoPrefix: not null })
            ? config with { Programs = [.. config.Programs.Select(Resolve)] }
            : config;

    /// <summary>Makes the files that are not there yet: supervisord's clients find an empty log before the first line.</summary>
    public static void Create(ProgramDefinition program)
    {
        foreach (LogSpec? log in (ReadOnlySpan<LogSpec?>)[program.Stdout, program.Stderr])
        {
            if (log is not { AutoPrefix: not null, File: { } path })
                continue;

            OpenResult file = Files.Open(path, OpenFlags.Write | OpenFlags.Create | OpenFlags.Exclusive, 0x180 /* 0600 */);
            if (file.Succeeded)
                Files.Close(file.Fd);
        }
    }

    /// <summary>Deletes the files of earlier lives.</summary>
    /// <returns>Why not all, in supervisord's words; null when all is well.</returns>
    public static string? CleanUp(SupervisordSettings settings)
    {
        Regex own = new(
            $@"^.+?---{Regex.Escape(settings.Identifier)}-\S+\.log\.?\d{{0,4}}$",
            RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        try
        {
            string? failed = null;
            foreach (string path in Directory.EnumerateFiles(settings.ChildLogDirectory).Take(FilesMax))
            {
                if (own.IsMatch(Path.GetFileName(path)) && Files.Unlink(path) != 0)
                    failed = $"Failed to clean up '{path}'";
            }

            return failed;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "Could not clear childlog dir";
        }
    }

    private ProgramDefinition Resolve(ProgramDefinition program)
    {
        LogSpec? stdout = Resolve(program.Stdout);
        LogSpec? stderr = ReferenceEquals(program.Stderr, program.Stdout) ? stdout : Resolve(program.Stderr);
        return program with { Stdout = stdout, Stderr = stderr };
    }

    private LogSpec? Resolve(LogSpec? log)
    {
        if (log is not { AutoPrefix: { } prefix, File: null })
            return log;

        if (!_chosen.TryGetValue(prefix, out string? path))
            _chosen.Add(prefix, path = $"{prefix}{RandomNumberGenerator.GetString(RandomCharacters, RandomLength)}.log");
        return log with { File = path };
    }
}
