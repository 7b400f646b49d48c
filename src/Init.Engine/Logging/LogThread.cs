using System.Text;
using Init.Base;
using Init.Config;
using Init.Linux;

namespace Init.Engine.Logging;

/// <summary>
/// What the log thread does: it reads the programs' pipes, writes their files, and feeds stdout. All of it runs on that one thread and its own event loop, so a
/// disk that hangs or a program that floods holds up other log lines at most, and never the main loop.
/// </summary>
internal sealed class LogThread : IDisposable
{
    /// <summary>Half a line that nothing follows for this long is put into the file: it may be a prompt.</summary>
    private static readonly TimeSpan QuietAfter = TimeSpan.FromMilliseconds(100);

    /// <summary>So that a fault that comes back at once costs no processor, and cannot fill the log.</summary>
    private static readonly TimeSpan PauseAfterFault = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<(string Instance, OutputStream Stream), OutputSink> _sinks = [];
    private readonly Dictionary<string, LogFile> _files = new(StringComparer.Ordinal);
    private readonly List<OutputPipe> _pipes = [];
    private readonly List<OutputPipe> _unwatched = [];
    private readonly List<LogSubscription> _ownFollowers = [];
    private readonly HashSet<OutputPipe> _unrecorded = [];
    private readonly FloodControl _flood = new();
    private readonly LogPumpOptions _options;
    private readonly Func<string, LogCounters> _countersOf;
    private readonly InitLog _log;
    private readonly OutputEventRelay _relay;
    private readonly Mirror _mirror;
    private readonly OwnLogFile? _initLogFile;
    private readonly SyslogOutput _syslog;
    private Mirror? _stderr;
    private ReadBuffer? _buffer;
    private LoopTimer? _quietTimer;
    private long _attachNumber;
    private bool _isStopping;

    public LogThread(LogPumpOptions options, InitLog log, OutputEventRelay relay, Func<string, LogCounters> countersOf)
    {
        _options = options;
        _log = log;
        _relay = relay;
        _countersOf = countersOf;
        _mirror = new Mirror(Loop, log, options.Format, options.Clock, options.StdoutFd);
        _syslog = new SyslogOutput(log);
        _initLogFile = OpenOwnFile(options, log);
        Loop.AfterPass = AfterPass;
    }

    public EventLoop Loop { get; } = new();

    /// <summary>After the end of the thread: whether stdout has taken everything.</summary>
    public bool HasWrittenAll { get; private set; }

    private bool HasStopped { get; set; }

    /// <summary>Returns after <see cref="BeginStop"/>. Nothing that goes wrong in one step ends the thread.</summary>
    public void Run()
    {
        while (!HasStopped)
        {
            try
            {
                Loop.RunOnce(until: _unwatched.Count > 0 ? _flood.NextReading(MonotonicClock.Now) : null);
            }
            catch (Exception exception)
            {
                _log.LogThreadStumbled(exception);
                Thread.Sleep(PauseAfterFault);
            }
        }

        HasWrittenAll = _mirror.IsEmpty && _stderr is null or { IsEmpty: true };
        _mirror.Dispose();
        _stderr?.Dispose();
        _initLogFile?.Dispose();
    }

    public void Attach(string instance, OutputStream stream, int fd, LogSpec spec, OutputSource? source)
    {
        OutputSink sink = SinkOf(instance, stream);
        Configure(sink, spec);
        OutputPipe pipe = new(fd, sink, ++_attachNumber, source is null ? null : new OutputInspector(source, sink, _relay));
        try
        {
            int errno = Files.SetNonBlocking(fd, nonBlocking: true);
            if (errno != 0)
                throw new SyscallException("use", $"descriptor {fd}", errno);
            Watch(pipe);
        }
        catch (SyscallException exception)
        {
            _log.CannotReadOutput(instance, stream, exception.Message);
            Files.Close(fd);
            return;
        }

        if (_options.MainLog is not null)
            sink.File?.Create(Loop.Now);
        sink.OpenPipes++;
        _pipes.Add(pipe);
    }

