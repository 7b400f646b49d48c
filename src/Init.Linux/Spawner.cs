namespace Init.Linux;

/// <summary>What to start, and with what. Everything else of ours stays behind: all our descriptors are close-on-exec.</summary>
public sealed record SpawnRequest
{
    /// <summary>Stands for /dev/null where a descriptor is asked for.</summary>
    public const int DevNull = -1;

    /// <summary>Stands for whatever that number is in our own process, open or not.</summary>
    public const int Inherit = -2;

    /// <summary>The file to execute, with a slash in it, as <see cref="CommandLookup"/> finds it.</summary>
    public required string Path { get; init; }

    /// <summary>All of argv, the name included.</summary>
    public required IReadOnlyList<string> Argv { get; init; }

    /// <summary>The whole environment, as "KEY=VALUE".</summary>
    public required IReadOnlyList<string> Environment { get; init; }

    /// <summary>The working directory; null = ours.</summary>
    public string? Directory { get; init; }

    public int Stdin { get; init; } = DevNull;

    public int Stdout { get; init; } = DevNull;

    public int Stderr { get; init; } = DevNull;

    /// <summary>Further descriptors for the child: ours, and the number (3 or more, each once) it shall have there.</summary>
    public IReadOnlyList<(int Source, int Target)> ExtraFds { get; init; } = [];

    public SpawnSession Session { get; init; } = SpawnSession.New;

    /// <summary>A terminal whose foreground group the child's new group becomes before it runs; null = none.</summary>
    public int? Terminal { get; init; }

    /// <summary>The signals that are blocked in the child (a <see cref="SignalSet"/>); none, unless someone wants the mask we were started with.</summary>
    public ulong SignalMask { get; init; }

    /// <summary>Signals that stay ignored if we ignore them; all others get their default action.</summary>
    public ulong KeepIgnored { get; init; }
}

public enum SpawnSession
{
    /// <summary>A session and group of its own (setsid(2)); no terminal.</summary>
    New,

    /// <summary>A process group of its own in our session.</summary>
    NewGroup,

    /// <summary>Our session and group.</summary>
    Inherited,
}

public abstract record SpawnResult
{
    private SpawnResult() { }

    public sealed record Spawned(int Pid) : SpawnResult;

    /// <param name="Errno">As execve(2) has it, or chdir(2), or clone(2) when there is no process to be had (EAGAIN, ENOMEM).</param>
    /// <param name="Message">For people: "cannot execute /app/web: No such file or directory (errno 2)".</param>
    public sealed record Failed(int Errno, string Message) : SpawnResult;
}

/// <summary>
/// posix_spawn(3). glibc runs the child on our memory with all signals blocked until it has executed its program (CLONE_VFORK), so no managed code
/// ever runs in a forked copy, and a failure is known at once, with its errno, and leaves no child behind.
/// </summary>
public static unsafe class Spawner
{
    private const ulong AllSignals = ulong.MaxValue;

    public static SpawnResult Spawn(SpawnRequest request)
    {
        using NativeString path = new(request.Path);
        using NativeStrings argv = new(request.Argv);
        using NativeStrings environment = new(request.Environment);
        int errno = Spawn(request, path.Pointer, argv.Pointer, environment.Pointer, out int pid);
        return errno == 0 ? new SpawnResult.Spawned(pid) : new SpawnResult.Failed(errno, Explain(request, errno));
    }

    /// <summary>As <see cref="Spawn(SpawnRequest)"/>, with strings that are passed on byte for byte: they need not be valid UTF-8, and are not copied.</summary>
    /// <param name="request">Its Path, Argv and Environment are not looked at.</param>
    /// <param name="path">A C string. Without a slash it is looked for along our own PATH.</param>
    /// <param name="argv">C strings, then NULL.</param>
    /// <param name="environment">C strings, then NULL.</param>
    /// <param name="pid">The child, when the result is 0.</param>
    /// <returns>0 or an errno.</returns>
    public static int Spawn(SpawnRequest request, byte* path, byte** argv, byte** environment, out int pid)
    {
        Libc.posix_spawnattr_t attributes;
        Libc.posix_spawn_file_actions_t actions;
        _ = Libc.posix_spawnattr_init(&attributes);
        _ = Libc.posix_spawn_file_actions_init(&actions);
        List<int> duplicates = [];
        try
        {
            SetAttributes(&attributes, request);
            int errno = SetActions(&actions, request, duplicates);
            int child = 0;
            if (errno == 0)
                errno = Libc.posix_spawnp(&child, path, &actions, &attributes, argv, environment);
            pid = child;
            return errno;
        }
        finally
        {
            foreach (int duplicate in duplicates)
                Files.Close(duplicate);
            _ = Libc.posix_spawn_file_actions_destroy(&actions);
            _ = Libc.posix_spawnattr_destroy(&attributes);
        }
    }

