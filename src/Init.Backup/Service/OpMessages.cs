using System.Text.Json;
using System.Text.Json.Serialization;

namespace Init.Backup.Service;

/// <param name="At">Unix milliseconds.</param>
/// <param name="Entries">Null, as the next two: not made by Init.</param>
/// <param name="Bytes">Of all files.</param>
/// <param name="Changed">Entries that differ from the backup before.</param>
public sealed record HistoryItem(string Commit, long At, long? Entries, long? Bytes, long? Changed, string Message, string Branch);

/// <param name="Shallow">Older ones are only at the remote.</param>
public sealed record HistoryEnd(int Total, bool Shallow);

/// <param name="Path">As <see cref="Names.PathText"/> writes it.</param>
/// <param name="Kind">"file", "directory", "link".</param>
/// <param name="Size">Of a directory: all files below it.</param>
/// <param name="Modified">Unix milliseconds; null for a directory above the targets.</param>
/// <param name="Mode">Octal digits.</param>
/// <param name="Storage">"blob", "chunks", "database", "pointer"; null: it has no content of its own.</param>
public sealed record FileItem(string Name, string Path, string Kind, long Size, long? Modified, string? Mode, string? Storage);

/// <param name="Change">"added", "changed", "deleted".</param>
public sealed record DiffItem(string Path, string Change, long Size);

public sealed record ListEnd(string Commit, long Total);

/// <param name="From">Null: there is none before <paramref name="To"/>.</param>
public sealed record DiffEnd(string? From, string To, long Total);

public sealed record OpProgress(long Files, long FilesTotal, long Bytes, long BytesTotal);

/// <param name="Files">Entries that were looked at.</param>
/// <param name="Written">Of these, those that were not as the backup has them.</param>
/// <param name="KeptAside">What was in the way and differed.</param>
public sealed record RestoreEnd(string Commit, long Files, long Written, long Bytes, IReadOnlyList<string> KeptAside, IReadOnlyList<string> Notes);

/// <summary>A restore to a directory that is deleted afterwards, to see that it can be done.</summary>
/// <param name="At">Unix milliseconds.</param>
/// <param name="Full">All files, from what the remote sent; else a sample.</param>
/// <param name="Source">Where the content came from.</param>
/// <param name="Failures">What is not as the manifest says; none when it is proved.</param>
public sealed record ProofState(long At, string Commit, long Files, long Bytes, double Seconds, bool Full, string Source, IReadOnlyList<string> Failures);

/// <param name="Level">"ok", "warn", "fail".</param>
public sealed record DoctorItem(string Check, string Level, string Text, string? Remedy);

public sealed record DoctorEnd(int Failed);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HistoryItem))]
[JsonSerializable(typeof(HistoryEnd))]
[JsonSerializable(typeof(FileItem))]
[JsonSerializable(typeof(DiffItem))]
[JsonSerializable(typeof(ListEnd))]
[JsonSerializable(typeof(DiffEnd))]
[JsonSerializable(typeof(OpProgress))]
[JsonSerializable(typeof(RestoreEnd))]
[JsonSerializable(typeof(ProofState))]
[JsonSerializable(typeof(DoctorItem))]
[JsonSerializable(typeof(DoctorEnd))]
public sealed partial class OpJson : JsonSerializerContext;

/// <summary>Members of a request, as they are asked for; those of another type are taken for missing.</summary>
public static class OpFields
{
    public static string? Text(this JsonElement fields, string name) =>
        fields.ValueKind == JsonValueKind.Object && fields.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static bool IsTrue(this JsonElement fields, string name) =>
        fields.ValueKind == JsonValueKind.Object && fields.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    public static int? Count(this JsonElement fields, string name) =>
        fields.ValueKind == JsonValueKind.Object && fields.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number : null;

    public static string[] Texts(this JsonElement fields, string name) =>
        fields.ValueKind == JsonValueKind.Object && fields.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)]
            : [];
}