    /// <summary>Takes what is in the program's pipes now.</summary>
    public void Drain(string instance)
    {
        foreach (OutputPipe pipe in _pipes.Where(pipe => pipe.Sink.Instance == instance).ToList())
            Serve(pipe);
    }

    public void Configure(string instance, OutputStream stream, LogSpec? spec) =>
        Configure(SinkOf(instance, stream), spec ?? new LogSpec(null, default, 0, Mirror: false));

    public void Remove(string instance)
    {
        foreach (OutputPipe pipe in _pipes.Where(pipe => pipe.Sink.Instance == instance).ToList())
        {
            Pump(pipe, OutputPipe.BytesPerPass);
            Close(pipe);
        }

        foreach (OutputStream stream in (OutputStream[])[OutputStream.Stdout, OutputStream.Stderr])
        {
            if (!_sinks.Remove((instance, stream), out OutputSink? sink))
                continue;

            foreach (LogSubscription follower in sink.Followers)
                follower.End();
            Configure(sink, new LogSpec(null, default, 0, Mirror: false));
        }
    }

    public void ReopenAll()
    {
        foreach (LogFile file in _files.Values)
            file.Reopen(Loop.Now);
        _initLogFile?.Reopen();
    }

    public void Clear(string instance)
    {
        foreach (OutputSink sink in SinksOf(instance))
        {
            sink.File?.Clear(Loop.Now);
            sink.Forget();
        }
    }

    public LogExcerpt Tail(string instance, OutputStream stream, TailRequest request)
    {
        if (!_sinks.TryGetValue((instance, stream), out OutputSink? sink))
            return default;

        RecordUnfinished(sink);
        return sink.File is { } file ? LogReader.Tail(file.Path, request) : LogReader.Tail(sink.Recent, request);
    }

    public LogExcerpt Read(string instance, OutputStream stream, long offset, int length)
    {
        if (!_sinks.TryGetValue((instance, stream), out OutputSink? sink))
            return new LogExcerpt { IsMissing = true };

        RecordUnfinished(sink);
        return sink.File is { } file ? LogReader.Read(file.Path, offset, length) : LogReader.Read(sink.Recent, offset, length);
    }

    /// <summary>What is in the log already comes first, and nothing is missing or twice between that and what follows.</summary>
    public void Follow(string instance, OutputStream stream, TailRequest first, LogSubscription subscription)
    {
        if (first.LineCount != 0 && first != TailRequest.Bytes(0))
            subscription.Publish(Last(Tail(instance, stream, first).Bytes, LogSubscription.OnTheWayMax).Span);
        List<LogSubscription> followers = SinkOf(instance, stream).Followers;
        followers.RemoveAll(static follower => follower.IsCancelled);
        followers.Add(subscription);
    }

    public void Watch(string instance, LogWatch watch)
    {
        try
        {
            watch.Arm(_attachNumber + 1);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            _log.CannotWatch(instance, exception.Message);
            return;
        }

        foreach (OutputStream stream in (OutputStream[])[OutputStream.Stdout, OutputStream.Stderr])
        {
            OutputSink sink = SinkOf(instance, stream);
            sink.ForgetFinishedWatches();
            sink.Watches.Add(watch);
        }
    }

    public LogExcerpt TailOwn(TailRequest request) =>
        _initLogFile?.Find() is { } path ? LogReader.Tail(path, request) : new LogExcerpt { IsMissing = true };

    public LogExcerpt ReadOwn(long offset, int length) =>
        _initLogFile?.Find() is { } path ? LogReader.Read(path, offset, length) : new LogExcerpt { IsMissing = true };

