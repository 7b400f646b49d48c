using System.Runtime.InteropServices;

namespace Init.Linux;

internal static unsafe partial class Libc
{
    internal const short POSIX_SPAWN_SETPGROUP = 0x02;
    internal const short POSIX_SPAWN_SETSIGDEF = 0x04;
    internal const short POSIX_SPAWN_SETSIGMASK = 0x08;
    internal const short POSIX_SPAWN_SETSID = 0x80;

    /// <summary>Opaque, 336 bytes in glibc and musl on 64-bit systems; the rest is room to grow.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 512)]
    internal struct posix_spawnattr_t
    {
        private readonly long _opaque;
    }

    /// <summary>Opaque, 80 bytes in glibc and musl on 64-bit systems; the rest is room to grow.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    internal struct posix_spawn_file_actions_t
    {
        private readonly long _opaque;
    }

    // All of these return the error instead of setting errno.
    /// <summary>As posix_spawn for a path with a slash.</summary>
    [LibraryImport(Name)]
    internal static partial int posix_spawnp(
        int* pid, byte* path, posix_spawn_file_actions_t* actions, posix_spawnattr_t* attributes, byte** argv, byte** envp);

    [LibraryImport(Name)]
    internal static partial int posix_spawnattr_init(posix_spawnattr_t* attributes);

    [LibraryImport(Name)]
    internal static partial int posix_spawnattr_destroy(posix_spawnattr_t* attributes);

    [LibraryImport(Name)]
    internal static partial int posix_spawnattr_setflags(posix_spawnattr_t* attributes, short flags);

    [LibraryImport(Name)]
    internal static partial int posix_spawnattr_setpgroup(posix_spawnattr_t* attributes, int group);

    [LibraryImport(Name)]
    internal static partial int posix_spawnattr_setsigdefault(posix_spawnattr_t* attributes, sigset_t* set);

    [LibraryImport(Name)]
    internal static partial int posix_spawnattr_setsigmask(posix_spawnattr_t* attributes, sigset_t* set);

    [LibraryImport(Name)]
    internal static partial int posix_spawn_file_actions_init(posix_spawn_file_actions_t* actions);

    [LibraryImport(Name)]
    internal static partial int posix_spawn_file_actions_destroy(posix_spawn_file_actions_t* actions);

    [LibraryImport(Name)]
    internal static partial int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t* actions, int from, int to);

    [LibraryImport(Name)]
    internal static partial int posix_spawn_file_actions_addopen(
        posix_spawn_file_actions_t* actions, int fd, byte* path, int flags, uint mode);

    [LibraryImport(Name)]
    internal static partial int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t* actions, byte* path);

    /// <summary>glibc 2.35. Called only when standard input is a terminal.</summary>
    [LibraryImport(Name)]
    internal static partial int posix_spawn_file_actions_addtcsetpgrp_np(posix_spawn_file_actions_t* actions, int fd);
}
