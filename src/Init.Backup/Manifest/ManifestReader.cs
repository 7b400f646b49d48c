using System.Security.Cryptography;
using System.Text;
using Init.Backup.Names;

namespace Init.Backup.Manifest;

/// <summary>The entries of a manifest, part by part: never more than one part in memory.</summary>
public static class ManifestReader
{
    /// <param name="readPart">Gives the text of a part; null when there is none.</param>
    /// <exception cref="ManifestException">While entries are taken: a part is missing or damaged, or not in order.</exception>
    public static IEnumerable<ManifestEntry> Entries(ManifestHead head, Func<ManifestPart, byte[]?> readPart)
    {
        BytePath last = default;
        foreach (ManifestPart part in head.Parts)
        {
            byte[] text = readPart(part) ?? throw Damaged(part, 0, "it is missing");
            if (Convert.ToHexStringLower(SHA256.HashData(text)) != part.Sha256)
                throw Damaged(part, 0, "it is not what the head says");

            string[] lines = Encoding.UTF8.GetString(text).Split('\n');
            if (lines.Length != part.Entries + 1 || lines[^1].Length > 0)
                throw Damaged(part, 0, $"it has not {part.Entries} lines");

            for (int line = 0; line < part.Entries; line++)
            {
                ManifestEntry entry = ManifestEntry.Parse(lines[line], out string? problem) ?? throw Damaged(part, line + 1, problem!);
                if (entry.Path <= last)
                    throw Damaged(part, line + 1, "it is not in order");
                if (!head.Targets.Any(target => entry.Path.IsWithin(target)))
                    throw Damaged(part, line + 1, $"\"{entry.Path}\" is below none of the targets");
                last = entry.Path;
                yield return entry;
            }
        }
    }

    private static ManifestException Damaged(ManifestPart part, int line, string problem) =>
        new($"cannot read .init/manifest/{part.Name}{(line > 0 ? $":{line}" : "")}: {problem}; restore from an earlier commit");
}
