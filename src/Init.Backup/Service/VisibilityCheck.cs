using Init.Backup.GitHub;
using Init.Backup.Large;
using Init.Backup.Remote;

namespace Init.Backup.Service;

/// <summary>What is backed up are passwords and messages, too: nothing goes to a repository at GitHub before it is known not to be public, or that is allowed.</summary>
public sealed class VisibilityCheck(BackupParts parts)
{
    private bool _isPassed;

    /// <summary>Asks once; not knowing is asked again.</summary>
    /// <exception cref="RemoteException">It is public, or that cannot be found out.</exception>
    public void Require(CancellationToken cancel)
    {
        if (_isPassed || parts.GitHub is not { } gitHub)
            return;

        GitHubFacts facts = GitHubDoctor.Examine(gitHub, TimeProvider.System, cancel);
        if (facts.Problem is { } unknown)
            throw new RemoteException(unknown.Problem, $"cannot push to {parts.Options.Remote}: whether it is public cannot be found out: {unknown.Message}", unknown.RetryAfter);
        if (GitHubDoctor.Judge(facts, parts.Options.AllowPublic, DateTimeOffset.UtcNow).FirstOrDefault(check => check is { Check: "visibility", Outcome: CheckOutcome.Fail }) is { } refused)
            throw new RemoteException(RemoteProblem.Refused, $"cannot push to {parts.Options.Remote}: {refused.Text}; {refused.Remedy}");
        _isPassed = true;
    }

    /// <summary>Where a backup may put large files. It is made here in any case, but large files leave this disk while it is made: not to a repository that is public.</summary>
    public ILargeFiles? LargeFiles(CancellationToken cancel)
    {
        try
        {
            Require(cancel);
            return parts.Settings.LargeFiles;
        }
        catch (RemoteException exception)
        {
            return parts.Settings.LargeFiles is { } files ? new ReadOnlyLargeFiles(files, exception) : null;
        }
    }

    private sealed class ReadOnlyLargeFiles(ILargeFiles files, RemoteException reason) : ILargeFiles
    {
        public Pointer Put(LargeSource source, CancellationToken cancel) => throw new RemoteException(reason.Problem, reason.Message, reason.RetryAfter);

        public void Get(Pointer pointer, int fd, Action<long>? progress, CancellationToken cancel) => files.Get(pointer, fd, progress, cancel);

        public IReadOnlyList<Pointer> Missing(IEnumerable<Pointer> pointers, CancellationToken cancel) => files.Missing(pointers, cancel);

        public PruneResult Prune(IReadOnlySet<string> referencedSha256, TimeSpan retention, CancellationToken cancel) => new(0, 0, 0);
    }
}
