using Init.Backup.Store;

namespace Init.Backup.Remote;

/// <summary>Everything that the remote has, on all its branches, in a repository of its own that borrows our objects: for who must know what anybody's commits name.</summary>
internal static class WholeRemote
{
    private const string There = "refs/there/", Leases = "refs/init/lease/";

    /// <summary>For a store that has its whole history: the parents of what is fetched are looked for in it.</summary>
    /// <param name="use">Gets the repository, which is gone afterwards.</param>
    /// <returns>Null: there are other writers, or the remote was changed meanwhile, and what was found is not to be acted on.</returns>
    /// <exception cref="RemoteException">The remote did not give it.</exception>
    public static T? Use<T>(GitRemote remote, BackupStore store, Func<GitRunner, T?> use, CancellationToken cancel)
        where T : class => Ancestry.InCommits(store, path =>
        {
            if (store.Head() is not { } head || !IsOurs(remote, cancel))
                return null;

            GitRunner git = Ancestry.Borrow(store, path, head);
            remote.Check($"fetch all branches from {remote.Name}", remote.Network.In(path).Run(
                remote.Limits.Silence, null, cancel, "fetch", "--no-tags", "--no-write-fetch-head", "--progress", $"--upload-pack={GitRemote.PathSender}", "{remote}", "+refs/*:" + There + "*"));
            T? result = use(git);
            if (result is null)
                return null;

            IReadOnlySet<string> fetched = RefsOf(git.Run(GitRunner.ShortTime, [], "for-each-ref", "--format=%(objectname)%09%(refname)", There)!, There, store.Branch);
            NetworkAnswer answer = remote.Check($"look at {remote.Name}", remote.Network.Run(remote.Limits.AnswerTime, null, cancel, "ls-remote", "--quiet", "--refs", $"--upload-pack={GitRemote.PathSender}", "{remote}"));
            IReadOnlySet<string> now = RefsOf(answer.Output, "refs/", store.Branch);
            // Who writes to another branch may be about to name a file that nobody names now.
            bool isAlone = !now.Any(line => line.Contains("\t" + Leases["refs/".Length..], StringComparison.Ordinal));
            return isAlone && now.SetEquals(fetched) && now.Any(line => line == $"{head}\theads/{store.Branch}") && IsOurs(remote, cancel) ? result : null;
        });

    private static bool IsOurs(GitRemote remote, CancellationToken cancel) => remote.AnswerChallenge(cancel) is LeaseOutcome.Held;

    /// <summary>Lines of an id and what is behind the prefix, without our own lease, which moves.</summary>
    private static HashSet<string> RefsOf(string lines, string prefix, string branch) =>
    [
        .. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('\t'))
            .Where(parts => parts is [_, var name] && name.StartsWith(prefix, StringComparison.Ordinal) && name[prefix.Length..] != $"init/lease/{branch}" && name[prefix.Length..] != $"init/challenge/{branch}")
            .Select(parts => $"{parts[0]}\t{parts[1][prefix.Length..]}"),
    ];
}
