using Init.Backup.Tests.Harness;

namespace Init.Backup.Tests.Service;

/// <summary>What the role deletes at GitHub by itself.</summary>
public sealed class LargePruningTests
{
    [Fact]
    public async Task Execute_WhenAnOldAssetIsNamedByNobody_DeletesItOnceADay()
    {
        await using LargeBed bed = await LargeBed.StartAsync();
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
        await using LargeBed bed = await LargeBed.StartAsync();
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
        await using LargeBed bed = await LargeBed.StartAsync();
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
        at.GitHub.AddAsset(release, "sha256-" + new string('b', 64), [1], LargeBed.Old);
        at.Folder.Write("small", "1");
        using RunningService role = new(RunningService.PartsOf(
            at.Folder.Settings, at.GitHub.RemoteUrl, options => options with { User = GitServer.User, Token = GitServer.Token, GitHubApi = at.GitHub.Api }));

        role.WaitForLine("1 large files");

        Assert.Empty(release.Assets);
        role.EndInOrder();
    }
}
