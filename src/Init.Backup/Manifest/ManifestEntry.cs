using System.Globalization;
using System.Numerics;
using Init.Backup.Names;
using Init.Linux;

namespace Init.Backup.Manifest;

public enum EntryKind
{
    Directory,
    File,
    Link,
}

/// <summary>How a file's content is in the tree.</summary>
public enum Storage
{
    /// <summary>It has none: a directory or a link.</summary>
    None,

    /// <summary>One blob.</summary>
    Blob,

    /// <summary>A directory of blobs of 64 KiB, in order.</summary>
    Chunks,

    /// <summary>As <see cref="Chunks"/>; an SQLite database, taken at one moment by SQLite itself.</summary>
    Database,

    /// <summary>Outside of the repository; in the tree is a pointer to it.</summary>
    Pointer,
}

/// <summary>One file, directory or link: all that is to come back, and where its content is.</summary>
/// <param name="Mode">Permission bits with set-user-ID, set-group-ID and sticky.</param>
/// <param name="Size">Bytes of a file; 0 for the others.</param>
/// <param name="Sha256">Of a file's content, 64 lower-case hexadecimal digits; empty for the others.</param>
/// <param name="Target">Of a link, as <see cref="PathText"/> writes it; empty for the others.</param>
public sealed record ManifestEntry(
    BytePath Path, EntryKind Kind, int Mode, FileTime Modified, uint Uid, uint Gid, long Size, string Sha256, Storage Storage, string Target)
{
    private const int Fields = 10;
    private const int ModeMax = 0xFFF;

    /// <summary>A link to "-", which by itself would say that there is no target.</summary>
    private const string Dash = "%2D";

    /// <summary>
    /// What a difference in is worth a backup of its own. The time of a directory is not: every temporary file changes it. It is recorded along with the next change.
    /// </summary>
    public bool IsSameForBackup(ManifestEntry other) => Kind == EntryKind.Directory ? this with { Modified = other.Modified } == other : this == other;

    /// <summary>One line without its end: ten fields with a space between them, "-" for an empty one.</summary>
    public string ToLine()
    {
        char kind = Kind switch { EntryKind.Directory => 'd', EntryKind.File => 'f', _ => 'l' };
        string storage = Storage switch { Storage.None => "-", Storage.Blob => "blob", Storage.Chunks => "chunks", Storage.Database => "database", _ => "pointer" };
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{kind} {Convert.ToString(Mode, 8).PadLeft(4, '0')} {Modified.Seconds}.{Modified.Nanoseconds:D9} {Uid} {Gid} {Size} {OrDash(Sha256)} {storage} {Path} {OrDash(Target)}");
    }

    /// <param name="problem">What is wrong with the line; null when it is read.</param>
    public static ManifestEntry? Parse(string line, out string? problem)
    {
        string[] fields = line.Split(' ');
        if (fields.Length != Fields)
        {
            problem = $"it has {fields.Length} fields, not {Fields}";
            return null;
        }

        EntryKind? kind = fields[0] switch { "d" => EntryKind.Directory, "f" => EntryKind.File, "l" => EntryKind.Link, _ => null };
        Storage? storage = fields[7] switch { "-" => Storage.None, "blob" => Storage.Blob, "chunks" => Storage.Chunks, "database" => Storage.Database, "pointer" => Storage.Pointer, _ => null };
        int mode = ParseMode(fields[1]);
        FileTime? modified = ParseTime(fields[2]);
        byte[]? path = PathText.Decode(fields[8]);
        BytePath of = default;
        bool hasContent = kind == EntryKind.File;
        problem =
            kind is null ? $"no kind of entry is called \"{fields[0]}\"" :
            mode < 0 ? $"\"{fields[1]}\" is no mode" :
            modified is null ? $"\"{fields[2]}\" is no time" :
            path is null || path.Length == 0 || !BytePath.TryOf(path, out of) ? $"\"{fields[8]}\" is no path below BASE" :
            storage is null ? $"no kind of storage is called \"{fields[7]}\"" :
            hasContent != (storage != Storage.None) || hasContent != IsSha256(fields[6]) || (!hasContent && fields[6] != "-") ? "content and kind do not agree" :
            (kind == EntryKind.Link) != (fields[9] != "-") || (fields[9] is not ("-" or Dash) && PathText.Decode(fields[9]) is null) ? $"\"{fields[9]}\" is no target of a link" :
            null;

        uint uid = 0, gid = 0;
        long size = 0;
        if (problem is null && !(TryNumber(fields[3], out uid) && TryNumber(fields[4], out gid) && TryNumber(fields[5], out size) && size >= 0 && (hasContent || size == 0)))
            problem = "owner, group or size is not a number in range";
        if (problem is not null)
            return null;

        var entry = new ManifestEntry(of, kind!.Value, mode, modified!.Value, uid, gid, size, hasContent ? fields[6] : "", storage!.Value, fields[9] switch { "-" => "", Dash => "-", var target => target });
        // One entry has one line: a second way to write it (a leading zero, another order) would pass for a change.
        problem = entry.ToLine() == line ? null : "it is not written as Init writes it";
        return problem is null ? entry : null;
    }

    private static string OrDash(string text) => text.Length == 0 ? "-" : text == "-" ? Dash : text;

    private static bool TryNumber<T>(string text, out T value) where T : INumberBase<T> => T.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value!);

    private static int ParseMode(string text)
    {
        int mode = 0;
        foreach (char digit in text)
        {
            if (digit is < '0' or > '7' || text.Length > 4)
                return -1;
            mode = (mode * 8) + (digit - '0');
        }

        return mode <= ModeMax ? mode : -1;
    }

    private static FileTime? ParseTime(string text)
    {
        int dot = text.IndexOf('.');
        return dot > 0 && text.Length == dot + 10
            && long.TryParse(text.AsSpan(0, dot), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long seconds)
            && int.TryParse(text.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int nanoseconds)
            ? new FileTime(seconds, nanoseconds)
            : null;
    }

    private static bool IsSha256(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);
}
