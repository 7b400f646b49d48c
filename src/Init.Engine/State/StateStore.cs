using Init.Linux;

namespace Init.Engine.State;

/// <summary>
/// What Init must remember over its own restarts: STATE_DIR/state.json. A file that cannot be used is set aside and never stops Init from
/// starting; a directory that cannot be written to means that it remembers nothing, which is said once.
/// </summary>
/// <remarks>
/// Changes are written together, at most once in <see cref="WriteInterval"/>; while nothing changes there is neither a timer nor a write.
/// The write, with its fsync(2), is done on the loop's thread: the file has a line for each scheduled program and changes when one of them runs.
/// </remarks>
public sealed class StateStore
{
    public static readonly TimeSpan WriteInterval = TimeSpan.FromSeconds(1);

    /// <summary>A larger file is not ours.</summary>
    public const int FileBytesMax = 1024 * 1024;

    /// <summary>Beyond this the instance that ran longest ago is forgotten. This many fit into <see cref="FileBytesMax"/> with names of 150 bytes.</summary>
    public const int LastRunsMax = 4096;

    private readonly EventLoop _loop;
    private readonly string _path;
    private readonly Action<string> _say;
    private readonly Dictionary<string, DateTimeOffset> _lastRuns;
    private LoopTimer? _writeTimer;
    private bool _isDirty;
    private bool _hasSaid;

    private StateStore(EventLoop loop, string path, Dictionary<string, DateTimeOffset> lastRuns, Action<string> say)
    {
        _loop = loop;
        _path = path;
        _lastRuns = lastRuns;
        _say = say;
    }

    /// <param name="loop">Its timer says when to write.</param>
    /// <param name="stateDirectory">STATE_DIR. It is not made here; when it is missing, nothing is remembered.</param>
    /// <param name="now">The wall-clock time, for the name of a file that is set aside.</param>
    /// <param name="say">Told once, when writing fails.</param>
    /// <param name="problem">What was wrong with the file, for people; null when there was nothing wrong, or no file.</param>
    public static StateStore Open(EventLoop loop, string stateDirectory, DateTimeOffset now, Action<string> say, out string? problem)
    {
        string path = Path.Combine(stateDirectory, "state.json");
        StateFile? file = Read(path, out string? reason);
        problem = reason is null ? null : StateFiles.SetAside(path, reason, now);
        return new StateStore(loop, path, file?.LastRuns ?? [], say);
    }

    /// <summary>When the instance was started last; null when that is not known.</summary>
    public DateTimeOffset? LastRun(string instance) => _lastRuns.TryGetValue(instance, out DateTimeOffset at) ? at : null;

    public void SetLastRun(string instance, DateTimeOffset at)
    {
        at = at.ToUniversalTime();
        if (_lastRuns.TryGetValue(instance, out DateTimeOffset known) && known == at)
            return;

        if (_lastRuns.Count >= LastRunsMax && !_lastRuns.ContainsKey(instance))
            _lastRuns.Remove(_lastRuns.MinBy(run => run.Value).Key);

        _lastRuns[instance] = at;
        _isDirty = true;
        if (_writeTimer is not { IsPending: true })
            _writeTimer = _loop.After(WriteInterval, Flush);
    }

    /// <summary>Writes now what is not written yet; for the shutdown.</summary>
    public void Flush()
    {
        _writeTimer?.Cancel();
        if (!_isDirty)
            return;

        _isDirty = false;
        StateFile file = new() { Version = StateFile.CurrentVersion, LastRuns = _lastRuns };
        int errno = Files.Replace(_path, file.ToUtf8(), 0x180 /* 0600 */);
        if (errno == 0)
        {
            _hasSaid = false;
            return;
        }

        // The next change tries again.
        if (_hasSaid)
            return;

        _hasSaid = true;
        _say($"cannot write {_path}: {Errno.Describe(errno)}; after a restart of Init, scheduled programs will count from the start again");
    }

    /// <summary>Null without a reason when there is no file.</summary>
    private static StateFile? Read(string path, out string? reason)
    {
        byte[]? content = StateFiles.Read(path, FileBytesMax, out reason);
        return content is null ? null : StateFile.Parse(content, out reason);
    }
}
