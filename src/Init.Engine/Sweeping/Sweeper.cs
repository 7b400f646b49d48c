using Init.Engine.Children;
using Init.Linux;

namespace Init.Engine.Sweeping;

/// <summary>
/// Ends what a program leaves behind when its main process is gone: members of its process group, descendants that made a session
/// of their own, daemons that this process has inherited. They are told by group, session, descent, the marks in their environment, and, where these have been
/// cleared away, by the pipe that they still write the program's output to.
/// </summary>
public sealed class Sweeper(EventLoop loop, ProcessTable processes, string instanceId)
{
    /// <summary>
    /// Members of the group have had their signal together with the main process and are about to go: they get these moments before the long look at all
    /// processes, which costs more than their whole life when a hundred programs end at once.
    /// </summary>
    private static readonly TimeSpan[] Moments = [TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(5)];

    /// <summary>Where the end of a process cannot be watched.</summary>
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromMilliseconds(20);

    private readonly Dictionary<string, Sweep> _sweeps = [];

    /// <summary>
    /// Sends <paramref name="signal"/> to all that is left of <paramref name="instance"/>, and calls <paramref name="swept"/> once, when nothing is. When a sweep of
    /// this instance is under way, only the signal is sent again.
    /// </summary>
    /// <param name="instance">The program instance.</param>
    /// <param name="group">Its last main process, which was the leader of its group and session; null when it had none.</param>
    /// <param name="outputs">The pipes that its processes were given for their output, by inode number.</param>
    /// <param name="signal">What to send.</param>
    /// <param name="lookAtAll">
    /// A hook of the program has just been killed: what it leaves behind may not be ours yet, so that not having inherited anything says nothing.
    /// </param>
    /// <param name="swept">Never called from within this call.</param>
    public void Begin(string instance, int? group, IEnumerable<ulong> outputs, int signal, bool lookAtAll, Action swept)
    {
        if (!_sweeps.TryGetValue(instance, out Sweep? sweep))
        {
            sweep = new Sweep(instance, group, [.. outputs], swept);
            _sweeps.Add(instance, sweep);
        }

        sweep.Signal = signal;
        sweep.LookAtAll |= lookAtAll;
        sweep.Signalled.Clear();
        sweep.Looks = signal == Signals.SIGKILL ? Moments.Length : 0;
        CheckSoon(sweep);
    }

    /// <summary>Everything that descends from this Init, for its own end. It is sent once; who forks meanwhile needs another call.</summary>
    /// <returns>How many processes were there to signal.</returns>
    public int SignalAllDescendants(int signal)
    {
        int count = 0;
        foreach (ProcessInfo process in FindDescendants())
        {
            if (!process.IsZombie && Processes.KillExactly(process.Pid, process.StartTime, signal) == 0)
                count++;
        }

        return count;
    }

    /// <summary>Not at once: who is told of the end of a sweep must not hear of it while it still asks for one.</summary>
    private void CheckSoon(Sweep sweep)
    {
        if (sweep.CheckPending)
            return;

        sweep.CheckPending = true;
        loop.Post(() => Check(sweep));
    }

    private void Check(Sweep sweep)
    {
        sweep.CheckPending = false;
        if (!_sweeps.ContainsKey(sweep.Instance))
            return;

        // Who has ended and only waits for us to take notice would count as a member of its group.
        processes.ReapAll();
        bool groupLives = HasGroup(sweep);
        bool escaped = sweep.LookAtAll || sweep.Watched.Count > 0 || HasInherited(sweep);
        sweep.LookAtAll = false;
        if (groupLives && !escaped && sweep.Looks < Moments.Length)
        {
            sweep.CheckPending = true;
            loop.After(Moments[sweep.Looks++], () => Check(sweep));
            return;
        }

        List<ProcessInfo> left = groupLives || escaped ? FindLeftovers(sweep) : [];
        if (left.Count == 0)
        {
            _sweeps.Remove(sweep.Instance);
            foreach (int fd in sweep.Watched.Values)
                CloseHandle(fd);
            sweep.Swept();
            return;
        }

        foreach (ProcessInfo process in left)
        {
            if (sweep.Signalled.Add((process.Pid, process.StartTime)))
                SendTo(process, sweep.Signal);
            WatchEnd(sweep, process);
        }
    }

    private static void SendTo(ProcessInfo process, int signal)
    {
        _ = Processes.KillExactly(process.Pid, process.StartTime, signal); // ESRCH: it has ended meanwhile.
        if (signal != Signals.SIGKILL)
            _ = Processes.KillExactly(process.Pid, process.StartTime, Signals.SIGCONT); // A stopped process would not hear the signal.
    }

