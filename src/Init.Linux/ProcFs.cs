using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Init.Linux;

/// <summary>A process as /proc/PID/stat has it (proc_pid_stat(5)).</summary>
/// <param name="State">R S D Z T t X I …</param>
/// <param name="StartTime">Clock ticks after boot. With the pid it names a process for good: a pid is used again, the pair is not.</param>
/// <param name="CpuTime">User and system time of all its threads.</param>
/// <param name="ResidentBytes">Memory in RAM, shared pages included.</param>
public readonly record struct ProcessInfo(
    int Pid, string Name, char State, int ParentPid, int ProcessGroup, int Session, ulong StartTime, TimeSpan CpuTime, long ResidentBytes)
{
    public bool IsZombie => State is 'Z' or 'X';
}

/// <summary>What /proc tells of processes. A process may be gone at any time, so each answer may be null.</summary>
public static unsafe class ProcFs
{
    /// <summary>An environment larger than this is read up to here. The kernel's own limit is a quarter of the stack limit, 2 MiB by default.</summary>
    private const int EnvironmentBytesMax = 4 << 20;

    private const int StatBytesMax = 1024;

    private static readonly long TicksPerSecond = Libc.sysconf(Libc._SC_CLK_TCK);
    private static readonly long PageSize = Libc.sysconf(Libc._SC_PAGESIZE);

    /// <summary>All processes of this PID namespace, by rising pid. Empty when /proc is not mounted.</summary>
    public static List<int> ListPids()
    {
        List<int> pids = [];
        int proc = Libc.open("/proc", Libc.O_RDONLY | Libc.O_DIRECTORY | Libc.O_CLOEXEC, 0);
        if (proc < 0)
            return pids;

        const int BufferSize = 32 << 10;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        fixed (byte* start = buffer)
        {
            nint length;
            while ((length = Libc.getdents64(proc, start, BufferSize)) > 0)
            {
                for (byte* entry = start; entry < start + length; entry += *(ushort*)(entry + Libc.DirentLengthOffset))
                {
                    ReadOnlySpan<byte> name = System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + Libc.DirentNameOffset);
                    if (Utf8Parser.TryParse(name, out int pid, out int used) && used == name.Length && pid > 0)
                        pids.Add(pid);
                }
            }
        }

