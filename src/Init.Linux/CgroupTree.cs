using System.Globalization;
using System.Text;

namespace Init.Linux;

/// <summary>Limits of one control group, as cgroup v2 knows them. Null = no limit.</summary>
/// <param name="MemoryBytes">memory.max</param>
/// <param name="Cpus">cpu.max, in CPUs: 1.5 = one and a half.</param>
/// <param name="Processes">pids.max</param>
public sealed record CgroupLimits(long? MemoryBytes, double? Cpus, long? Processes);

/// <summary>
/// Control groups of our own below the one that we are in (cgroups(7), version 2). In most containers that tree is read-only, and then there are none: whoever
/// asks gets the reason, and the programs run without these limits.
/// </summary>
public sealed class CgroupTree
{
    private const int DirectoryMode = 0x1ED; // 0755
    private const int CpuPeriodMicroseconds = 100_000;

    /// <summary>Processes that are born while we move the others: they are found in the next round.</summary>
    private const int MoveRoundsMax = 10;

    private readonly string _root;

    private CgroupTree(string root) => _root = root;

    /// <summary>Makes ready the group that this process is in. It may be asked once only, for it moves this process into a group of its own.</summary>
    /// <param name="problem">Why there can be no groups; for people.</param>
    public static CgroupTree? TryOpen(out string? problem)
    {
        if (FindOwnGroup() is { } root)
            return TryOpen(root, Processes.GetPid(), out problem);

        problem = "cgroup v2 is not mounted here";
        return null;
    }

    /// <summary>As <see cref="TryOpen(out string)"/>, for a group that is known.</summary>
    internal static CgroupTree? TryOpen(string root, int ownPid, out string? problem)
    {
        string own = Path.Combine(root, "init");
        int errno = Files.MakeDirectory(own, DirectoryMode);
        if (errno is not (0 or Errno.EEXIST))
        {
            problem = $"cannot make control groups in {root}: {Errno.Describe(errno)}";
            return null;
        }

        // A group cannot have both processes and groups with limits in it ("no internal processes", cgroups(7)), so all that is in it makes room: we, programs
        // that were started without limits, a shell that somebody has opened in the container.
        string ownProcesses = Path.Combine(own, "cgroup.procs");
        errno = Write(ownProcesses, Text(ownPid));
        for (int round = 0; round < MoveRoundsMax && PidsIn(root) is { Length: > 0 } others; round++)
        {
            foreach (string pid in others)
                _ = Write(ownProcesses, pid); // ESRCH: it has ended meanwhile.
        }

        // One by one: where one of them is not ours to give, the others still hold.
        List<string> refused = [];
        foreach (string controller in (ReadOnlySpan<string>)["memory", "cpu", "pids"])
        {
            if (Write(Path.Combine(root, "cgroup.subtree_control"), "+" + controller, OpenFlags.Append) is var refusal and not 0)
                refused.Add($"{controller}: {Errno.Describe(refusal)}");
        }

        problem = errno != 0 ? $"cannot enter control group {own}: {Errno.Describe(errno)}"
            : refused.Count > 0 ? $"cannot have all control groups in {root}: {string.Join("; ", refused)}"
            : null;
        return errno == 0 && refused.Count < 3 ? new CgroupTree(root) : null;
    }

    /// <summary>Makes the group of a program, or gives the one it has the present limits.</summary>
    /// <param name="name">The program instance.</param>
    /// <param name="problem">What could not be set; for people. The group can be used all the same when the result is not null.</param>
    /// <returns>The cgroup.procs file, by which a process enters the group; null when there is no group.</returns>
    public string? Prepare(string name, CgroupLimits limits, out string? problem)
    {
        string group = Path.Combine(_root, "program-" + name.Replace('/', '-'));
        int errno = Files.MakeDirectory(group, DirectoryMode);
        if (errno is not (0 or Errno.EEXIST))
        {
            problem = $"cannot make control group {group}: {Errno.Describe(errno)}";
            return null;
        }

        problem = Set(group, "memory.max", limits.MemoryBytes is { } bytes ? Text(bytes) : "max")
            ?? Set(group, "pids.max", limits.Processes is { } count ? Text(count) : "max")
            ?? Set(group, "cpu.max", limits.Cpus is { } cpus ? $"{Text((long)(cpus * CpuPeriodMicroseconds))} {CpuPeriodMicroseconds}" : $"max {CpuPeriodMicroseconds}");
        return Path.Combine(group, "cgroup.procs");
    }

    private static string[] PidsIn(string group) =>
        ReadText(Path.Combine(group, "cgroup.procs"))?.Split('\n', StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static string? FindOwnGroup()
    {
        string? mount = ReadText("/proc/self/mounts")?.Split('\n')
            .Select(line => line.Split(' '))
            .Where(fields => fields is [_, _, "cgroup2", ..])
            .Select(fields => fields[1])
            .FirstOrDefault();
        string? path = ReadText("/proc/self/cgroup")?.Split('\n').FirstOrDefault(line => line.StartsWith("0::/", StringComparison.Ordinal))?[3..];
        return mount is null || path is null ? null : Path.Combine(mount, path.TrimStart('/'));
    }

    private static string? Set(string group, string file, string value)
    {
        string path = Path.Combine(group, file);
        return Write(path, value) is var errno and not 0 ? $"cannot set {path} to {value}: {Errno.Describe(errno)}" : null;
    }

    private static int Write(string path, string value, OpenFlags flags = OpenFlags.Write)
    {
        OpenResult file = Files.Open(path, flags | OpenFlags.Write);
        if (!file.Succeeded)
            return file.Errno;

        IoResult result = Files.Write(file.Fd, Encoding.ASCII.GetBytes(value));
        Files.Close(file.Fd);
        return result.Errno;
    }

    private static string? ReadText(string path) => Files.ReadAll(path, 1 << 20, out _) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
