using Init.Backup.Large;
using Init.Backup.Remote;
using Init.Backup.Service;
using Init.Backup.Tests.Harness;
using Init.Backup.Tests.Remote;
using Init.Config;

namespace Init.Backup.Tests.Service;

/// <summary>A machine that backs up large files to a fake GitHub, and the jobs that look after these between backups.</summary>
internal sealed class LargeBed : IJobReport, IAsyncDisposable
{
    public static readonly DateTimeOffset Old = DateTimeOffset.UtcNow.AddDays(-40);

    private readonly GitHubFixture _at;
    private readonly List<Machine> _machines = [];

    private LargeBed(GitHubFixture at) => _at = at;

    public FakeGitHub GitHub => _at.GitHub;

    public Machine Machine { get; private set; } = null!;

    public List<StatusNote> Notes { get; } = [];

    public List<FakeAsset> Assets => GitHub.Releases.Single(release => release.Tag == "blobs").Assets;

    /// <param name="partBytesMax">Null: as GitHub has it.</param>
    public static async Task<LargeBed> StartAsync(long? partBytesMax = null)
    {
        LargeBed bed = new(await GitHubFixture.StartAsync());
        if (partBytesMax is { } most)
            bed._at.Settings = bed._at.Settings with { PartBytesMax = most };
        bed.StartAnew();
        bed.Machine.Push(bed.Machine.Backup("small", "1")); // GitHub makes no release in a repository without a commit.
        return bed;
    }

    /// <summary>Another machine on the same branch, whose history holds nothing of what was there.</summary>
    public void StartAnew()
    {
        if (Machine is not null)
        {
            Machine.Remote.ReleaseLease(default);
            Git("update-ref", "-d", "refs/heads/main");
        }

        Machine = new Machine(new RemoteAddress(GitHub.RemoteUrl, GitServer.User, GitServer.Token), Guid.NewGuid().ToString("N"), RemoteBed.Quick).Owning();
        Machine.Folder.Settings = Machine.Folder.Settings with { LargeThreshold = 200_000, LargeFiles = _at.Client() };
        _machines.Add(Machine);
    }

    /// <returns>The file's SHA-256.</returns>
    public string BackUpLarge(int seed)
    {
        byte[] content = GitHubFixture.Content(seed);
        Machine.Folder.Write($"{seed}.bin", content);
        Machine.Push(Machine.Backup());
        Assert.Contains(Assets, asset => asset.Name.Contains(GitHubFixture.HashOf(content), StringComparison.Ordinal));
        return GitHubFixture.HashOf(content);
    }

    public void AddOldAsset(char digit) => GitHub.AddAsset(GitHub.Releases.Single(), "sha256-" + new string(digit, 64), [1], Old);

    /// <summary>All that is there, as if it had been uploaded long ago.</summary>
    public void MakeOld()
    {
        FakeRelease release = GitHub.Releases.Single();
        FakeAsset[] young = [.. release.Assets];
        release.Assets.Clear();
        foreach (FakeAsset asset in young)
            GitHub.AddAsset(release, asset.Name, asset.Content, Old);
    }

    public PruneResult? Prune(DateTimeOffset? now = null) => new LargePruning(Parts, Machine.Store, Machine.Remote, this).Execute(now ?? DateTimeOffset.UtcNow, default);

    public void Check(DateTimeOffset? now = null) => new LargeCheck(Parts, Machine.Store, this).Execute(now ?? DateTimeOffset.UtcNow, default);

    public void Git(params string[] arguments) => TestFolder.Run("git", [$"--git-dir={GitHub.Git.PathOf(FakeGitHub.Repository + ".git")}", .. arguments]);

    private BackupParts Parts => new(new BackupOptions(Machine.Folder.Settings.StateDirectory, Path.Combine(Machine.Folder.Root, "ready"), GitHub.RemoteUrl), Machine.Folder.Settings, (_, _) => Machine.Remote) { GitHub = _at.Settings };

    public void Stage(string stage, string text) { }

    public void Progress(Func<TimeSpan, StageProgress> progress) { }

    public void Problem(string? problem) { }

    public void Note(StatusNote note) => Notes.Add(note);

    public void NotesOf(BackupNotes notes) { }

    public void LeaseOf(LeaseText? other) { }

    public async ValueTask DisposeAsync()
    {
        foreach (Machine machine in _machines)
            machine.Dispose();
        await _at.DisposeAsync();
    }
}
