using System.Globalization;
using Init.Base;

namespace Init.Linux;

/// <summary>
/// Starts children that need more than posix_spawn can do, by way of <c>init exec-child</c>: a process of our own binary that sets up itself and then becomes
/// the program. Its specification, secrets included, is in a file in memory that it inherits, never in its arguments or environment.
/// </summary>
public static unsafe class ExecChild
{
    /// <summary>The name of the applet, and the numbers of the two descriptors it inherits.</summary>
    public const string AppletName = "exec-child";

    public const int SpecFd = 3;
    public const int FailureFd = 4;

    /// <summary>More than the kernel would let execve(2) take.</summary>
    private const int SpecBytesMax = 64 << 20;

    /// <summary>The side of the parent. That the child runs does not mean yet that it has become the program: see <paramref name="failurePipe"/>.</summary>
    /// <param name="initPath">Our own binary, such as "/proc/self/exe".</param>
    /// <param name="streams">Its descriptors and session are used; path, arguments, environment and directory are those of <paramref name="spec"/>.</param>
    /// <param name="failurePipe">When spawned, the caller's: becomes readable when the child has executed its program or has failed to; then <see cref="ReadFailure"/>. Else -1.</param>
    public static SpawnResult Launch(string initPath, ExecChildSpec spec, SpawnRequest streams, out int failurePipe)
    {
        failurePipe = -1;
        OpenResult specFile = Files.CreateInMemory("init-exec-child", spec.Encode());
        if (!specFile.Succeeded)
            return new SpawnResult.Failed(specFile.Errno, $"cannot create a process for {spec.Path}: {Errno.Describe(specFile.Errno)}");

        int errno = Pipes.TryCreate(out int read, out int write, nonBlockingRead: true);
        if (errno != 0)
        {
            Files.Close(specFile.Fd);
            return new SpawnResult.Failed(errno, $"cannot create a process for {spec.Path}: {Errno.Describe(errno)}");
        }

        SpawnResult result = Spawner.Spawn(streams with
        {
            Path = initPath,
            Argv = ["init", AppletName],
            Environment = [],
            Directory = null,
            ExtraFds = [(specFile.Fd, SpecFd), (write, FailureFd)],
        });
        Files.Close(specFile.Fd);
        Files.Close(write);
        if (result is SpawnResult.Spawned)
            failurePipe = read;
        else
            Files.Close(read);
        return result;
    }

    /// <summary>Asked when the pipe is readable: null = the child has become its program (or died before it could say anything, which its exit status tells).</summary>
    public static ExecChildFailure? ReadFailure(int failurePipe)
    {
        Span<byte> bytes = stackalloc byte[ExecChildFailure.EncodedSize];
        return Files.Read(failurePipe, bytes).Count == bytes.Length ? ExecChildFailure.Decode(bytes) : null;
    }

    /// <summary>The side of the child: reads the specification, carries it out, and becomes the program. It returns only after a failure, which it has reported.</summary>
    public static void Become()
    {
        _ = Files.SetCloseOnExec(SpecFd, closeOnExec: true);
        _ = Files.SetCloseOnExec(FailureFd, closeOnExec: true);
        ExecChildFailure failure;
        try
        {
            byte[] encoded = Files.ReadToEnd(SpecFd, SpecBytesMax, out _) ?? [];
            failure = Become(ExecChildSpec.Decode(encoded));
        }
        catch (FormatException)
        {
            failure = new ExecChildFailure(ExecChildStep.ReadSpec, 0);
        }

        // Nobody left to read it: then nobody wants to know.
        _ = Files.Write(FailureFd, failure.Encode());
    }

