using System.Text.Json;
using System.Text.Json.Serialization;

namespace Init.Panel.Backup;

/// <param name="Running">Whether the role answers.</param>
/// <param name="Program">That runs it, as the configuration had it when the gateway began; null: none.</param>
/// <param name="Status">What the role says of itself, word for word: docs/reference/backup.md#its-socket.</param>
internal sealed record BackupSight(bool Running, string? Program, JsonElement? Status = null);

/// <param name="Wait">Until it is done, or for <see cref="BackupApi.WaitMax"/>.</param>
internal sealed record BackupNowBody(bool Wait = false);

/// <param name="Done">The remote has it. False: it was noted.</param>
internal sealed record BackupNowReply(bool Done);

/// <param name="At">Unix milliseconds, as all times here.</param>
/// <param name="Entries">In it.</param>
/// <param name="Bytes">Of them.</param>
/// <param name="Changed">Since the one before.</param>
internal sealed record BackupCommit(string Commit, long At, long? Entries = null, long? Bytes = null, long? Changed = null, string? Message = null, string? Branch = null);

/// <param name="Shallow">Older ones are only at the remote, from where "all" fetches them.</param>
internal sealed record BackupHistory(IReadOnlyList<BackupCommit> Commits, bool Shallow);

/// <param name="Path">As the role wants it back.</param>
/// <param name="Kind">"file", "directory" or "link".</param>
internal sealed record BackupEntry(string Name, string Path, string Kind, long? Size = null, long? Modified = null, string? Mode = null, string? Storage = null);

/// <param name="Truncated">There are more than are listed.</param>
internal sealed record BackupListing(IReadOnlyList<BackupEntry> Entries, bool Truncated);

/// <param name="Change">"added", "changed" or "deleted".</param>
internal sealed record BackupChange(string Path, string Change, long? Size = null);

/// <param name="Total">Of all, also those that are not listed.</param>
internal sealed record BackupDifference(IReadOnlyList<BackupChange> Changes, long Total);

/// <param name="To">An absolute directory below which it is written; null: in place.</param>
/// <param name="Live">In place also while programs run, which the role refuses otherwise.</param>
internal sealed record BackupRestoreBody(string Commit, IReadOnlyList<string> Paths, string? To = null, bool Live = false);

/// <param name="State">"running", "done" or "failed".</param>
/// <param name="Problem">Why it failed.</param>
/// <param name="ProgramsRun">That is why: it can be asked for again with <see cref="BackupRestoreBody.Live"/>.</param>
internal sealed record BackupRestore(
    string State, string Commit, IReadOnlyList<string> Paths, string? To, long StartedAt, long? EndedAt = null, RestoreProgress? Progress = null, RestoreOutcome? Result = null, string? Problem = null,
    bool? ProgramsRun = null);

/// <param name="Restore">The last one since the gateway began; null: none.</param>
internal sealed record BackupRestoreView([property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] BackupRestore? Restore);

internal sealed record RestoreProgress(long Files, long FilesTotal, long Bytes, long BytesTotal);

/// <param name="KeptAside">Where files that were in the way are now.</param>
internal sealed record RestoreOutcome(long Files, long Written, IReadOnlyList<string>? KeptAside = null, IReadOnlyList<string>? Notes = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(BackupSight))]
[JsonSerializable(typeof(BackupNowBody))]
[JsonSerializable(typeof(BackupNowReply))]
[JsonSerializable(typeof(BackupHistory))]
[JsonSerializable(typeof(BackupListing))]
[JsonSerializable(typeof(BackupDifference))]
[JsonSerializable(typeof(BackupRestoreBody))]
[JsonSerializable(typeof(BackupRestoreView))]
internal sealed partial class BackupJson : JsonSerializerContext;
