using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Init.Backup.GitHub;
using Init.Backup.History;
using Init.Backup.Manifest;
using Init.Backup.Names;
using Init.Backup.Restore;
using Init.Backup.Store;
using Init.Base;

namespace Init.Backup.Service;

/// <summary>What operations need of the process that they run in.</summary>
public interface IOpHost
{
    /// <summary>Runs something while no backup is made; waits for the one that is under way.</summary>
    void WhileNoBackupIsMade(Action work, CancellationToken cancel);

    /// <summary>Whether files may be restored in place: a role sees to it that no backup of a half restored state is made.</summary>
    bool MayRestoreInPlace { get; }

    /// <summary>Names of the programs that may have files open.</summary>
    IReadOnlyList<string> RunningPrograms { get; }

    /// <summary>A proof was made, by whoever asked for it.</summary>
    void Proved(ProofState proof);
}

/// <summary>
/// Looks into backups and restores from them, for the role and for commands when no role runs: the same request, the same answer. Everything blocks; several may run at the
/// same time, each on a thread of its own.
/// </summary>
public sealed class OpRunner(BackupParts parts, IOpHost host)
{
    private const int HistoryDefault = 50, HistoryMax = 1000, ItemsMax = 10_000, PathsMax = 1000;
    private const string HistoryHint = "see init backup list";

    private static readonly TimeSpan ProgressEvery = TimeSpan.FromMilliseconds(250);

    public static IReadOnlyList<string> Known { get; } = ["history", "files", "diff", "restore", "verify", "doctor"];

    /// <param name="op">One of <see cref="Known"/>.</param>
    /// <param name="fields">The request.</param>
    /// <param name="item">Takes the items of the answer as JSON, from this thread or another one.</param>
    /// <param name="cancel">Ends it between two files.</param>
    /// <returns>The result as JSON.</returns>
    /// <exception cref="OpException">It cannot be done.</exception>
    public string Run(string op, JsonElement fields, Action<string> item, CancellationToken cancel) => op switch
    {
        "history" => History(fields, item, cancel),
        "files" => Files(fields, item, cancel),
        "diff" => Diff(fields, item, cancel),
        "restore" => Restore(fields, item, cancel),
        "verify" => Json(Verify(fields.IsTrue("full"), fields.Count("sample"), item, cancel), OpJson.Default.ProofState),
        "doctor" => Doctor(item, cancel),
        _ => throw new OpException("unknown-op", $"cannot do \"{op}\": there is no such operation"),
    };

    private string History(JsonElement fields, Action<string> item, CancellationToken cancel)
    {
        using HistoryReader reader = Open();
        if (fields.IsTrue("all") && reader.Store.IsShallow)
            FetchOlder(cancel);
        int count = 0;
        foreach (BackupCommit commit in reader.Commits(Math.Clamp(fields.Count("limit") ?? HistoryDefault, 1, HistoryMax), PathOf(fields.Text("path") ?? "")))
        {
            cancel.ThrowIfCancellationRequested();
            item(Json(new HistoryItem(commit.Commit, commit.At.ToUnixTimeMilliseconds(), commit.Entries, commit.Bytes, commit.Changed, commit.Message, reader.Store.Branch), OpJson.Default.HistoryItem));
            count++;
        }

        return Json(new HistoryEnd(count, reader.Store.IsShallow), OpJson.Default.HistoryEnd);
    }

    private string Files(JsonElement fields, Action<string> item, CancellationToken cancel)
    {
        using HistoryReader reader = Open();
        string commit = Find(reader, fields.Text("commit") ?? "latest", cancel);
        BytePath path = PathOf(fields.Text("path") ?? "");
        List<ListedEntry> list = reader.Files(commit, path) ?? throw Unknown(reader, commit, path);
        foreach (ListedEntry entry in list.Take(ItemsMax))
        {
            string kind = entry.Kind switch { EntryKind.Directory => "directory", EntryKind.File => "file", _ => "link" };
            string? storage = entry.Storage switch { Storage.Blob => "blob", Storage.Chunks => "chunks", Storage.Database => "database", Storage.Pointer => "pointer", _ => null };
            item(Json(
                new FileItem(
                    PathText.Show(entry.Path.Name), entry.Path.ToString(), kind, entry.Size, entry.Modified is { } time ? (time.Seconds * 1000) + (time.Nanoseconds / 1_000_000) : null,
                    entry.Mode is { } mode ? Convert.ToString(mode, 8).PadLeft(4, '0') : null, storage),
                OpJson.Default.FileItem));
        }

        return Json(new ListEnd(commit, list.Count), OpJson.Default.ListEnd);
    }

