namespace Init.Linux;

/// <summary>Where a command name leads, as a shell would find it.</summary>
public abstract record CommandLookup
{
    private CommandLookup() { }

    public sealed record Found(string Path) : CommandLookup;

    /// <param name="Errno">ENOENT, unless a path could not be looked at.</param>
    /// <param name="Message">For people: "cannot find command "web" in PATH (/usr/bin:/bin)".</param>
    public sealed record NotFound(int Errno, string Message) : CommandLookup;

    /// <summary>It is there and cannot be executed by us.</summary>
    public sealed record NotExecutable(string Path, int Errno, string Message) : CommandLookup;

    public sealed record IsDirectory(string Path, string Message) : CommandLookup;

    /// <summary>What a shell falls back to when PATH is not set.</summary>
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>
    /// A name with a slash is a path, relative to <paramref name="directory"/>. Any other is looked for along <paramref name="pathVariable"/> (null = the
    /// usual directories); one that is there but not executable is passed over, and told about only when no other is found.
    /// </summary>
    /// <param name="name">As written in the command.</param>
    /// <param name="pathVariable">The value of PATH that the command will see.</param>
    /// <param name="directory">The working directory of the command; null = ours.</param>
    public static CommandLookup Find(string name, string? pathVariable, string? directory)
    {
        if (name.Length == 0)
            return new NotFound(Errno.ENOENT, "cannot execute a command with an empty name");

        if (name.Contains('/'))
            return Examine(name, Resolve(name, directory)) ?? new NotFound(Errno.ENOENT, $"cannot execute {name}: {Errno.Describe(Errno.ENOENT)}");

        CommandLookup? best = null;
        string path = pathVariable ?? DefaultPath;
        foreach (string element in path.Split(':'))
        {
            // An empty element is the current directory (environ(7)); "./" keeps the found path from being looked up again.
            string candidate = element.Length == 0 ? "./" + name : element.EndsWith('/') ? element + name : $"{element}/{name}";
            switch (Examine(candidate, Resolve(candidate, directory)))
            {
                case Found found:
                    return found;
                case { } other when best is null or IsDirectory:
                    best = other;
                    break;
            }
        }

        // A directory of that name in PATH means nothing to a shell.
        return best as NotExecutable ?? (CommandLookup)new NotFound(Errno.ENOENT, $"cannot find command \"{name}\" in PATH ({path})");
    }

    private static string Resolve(string path, string? directory) => directory is null ? path : Path.Combine(directory, path);

    /// <summary>Null when nothing is there.</summary>
    private static CommandLookup? Examine(string shown, string path)
    {
        if (Files.StatusOf(path) is not { } status)
            return null;

        if (status.Kind == FileKind.Directory)
            return new IsDirectory(shown, $"cannot execute {shown}: {Errno.Describe(Errno.EISDIR)}");

        int errno = status.Kind == FileKind.Regular ? Files.CheckExecutable(path) : Errno.EACCES;
        return errno == 0
            ? new Found(shown)
            : new NotExecutable(shown, errno, $"cannot execute {shown}: {Errno.Describe(errno)}");
    }
}
