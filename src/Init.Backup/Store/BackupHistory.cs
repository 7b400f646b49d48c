namespace Init.Backup.Store;

/// <summary>What the local store knows of commits, and how its branch is moved without a backup.</summary>
public static class BackupHistory
{
    /// <summary>The last commit that was read back from the remote.</summary>
    public const string AcknowledgedRef = "refs/init/acknowledged";

    public static string? Acknowledged(this BackupStore store) => store.Git.Run(GitRunner.ShortTime, [1], "rev-parse", "--verify", "--quiet", AcknowledgedRef);

    public static void SetAcknowledged(this BackupStore store, string commit) => store.Git.Run(GitRunner.ShortTime, [], "update-ref", AcknowledgedRef, commit);

    public static bool Has(this BackupStore store, string commit) => store.Git.Run(GitRunner.ShortTime, [1, 128], "cat-file", "-e", commit + "^{commit}") is not null;

    public static bool IsAncestor(this BackupStore store, string older, string newer) =>
        store.Git.Run(GitRunner.ShortTime, [1], "merge-base", "--is-ancestor", older, newer) is not null;

    public static void SetHead(this BackupStore store, string commit) => store.Git.Run(GitRunner.ShortTime, [], "update-ref", $"refs/heads/{store.Branch}", commit);

    /// <summary>A commit with the tree of one and both as parents; the branch is not moved.</summary>
    /// <param name="author">As git has it: "name &lt;mail&gt;".</param>
    public static string Join(this BackupStore store, string tree, string other, string author)
    {
        int open = author.LastIndexOf('<');
        return store.Git.Run(
            GitRunner.ShortTime, [], "-c", $"user.name={author[..open].Trim()}", "-c", $"user.email={author[(open + 1)..].TrimEnd('>')}",
            "commit-tree", tree + "^{tree}", "-p", other, "-p", tree, "-m", CommitText.OfJoin)!;
    }

    /// <summary>The commit and its manifest can be read. Every object of it is only looked at when it is needed.</summary>
    public static bool IsReadable(this BackupStore store, string commit, out string? problem)
    {
        problem = null;
        try
        {
            using CatFile objects = new(store.Git);
            CommitTree tree = new(objects, commit);
            if (tree.ReadHead() is { } head)
            {
                foreach (var part in head.Parts)
                {
                    if (tree.Find(Store.ManifestPaths.OfPart(part.Name)) is null)
                        throw new GitException($"part {part.Name} of the manifest is not there");
                }
            }

            return true;
        }
        catch (Exception exception) when (exception is GitException or Manifest.ManifestException)
        {
            problem = exception.Message;
            return false;
        }
    }
}