    /// <summary>As <see cref="Follow"/>; without a file it begins with what comes.</summary>
    public void FollowOwn(TailRequest first, LogSubscription subscription)
    {
        subscription.Publish(Last(TailOwn(first).Bytes, LogSubscription.OnTheWayMax).Span);
        _ownFollowers.Add(subscription);
    }

    /// <summary>False when there is no file.</summary>
    public bool ClearOwn()
    {
        _initLogFile?.Clear();
        return _initLogFile is not null;
    }

    public void WriteInitLog()
    {
        foreach (InitLogEntry entry in _log.Take())
        {
            string line = _options.MainLog is null ? InitLineFormat.Format(_options.Format, entry) : InitLineFormat.FormatForMainLog(entry);
            byte[] bytes = Encoding.UTF8.GetBytes(line);
            if (_options.MainLog is null or { ToStdout: true })
                _mirror.AddOwn(bytes);
            _ownFollowers.RemoveAll(static follower => follower.IsCancelled);
            _ownFollowers.ForEach(follower => follower.Publish(bytes));
            if (_initLogFile is not null && _initLogFile.Write(entry.Time, entry.Level, line))
                Loop.After(InitLogFile.MadeAfter, _initLogFile.Make);
        }
    }

    /// <summary>Takes what is still in the pipes, and ends when stdout has taken everything, or at the deadline.</summary>
    public void BeginStop(Instant deadline)
    {
        if (_isStopping)
            return;

        _isStopping = true;
        foreach (OutputPipe pipe in _pipes.ToList())
        {
            if (MonotonicClock.Now < deadline)
                Pump(pipe, 2 * OutputPipe.BytesPerPass);
            Close(pipe);
        }

        foreach (LogSubscription follower in _sinks.Values.SelectMany(sink => sink.Followers).Concat(_ownFollowers))
            follower.End();
        foreach (LogFile file in _files.Values)
            file.Close();
        _ = Loop.At(deadline, () => HasStopped = true);
    }

    public void Dispose() => Loop.Dispose();

    private static OwnLogFile? OpenOwnFile(LogPumpOptions options, InitLog log)
    {
        if (options.MainLog is { } main)
            return main.Path is { } path ? new MainLogFile(path, main, log, options.FileSystem) : null;

        return options.LogDirectory is { } directory
            ? new InitLogFile(Path.Combine(directory, "init.log"), options.InitLogMaxSize, options.InitLogFiles, log)
            : null;
    }

    private void AfterPass()
    {
        for (int i = _unwatched.Count - 1; i >= 0; i--)
            Serve(_unwatched[i]);
        _mirror.Flush();
        _stderr?.Flush();
        _flood.AfterPass(Loop.Now);
        if (_isStopping && _mirror.IsEmpty && _stderr is null or { IsEmpty: true } && !_log.HasQueued)
            HasStopped = true;
    }

    private void Serve(OutputPipe pipe)
    {
        try
        {
            Pump(pipe, OutputPipe.BytesPerPass);
            if (!pipe.IsOpen)
                Close(pipe);
            else if (pipe.IsInFlood != _unwatched.Contains(pipe))
                ChangeWatch(pipe);
        }
        catch (Exception exception)
        {
            // Were it left open, the loop would come back to it at once and for ever.
            _log.CannotReadOutput(pipe.Sink.Instance, pipe.Sink.Stream, exception.ToString());
            Close(pipe);
        }
    }

    private void ChangeWatch(OutputPipe pipe)
    {
        if (pipe.IsInFlood)
        {
            Loop.Unwatch(pipe.Fd);
            _unwatched.Add(pipe);
        }
        else
        {
            Watch(pipe);
            _unwatched.Remove(pipe);
        }
    }

    private void Watch(OutputPipe pipe) => Loop.Watch(pipe.Fd, IoEvents.Readable, _ => Serve(pipe));

