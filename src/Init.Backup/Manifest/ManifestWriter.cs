using System.Security.Cryptography;
using System.Text;
using Init.Backup.Names;

namespace Init.Backup.Manifest;

/// <summary>
/// Takes entries in their order and gives them out as parts of some 256. Where a part begins depends on the path alone, so that one changed file makes one new part of a
/// few kilobytes, and a new file moves no boundary but its own.
/// </summary>
/// <param name="targets">A part begins at each.</param>
/// <param name="onPart">Receives each part that is complete, with its text.</param>
public sealed class ManifestWriter(IReadOnlyList<BytePath> targets, Action<ManifestPart, byte[]> onPart)
{
    public const int PartEntriesMax = 4096;
    public const int PartBytesMax = 1024 * 1024;

    /// <summary>Path and target, each at its longest with every byte encoded, and the numbers.</summary>
    public const int LineBytesMax = (BackupLimits.PathBytesMax + Linux.FilesAt.NameBytesMax) * 3 + 300;

    internal const int NameLength = 16;

    private const uint BoundaryMask = 0xFF;

    private readonly List<ManifestPart> _parts = [];
    private readonly StringBuilder _text = new();
    private string _name = "";
    private int _partEntries;
    private long _entries;
    private long _bytes;
    private BytePath _last;

    /// <exception cref="ArgumentException">The entry does not come after the last one.</exception>
    public void Add(ManifestEntry entry)
    {
        if (_entries > 0 && entry.Path <= _last)
            throw new ArgumentException($"entry \"{entry.Path}\" does not come after \"{_last}\"", nameof(entry));

        byte[] hash = SHA256.HashData(entry.Path.Bytes);
        bool begins = (BitConverter.ToUInt32(hash) & BoundaryMask) == 0 || _partEntries >= PartEntriesMax || _text.Length >= PartBytesMax || targets.Contains(entry.Path);
        if (begins)
            EndPart();
        if (_partEntries == 0)
            _name = Convert.ToHexStringLower(hash)[..NameLength];

        _text.Append(entry.ToLine()).Append('\n');
        _last = entry.Path;
        _partEntries++;
        _entries++;
        _bytes += entry.Size;
    }

    public ManifestHead Complete()
    {
        EndPart();
        return new ManifestHead(targets, _entries, _bytes, _parts);
    }

    private void EndPart()
    {
        if (_partEntries == 0)
            return;

        byte[] text = Encoding.UTF8.GetBytes(_text.ToString());
        ManifestPart part = new(_name, _partEntries, text.Length, Convert.ToHexStringLower(SHA256.HashData(text)));
        _parts.Add(part);
        onPart(part, text);
        _text.Clear();
        _partEntries = 0;
    }
}
