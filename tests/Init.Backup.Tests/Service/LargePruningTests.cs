using Init.Backup.Large;
using Init.Backup.Remote;
using Init.Backup.Service;
using Init.Backup.Tests.Harness;
using Init.Backup.Tests.Remote;
using Init.Config;

namespace Init.Backup.Tests.Service;

/// <summary>What the role deletes at GitHub by itself.</summary>
public sealed class LargePruningTests
{
    private static readonly DateTimeOffset Old = DateTimeOffset.UtcNow.AddDays(-40);

    [Fact]
    public async Task Execute_WhenAnOldAssetIsNamedByNobody_DeletesItOnceADay()
    {
        await using Bed bed = await Bed.StartAsync();
        string needed = bed.BackUpLarge(1);
        bed.AddOldAsset('b');

        Assert.Equal((1, 1), (bed.Prune()!.Deleted, bed.Assets.Count));
        Assert.Equal("sha256-" + needed, bed.Assets[0].Name);
        Assert.Contains("1 large files", Assert.Single(bed.Notes).Text);

        bed.AddOldAsset('c');
        Assert.Null(bed.Prune());
        Assert.Equal(1, bed.Prune(DateTimeOffset.UtcNow.AddHours(25))!.Deleted);
    }

    [Fact]
    public async Task Execute_WhenOnlyAnotherBranchAtTheRemoteNamesAnAsset_LeavesIt()
    {
        await using Bed bed = await Bed.StartAsync();
        string aside = bed.BackUpLarge(1);
        bed.Machine.Remote.PushAside(bed.Machine.Store.Head()!, "init/diverged/somebody", default);
        bed.StartAnew();
        bed.BackUpLarge(2);
        bed.MakeOld();

        Assert.Equal(0, bed.Prune()!.Deleted);
        Assert.Contains(bed.Assets, asset => asset.Name.Contains(aside, StringComparison.Ordinal));

        bed.Git("update-ref", "-d", "refs/heads/init/diverged/somebody");
        Assert.Equal(1, bed.Prune(DateTimeOffset.UtcNow.AddHours(25))!.Deleted);
        Assert.DoesNotContain(bed.Assets, asset => asset.Name.Contains(aside, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("shallow")]
    [InlineData("not acknowledged")]
    [InlineData("another writer")]
    [InlineData("unreachable")]
    public async Task Execute_WhenAnythingIsUncertain_DeletesNothing(string what)
    {
        await using Bed bed = await Bed.StartAsync();
        bed.BackUpLarge(1);
        bed.AddOldAsset('b');
        switch (what)
        {
            case "shallow":
                File.WriteAllText(Path.Combine(bed.Machine.Store.Git.Repository, "shallow"), bed.Machine.Store.Head() + "\n");
                break;
            case "not acknowledged":
                bed.Machine.Backup("more", "1");
                break;
            case "another writer":
                bed.Git("update-ref", "refs/init/lease/other", "refs/init/lease/main");
                break;
            default:
                bed.GitHub.Git.IsReachable = false;
                break;
        }

        Assert.Null(bed.Prune());

        Assert.Equal(2, bed.Assets.Count);
    }

    [Fact]
    public async Task Role_AfterABackup_DeletesWhatIsNotNeeded()
    {
        await using GitHubFixture at = await GitHubFixture.StartAsync();
        FakeRelease release = at.GitHub.AddRelease("blobs");
        at.GitHub.AddAsset(release, "sha256-" + new string('b', 64), [1], Old);
        at.Folder.Write("small", "1");
        using RunningService role = new(RunningService.PartsOf(
            at.Folder.Settings, at.GitHub.RemoteUrl, options => options with { User = GitServer.User, Token = GitServer.Token, GitHubApi = at.GitHub.Api }));

        role.WaitForLine("1 large files");

        Assert.Empty(release.Assets);
        role.EndInOrder();
    }

    private sealed class Bed : IJobReport, IAsyncDisposable
    {
        private readonly GitHubFixture _at;
        private readonly List<Machine> _machines = [];

        private Bed(GitHubFixture at) => _at = at;

        public FakeGitHub GitHub => _at.GitHub;

        public Machine Machine { get; private set; } = null!;

        public List<StatusNote> Notes { get; } = [];

        public List<FakeAsset> Assets => GitHub.Releases.Single(release => release.Tag == "blobs").Assets;

        public static async Task<Bed> StartAsync()
        {
            Bed bed = new(await GitHubFixture.StartAsync());
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

        public PruneResult? Prune(DateTimeOffset? now = null)
        {
            BackupOptions options = new(Machine.Folder.Settings.StateDirectory, Path.Combine(Machine.Folder.Root, "ready"), GitHub.RemoteUrl);
            BackupParts parts = new(options, Machine.Folder.Settings, (_, _) => Machine.Remote);
            return new LargePruning(parts, Machine.Store, Machine.Remote, this).Execute(now ?? DateTimeOffset.UtcNow, default);
        }

        public void Git(params string[] arguments) => TestFolder.Run("git", [$"--git-dir={GitHub.Git.PathOf(FakeGitHub.Repository + ".git")}", .. arguments]);

        public void Stage(string stage, string text) { }

        public void Progress(Func<TimeSpan, StageProgress> progress) { }

        public void Problem(string? problem) { }

        public void Note(StatusNote note) => Notes.Add(note);

        public void LeaseOf(LeaseText? other) { }

        public async ValueTask DisposeAsync()
        {
            foreach (Machine machine in _machines)
                machine.Dispose();
            await _at.DisposeAsync();
        }
    }
}
