using System.Text.Json;

namespace Init.Panel.Backup;

/// <summary>
/// The restore that somebody has asked for here. It goes on when the page is closed or a proxy has had enough, and what became of it is told to whoever asks; one at a time.
/// </summary>
/// <param name="link">The role, which does it.</param>
/// <param name="clock">For the times.</param>
/// <param name="ending">When the gateway is to end; the role goes on.</param>
internal sealed class BackupRestores(BackupLink link, TimeProvider clock, CancellationToken ending)
{
    /// <summary>Without a word of the role: it may be sending a backup first.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private BackupRestore? _last;

    public BackupRestore? Last
    {
        get
        {
            lock (_lock)
                return _last;
        }
    }

    /// <returns>Null: one is running.</returns>
    public BackupRestore? TryBegin(BackupRestoreBody body)
    {
        BackupRestore begun = new("running", body.Commit, body.Paths, body.To, Now);
        lock (_lock)
        {
            if (_last is { State: "running" })
                return null;
            _last = begun;
        }

        _ = Task.Run(() => RunAsync(body), CancellationToken.None);
        return begun;
    }

    /// <summary>Asks for it and waits for its end.</summary>
    public static Task<BackupReply> AskAsync(BackupLink link, BackupRestoreBody body, Action<JsonElement>? onItem, CancellationToken cancellation) => link.AskAsync(
        "restore",
        json =>
        {
            json.WriteString("commit", body.Commit);
            json.WriteStartArray("paths");
            foreach (string path in body.Paths)
                json.WriteStringValue(path);
            json.WriteEndArray();
            if (body.To is not null)
                json.WriteString("to", body.To);
            if (body.Live)
                json.WriteBoolean("live", true);
        },
        onItem,
        Patience,
        cancellation);

    private long Now => clock.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task RunAsync(BackupRestoreBody body)
    {
        BackupReply reply;
        try
        {
            reply = await AskAsync(link, body, item => Change(restore => restore with { Progress = item.Deserialize(BackupJson.Default.RestoreProgress) }), ending);
        }
        catch (OperationCanceledException)
        {
            reply = new BackupReply.Lost("the gateway ends; the restore goes on without it");
        }

        RestoreOutcome? outcome = null;
        string? problem = null;
        try
        {
            outcome = reply is BackupReply.Done(JsonElement result) ? result.Deserialize(BackupJson.Default.RestoreOutcome) : null;
            problem = outcome is null ? BackupReplies.Describe(reply) : null;
        }
        catch (JsonException exception)
        {
            problem = $"the answer of the backup's role is not of this protocol: {exception.Message}";
        }

        bool? doProgramsRun = reply is BackupReply.Refused("programs-running", _) ? true : null;
        Change(restore => restore with { State = problem is null ? "done" : "failed", EndedAt = Now, Result = outcome, Problem = problem, ProgramsRun = doProgramsRun });
    }

    private void Change(Func<BackupRestore, BackupRestore> change)
    {
        lock (_lock)
            _last = change(_last!);
    }
}