    private static ExecChildFailure Become(ExecChildSpec spec)
    {
        // First what may need the privileges that the user takes away; the directory last, for the user must be able to enter it.
        if (spec.CgroupProcs is { } cgroup && WriteSetting(cgroup, Libc.getpid()) is var cgroupErrno and not 0)
            return new(ExecChildStep.EnterCgroup, cgroupErrno);
        if (spec.OomScoreAdjust is { } score && WriteSetting("/proc/self/oom_score_adj", score) is var scoreErrno and not 0)
            return new(ExecChildStep.SetOomScore, scoreErrno);
        if (spec.Nice is { } nice && Files.ErrnoOf(Libc.setpriority(Libc.PRIO_PROCESS, 0, nice)) is var niceErrno and not 0)
            return new(ExecChildStep.SetNice, niceErrno);
        if (spec.OpenFiles is { } files && SetLimit(Libc.RLIMIT_NOFILE, files) is var filesErrno and not 0)
            return new(ExecChildStep.LimitOpenFiles, filesErrno);
        if (spec.CoreBytes is { } core && SetLimit(Libc.RLIMIT_CORE, core) is var coreErrno and not 0)
            return new(ExecChildStep.LimitCore, coreErrno);
        if (spec.Umask is { } mask)
            _ = Libc.umask((uint)mask);
        if (spec.User is { } user && SetUser(user) is { } userFailure)
            return userFailure;
        if (spec.NoNewPrivileges && Files.ErrnoOf(Libc.prctl(Libc.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) is var privilegesErrno and not 0)
            return new(ExecChildStep.SetNoNewPrivileges, privilegesErrno);
        if (spec.Directory is { } directory && Files.ErrnoOf(Libc.chdir(directory)) is var directoryErrno and not 0)
            return new(ExecChildStep.EnterDirectory, directoryErrno);

        using NativeString path = new(spec.Path);
        using NativeStrings argv = new(spec.Argv);
        using NativeStrings environment = new(spec.Environment);
        ResetSignals();
        _ = Libc.execve(path.Pointer, argv.Pointer, environment.Pointer);
        return new(ExecChildStep.Execute, Libc.LastErrno);
    }

    private static ExecChildFailure? SetUser(string user)
    {
        if (Users.Resolve(user, out _) is not { } identity)
            return new(ExecChildStep.ResolveUser, 0);

        // Whoever is that user already need not, and without privileges could not, set the groups.
        if (Libc.geteuid() != 0 && Libc.geteuid() == identity.Uid && Libc.getegid() == identity.Gid)
            return null;

        ReadOnlySpan<uint> groups = identity.Groups.AsSpan();
        fixed (uint* start = groups)
        {
            if (Libc.setgroups((nuint)groups.Length, start) != 0)
                return new(ExecChildStep.SetGroups, Libc.LastErrno);
        }

        if (Libc.setresgid(identity.Gid, identity.Gid, identity.Gid) != 0)
            return new(ExecChildStep.SetGid, Libc.LastErrno);
        if (Libc.setresuid(identity.Uid, identity.Uid, identity.Uid) != 0)
            return new(ExecChildStep.SetUid, Libc.LastErrno);
        return null;
    }

    /// <summary>execve(2) keeps the mask, and keeps ignored what is ignored: SIGPIPE by the .NET runtime.</summary>
    private static void ResetSignals()
    {
        _ = Libc.signal(Signals.SIGPIPE, Libc.SIG_DFL);
        SignalWait.SetMask(0);
    }

    private static int SetLimit(int resource, long value)
    {
        ulong number = value == ByteSize.Unlimited.Bytes ? Libc.RLIM_INFINITY : (ulong)value;
        Libc.rlimit limit = new() { rlim_cur = number, rlim_max = number };
        return Files.ErrnoOf(Libc.setrlimit(resource, &limit));
    }

    private static int WriteSetting(string path, int value)
    {
        OpenResult file = Files.Open(path, OpenFlags.Write);
        if (!file.Succeeded)
            return file.Errno;

        Span<byte> text = stackalloc byte[16];
        _ = value.TryFormat(text, out int length, provider: CultureInfo.InvariantCulture);
        IoResult result = Files.Write(file.Fd, text[..length]);
        Files.Close(file.Fd);
        return result.Errno;
    }
}
