using Init.Backup.Tests.Harness;

namespace Init.Backup.Tests.Service;

/// <summary>A release that a person deletes is noticed without a restore.</summary>
public sealed class LargeCheckTests
{
    private static readonly DateTimeOffset Tomorrow = DateTimeOffset.UtcNow.AddHours(25);

    [Fact]
    public async Task Execute_WhenEverythingIsThere_ReadsLittleWritesNothingAndAsksAgainTomorrow()
    {
        await using LargeBed bed = await LargeBed.StartAsync();
        for (int i = 0; i < 30; i++)
            bed.Machine.Folder.Write($"{i}.bin", GitHubFixture.Content(i));
        bed.Machine.Push(bed.Machine.Backup());
        int writes = bed.GitHub.Writes, asked = bed.GitHub.Requests.Count;

        bed.Check();

        Assert.Equal(writes, bed.GitHub.Writes);
        Assert.InRange(bed.GitHub.Requests.Count - asked, 1, 6); // Not one for each file.
        Assert.Empty(bed.Notes);
        asked = bed.GitHub.Requests.Count;
        bed.Check();
        Assert.Equal(asked, bed.GitHub.Requests.Count);
        bed.Check(Tomorrow);
        Assert.NotEqual(asked, bed.GitHub.Requests.Count);
    }

    [Theory]
    [InlineData("asset")]
    [InlineData("release")]
    [InlineData("part")]
    [InlineData("starter")]
    public async Task Execute_WhenAnAssetIsGoneAndTheFileIsTheSame_StoresItAgain(string what)
    {
        await using LargeBed bed = await LargeBed.StartAsync(what == "part" ? 100_000 : null);
        bed.BackUpLarge(1);
        string commit = bed.Machine.Store.Head()!;
        bed.Check();
        switch (what)
        {
            case "asset":
                bed.Assets.Clear();
                break;
            case "part":
                bed.Assets.RemoveAt(1);
                break;
            case "starter":
                bed.Assets[0].State = "starter";
                break;
            default:
                bed.GitHub.RemoveReleases();
                break;
        }

        bed.Check(Tomorrow);

        Assert.Contains("has been stored there again", Assert.Single(bed.Notes).Text);
        Assert.Equal("t/1.bin", bed.Notes[0].Path);
        Assert.Equal(commit, bed.Machine.Store.Head()); // The pointer is as good as it was.
        bed.Machine.Folder.Wipe();
        bed.Machine.Store.Dispose();
        Assert.True(bed.Machine.Folder.Restore(commit).IsComplete);
        Assert.Equal(GitHubFixture.Content(1), File.ReadAllBytes(Path.Combine(bed.Machine.Folder.Target, "1.bin")));
    }

    [Fact]
    public async Task Execute_WhenAPersonRenamedAnAsset_FindsIt()
    {
        await using LargeBed bed = await LargeBed.StartAsync();
        bed.BackUpLarge(1);
        bed.Assets[0].Name = "my-model";

        bed.Check();

        Assert.Empty(bed.Notes);
        Assert.Equal(1, bed.GitHub.Uploads);
    }

    [Theory]
    [InlineData("other content", "has another content by now")]
    [InlineData("gone", "cannot be read")]
    [InlineData("public", "the repository is public")]
    [InlineData("refused", "GitHub does not allow it")]
    public async Task Execute_WhenAnAssetIsGoneAndCannotBeStoredAgain_SaysSoAndTriesAgainSoon(string what, string expected)
    {
        await using LargeBed bed = await LargeBed.StartAsync();
        string hash = bed.BackUpLarge(1);
        bed.Assets.Clear();
        string live = Path.Combine(bed.Machine.Folder.Target, "1.bin");
        switch (what)
        {
            case "other content":
                File.WriteAllBytes(live, GitHubFixture.Content(2));
                break;
            case "gone":
                File.Delete(live);
                break;
            case "public":
                bed.GitHub.IsPrivate = false;
                break;
            default:
                bed.GitHub.Misbehave(new FakeGitHubFault { Where = "upload POST", Status = 403 });
                break;
        }

        bed.Check();

        Assert.Contains(expected, Assert.Single(bed.Notes).Text);
        Assert.Contains(hash, bed.Notes[0].Text);
        Assert.Equal("t/1.bin", bed.Notes[0].Path);
        Assert.Empty(bed.Assets);
        int asked = bed.GitHub.Requests.Count;
        bed.Check();
        Assert.Equal(asked, bed.GitHub.Requests.Count);
        bed.Check(DateTimeOffset.UtcNow.AddMinutes(61));
        Assert.NotEqual(asked, bed.GitHub.Requests.Count);
    }

    [Fact]
    public async Task Execute_WhenGitHubCannotBeAsked_SaysSoAndTriesAgainSoon()
    {
        await using LargeBed bed = await LargeBed.StartAsync();
        bed.BackUpLarge(1);
        bed.GitHub.Misbehave(new FakeGitHubFault { Where = "api ", Status = 401 });

        bed.Check();

        Assert.Contains("cannot look whether the large files are still", Assert.Single(bed.Notes).Text);
        bed.GitHub.Misbehave();
        bed.Assets.Clear();
        bed.Check(DateTimeOffset.UtcNow.AddMinutes(61));
        Assert.Single(bed.Assets);
    }

    [Fact]
    public async Task Execute_WithoutLargeFiles_AsksNothing()
    {
        await using LargeBed bed = await LargeBed.StartAsync();
        int asked = bed.GitHub.Requests.Count;

        bed.Check();

        Assert.Equal(asked, bed.GitHub.Requests.Count);
    }
}
