using Init.Backup.Large;
using Init.Backup.Tests.Harness;

namespace Init.Backup.Tests;

public sealed class PruneTests
{
    [Fact]
    public async Task Prune_WhenAssetsAreNamedByNobody_DeletesTheOldOnes()
    {
        await using var at = await GitHubFixture.StartAsync();
        DateTimeOffset old = DateTimeOffset.UtcNow.AddDays(-40);
        FakeRelease release = at.GitHub.AddRelease("blobs");
        FakeRelease other = at.GitHub.AddRelease("v1.0");
        string Name(char digit) => "sha256-" + new string(digit, 64);
        at.GitHub.AddAsset(release, Name('a'), [1], old);
        at.GitHub.AddAsset(release, Name('b') + ".part00", [1, 2], old);
        at.GitHub.AddAsset(release, Name('c') + ".part01", [1], old);
        at.GitHub.AddAsset(release, Name('d'), [1]);
        at.GitHub.AddAsset(release, new string('e', 64) + "-of-the-original.bin", [1], old);
        at.GitHub.AddAsset(release, Name('f') + ".zip", [1], old);
        at.GitHub.AddAsset(other, Name('9'), [1], old);

        PruneResult result = at.Client().Prune(new HashSet<string> { new('a', 64), new('c', 64) }, TimeSpan.FromDays(30), default);

        Assert.Equal(new PruneResult(1, 2, 5), result);
        Assert.DoesNotContain(release.Assets, asset => asset.Name.StartsWith(Name('b'), StringComparison.Ordinal));
        Assert.Equal((5, 1), (release.Assets.Count, other.Assets.Count));
    }

    [Fact]
    public async Task Prune_WhenAReleaseIsImmutable_DeletesItAsAWholeOrNotAtAll()
    {
        await using var at = await GitHubFixture.StartAsync();
        at.GitHub.IsImmutable = true;
        DateTimeOffset old = DateTimeOffset.UtcNow.AddDays(-40);
        FakeRelease mixed = at.GitHub.AddRelease("blobs"), unneeded = at.GitHub.AddRelease("blobs-2");
        at.GitHub.AddAsset(mixed, "sha256-" + new string('a', 64), [1], old);
        at.GitHub.AddAsset(mixed, "sha256-" + new string('b', 64), [1], old);
        at.GitHub.AddAsset(unneeded, "sha256-" + new string('c', 64), [1, 2, 3], old);

        PruneResult result = at.Client().Prune(new HashSet<string> { new('a', 64) }, TimeSpan.FromDays(30), default);

        Assert.Equal(new PruneResult(1, 3, 2), result);
        Assert.Equal([mixed], at.GitHub.Releases);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Put_AfterAnImmutableReleaseWasDeleted_TakesATagThatGitHubGives(bool isImmutable)
    {
        await using var at = await GitHubFixture.StartAsync();
        at.GitHub.IsImmutable = true;
        at.GitHub.AddAsset(at.GitHub.AddRelease("blobs"), "sha256-" + new string('a', 64), [1], DateTimeOffset.UtcNow.AddDays(-40));
        at.GitHub.AddAsset(at.GitHub.AddRelease("blobs-2"), "sha256-" + new string('b', 64), [1], DateTimeOffset.UtcNow.AddDays(-40));
        at.Client().Prune(new HashSet<string> { new('a', 64) }, TimeSpan.FromDays(30), default);
        at.GitHub.IsImmutable = isImmutable;

        Pointer pointer = at.Put(GitHubFixture.Content(1));

        Assert.Equal("blobs-3", pointer.ReleaseTag);
        Assert.EndsWith("?of=blobs-3", pointer.DownloadUrl); // And not that of a draft.
        Assert.Equal(GitHubFixture.Content(1), at.Get(pointer));
    }
}
