using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Init.Linux;

namespace Init.Panel.SignIn;

/// <summary>Both files on disk, readable by Init's user only. A kill at any moment leaves what was before the write or what is after it.</summary>
/// <param name="path">Of admin.json.</param>
internal sealed class AdminFiles(string path)
{
    private const int BytesMax = 256 * 1024;

    private const int OwnerOnly = 0x180 /* 0600 */, OwnersDirectory = 0x1C0 /* 0700 */;

    private readonly string _sessionsPath = Path.Combine(Path.GetDirectoryName(path) ?? "/", Path.GetFileNameWithoutExtension(path) + "-sessions" + Path.GetExtension(path));

    /// <summary>admin.json as we have read or written it last.</summary>
    private FileStatus? _known;

    public string MainPath => path;

    /// <summary>Somebody else has put another admin.json there.</summary>
    public bool IsReplaced => Files.StatusOf(path) is { } found && found != _known;

    /// <param name="now">Wall-clock time, for the name of a file that is set aside.</param>
    /// <param name="note">What was wrong with it, and what was done about it; null when nothing was.</param>
    /// <returns>Null when there is none, or none that can be used.</returns>
    public AdminRecord? Load(DateTimeOffset now, out string? note)
    {
        _known = Files.StatusOf(path);
        return Load(path, AdminFileJson.Default.AdminRecord, record => record.Problem(), now, out note);
    }

    /// <inheritdoc cref="Load(DateTimeOffset, out string?)"/>
    public SessionsRecord? LoadSessions(DateTimeOffset now, out string? note) =>
        Load(_sessionsPath, AdminFileJson.Default.SessionsRecord, record => record.IsValid() ? null : "it is not complete", now, out note);

    /// <returns>Null when it is on disk; otherwise why not, for people.</returns>
    public string? Save(AdminRecord record)
    {
        string? problem = Save(path, JsonSerializer.SerializeToUtf8Bytes(record, AdminFileJson.Default.AdminRecord));
        _known = Files.StatusOf(path);
        return problem;
    }

    /// <inheritdoc cref="Save(AdminRecord)"/>
    public string? Save(SessionsRecord record) => Save(_sessionsPath, JsonSerializer.SerializeToUtf8Bytes(record, AdminFileJson.Default.SessionsRecord));

    private static T? Load<T>(string path, JsonTypeInfo<T> type, Func<T, string?> problemOf, DateTimeOffset now, out string? note) where T : class
    {
        byte[]? content = StateFiles.Read(path, BytesMax, out string? reason);
        T? record = null;
        if (content is not null)
        {
            try
            {
                record = JsonSerializer.Deserialize(content, type);
                reason = record is null ? "it says null" : problemOf(record);
            }
            catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException or ArgumentException)
            {
                reason = "it is not the JSON that was written there"; // What the exception says may quote the file.
            }
        }

        note = reason is null ? null : StateFiles.SetAside(path, reason, now);
        return reason is null ? record : null;
    }

    private static string? Save(string path, byte[] content)
    {
        int errno = Files.MakeDirectories(Path.GetDirectoryName(path) ?? "/", OwnersDirectory);
        if (errno == 0)
            errno = StateFiles.Write(path, content, OwnerOnly);
        return errno == 0 ? null : $"cannot write {path}: {Errno.Describe(errno)}";
    }
}
