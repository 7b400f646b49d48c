using System.Text;
using Init.Linux;

namespace Init.Engine.Logging;

/// <summary>supervisord's main log: named, rotated and emptied as the programs' logs are.</summary>
internal sealed class MainLogFile : OwnLogFile
{
    private readonly LogFile _file;
    private readonly LineWriter _writer = new(new LogCounters());

    public MainLogFile(string path, MainLogOptions options, InitLog log, LogFileSystem system)
    {
        _file = new LogFile(path, log, system) { MaxSize = options.MaxSize.Bytes };
        _file.ChangeKeep(options.Backups);
    }

    public override bool Write(DateTimeOffset time, LogLevel level, string line)
    {
        _file.Append(_writer, Encoding.UTF8.GetBytes(line), MonotonicClock.Now);
        return false;
    }

    public override void Make()
    {
        // With the first line.
    }

    public override void Reopen() => _file.Reopen(MonotonicClock.Now);

    public override string Find() => _file.Path;

    public override void Clear() => _file.Clear(MonotonicClock.Now);

    public override void Dispose() => _file.Close();
}
