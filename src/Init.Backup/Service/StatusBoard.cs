using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Init.Backup.Remote;
using Init.Linux;

namespace Init.Backup.Service;

/// <summary>
/// What is known of the role now, for all who ask: filled by jobs from their threads, handed on from the loop's, at most once a second while only numbers move. What went wrong
/// is said when it begins, when it changes and when it is over.
/// </summary>
/// <param name="loop">Where everything but the reports of jobs happens.</param>
/// <param name="say">The log.</param>
/// <param name="notify">sd_notify(3).</param>
/// <param name="statusPath">What survives a restart of the role.</param>
public sealed class StatusBoard(EventLoop loop, Action<string> say, Action<string> notify, string statusPath) : IJobReport
{
    private const int NotesMax = 100;

    /// <summary>Of a text in a datagram, which Init takes up to 4,096 bytes: with three bytes for each character there is room for the rest.</summary>
    private const int CharactersMax = 1000;

    private static readonly TimeSpan Throttle = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly HashSet<string> _said = [];
    private readonly List<StatusNote> _lasting = [];
    private IReadOnlyList<StatusNote> _repeated = [];
    private long _lastingTotal;
    private long _repeatedTotal;
    private long _stageBegan = Stopwatch.GetTimestamp();
    private long _handedOn;
    private string _stageText = "";
    private string _notified = "";

    public ServiceStatus Status { get; private set; } = new() { Pid = Processes.GetPid(), StartedAt = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() };

    /// <summary>Called on the loop's thread after a change, with the status as JSON.</summary>
    public Action<string>? Changed { get; set; }

    public void Stage(string stage, string text)
    {
        lock (_lock)
        {
            _stageBegan = Stopwatch.GetTimestamp();
            _stageText = text;
            Status = Status with { Stage = stage, Text = text, Progress = null };
        }

        HandOn();
    }

    public void Progress(Func<TimeSpan, StageProgress> progress)
    {
        // Called for each file: nothing is made unless it is going to be shown.
        if (Stopwatch.GetElapsedTime(Volatile.Read(ref _handedOn)) < Throttle)
            return;

        StageProgress now = progress(Stopwatch.GetElapsedTime(_stageBegan));
        lock (_lock)
            Status = Status with { Progress = now, Text = StatusText.Of(_stageText, now) };
        HandOn();
    }

    public void Problem(string? problem)
    {
        string? before;
        lock (_lock)
        {
            before = Status.Problem;
            Status = Status with { Problem = problem };
        }

        if (problem == before)
            return;
        say(problem ?? "the backup works again");
        if (problem is not null && before is null)
            Raise("backup.failed", problem);
        HandOn();
    }

    /// <summary>Tells Init of something that hooks may want to hear of: docs/reference/backup.md#events.</summary>
    /// <param name="type">"backup.failed".</param>
    /// <param name="text">For people; without secrets.</param>
    public void Raise(string type, string text) => loop.Post(() => notify($"X_INIT_EVENT={type}\nX_INIT_EVENT_TEXT={InOneLine(text)}"));

    public void Note(StatusNote note)
    {
        lock (_lock)
        {
            if (!IsNew(note))
                return;
            if (_lasting.Count < NotesMax)
                _lasting.Add(note);
            _lastingTotal++;
            ShowNotes();
        }

        Say(note);
    }

    public void NotesOf(BackupNotes notes)
    {
        ILookup<bool, StatusNote> byRepetition = notes.Kept.ToLookup(note => note.Kind.IsRepeated(), note => new StatusNote(note.Kind.ToString(), note.Path.ToString(), note.Text));
        foreach (StatusNote note in byRepetition[false])
            Note(note);

        StatusNote[] repeated = [.. byRepetition[true]];
        StatusNote[] fresh;
        lock (_lock)
        {
            _repeated = repeated;
            _repeatedTotal = notes.Total - byRepetition[false].Count();
            ShowNotes();
            fresh = [.. repeated.Where(IsNew)];
        }

        Array.ForEach(fresh, Say);
    }

    public void LeaseOf(LeaseText? other)
    {
        lock (_lock)
            Status = Status with { LeaseOf = other?.Host };
    }

    /// <summary>Changes what the loop's thread knows.</summary>
    public void Set(Func<ServiceStatus, ServiceStatus> change)
    {
        lock (_lock)
            Status = change(Status);
        HandOn();
    }

    public string ToJson()
    {
        lock (_lock)
            return JsonSerializer.Serialize(Status, ServiceJson.Default.ServiceStatus);
    }

    /// <summary>What a restart of the role has to know; not being able to keep it is no reason not to back up.</summary>
    public void Save()
    {
        int errno = StateFiles.Write(statusPath, Encoding.UTF8.GetBytes(ToJson() + "\n"), 0x180 /* 0600 */);
        if (errno != 0)
            say($"cannot write {statusPath}: {Errno.Describe(errno)}");
    }

    private bool IsNew(StatusNote note)
    {
        if (_said.Count >= BackupLimits.NotesMax * 2)
            _said.Clear(); // Then a few are said again; a set that grows for ever is worse.
        return _said.Add($"{note.Kind} {note.Path} {note.Text}");
    }

    private void ShowNotes() => Status = Status with { Notes = [.. _lasting.Concat(_repeated).Take(NotesMax)], NotesTotal = _lastingTotal + _repeatedTotal };

    private void Say(StatusNote note) => say(note.Path is null ? note.Text : $"{note.Path}: {note.Text}");

    private static string InOneLine(string text) => text[..Math.Min(text.Length, CharactersMax)].ReplaceLineEndings(" ");

    private void HandOn()
    {
        Volatile.Write(ref _handedOn, Stopwatch.GetTimestamp());
        loop.Post(() =>
        {
            string text = InOneLine(Status.Text);
            if (text != _notified)
                notify("STATUS=" + text);
            _notified = text;
            Changed?.Invoke(ToJson());
        });
    }
}