    private static void SetAttributes(Libc.posix_spawnattr_t* attributes, SpawnRequest request)
    {
        short flags = Libc.POSIX_SPAWN_SETSIGDEF | Libc.POSIX_SPAWN_SETSIGMASK;
        switch (request.Session)
        {
            case SpawnSession.New:
                flags |= Libc.POSIX_SPAWN_SETSID;
                break;
            case SpawnSession.NewGroup:
                flags |= Libc.POSIX_SPAWN_SETPGROUP;
                _ = Libc.posix_spawnattr_setpgroup(attributes, 0);
                break;
        }

        _ = Libc.posix_spawnattr_setflags(attributes, flags);

        // All 64 bits: with sigfillset(3), which leaves out glibc's own two, glibc makes the child ignore signals 32 and 33 for good.
        Libc.sigset_t defaults = Libc.sigset_t.Of(AllSignals & ~request.KeepIgnored);
        _ = Libc.posix_spawnattr_setsigdefault(attributes, &defaults);
        Libc.sigset_t mask = Libc.sigset_t.Of(request.SignalMask);
        _ = Libc.posix_spawnattr_setsigmask(attributes, &mask);
    }

    private static int SetActions(Libc.posix_spawn_file_actions_t* actions, SpawnRequest request, List<int> duplicates)
    {
        // First of all, for our terminal's number may be given to something else below.
        int errno = request.Terminal is { } terminal ? Libc.posix_spawn_file_actions_addtcsetpgrp_np(actions, terminal) : 0;

        ReadOnlySpan<(int Source, int Target)> streams = [(request.Stdin, 0), (request.Stdout, 1), (request.Stderr, 2)];
        int highestTarget = 2;
        foreach (var (_, target) in request.ExtraFds)
            highestTarget = Math.Max(highestTarget, target);

        foreach (var (source, target) in streams)
        {
            if (errno == 0)
                errno = AddDescriptor(actions, source, target, highestTarget, duplicates);
        }

        foreach (var (source, target) in request.ExtraFds)
        {
            if (errno == 0)
                errno = AddDescriptor(actions, source, target, highestTarget, duplicates);
        }

        if (errno == 0 && request.Directory is not null)
        {
            using NativeString directory = new(request.Directory);
            errno = Libc.posix_spawn_file_actions_addchdir_np(actions, directory.Pointer); // Copies the path.
        }

        return errno;
    }

    private static int AddDescriptor(Libc.posix_spawn_file_actions_t* actions, int source, int target, int highestTarget, List<int> duplicates)
    {
        if (source == SpawnRequest.Inherit)
            return 0;

        if (source == SpawnRequest.DevNull)
        {
            ReadOnlySpan<byte> devNull = "/dev/null\0"u8;
            fixed (byte* path = devNull)
                return Libc.posix_spawn_file_actions_addopen(actions, target, path, target == 0 ? Libc.O_RDONLY : Libc.O_WRONLY, 0);
        }

        // The actions run one after another. A source whose number is also a target might be overwritten before its turn, so it moves out of the way.
        // (Where both are the same number, dup2 in glibc only clears close-on-exec.)
        if (source <= highestTarget && source != target)
        {
            OpenResult duplicate = Files.Duplicate(source, highestTarget + 1);
            if (!duplicate.Succeeded)
                return duplicate.Errno;

            duplicates.Add(duplicate.Fd);
            source = duplicate.Fd;
        }

        return Libc.posix_spawn_file_actions_adddup2(actions, source, target);
    }

    /// <summary>posix_spawn gives one number for all its steps; looking again tells which step it was.</summary>
    private static string Explain(SpawnRequest request, int errno)
    {
        if (errno is Errno.EAGAIN or Errno.ENOMEM or Errno.EMFILE or Errno.ENFILE)
            return $"cannot create a process for {request.Path}: {Errno.Describe(errno)}";

        if (request.Directory is { } directory)
        {
            int directoryErrno = Files.StatusOf(directory) switch
            {
                null => Errno.ENOENT,
                { Kind: not FileKind.Directory } => Errno.ENOTDIR,
                _ => Files.CheckExecutable(directory),
            };
            if (directoryErrno == errno)
                return $"cannot enter directory {directory}: {Errno.Describe(errno)}";
        }

        return ExplainExec(request.Path, errno, request.Directory);
    }

    /// <summary>"cannot execute PATH: …", with what is behind it where the errno alone misleads.</summary>
    public static string ExplainExec(string path, int errno, string? directory = null)
    {
        string resolved = directory is null ? path : System.IO.Path.Combine(directory, path);
        string remedy = errno switch
        {
            Errno.ENOENT when Files.StatusOf(resolved) is not null => "; the file is there, so its interpreter or loader is what is missing",
            Errno.ENOEXEC => "; neither a program for this machine nor a script that begins with #!",
            Errno.EACCES when Files.StatusOf(resolved) is { Kind: FileKind.Directory } => "; it is a directory",
            Errno.E2BIG => "; arguments and environment together are too long",
            _ => "",
        };
        return $"cannot execute {path}: {Errno.Describe(errno)}{remedy}";
    }
}
