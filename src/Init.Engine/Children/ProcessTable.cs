using System.Runtime.ExceptionServices;
using Init.Base;
using Init.Linux;

namespace Init.Engine.Children;

/// <summary>
/// The one reaper. It knows every process that Init has started and whom to tell of its end; everything else that ends is an orphan
/// that this process has inherited, and is reaped and counted.
/// </summary>
public sealed class ProcessTable
{
    private readonly Dictionary<int, Action<ExitStatus>> _owners = [];

    /// <summary>Inherited processes that were reaped since the start.</summary>
    public long OrphansReaped { get; private set; }

    /// <summary>Told of each inherited process that has ended.</summary>
    public Action<int, ExitStatus>? OrphanEnded { get; set; }

    /// <summary>True for a process that Init has started and not reaped yet.</summary>
    public bool IsOurs(int pid) => _owners.ContainsKey(pid);

    /// <summary>
    /// From now on <paramref name="ended"/> hears of the end of <paramref name="pid"/>. Must be called in the same pass as the spawn; then the
    /// process cannot have been reaped before, however short its life, for reaping is this thread's work as well.
    /// </summary>
    public void Add(int pid, Action<ExitStatus> ended) => _owners.Add(pid, ended);

    /// <summary>Reaps whatever has ended. SIGCHLD only says that there may be something: several ends can share one signal (signal(7)).</summary>
    public void ReapAll()
    {
        ExceptionDispatchInfo? fault = null;
        while (Reaper.TryReapAny(out int pid, out ExitStatus status))
        {
            if (!_owners.Remove(pid, out Action<ExitStatus>? ended))
            {
                OrphansReaped++;
                OrphanEnded?.Invoke(pid, status);
                continue;
            }

            try
            {
                ended(status);
            }
            catch (Exception exception)
            {
                // The others have ended all the same, and the kernel does not tell of them again.
                fault ??= ExceptionDispatchInfo.Capture(exception);
            }
        }

        fault?.Throw();
    }
}