    /// <summary>Any change of the set is followed by another look, until it is empty; its own children, if any, show up in that look.</summary>
    private void WatchEnd(Sweep sweep, ProcessInfo process)
    {
        if (sweep.Watched.ContainsKey(process.Pid))
            return;

        OpenResult handle = Processes.OpenHandle(process.Pid);
        if (!handle.Succeeded)
        {
            // Ended meanwhile, or no descriptor to be had, or an old kernel: look again a little later.
            loop.After(LookAgainAfter, () => CheckSoon(sweep));
            return;
        }

        try
        {
            loop.Watch(handle.Fd, IoEvents.Readable, _ =>
            {
                sweep.Watched.Remove(process.Pid);
                CloseHandle(handle.Fd);
                CheckSoon(sweep);
            });
            sweep.Watched.Add(process.Pid, handle.Fd);
        }
        catch (SyscallException)
        {
            Files.Close(handle.Fd);
            loop.After(LookAgainAfter, () => CheckSoon(sweep));
        }
    }

    private void CloseHandle(int fd)
    {
        loop.Unwatch(fd);
        Files.Close(fd);
    }

    private static bool HasGroup(Sweep sweep) => sweep.Group is { } group && Processes.KillGroup(group, 0) == 0;

    /// <summary>
    /// A descendant whose parents are gone is a child of this process, which is the reaper of its subtree: without a strange child that belongs to the
    /// program there is no escaped descendant, and the long look at all processes can be spared.
    /// </summary>
    private bool HasInherited(Sweep sweep) =>
        ProcFs.ListOwnChildren() is not { } children
        || children.Exists(pid => !processes.IsOurs(pid) && ProcFs.Read(pid) is { IsZombie: false } process && IsOutsideGroup(process, sweep));

    private bool IsOutsideGroup(ProcessInfo process, Sweep sweep) => process.ProcessGroup != sweep.Group && Belongs(process, sweep);

    private List<ProcessInfo> FindLeftovers(Sweep sweep)
    {
        List<ProcessInfo> all = ProcFs.ListProcesses();
        var belonging = new HashSet<int>();
        foreach (ProcessInfo process in all)
        {
            if (!processes.IsOurs(process.Pid) && process.Pid != Processes.GetPid() && Belongs(process, sweep))
                belonging.Add(process.Pid);
        }

        // Descendants of those, which may have cleared their environment.
        AddDescendants(belonging, all, process => !processes.IsOurs(process.Pid));
        return all.FindAll(process => belonging.Contains(process.Pid) && !process.IsZombie);
    }

    /// <summary>
    /// By descent, for as the reaper of this tree we are an ancestor of all of it, also of what has cleared its environment; and by mark, should we not have become
    /// the reaper.
    /// </summary>
    private List<ProcessInfo> FindDescendants()
    {
        int own = Processes.GetPid();
        List<ProcessInfo> all = ProcFs.ListProcesses();
        HashSet<int> descendants = [.. all.Where(process => process.ParentPid == own || IsMarked(process)).Select(process => process.Pid)];
        AddDescendants(descendants, all, process => true);
        return all.FindAll(process => process.Pid != own && descendants.Contains(process.Pid));
    }

    /// <summary>Parents need not come first in the list, hence the rounds.</summary>
    private static void AddDescendants(HashSet<int> belonging, List<ProcessInfo> all, Func<ProcessInfo, bool> mayBelong)
    {
        int before;
        do
        {
            before = belonging.Count;
            foreach (ProcessInfo process in all)
            {
                if (belonging.Contains(process.ParentPid) && mayBelong(process))
                    belonging.Add(process.Pid);
            }
        }
        while (belonging.Count > before);
    }

    private bool IsMarked(ProcessInfo process) =>
        !process.IsZombie && ProcFs.ReadEnvironmentValue(process.Pid, EnvironmentNames.Instance) == instanceId;

    private bool Belongs(ProcessInfo process, Sweep sweep)
    {
        if (process.ProcessGroup == sweep.Group || process.Session == sweep.Group)
            return true;

        if (process.IsZombie)
            return false;
        if (ProcFs.ReadEnvironmentValue(process.Pid, EnvironmentNames.Instance) is { } mark)
            return mark == instanceId && ProcFs.ReadEnvironmentValue(process.Pid, EnvironmentNames.Program) == sweep.Instance;

        return ProcFs.ReadPipe(process.Pid, 1) is { } stdout && sweep.Outputs.Contains(stdout)
            || ProcFs.ReadPipe(process.Pid, 2) is { } stderr && sweep.Outputs.Contains(stderr);
    }

    private sealed class Sweep(string instance, int? group, HashSet<ulong> outputs, Action swept)
    {
        public string Instance { get; } = instance;

        public int? Group { get; } = group;

        public HashSet<ulong> Outputs { get; } = outputs;

        public Action Swept { get; } = swept;

        public int Signal { get; set; }

        public bool LookAtAll { get; set; }

        public bool CheckPending { get; set; }

        /// <summary>How many of the moments have passed.</summary>
        public int Looks { get; set; }

        /// <summary>Who has had the present signal: nobody gets it twice.</summary>
        public HashSet<(int Pid, ulong StartTime)> Signalled { get; } = [];

        /// <summary>pid to pidfd.</summary>
        public Dictionary<int, int> Watched { get; } = [];
    }
}
