using Init.Base;
using Init.Config;
using Init.Linux;

namespace Init.Engine.Logging;

/// <summary>
/// Log capture: the programs' output to files and to Init's stdout, and Init's own log, on one thread of its own (docs/decisions has why). Every member may be
/// called from any thread and only posts to the log thread, in order; call-backs come on the main loop.
/// </summary>
public sealed class LogPump : IDisposable
{
    private readonly LogPumpOptions _options;
    private readonly LogThread _work;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LogCounters> _counters = new(StringComparer.Ordinal);
    private Thread? _thread;
    private bool _hasStopped;

    public LogPump(LogPumpOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        Log = new InitLog(options.Clock, options.MinimumLevel, WakeForInitLog);
        OutputEvents = new OutputEventRelay(options.MainLoop, Log);
        _work = new LogThread(options, Log, OutputEvents, CountersOf);
    }

    /// <summary>Pieces of output and captures, for supervisord's event listeners.</summary>
    public OutputEventRelay OutputEvents { get; }

    /// <summary>Init's own log. What is written before <see cref="Start"/> waits for it.</summary>
    public InitLog Log { get; }

    /// <summary>How often the log thread has been woken, for the figure of 0 wake-ups when idle.</summary>
    public long WakeUps => _work.Loop.WakeUps;

    public void Start()
    {
        if (_thread is not null)
            throw new InvalidOperationException("the log thread runs already");

        _thread = new Thread(_work.Run, maxStackSize: 1 << 20) { Name = "init-log", IsBackground = true };
        _thread.Start();
    }

    /// <summary>
    /// Takes what is still in the pipes, closes them, writes everything out and ends the thread. Output that is written to the pipes later is lost, and
    /// its writer gets SIGPIPE. False when the limit was reached first, by a disk that hangs or a stdout that is not read: then some lines are lost.
    /// </summary>
    public bool Stop(TimeSpan limit)
    {
        if (_thread is null || _hasStopped)
            return true;

        // The thread's own deadline comes a little earlier, so that it ends in order even if stdout is never read.
        Instant deadline = MonotonicClock.Now + (limit - TimeSpan.FromTicks(Math.Min(limit.Ticks / 4, TimeSpan.FromMilliseconds(100).Ticks)));
        Post(() => _work.BeginStop(deadline));
        _hasStopped = _thread.Join(limit);
        return _hasStopped && _work.HasWrittenAll;
    }

    /// <summary>
    /// Takes over the reading end of a pipe whose other end is the stdout or stderr of a process of this program. Earlier pipes of the program that
    /// are still open (its leftovers may hold them) go on being read.
    /// </summary>
    /// <param name="instance">"napcat", "worker:0".</param>
    /// <param name="stream">With <c>stderr = "stdout"</c>, one pipe for both: <see cref="OutputStream.Stdout"/>.</param>
    /// <param name="pipeReadFd">Closed by the log thread at its end of file. It is made non-blocking; the writing end is not touched.</param>
    /// <param name="spec">Also applies to the pipes that are open already, as by <see cref="Configure"/>.</param>
    /// <param name="source">The start of the program whose output this is; null when it makes no output events.</param>
    public void Attach(string instance, OutputStream stream, int pipeReadFd, LogSpec spec, OutputSource? source = null) =>
        Post(() => _work.Attach(instance, stream, pipeReadFd, spec, source));

    /// <summary>Takes what is in a program's pipes now; then, when that has been logged and its output events have come, calls back.</summary>
    public void Drain(string instance, Action drained) => Post(() =>
    {
        _work.Drain(instance);
        _options.MainLoop.Post(drained);
    });

    /// <summary>Changes file, size, number of rotated files and mirroring, at once. Null = neither file nor mirror; what comes is read and dropped.</summary>
    public void Configure(string instance, OutputStream stream, LogSpec? spec) => Post(() => _work.Configure(instance, stream, spec));

    /// <summary>Forgets a program: takes what is still in its pipes, closes them, and ends what follows it.</summary>
    public void Remove(string instance) => Post(() =>
    {
        lock (_lock)
            _counters.Remove(instance);
        _work.Remove(instance);
    });

    /// <summary>Opens all log files anew, because somebody has renamed them (SIGUSR2).</summary>
    public void ReopenAll() => Post(_work.ReopenAll);

