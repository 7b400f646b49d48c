using Init.Backup.Large;
using Init.Backup.Tests.Harness;

namespace Init.Backup.Tests.GitHub;

/// <summary>The network goes in the middle of a large file, at this byte or that one.</summary>
public sealed class CutTransferTests
{
    private const int Length = 3_000_000;

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(65_536, false)]
    [InlineData(1_500_000, true)]
    [InlineData(Length - 1, true)]
    [InlineData(Length, false)] // All of it has come, and GitHub does not have it.
    public async Task Put_WhenTheUploadIsCut_IsWholeAndThereOnce(int cutAt, bool leavesStarter)
    {
        await using var at = await GitHubFixture.StartAsync();
        byte[] content = GitHubFixture.Content(1, Length);
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "upload POST", Times = 2, CutUploadAt = cutAt, LeavesStarter = leavesStarter });

        Pointer pointer = at.Put(content);

        Assert.Equal(content, Assert.Single(at.GitHub.Releases[0].Assets).Content);
        Assert.Equal(3, at.GitHub.Uploads);
        Assert.Equal(content, at.Get(pointer));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100_000)]
    [InlineData(Length)]
    public async Task Backup_WhenTheUploadIsCutEachTime_SaysSoAndTheNextOneHasIt(int cutAt)
    {
        await using var at = await GitHubFixture.StartAsync();
        at.Folder.Settings = at.Folder.Settings with { LargeThreshold = 200_000, LargeFiles = at.Client() };
        at.Folder.Write("model.bin", GitHubFixture.Content(1, Length));
        at.Folder.Write("small", "1");
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "upload POST", CutUploadAt = cutAt, LeavesStarter = true });

        BackupResult cut = at.Folder.Backup();
        at.GitHub.Misbehave();
        BackupResult next = at.Folder.Backup();

        Assert.Equal(NoteKind.NotStored, Assert.Single(cut.Notes.Kept).Kind);
        Assert.Equal("t/small\n", at.Folder.Git("ls-tree", "-r", "--name-only", cut.Commit!, "t/")); // No pointer to what is not there.
        Assert.Empty(next.Notes.Kept);
        string before = at.Folder.List();
        at.Folder.Wipe();
        at.Folder.Settings = at.Folder.Settings with { LargeFiles = at.Client() };
        Assert.True(at.Folder.Restore(next.Commit!).IsComplete);
        Assert.Equal(before, at.Folder.List());
    }

    [Fact]
    public async Task Put_WhenTheAnswersAreLostEachTime_FindsWhatHasArrived()
    {
        await using var at = await GitHubFixture.StartAsync();
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "upload POST", LosesUploadAnswer = true });

        Pointer pointer = at.Put(GitHubFixture.Content(1, Length));

        Assert.Equal(1, at.GitHub.Uploads);
        Assert.Equal(GitHubFixture.Content(1, Length), at.Get(pointer));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(65_537)]
    [InlineData(Length - 1)]
    public async Task Get_WhenTheDownloadIsCut_GoesOnByRangeWhereItWas(int cutAt)
    {
        await using var at = await GitHubFixture.StartAsync();
        byte[] content = GitHubFixture.Content(1, Length);
        Pointer pointer = at.Put(content);
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "assets GET", Times = 1, CutAnswerAt = cutAt });

        Assert.Equal(content, at.Get(pointer));

        Assert.Equal(2, Begins(at).Count);
        Assert.InRange(Begins(at)[1], 0, cutAt); // Bytes on their way may be lost with the connection.
    }

    [Fact]
    public async Task Get_WhenEveryConnectionIsCut_ComesToItsEndAllTheSame()
    {
        await using var at = await GitHubFixture.StartAsync();
        byte[] content = GitHubFixture.Content(1, Length);
        Pointer pointer = at.Put(content);
        at.Settings = at.Settings with { DownloadRetries = 0 }; // That is for connections that bring nothing.
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "assets GET", CutAnswerAt = 400_000 });

        Assert.Equal(content, at.Get(pointer));

        Assert.True(Begins(at).Count >= 8, string.Join(' ', Begins(at)));
        Assert.Equal(Begins(at).Order(), Begins(at)); // Forward, and never from the beginning again.
    }

    [Theory]
    [InlineData(0)]
    [InlineData(400_000)]
    public async Task Restore_WhenTheDownloadIsCutEachTime_IsGoneOnWithLater(int cutAt)
    {
        await using var at = await GitHubFixture.StartAsync();
        at.Folder.Settings = at.Folder.Settings with { LargeThreshold = 200_000, LargeFiles = at.Client() };
        at.Folder.Write("model.bin", GitHubFixture.Content(1, 20_000_000));
        string before = at.Folder.List(), commit = at.Folder.Backup().Commit!;
        at.Folder.Wipe();
        at.Folder.Settings = at.Folder.Settings with { LargeFiles = at.Client() };
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "assets GET", Times = 1 }, new FakeGitHubFault { Where = "assets GET", CutAnswerAt = cutAt, Times = 3 }, new FakeGitHubFault { Where = "assets GET", Cuts = true });

        Assert.False(at.Folder.Restore(commit).IsComplete);

        Assert.False(File.Exists(Path.Combine(at.Folder.Target, "model.bin"))); // Half a file is nowhere under its name.
        at.GitHub.Misbehave();
        Assert.True(at.Folder.Restore(commit).IsComplete);
        Assert.Equal(before, at.Folder.List());
    }

    private static List<int> Begins(GitHubFixture at) =>
        [.. at.GitHub.Requests.Where(request => request.Host == "assets").Select(request => int.Parse(request.Range!["bytes=".Length..].Split('-')[0]))];
}
