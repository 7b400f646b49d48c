using Init.Backup.Service;
using Init.Config;

namespace Init.Backup.Tests.Service;

/// <summary>A role on a thread of the test, with what it says.</summary>
internal sealed class RunningService : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    private readonly object _changed = new();
    private readonly List<string> _said = [];
    private readonly List<string> _notified = [];
    private readonly BackupService _service;
    private readonly Thread _thread;
    private Exception? _fault;
    private bool _isDisposed;

    public RunningService(TestFolder folder, FakeRemote.Place place, Func<BackupOptions, BackupOptions>? change = null, string? ownInit = null)
        : this(BackupParts.Of(OptionsOf(folder.Settings, place.Path, change), (_, store, _) => new FakeRemote(store, place)), ownInit)
    {
    }

    /// <param name="running">Programs that run; none when it is null.</param>
    public RunningService(BackupParts parts, string? ownInit = null, Func<string[]>? running = null)
    {
        Parts = parts;
        _service = new BackupService(Parts, new ServiceSurroundings(line => Add(_said, line), line => Add(_notified, line), ownInit) { RunningPrograms = running ?? (() => []) });
        _thread = new Thread(() =>
        {
            try
            {
                _service.Run();
            }
            catch (Exception exception)
            {
                _fault = exception; // The test's own thread reports it.
            }
        });
        _thread.Start();
    }

    public BackupOptions Options => Parts.Options;

    public BackupParts Parts { get; }

    /// <summary>Nothing happens by itself but what a test asks for.</summary>
    public static BackupOptions OptionsOf(BackupSettings settings, string remote, Func<BackupOptions, BackupOptions>? change = null)
    {
        BackupOptions options = new(settings.StateDirectory, Path.Combine(Path.GetDirectoryName(settings.StateDirectory)!, "ready"), remote)
        {
            Base = settings.Base,
            Targets = [.. settings.Targets.Select(target => target.ToString())],
            IsRemoteGiven = true,
            Watch = false,
            Interval = TimeSpan.FromHours(1),
        };
        return change?.Invoke(options) ?? options;
    }

    /// <summary>The role as it is, with plain git below.</summary>
    public static BackupParts PartsOf(BackupSettings settings, string remote, Func<BackupOptions, BackupOptions>? change = null) =>
        BackupParts.Of(OptionsOf(settings, remote, change), BackupRemotes.Make) with { Pace = TimeSpan.FromMilliseconds(50) };

    public BackupService Service => _service;

    public bool IsReady => Has(_notified, "READY=1");

    public string[] Said
    {
        get
        {
            lock (_changed)
                return [.. _said];
        }
    }

    /// <summary>What Init was told of, for hooks: type and text.</summary>
    public (string Type, string Text)[] Events
    {
        get
        {
            lock (_changed)
                return [.. _notified.Select(message => message.Split('\n')).Where(lines => lines[0].StartsWith("X_INIT_EVENT=", StringComparison.Ordinal)).Select(lines => (lines[0]["X_INIT_EVENT=".Length..], lines[1]["X_INIT_EVENT_TEXT=".Length..]))];
        }
    }

    public void WaitForReady() => Wait(() => IsReady, "READY=1");

    public void WaitForLine(string part) => Wait(() => Has(_said, part), part);

    public ServiceStatus Status()
    {
        using BackupClient client = BackupClient.Connect(Parts.SocketPath)!;
        return ServiceJson.ReadStatus(System.Text.Encoding.UTF8.GetBytes(((BackupAnswer.Done)client.Ask("status")).Result!.Value.GetRawText()))!;
    }

    /// <summary>A backup that the remote has, or the words why not.</summary>
    public BackupAnswer BackUpNow()
    {
        using BackupClient client = BackupClient.Connect(Parts.SocketPath)!;
        return client.Ask("now", "\"wait\":true");
    }

    public void EndInOrder()
    {
        _service.End();
        WaitForEnd();
    }

    public void WaitForEnd()
    {
        Assert.True(_thread.Join(Patience), $"the role does not end; it said: {string.Join('\n', Said)}");
        Assert.Null(_fault);
    }

    public void Wait(Func<bool> condition, string what)
    {
        DateTime end = DateTime.UtcNow + Patience;
        while (!condition()) // It may ask the role, which may be about to say something.
        {
            Assert.True(DateTime.UtcNow < end, $"waited in vain for \"{what}\"; it said: {string.Join('\n', Said)}");
            lock (_changed)
                Monitor.Wait(_changed, TimeSpan.FromMilliseconds(50));
        }
    }

    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _service.End();
        _service.End();
        _thread.Join(Patience);
        _service.Dispose();
    }

    private void Add(List<string> lines, string line)
    {
        lock (_changed)
        {
            lines.Add(line);
            Monitor.PulseAll(_changed);
        }
    }

    private bool Has(List<string> lines, string part)
    {
        lock (_changed)
            return lines.Exists(line => line.Contains(part, StringComparison.Ordinal));
    }
}
