using System.Globalization;
using Init.Base;

namespace Init.Linux;

/// <summary>
/// A process that outlives ours and ends what we would leave behind. As PID 1 the kernel does that (pid_namespaces(7)); anywhere else, children of a supervisor
/// that was killed would live on unnoticed. The guard holds the reading end of a pipe of which only we hold the other: its end is our end.
/// </summary>
public static class Guard
{
    public const string AppletName = "guard";

    /// <summary>The environment variable by which the guard knows our children, and theirs, wherever they have gone. Its value is the instance.</summary>
    public const string InstanceVariable = "INIT_INSTANCE";

    public const int PipeFd = 3;

    /// <summary>A round of KILL waits this long for deaths before it looks again.</summary>
    private static readonly TimeSpan KillRound = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// When nothing is found, it looks again after these pauses: a child that was being spawned at our end has closed our end of the pipe already, and shows
    /// its environment only when execve(2) has come a little further, which on a busy machine takes its time.
    /// </summary>
    private static readonly TimeSpan[] Doubts = [TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500)];

    /// <summary>Rounds of KILL before the guard gives up: something forks faster than it can be killed, or is stuck in the kernel.</summary>
    private const int KillRoundsMax = 50;

    /// <summary>Starts the guard, in a session of its own. It is a child of ours and must be reaped, and started anew, if it ends.</summary>
    /// <param name="initPath">Our own binary, such as "/proc/self/exe".</param>
    /// <param name="instance">The value of <see cref="InstanceVariable"/> in every child of ours.</param>
    /// <param name="grace">From TERM to KILL.</param>
    /// <param name="pipe">When spawned, the caller's, to be kept open until the end. Else -1.</param>
    public static SpawnResult Start(string initPath, string instance, TimeSpan grace, out int pipe)
    {
        pipe = -1;
        int errno = Pipes.TryCreate(out int read, out int write);
        if (errno != 0)
            return new SpawnResult.Failed(errno, $"cannot create a process for {initPath}: {Errno.Describe(errno)}");

        SpawnResult result = Spawner.Spawn(new SpawnRequest
        {
            Path = initPath,
            Argv = ["init", AppletName, instance, ((long)grace.TotalMilliseconds).ToString(CultureInfo.InvariantCulture)],
            Environment = [],
            Directory = "/",
            ExtraFds = [(read, PipeFd)],

            // Blocked from its first instruction: it would block them itself, but only once the loader has got that far.
            SignalMask = ~(SignalSet.Faults | SignalSet.Unavailable),
        });
        Files.Close(read);
        if (result is SpawnResult.Spawned)
            pipe = write;
        else
            Files.Close(write);
        return result;
    }

    /// <summary>The side of the guard: waits for the end of the pipe, then ends every process of the instance.</summary>
    /// <returns>How many processes it found.</returns>
    public static int Watch(string instance, TimeSpan grace)
    {
        _ = Files.SetCloseOnExec(PipeFd, closeOnExec: true);
        Span<byte> ignored = stackalloc byte[64];
        while (Files.Read(PipeFd, ignored).Count > 0)
        {
            // Nobody writes to it.
        }

        return EndInstance(instance, grace);
    }

    /// <summary>TERM to every process of the instance except ourselves, and KILL to what is left after the grace, until none is found.</summary>
    /// <returns>How many processes it found.</returns>
    public static int EndInstance(string instance, TimeSpan grace)
    {
        HashSet<(int Pid, ulong StartTime)> asked = [];
        Instant end = MonotonicClock.Now + grace;
        using EventLoop loop = new();
        int killRounds = 0, emptyLooks = 0;
        while (killRounds < KillRoundsMax)
        {
            List<ProcessInfo> found = FindInstance(instance);
            if (found.Count == 0)
            {
                if (emptyLooks == Doubts.Length)
                    break;

                loop.RunOnce(MonotonicClock.Now + Doubts[emptyLooks++]);
                continue;
            }

            bool isKill = MonotonicClock.Now >= end;
            foreach (ProcessInfo process in found)
            {
                bool isNew = asked.Add((process.Pid, process.StartTime));
                if (isKill)
                    _ = Processes.KillExactly(process.Pid, process.StartTime, Signals.SIGKILL);
                else if (isNew)
                    Terminate(process);
            }

            killRounds += isKill ? 1 : 0;
            WaitForDeath(loop, found, isKill ? MonotonicClock.Now + KillRound : end);
        }

        return asked.Count;
    }

    private static void Terminate(ProcessInfo process)
    {
        _ = Processes.KillExactly(process.Pid, process.StartTime, Signals.SIGTERM);

        // A stopped process acts on TERM only when it goes on.
        _ = Processes.KillExactly(process.Pid, process.StartTime, Signals.SIGCONT);
    }

    private static List<ProcessInfo> FindInstance(string instance)
    {
        int self = Processes.GetPid();
        List<ProcessInfo> found = [];
        foreach (int pid in ProcFs.ListPids())
        {
            if (pid != self && ProcFs.ReadEnvironmentValue(pid, InstanceVariable) == instance && ProcFs.Read(pid) is { IsZombie: false } process)
                found.Add(process);
        }

        return found;
    }

    /// <summary>Returns when the first of them ends, or all that can be watched have ended, or at the deadline.</summary>
    private static void WaitForDeath(EventLoop loop, List<ProcessInfo> processes, Instant deadline)
    {
        List<int> handles = [];
        bool anyDied = false;
        foreach (ProcessInfo process in processes)
        {
            OpenResult handle = Processes.OpenHandle(process.Pid);
            if (!handle.Succeeded)
                continue; // Gone already, or out of descriptors: the next look tells.

            handles.Add(handle.Fd);
            loop.Watch(handle.Fd, IoEvents.Readable, _ => anyDied = true);
        }

        if (handles.Count == processes.Count)
        {
            while (!anyDied && MonotonicClock.Now < deadline)
                loop.RunOnce(deadline);
        }
        else
        {
            loop.RunOnce(Instant.Min(deadline, MonotonicClock.Now + TimeSpan.FromMilliseconds(5)));
        }

        foreach (int handle in handles)
        {
            loop.Unwatch(handle);
            Files.Close(handle);
        }
    }
}