    /// <summary>Empties the program's log files and deletes those that were rotated away.</summary>
    public void Clear(string instance) => Post(() => _work.Clear(instance));

    /// <summary>The end of the log. A program without a file has the last 16 KiB of its output in memory.</summary>
    public void Tail(string instance, OutputStream stream, TailRequest request, Action<LogExcerpt> receive) =>
        Post(() => Reply(receive, _work.Tail(instance, stream, request)));

    /// <summary>Bytes from an offset on, as XML-RPC's readProcessStdoutLog wants them; a negative offset counts from the end.</summary>
    public void Read(string instance, OutputStream stream, long offset, int length, Action<LogExcerpt> receive) =>
        Post(() => Reply(receive, _work.Read(instance, stream, offset, length)));

    /// <summary>The end of the log, and then everything that is written from now on, without a gap between the two.</summary>
    /// <param name="instance">The program.</param>
    /// <param name="stream">Its stream.</param>
    /// <param name="first">How much of what is there already to begin with; <c>TailRequest.Lines(0)</c> for nothing.</param>
    /// <param name="receive">Gets at most 1 MiB ahead of the main loop; what is more is dropped, and the next chunk says how much.</param>
    public LogSubscription Follow(string instance, OutputStream stream, TailRequest first, Action<LogChunk> receive)
    {
        LogSubscription subscription = new(_options.MainLoop, receive);
        Post(() => _work.Follow(instance, stream, first, subscription));
        return subscription;
    }

    /// <summary>The end of Init's own log; <see cref="LogExcerpt.IsMissing"/> when it is kept in no file.</summary>
    public void TailOwn(TailRequest request, Action<LogExcerpt> receive) => Post(() => Reply(receive, _work.TailOwn(request)));

    /// <summary>As <see cref="Read"/>, of Init's own log.</summary>
    public void ReadOwn(long offset, int length, Action<LogExcerpt> receive) => Post(() => Reply(receive, _work.ReadOwn(offset, length)));

    /// <summary>As <see cref="Follow"/>, of Init's own log.</summary>
    public LogSubscription FollowOwn(TailRequest first, Action<LogChunk> receive)
    {
        LogSubscription subscription = new(_options.MainLoop, receive);
        Post(() => _work.FollowOwn(first, subscription));
        return subscription;
    }

    /// <summary>Empties Init's own log; false is passed on when it is kept in no file.</summary>
    public void ClearOwn(Action<bool> cleared) => Post(() =>
    {
        bool isDone = _work.ClearOwn();
        _options.MainLoop.Post(() => cleared(isDone));
    });

    /// <summary>
    /// Waits for a line on either stream that the pattern matches (non-backtracking, so that no output can make it slow). Call it before
    /// <see cref="Attach"/>: only pipes attached after it count, or else the last words of the process before would make its replacement ready.
    /// </summary>
    /// <param name="instance">The program.</param>
    /// <param name="pattern">A .NET regular expression that <see cref="System.Text.RegularExpressions.RegexOptions.NonBacktracking"/> accepts.</param>
    /// <param name="whenFound">Called once, with the line.</param>
    public LogWatch Watch(string instance, string pattern, Action<string> whenFound)
    {
        LogWatch watch = new(pattern, _options.MainLoop, whenFound);
        Post(() => _work.Watch(instance, watch));
        return watch;
    }

    /// <summary>Both streams of one program together, at once and without waiting for the log thread; zeros for a program without output.</summary>
    public LogStatistics StatisticsOf(string instance)
    {
        lock (_lock)
            return _counters.TryGetValue(instance, out LogCounters? counters) ? counters.Snapshot : default;
    }

    /// <summary>After <see cref="Stop"/>.</summary>
    public void Dispose()
    {
        if (_hasStopped || _thread is null)
            _work.Dispose(); // A thread that hangs still uses it.
    }

    private void Post(Action action) => _work.Loop.Post(action);

    private void Reply(Action<LogExcerpt> receive, LogExcerpt excerpt) => _options.MainLoop.Post(() => receive(excerpt));

    private void WakeForInitLog() => Post(_work.WriteInitLog);

    private LogCounters CountersOf(string instance)
    {
        lock (_lock)
        {
            if (!_counters.TryGetValue(instance, out LogCounters? counters))
            {
                counters = new LogCounters();
                _counters.Add(instance, counters);
            }

            return counters;
        }
    }
}
