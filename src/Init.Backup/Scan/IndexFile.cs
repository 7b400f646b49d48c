using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Init.Backup.Manifest;
using Init.Linux;

namespace Init.Backup.Scan;

/// <summary>What a live file looked like when it was last read, to know it again without reading.</summary>
/// <param name="Companion">Of a database, a fingerprint of its write-ahead log, where changes are that the file itself does not show; else 0.</param>
public readonly record struct SeenStamp(ulong Device, ulong Inode, long Size, FileTime Modified, FileTime Changed, ulong Companion)
{
    /// <summary>The clock of a file system moves in ticks: a file that was changed this short a time ago can change again and look the same.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    public static SeenStamp Of(FileStamp stamp, ulong companion) => new(stamp.Device, stamp.Inode, stamp.Size, stamp.Modified, stamp.Changed, companion);

    /// <param name="readAt">When reading began.</param>
    public bool IsTrusted(DateTimeOffset readAt)
    {
        DateTimeOffset latest = readAt - Tick;
        return Changed.Seconds < latest.ToUnixTimeSeconds()
            || (Changed.Seconds == latest.ToUnixTimeSeconds() && Changed.Nanoseconds < latest.Ticks % TimeSpan.TicksPerSecond * 100);
    }
}

/// <param name="Seen">Null: not known, it has to be read.</param>
public readonly record struct IndexEntry(ManifestEntry Entry, SeenStamp? Seen);

/// <summary>
/// The entries of the last backup with the stamps of their files: lines in order, and a last one with their number, the commit and a checksum. It spares reading and nothing
/// else: without it, or when it is damaged or of another commit, everything is read again and compared with the manifest.
/// </summary>
public static class IndexFile
{
    private const string First = "init-index 1";

    /// <returns>The commit that it belongs to; null when there is none that can be used.</returns>
    public static string? CommitOf(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] first = new byte[First.Length + 1];
            if (file.ReadAtLeast(first, first.Length, throwOnEndOfStream: false) < first.Length || !first.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(First + "\n")))
                return null;

            byte[] tail = new byte[Math.Min(file.Length, 256)];
            file.Seek(-tail.Length, SeekOrigin.End);
            file.ReadExactly(tail);
            int end = tail.AsSpan().LastIndexOf("\nend "u8) + 1;
            string[] last = Encoding.UTF8.GetString(tail.AsSpan(end)).Split(' ', '\n');
            if (end == 0 || last.Length != 5)
                return null;

            file.Seek(0, SeekOrigin.Begin);
            byte[] buffer = new byte[64 * 1024];
            for (long left = file.Length - tail.Length + end; left > 0;)
            {
                int count = file.Read(buffer, 0, (int)Math.Min(buffer.Length, left));
                if (count == 0)
                    return null;
                hash.AppendData(buffer, 0, count);
                left -= count;
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset()) == last[3] ? last[2] : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // Reading everything again is always right.
        }
    }

    /// <summary>The same files have another commit now. Nothing happens when the index is of none or of another one.</summary>
    /// <param name="path">Of the index.</param>
    /// <param name="from">The commit that it names.</param>
    /// <param name="to">The commit that it is to name; as long.</param>
    public static void Rename(string path, string from, string to)
    {
        if (from.Length != to.Length || CommitOf(path) != from)
            return;

        // In place: half of it would be a commit that nobody has, and everything be read again.
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        byte[] tail = new byte[Math.Min(file.Length, 256)];
        file.Seek(-tail.Length, SeekOrigin.End);
        file.ReadExactly(tail);
        int at = tail.AsSpan().LastIndexOf(Encoding.UTF8.GetBytes($" {from} ")) + 1;
        file.Seek(at - tail.Length, SeekOrigin.End);
        file.Write(Encoding.UTF8.GetBytes(to));
        file.Flush(flushToDisk: true);
    }

    /// <summary>Of a file that <see cref="CommitOf"/> found whole.</summary>
    /// <exception cref="InvalidDataException">It is not, after all.</exception>
    public static IEnumerable<IndexEntry> Read(string path)
    {
        using StreamReader reader = new(path, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, bufferSize: 64 * 1024);
        if (reader.ReadLine() != First)
            throw new InvalidDataException($"cannot read {path}: it is no index of this version; remove it");

        while (reader.ReadLine() is { } line && !line.StartsWith("end ", StringComparison.Ordinal))
            yield return ParseLine(line) ?? throw new InvalidDataException($"cannot read {path}: line \"{line}\" is damaged; remove the file");
    }

    internal static string ToLine(IndexEntry entry)
    {
        string seen = entry.Seen is not { } stamp
            ? "-"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{stamp.Device},{stamp.Inode},{stamp.Size},{stamp.Modified.Seconds},{stamp.Modified.Nanoseconds},{stamp.Changed.Seconds},{stamp.Changed.Nanoseconds},{stamp.Companion}");
        return $"{seen} {entry.Entry.ToLine()}";
    }

    private static IndexEntry? ParseLine(string line)
    {
        int space = line.IndexOf(' ');
        if (space < 0 || ManifestEntry.Parse(line[(space + 1)..], out _) is not { } entry)
            return null;
        if (line.StartsWith("- ", StringComparison.Ordinal))
            return new IndexEntry(entry, null);

        string[] fields = line[..space].Split(',');
        return fields.Length == 8 && ulong.TryParse(fields[0], out ulong device) && ulong.TryParse(fields[1], out ulong inode) && long.TryParse(fields[2], out long size)
            && long.TryParse(fields[3], out long modified) && int.TryParse(fields[4], out int modifiedPart) && long.TryParse(fields[5], out long changed)
            && int.TryParse(fields[6], out int changedPart) && ulong.TryParse(fields[7], out ulong companion)
            ? new IndexEntry(entry, new SeenStamp(device, inode, size, new FileTime(modified, modifiedPart), new FileTime(changed, changedPart), companion))
            : null;
    }

    /// <summary>Writes beside the index; <see cref="Complete"/> puts it in its place.</summary>
    public sealed class Writer : IDisposable
    {
        private readonly string _path;
        private readonly FileStream _file;
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private long _count;

        public Writer(string path)
        {
            _path = path;
            _file = new FileStream(path + ".new", FileMode.Create, FileAccess.Write, FileShare.None, 64 * 1024);
            WriteLine(First);
        }

        public void Add(IndexEntry entry)
        {
            WriteLine(ToLine(entry));
            _count++;
        }

        public void Complete(string commit)
        {
            _file.Write(Encoding.UTF8.GetBytes($"end {_count} {commit} {Convert.ToHexStringLower(_hash.GetHashAndReset())}\n"));
            _file.Flush(flushToDisk: true);
            _file.Dispose();
            File.Move(_path + ".new", _path, overwrite: true);
        }

        public void Dispose()
        {
            try
            {
                _file.Dispose();
            }
            catch (IOException)
            {
                // It is closed. What was still to be written is of an index that comes to no end, and why is known already.
            }

            _hash.Dispose();
        }

        private void WriteLine(string line)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(line + "\n");
            _hash.AppendData(bytes);
            _file.Write(bytes);
        }
    }
}