        ArrayPool<byte>.Shared.Return(buffer);
        Files.Close(proc);
        return pids;
    }

    public static List<ProcessInfo> ListProcesses()
    {
        List<ProcessInfo> processes = [];
        foreach (int pid in ListPids())
        {
            if (Read(pid) is { } process)
                processes.Add(process);
        }

        return processes;
    }

    /// <summary>
    /// The direct children of this process, zombies included, by /proc/self/task/*/children: one short read where a look at all processes would be long.
    /// Null when the kernel does not offer it (CONFIG_PROC_CHILDREN) or /proc is not mounted.
    /// </summary>
    public static List<int>? ListOwnChildren()
    {
        // Orphans are given to the main thread, and posix_spawn makes children of the thread that calls it, which is the same one.
        byte[] buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            int fd = Libc.open($"/proc/self/task/{Libc.getpid()}/children", Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
            if (fd < 0)
                return null;

            List<int> children = [];
            int carried = 0;
            while (Files.Read(fd, buffer.AsSpan(carried)) is { Succeeded: true, Count: > 0 } read)
            {
                ReadOnlySpan<byte> rest = buffer.AsSpan(0, carried + read.Count);
                while (rest.IndexOf((byte)' ') is var end and >= 0)
                {
                    if (Utf8Parser.TryParse(rest[..end], out int pid, out _))
                        children.Add(pid);
                    rest = rest[(end + 1)..];
                }

                // A number may be cut by the end of the buffer: its rest comes with the next read.
                rest.CopyTo(buffer);
                carried = rest.Length;
            }

            Files.Close(fd);
            return children;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Null when there is no such process (any more).</summary>
    public static ProcessInfo? Read(int pid)
    {
        Span<byte> stat = stackalloc byte[StatBytesMax];
        int length = ReadFile(pid, "stat"u8, stat);
        return length > 0 ? Parse(stat[..length]) : null;
    }

    /// <summary>The value of one environment variable, as the process was started with; null when it has none, is gone, or is not ours to look at.</summary>
    public static string? ReadEnvironmentValue(int pid, string name)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            int length = 0;
            int fd = Open(pid, "environ"u8);
            if (fd < 0)
                return null;

            while (length < EnvironmentBytesMax)
            {
                if (length == buffer.Length)
                {
                    byte[] larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.CopyTo(larger, 0);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }

                IoResult result = Files.Read(fd, buffer.AsSpan(length));
                if (!result.Succeeded || result.Count == 0)
                    break;
                length += result.Count;
            }

            Files.Close(fd);
            return FindValue(buffer.AsSpan(0, length), name);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The inode number of the pipe that a descriptor of the process is open on; null when it is no pipe, not open, or not ours to look at (proc_pid_fd(5)).</summary>
    public static ulong? ReadPipe(int pid, int descriptor)
    {
        const string Prefix = "pipe:[";
        string? target = Files.ReadLink($"/proc/{pid}/fd/{descriptor}");
        return target is not null && target.StartsWith(Prefix, StringComparison.Ordinal) && ulong.TryParse(target.AsSpan(Prefix.Length).TrimEnd(']'), out ulong inode)
            ? inode
            : null;
    }

    /// <summary>Reads the whole line of /proc/PID/stat. The name may hold anything, also spaces and parentheses, so its end is the last parenthesis of all.</summary>
    internal static ProcessInfo? Parse(ReadOnlySpan<byte> stat)
    {
        int nameStart = stat.IndexOf((byte)'(');
        int nameEnd = stat.LastIndexOf((byte)')');
        if (nameStart < 1 || nameEnd < nameStart || !Utf8Parser.TryParse(stat[..nameStart], out int pid, out _))
            return null;

        // Fields are numbered as in the man page, where the state is field 3.
        const int State = 3, ParentPid = 4, Group = 5, Session = 6, UserTime = 14, SystemTime = 15, StartTime = 22, ResidentPages = 24;
        char state = '?';
        Span<long> values = stackalloc long[ResidentPages + 1];
        ReadOnlySpan<byte> rest = stat[(nameEnd + 1)..];
        int field = State;
        foreach (Range range in rest.Split((byte)' '))
        {
            ReadOnlySpan<byte> text = rest[range];
            if (text.IsEmpty)
                continue;
            if (field > ResidentPages)
                break;
            if (field == State)
                state = (char)text[0];
            else if (Utf8Parser.TryParse(text, out long value, out _))
                values[field] = value;
            field++;
        }

        if (field <= ResidentPages)
            return null;

        return new ProcessInfo(
            pid,
            Encoding.UTF8.GetString(stat[(nameStart + 1)..nameEnd]),
            state,
            (int)values[ParentPid],
            (int)values[Group],
            (int)values[Session],
            (ulong)values[StartTime],
            TimeSpan.FromTicks((values[UserTime] + values[SystemTime]) * (TimeSpan.TicksPerSecond / TicksPerSecond)),
            values[ResidentPages] * PageSize);
    }

    private static string? FindValue(ReadOnlySpan<byte> environment, string name)
    {
        byte[] key = Encoding.UTF8.GetBytes(name + "=");
        while (!environment.IsEmpty)
        {
            int end = environment.IndexOf((byte)0);
            ReadOnlySpan<byte> entry = end < 0 ? environment : environment[..end];
            if (entry.StartsWith(key))
                return Encoding.UTF8.GetString(entry[key.Length..]);
            environment = end < 0 ? [] : environment[(end + 1)..];
        }

        return null;
    }

    private static int ReadFile(int pid, ReadOnlySpan<byte> file, Span<byte> buffer)
    {
        int fd = Open(pid, file);
        if (fd < 0)
            return 0;

        IoResult result = Files.Read(fd, buffer);
        Files.Close(fd);
        return result.Count;
    }

    private static int Open(int pid, ReadOnlySpan<byte> file)
    {
        Span<byte> path = stackalloc byte[64];
        "/proc/"u8.CopyTo(path);
        Utf8Formatter.TryFormat(pid, path[6..], out int digits);
        path[6 + digits] = (byte)'/';
        file.CopyTo(path[(7 + digits)..]);
        path[7 + digits + file.Length] = 0;
        fixed (byte* start = path)
            return Libc.open_raw(start, Libc.O_RDONLY | Libc.O_CLOEXEC, 0);
    }
}