    private void Pump(OutputPipe pipe, int limit)
    {
        int count = pipe.Pump(_buffer ??= new ReadBuffer(), _mirror, _log, Loop.Now, limit);
        _flood.HasRead(pipe, count, Loop.Now);
        if (pipe.HasUnrecorded && pipe.Sink.HasOneWriter)
        {
            _unrecorded.Add(pipe);
            _quietTimer ??= Loop.After(QuietAfter, RecordQuiet);
        }
    }

    private void Close(OutputPipe pipe)
    {
        if (!_pipes.Remove(pipe))
            return;

        pipe.Finish(_mirror, Loop.Now);
        _unrecorded.Remove(pipe);
        _unwatched.Remove(pipe);
        _flood.HasClosed(pipe);
        pipe.Sink.OpenPipes--;
        Loop.Unwatch(pipe.Fd);
        Files.Close(pipe.Fd);
    }

    private void RecordQuiet()
    {
        _quietTimer = null;
        foreach (OutputPipe pipe in _unrecorded)
        {
            if (Loop.Now - pipe.LastRead >= QuietAfter && pipe.HasUnrecorded && pipe.Sink.HasOneWriter)
                pipe.RecordUnfinished(Loop.Now);
        }

        _unrecorded.RemoveWhere(static pipe => !pipe.HasUnrecorded || !pipe.Sink.HasOneWriter);
        if (_unrecorded.Count > 0)
            _quietTimer = Loop.After(QuietAfter, RecordQuiet);
    }

    private void RecordUnfinished(OutputSink sink)
    {
        if (!sink.HasOneWriter)
            return;

        foreach (OutputPipe pipe in _pipes)
        {
            if (pipe.Sink == sink && pipe.HasUnrecorded)
                pipe.RecordUnfinished(Loop.Now);
        }
    }

    private void Configure(OutputSink sink, LogSpec spec)
    {
        if (sink.Spec == spec)
            return;

        sink.Spec = spec;
        int? standardStream = spec.File is null ? null : StandardStreams.DescriptorOf(spec.File);
        sink.PassThrough = standardStream switch
        {
            1 => _mirror,
            2 => _stderr ??= new Mirror(Loop, _log, _options.Format, _options.Clock, _options.StderrFd),
            _ => null,
        };
        sink.OwnLog = spec.IsOwnLog ? new OwnLogLines(sink.Instance, _log) : null;
        sink.Syslog = spec.Syslog ? _syslog : null;
        string? path = standardStream is null ? spec.File : null;
        if (path != sink.File?.Path)
        {
            foreach (OutputPipe pipe in _pipes)
            {
                if (pipe.Sink == sink)
                    pipe.LeaveFile();
            }

            if (sink.File is { } old && --old.Users == 0)
            {
                old.Close();
                _files.Remove(old.Path);
            }

            sink.File = path is null ? null : FileAt(path);
        }

        if (sink.File is { } file)
        {
            file.MaxSize = spec.MaxSize.Bytes;
            file.ChangeKeep(spec.Keep);
            sink.Forget();
        }
    }

    private LogFile FileAt(string path)
    {
        if (!_files.TryGetValue(path, out LogFile? file))
        {
            file = new LogFile(path, _log, _options.FileSystem);
            _files.Add(path, file);
        }

        file.Users++;
        return file;
    }

    private OutputSink SinkOf(string instance, OutputStream stream)
    {
        if (_sinks.TryGetValue((instance, stream), out OutputSink? sink))
            return sink;

        LogCounters counters = _countersOf(instance);
        sink = new OutputSink(instance, stream, counters, _mirror.CreateSource(instance, stream, counters));
        _sinks.Add((instance, stream), sink);
        return sink;
    }

    private IEnumerable<OutputSink> SinksOf(string instance) => _sinks.Values.Where(sink => sink.Instance == instance);

    private static ReadOnlyMemory<byte> Last(ReadOnlyMemory<byte> bytes, int count) => bytes.Length <= count ? bytes : bytes[^count..];
}
