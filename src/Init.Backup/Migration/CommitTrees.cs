using Init.Backup.Names;
using Init.Backup.Store;

namespace Init.Backup.Migration;

/// <summary>Whoever has made a commit: its entries.</summary>
public static class CommitTrees
{
    /// <param name="targets">For a commit without a manifest, which does not say them.</param>
    /// <param name="notes">Are told what is not as in a backup of ours.</param>
    /// <param name="cancel">Looked at before each file of a commit that is not ours: its content is read.</param>
    /// <returns>One that has a head.</returns>
    public static CommitTree Read(CatFile objects, string commit, IReadOnlyList<BytePath> targets, BackupNotes notes, CancellationToken cancel)
    {
        CommitTree tree = new(objects, commit);
        if (tree.ReadHead() is not { } head)
            return OriginalTree.Read(objects, commit, targets, notes, cancel);
        return CommitText.Of(objects, commit) is { IsOurs: false } byHand ? EditedTree.Read(objects, commit, byHand, head, notes, cancel) : tree;
    }
}
