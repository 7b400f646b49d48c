using Init.Base;

namespace Init.Engine.Programs;

/// <summary>How often the processes of one instance ended in which way. There are 256 codes and 64 signals, so it cannot grow for ever.</summary>
public sealed class ExitCounts
{
    private readonly Dictionary<ExitStatus, long> _counts = [];

    /// <summary>Codes first, then signals, each ascending.</summary>
    public IReadOnlyList<(ExitStatus Status, long Count)> All =>
        [.. _counts.OrderBy(entry => entry.Key.Signal).ThenBy(entry => entry.Key.Code).Select(entry => (entry.Key, entry.Value))];

    /// <summary>Whether core was dumped makes no difference.</summary>
    public void Add(ExitStatus status)
    {
        ExitStatus key = status.WasSignalled ? ExitStatus.Signalled(status.Signal) : status;
        _counts[key] = _counts.GetValueOrDefault(key) + 1;
    }
}
