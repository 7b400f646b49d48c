namespace Init.Linux;

/// <summary>Becoming another user, for good. In a process with several threads the C library does it for all of them (nptl(7)).</summary>
public static unsafe class Privileges
{
    /// <summary>Groups first: whoever is no longer root cannot set them.</summary>
    /// <returns>An errno of 0 when all was done; else what could not be: "set the groups of".</returns>
    public static (string Operation, int Errno) Become(UserIdentity identity)
    {
        ReadOnlySpan<uint> groups = identity.Groups.AsSpan();
        fixed (uint* start = groups)
        {
            if (Libc.setgroups((nuint)groups.Length, start) != 0)
                return ("set the groups of", Libc.LastErrno);
        }

        if (Libc.setresgid(identity.Gid, identity.Gid, identity.Gid) != 0)
            return ("take the group of", Libc.LastErrno);
        return Libc.setresuid(identity.Uid, identity.Uid, identity.Uid) != 0 ? ("become", Libc.LastErrno) : ("", 0);
    }
}

/// <summary>This process's own limits, which its children inherit (setrlimit(2)).</summary>
public static unsafe class ProcessLimits
{
    /// <returns>0 or an errno; EPERM when the hard limit is lower and we may not raise it.</returns>
    public static int RaiseOpenFiles(long least) => Raise(Libc.RLIMIT_NOFILE, (ulong)Math.Max(0, least));

    /// <summary>As far as it goes, up to the hard limit when we may not raise that one.</summary>
    /// <returns>How many there may be now.</returns>
    public static long RaiseOpenFilesTowards(long wanted)
    {
        Libc.rlimit limit;
        if (RaiseOpenFiles(wanted) != 0 && Libc.getrlimit(Libc.RLIMIT_NOFILE, &limit) == 0)
        {
            limit.rlim_cur = limit.rlim_max;
            _ = Libc.setrlimit(Libc.RLIMIT_NOFILE, &limit);
        }

        return Libc.getrlimit(Libc.RLIMIT_NOFILE, &limit) == 0 ? (long)Math.Min(limit.rlim_cur, long.MaxValue) : 0;
    }

    /// <summary>As <see cref="RaiseOpenFiles"/>, for the processes of our user.</summary>
    public static int RaiseProcesses(long least) => Raise(Libc.RLIMIT_NPROC, (ulong)Math.Max(0, least));

    /// <summary>Never lowers anything. RLIM_INFINITY is the largest number there is, so it needs no care.</summary>
    private static int Raise(int resource, ulong least)
    {
        Libc.rlimit limit;
        if (Libc.getrlimit(resource, &limit) != 0)
            return Libc.LastErrno;
        if (limit.rlim_cur >= least)
            return 0;

        limit.rlim_cur = least;
        limit.rlim_max = Math.Max(limit.rlim_max, least);
        return Files.ErrnoOf(Libc.setrlimit(resource, &limit));
    }
}
