using Init.Backup.History;
using Init.Backup.Store;

namespace Init.Backup.Remote;

/// <summary>
/// Tells a rewritten remote from one that went on. The commits that are missing for it are fetched into a repository of their own that borrows our objects, without trees and
/// files: a few hundred bytes each. Our store stays as it is.
/// </summary>
internal static class Ancestry
{
    public static HistoryRelation Relate(GitRemote remote, BackupStore store, string local, string there, CancellationToken cancel)
    {
        if (local == there)
            return HistoryRelation.Same;
        if (remote.Has(there))
            return Compare(store.Git, local, there);

        return InCommits(store, path =>
        {
            Borrow(store, path, local);
            FetchCommits(remote, path, there, cancel);
            return Compare(new GitRunner(path), local, there);
        });
    }

    /// <summary>All commits of the remote's history, newest first, also those before what is here.</summary>
    public static IReadOnlyList<HistoryCommit> List(GitRemote remote, BackupStore store, string there, CancellationToken cancel) =>
        InCommits(store, path =>
        {
            Create(path);
            FetchCommits(remote, path, there, cancel);
            return HistoryCompaction.List(new GitRunner(path), there, cancel);
        });

    internal static T InCommits<T>(BackupStore store, Func<string, T> use)
    {
        string path = store.Git.Repository + ".commits";
        try
        {
            return use(path);
        }
        finally
        {
            if (Directory.Exists(path))
                Directory.Delete(path, recursive: true);
        }
    }

    private static void FetchCommits(GitRemote remote, string path, string there, CancellationToken cancel) =>
        remote.Check($"look at the history of {remote.Name}", remote.Network.In(path).Run(
            remote.Limits.Silence, null, cancel, "fetch", "--no-tags", "--no-write-fetch-head", "--progress", "--filter=tree:0", $"--upload-pack={GitRemote.PathSender}",
            "{remote-url}" /* A fetch with a filter makes the remote's name one of its configuration's, where no path may be. */, $"+{there}:refs/heads/there"));

    private static GitRunner Create(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        GitRunner git = new(path);
        _ = git.Run(GitRunner.ShortTime, [], "init", "--quiet", "--bare", "--template=", path);
        return git;
    }

    internal static GitRunner Borrow(BackupStore store, string path, string local)
    {
        GitRunner git = Create(path);
        Directory.CreateDirectory(Path.Combine(path, "objects", "info"));
        File.WriteAllText(Path.Combine(path, "objects", "info", "alternates"), Path.Combine(store.Git.Repository, "objects") + "\n");
        string shallow = Path.Combine(store.Git.Repository, "shallow");
        if (File.Exists(shallow))
            File.Copy(shallow, Path.Combine(path, "shallow"));
        _ = git.Run(GitRunner.ShortTime, [], "update-ref", "refs/heads/here", local);
        return git;
    }

    private static HistoryRelation Compare(GitRunner git, string local, string there)
    {
        string? common = git.Run(GitRunner.ShortTime, [1], "merge-base", local, there);
        if (common == there)
            return HistoryRelation.RemoteIsBehind;
        if (common == local)
            return HistoryRelation.RemoteIsAhead;
        string[] trees = git.Run(GitRunner.ShortTime, [], "log", "--no-walk", "--format=%T", local, there)!.Split('\n');
        return trees is [var one, var other] && one == other ? HistoryRelation.SameFiles : common is null ? HistoryRelation.Unrelated : HistoryRelation.Diverged;
    }
}
