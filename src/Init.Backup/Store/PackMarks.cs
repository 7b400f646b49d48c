using System.Text;
using Init.Linux;

namespace Init.Backup.Store;

/// <summary>
/// Packs of blobs are in place before the commit that names them. Until the branch has moved, each has a mark beside it (NAME.keep, which git takes for "leave this pack
/// alone") that says where the branch was. Whoever finds marks with nobody writing knows by the branch which packs belong to a commit, and which to a backup that was killed.
/// </summary>
internal static class PackMarks
{
    private const string Word = "init-backup";

    public static byte[] Make(string branch, string? parent) => Encoding.UTF8.GetBytes($"{Word} {branch} {parent ?? "-"}\n");

    /// <summary>Removes the marks, and the packs that no commit names.</summary>
    /// <param name="head">Of a branch, now; null when there is none.</param>
    public static void Settle(string packDirectory, Func<string, string?> head)
    {
        if (!Directory.Exists(packDirectory))
            return;

        foreach (string mark in Directory.GetFiles(packDirectory, "*.keep"))
        {
            string pack = Path.ChangeExtension(mark, ".pack");
            // Half a mark may be there, and no pack yet: that is renamed after the mark is on disk.
            string[] said = File.Exists(pack) ? File.ReadAllText(mark).TrimEnd('\n').Split(' ') : [Word, "", ""];
            if (said is not [Word, var branch, var parent])
                continue;

            if (branch.Length > 0 && (head(branch) ?? "-") == parent)
            {
                _ = Files.Unlink(Path.ChangeExtension(mark, ".idx"));
                _ = Files.Unlink(pack);
            }

            File.Delete(mark);
        }
    }
}