    private string Diff(JsonElement fields, Action<string> item, CancellationToken cancel)
    {
        using HistoryReader reader = Open();
        string to = Find(reader, fields.Text("to") ?? "latest", cancel);
        string? from = fields.Text("from") is { } named ? Find(reader, named, cancel) : reader.ParentOf(to);
        if (from is null && reader.Store.IsShallow)
        {
            FetchOlder(cancel);
            from = reader.ParentOf(to);
        }

        BytePath path = PathOf(fields.Text("path") ?? "");
        if (!path.IsRoot && reader.Select(to, [path]).Entries == 0 && (from is null || reader.Select(from, [path]).Entries == 0))
            throw Unknown(reader, to, path);
        long count = 0;
        foreach (ManifestChange change in reader.Diff(from, to, path))
        {
            cancel.ThrowIfCancellationRequested();
            if (++count <= ItemsMax)
                item(Json(new DiffItem(change.Path.ToString(), change.Kind switch { ChangeKind.Added => "added", ChangeKind.Changed => "changed", _ => "deleted" }, change.Size), OpJson.Default.DiffItem));
        }

        return Json(new DiffEnd(from, to, count), OpJson.Default.DiffEnd);
    }

    private string Restore(JsonElement fields, Action<string> item, CancellationToken cancel)
    {
        string? into = fields.Text("to");
        if (into is null && !host.MayRestoreInPlace)
            throw new OpException("not-running", "cannot restore in place: no role runs that could keep a half restored state out of the backups; start it, or restore --to another directory");
        if (into is not null)
            CheckDirectory(into);
        else if (!fields.IsTrue("live") && host.RunningPrograms is { Count: > 0 } running)
            throw new OpException("programs-running", $"cannot restore in place: {string.Join(", ", running)} {(running.Count == 1 ? "is" : "are")} running and may have files open; stop what runs (init stop {string.Join(' ', running)}), or restore to another directory");

        string[] named = fields.Texts("paths");
        if (named.Length > PathsMax)
            throw new OpException("bad-request", $"cannot restore {named.Length} paths at once: at most {PathsMax}; name a directory that they are in");

        using HistoryReader reader = Open();
        string commit = Find(reader, fields.Text("commit") ?? "latest", cancel);
        BytePath[] paths = [.. named.Select(PathOf)];
        if (paths.Any(path => path.IsRoot))
            paths = [];
        Selection selection = reader.Select(commit, paths);
        if (selection.Missing.Count > 0)
            throw Unknown(reader, commit, selection.Missing[0]);

        RestoreResult? result = null;
        host.WhileNoBackupIsMade(
            () =>
            {
                Action<OpProgress> show = Throttled(item);
                result = RestoreRun.Execute(parts.Settings, reader.Store, new RestoreRequest(commit, into, paths), DateTimeOffset.UtcNow, progress =>
                {
                    cancel.ThrowIfCancellationRequested();
                    show(new OpProgress(progress.Entries, selection.Entries, progress.Bytes, selection.Bytes));
                }, cancel);
            },
            cancel);
        if (!result!.IsComplete)
        {
            BackupNote first = result.Notes.Kept.First(note => note.Kind == NoteKind.NotRestored);
            throw new OpException("failed", $"cannot restore all of {commit[..12]}: {first}; what could be restored is restored");
        }

        return Json(
            new RestoreEnd(
                commit, result.Entries, result.Written, result.Bytes,
                [.. result.Notes.Kept.Where(note => note.Kind == NoteKind.KeptAside).Select(note => note.ToString())],
                [.. result.Notes.Kept.Where(note => note.Kind != NoteKind.KeptAside).Select(note => note.ToString())]),
            OpJson.Default.RestoreEnd);
    }

    /// <param name="sample">Files; null: as configured.</param>
    internal ProofState Verify(bool full, int? sample, Action<string> item, CancellationToken cancel)
    {
        Action<OpProgress> show = Throttled(item);
        ProofState proof = new ProofRun(parts, new Random()).Execute(
            full, Math.Max(1, sample ?? parts.Options.Verify.Sample), progress => show(new OpProgress(progress.Entries, progress.EntriesTotal, progress.Bytes, progress.BytesTotal)), cancel);
        host.Proved(proof);
        return proof;
    }

    private string Doctor(Action<string> item, CancellationToken cancel)
    {
        int failed = 0;
        foreach (DoctorCheck check in BackupDoctor.Examine(parts, TimeProvider.System, cancel))
        {
            failed += check.Outcome == CheckOutcome.Fail ? 1 : 0;
            item(Json(new DoctorItem(check.Check, check.Outcome switch { CheckOutcome.Ok => "ok", CheckOutcome.Warn => "warn", _ => "fail" }, check.Text, check.Remedy), OpJson.Default.DoctorItem));
        }

        return Json(new DoctorEnd(failed), OpJson.Default.DoctorEnd);
    }

