using Init.Gateway.Logging;
using Microsoft.Extensions.Logging;

namespace Init.Gateway.Hosting;

/// <summary>
/// Tells when files that the gateway keeps have been written, by whomever: a restore brings rules and password back while the gateway runs already, and people use editors. What it
/// means is for the one who is told to find out. Nothing is polled; where nothing can be watched, SIGHUP is left.
/// </summary>
internal sealed class FileNews : IDisposable
{
    /// <summary>An editor that truncates and writes is not looked at in between, and several files of one restore are one piece of news.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(100);

    private readonly HashSet<string> _names;
    private readonly Func<Task> _tell;
    private readonly ILogger _log;
    private readonly List<FileSystemWatcher> _watchers = [];
    private int _isPending;

    /// <param name="paths">Of the files; their directories should be there.</param>
    /// <param name="tell">Is called a moment after a change, once for several that come together; it may be called again while it is at it.</param>
    /// <param name="log">Is told when a directory cannot be watched.</param>
    public FileNews(IReadOnlyCollection<string> paths, Func<Task> tell, ILogger log)
    {
        _names = [.. paths.Select(path => Path.GetFileName(path))];
        _tell = tell;
        _log = log;
        foreach (string directory in paths.Select(path => Path.GetDirectoryName(path) ?? "/").Distinct(StringComparer.Ordinal))
            Watch(directory);
    }

    public void Dispose()
    {
        foreach (FileSystemWatcher watcher in _watchers)
            watcher.Dispose();
    }

    /// <summary>As if a file had been written.</summary>
    public void Note()
    {
        if (Interlocked.Exchange(ref _isPending, 1) == 0)
            _ = TellAsync();
    }

    private void Watch(string directory)
    {
        FileSystemWatcher? watcher = null;
        try
        {
            watcher = new FileSystemWatcher(directory) { NotifyFilter = NotifyFilters.FileName | NotifyFilters.LastWrite };
            watcher.Created += (_, change) => NoteIfOurs(change.Name);
            watcher.Changed += (_, change) => NoteIfOurs(change.Name);
            watcher.Renamed += (_, change) => NoteIfOurs(change.Name);
            watcher.EnableRaisingEvents = true;
            _watchers.Add(watcher);
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or UnauthorizedAccessException)
        {
            watcher?.Dispose();
            _log.NotWatched(directory, exception.Message);
        }
    }

    private void NoteIfOurs(string? name)
    {
        if (name is not null && _names.Contains(name))
            Note();
    }

    private async Task TellAsync()
    {
        try
        {
            await Task.Delay(Calm);

            // What is written from here on is news again.
            Volatile.Write(ref _isPending, 0);
            await _tell();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            _log.NotTakenOver(exception);
        }
    }
}
