using Init.Config;

namespace Init.Applets;

/// <summary>The options of <c>init run</c>, and of supervisord for a link of that name, so that an ENTRYPOINT need not change.</summary>
internal sealed record RunOptions
{
    /// <summary>The configuration; null = look for one.</summary>
    public string? File { get; private set; }

    /// <summary>Keys of <c>[supervisord]</c> that options stand for; they win over what the file says.</summary>
    public Dictionary<string, string> Supervisord { get; } = [];

    public bool WantsHelp { get; private set; }

    public bool WantsVersion { get; private set; }

    /// <summary>As in supervisord 4.2.5: letter, long name, and whether a value follows. What is no key of [supervisord] is handled by name.</summary>
    private static readonly (char Letter, string Name, bool HasValue)[] Known =
    [
        ('c', "configuration", true), ('n', "nodaemon", false), ('s', "silent", false), ('h', "help", false), ('?', "", false), ('v', "version", false),
        ('u', "user", true), ('m', "umask", true), ('d', "directory", true), ('l', "logfile", true), ('y', "logfile_maxbytes", true),
        ('z', "logfile_backups", true), ('e', "loglevel", true), ('j', "pidfile", true), ('i', "identifier", true), ('q', "childlogdir", true),
        ('a', "minfds", true), ('\0', "minprocs", true), ('k', "nocleanup", false), ('t', "strip_ansi", false), ('\0', "profile_options", true),
    ];

    /// <param name="arguments">Those after the name.</param>
    /// <param name="asSupervisord">False: only -c, -n, -h.</param>
    /// <param name="problem">Why the result is null.</param>
    public static RunOptions? Parse(string[] arguments, bool asSupervisord, out string problem)
    {
        RunOptions options = new();
        problem = "";
        for (int i = 0; i < arguments.Length && problem.Length == 0; i++)
        {
            string argument = arguments[i];
            if (argument.StartsWith("--", StringComparison.Ordinal) && argument.Length > 2)
            {
                string[] parts = argument[2..].Split('=', 2);
                string? value = parts.Length > 1 ? parts[1] : null;
                problem = options.ApplyLong(parts[0], value, asSupervisord, () => ++i < arguments.Length ? arguments[i] : null);
            }
            else if (argument is ['-', not '-', ..])
            {
                // Letters may stand together, as in -nc; a value follows its letter at once or is the next argument.
                for (int at = 1; at < argument.Length && problem.Length == 0; at++)
                {
                    var option = Known.FirstOrDefault(known => known.Letter == argument[at]);
                    string? value = null;
                    if (option.HasValue)
                    {
                        value = at + 1 < argument.Length ? argument[(at + 1)..] : ++i < arguments.Length ? arguments[i] : null;
                        at = argument.Length;
                    }

                    problem = option == default ? $"there is no option {argument[..2]}" : options.Apply(option.Name, value, option.HasValue, asSupervisord);
                }
            }
            else
            {
                problem = $"\"{argument}\" is no option";
            }
        }

        return problem.Length == 0 ? options : null;
    }

    /// <returns>What is wrong; empty = nothing.</returns>
    private string ApplyLong(string name, string? value, bool asSupervisord, Func<string?> next)
    {
        // getopt of Python takes the beginning of a name, if there is but one name that begins so. "init run" has --config.
        (char, string Name, bool HasValue)[] found = [.. Known.Where(known => known.Name == name)];
        if (found.Length == 0)
            found = [.. Known.Where(known => known.Name.StartsWith(name, StringComparison.Ordinal))];

        if (found.Length != 1)
            return found.Length == 0 ? $"there is no option --{name}" : $"--{name} may be {string.Join(" or ", found.Select(option => "--" + option.Name))}";

        if (!found[0].HasValue && value is not null)
            return $"--{found[0].Name} takes no value";

        return Apply(found[0].Name, found[0].HasValue ? value ?? next() : null, found[0].HasValue, asSupervisord);
    }

    private string Apply(string name, string? value, bool hasValue, bool asSupervisord)
    {
        if (hasValue && value is null)
            return $"--{name} needs a value";

        switch (name)
        {
            case "configuration":
                File = value;
                return "";
            case "help" or "":
                WantsHelp = true;
                return "";
            case "nodaemon":
                Supervisord[name] = "true";
                return "";
            case "version" when asSupervisord:
                WantsVersion = true;
                return "";
            case "profile_options":
                return "--profile_options is for Python's profiler, which there is none of here";
            case var _ when !asSupervisord:
                return $"--{name} is an option of supervisord; write it into the configuration";
            default:
                Supervisord[name] = value ?? "true";
                return "";
        }
    }

    /// <summary>Where supervisord looks for its configuration, in this order.</summary>
    private static readonly string[] SupervisordCandidates =
        ["supervisord.conf", "etc/supervisord.conf", "/etc/supervisord.conf", "/etc/supervisor/supervisord.conf"];

    /// <summary>The file to read; null when there is none.</summary>
    public string? FindFile(bool asSupervisord, IReadOnlyDictionary<string, string> environment, IConfigFiles files)
    {
        string? own = asSupervisord ? SupervisordCandidates.FirstOrDefault(candidate => files.Read(candidate, ConfigLoader.FileBytesMax) is not ConfigFile.Missing) : null;
        return File ?? own ?? ConfigLocation.Find(null, environment, files);
    }
}