    private static Action<OpProgress> Throttled(Action<string> item)
    {
        long shown = 0;
        return progress =>
        {
            if (shown != 0 && Stopwatch.GetElapsedTime(shown) < ProgressEvery)
                return;
            shown = Stopwatch.GetTimestamp();
            item(Json(progress, OpJson.Default.OpProgress));
        };
    }

    /// <exception cref="OpException">It has something in it, or cannot be used.</exception>
    private static void CheckDirectory(string into)
    {
        if (!into.StartsWith('/'))
            throw new OpException("bad-request", $"cannot restore to \"{into}\": write an absolute path");
        if (File.Exists(into))
            throw new OpException("not-empty", $"cannot restore to {into}: it is a file; name a directory that is empty or not there");
        if (Directory.Exists(into) && Directory.EnumerateFileSystemEntries(into).Any())
            throw new OpException("not-empty", $"cannot restore to {into}: it is not empty; name a directory that is empty or not there");
    }

    private HistoryReader Open()
    {
        BackupStore store = BackupStore.OpenForReading(parts.Settings.StorePath, parts.Settings.Branch)
            ?? throw new OpException("no-backup", $"cannot read backups: there is no store at {parts.Settings.StorePath}; a role makes it when it starts");
        if (store.Head() is null)
            throw new OpException("no-backup", $"cannot read backups: {parts.Settings.StorePath} has none yet; the first is made when the role is ready");
        return new HistoryReader(store, parts.Settings.Targets);
    }

    /// <summary>What is only at the remote is fetched.</summary>
    private string Find(HistoryReader reader, string text, CancellationToken cancel)
    {
        Revision revision = Revision.Parse(text, DateTimeOffset.UtcNow, TimeZoneInfo.Local)
            ?? throw new OpException("bad-request", $"cannot tell which backup \"{text}\" is: write the beginning of a commit (4 characters at least), \"latest\", \"2026-11-20 14:00\" or \"2h ago\"; {HistoryHint}");
        string? commit = revision.In(reader.Store);
        if (commit is null && reader.Store.IsShallow)
        {
            FetchOlder(cancel);
            commit = revision.In(reader.Store);
        }

        return commit ?? throw new OpException("unknown-commit", revision is Revision.Until { At: var at }
            ? $"cannot find a backup of {at.ToUniversalTime():yyyy-MM-dd HH:mm:ss} UTC or before: the first is younger; {HistoryHint}"
            : $"cannot find backup \"{text}\": no commit begins so, or several do; {HistoryHint}");
    }

    /// <summary>After a restore the store has the last backup and not those before.</summary>
    private void FetchOlder(CancellationToken cancel) => host.WhileNoBackupIsMade(
        () =>
        {
            try
            {
                using BackupStore store = BackupStore.OpenForReading(parts.Settings.StorePath, parts.Settings.Branch)!;
                Remote.IBackupRemote remote = parts.MakeRemote(store, parts.Instance());
                if (remote.Look(cancel).Commit is { } there)
                    remote.Fetch(there, wholeHistory: true, null, cancel);
            }
            catch (Remote.RemoteException exception)
            {
                throw new OpException("failed", $"cannot look further back: older backups are only at the remote, and {exception.Message}");
            }
        },
        cancel);

    /// <summary>As the manifest writes it; absolute, or relative to BASE.</summary>
    private BytePath PathOf(string text)
    {
        string @base = parts.Settings.Base.TrimEnd('/') + "/";
        string relative = text.StartsWith(@base, StringComparison.Ordinal) ? text[@base.Length..] : text + "/" == @base ? "" : text;
        byte[] bytes = PathText.Decode(relative) ?? Encoding.UTF8.GetBytes(relative);
        return BytePath.TryOf(bytes.AsSpan().Trim((byte)'/'), out BytePath path)
            ? path
            : throw new OpException("bad-request", $"cannot use path \"{text}\": write it as it is listed, below {parts.Settings.Base}");
    }

    private static OpException Unknown(HistoryReader reader, string commit, BytePath path)
    {
        // The nearest directory that is there, and the name in it that is like the one that was asked for.
        BytePath known = path.Parent, wanted = path;
        List<ListedEntry>? list;
        while ((list = reader.Files(commit, known)) is null)
        {
            wanted = known;
            known = known.Parent;
        }

        string? near = Suggestion.Nearest(PathText.Encode(wanted.Name), list.Select(entry => PathText.Encode(entry.Path.Name)));
        string hint = near is not null ? $"did you mean \"{known.Append(PathText.Decode(near))}\"?" : known.IsRoot ? "see init backup list --at latest \"\"" : $"\"{known}\" is there, and it has no \"{PathText.Encode(wanted.Name)}\"";
        return new OpException("unknown-path", $"cannot find \"{path}\" in backup {commit[..12]} ({hint})");
    }

    private static string Json<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.Serialize(value, type);
}
