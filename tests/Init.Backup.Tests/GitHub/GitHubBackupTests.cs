using Init.Backup.Restore;
using Init.Backup.Store;
using Init.Backup.Tests.Harness;

namespace Init.Backup.Tests;

/// <summary>Whole backups and restores with large files at GitHub.</summary>
public sealed class GitHubBackupTests
{
    private static async Task<GitHubFixture> StartAsync()
    {
        GitHubFixture at = await GitHubFixture.StartAsync();
        at.Folder.Settings = at.Folder.Settings with { LargeThreshold = 200_000, LargeFiles = at.Client() };
        return at;
    }

    [Fact]
    public async Task Backup_WhenNothingHasChanged_AsksGitHubNothing()
    {
        await using var at = await StartAsync();
        at.Folder.Write("model.bin", GitHubFixture.Content(1));
        at.Folder.Backup();
        while (at.Folder.Backup().Read > 0)
            Thread.Yield(); // Until the index trusts the file's time.
        int asked = at.GitHub.Requests.Count;

        Assert.False(at.Folder.Backup().IsNew);

        Assert.Equal(asked, at.GitHub.Requests.Count);
    }

    [Fact]
    public async Task Restore_OnAFreshMachine_BringsLargeFilesBack()
    {
        await using var at = await StartAsync();
        at.Settings = at.Settings with { PartBytesMax = 1_000_000 };
        at.Folder.Settings = at.Folder.Settings with { LargeFiles = at.Client() };
        at.Folder.Write("one.bin", GitHubFixture.Content(1));
        at.Folder.Write("dir/parts.bin", GitHubFixture.Content(2, 2_500_000));
        at.Folder.Write("same.bin", GitHubFixture.Content(1));
        at.Folder.Write("small", "1");
        string before = at.Folder.List(), commit = at.Folder.Backup().Commit!;
        Assert.Equal(4, at.GitHub.Uploads); // The same content once.
        at.Folder.AssertSound();
        at.Folder.Wipe();
        at.Folder.Settings = at.Folder.Settings with { LargeFiles = at.Client() };

        Assert.True(at.Folder.Restore(commit).IsComplete);

        Assert.Equal(before, at.Folder.List());
        Assert.Empty(Directory.EnumerateFiles(at.Folder.Root, ".init-restore~*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Restore_WhenGitHubFailsInTheMiddle_IsContinuedWithWhatHasCome()
    {
        await using var at = await StartAsync();
        byte[] content = GitHubFixture.Content(1, 20 * 1024 * 1024);
        at.Folder.Write("model.bin", content);
        at.Folder.Write("small", "1");
        string before = at.Folder.List(), commit = at.Folder.Backup().Commit!;
        at.Folder.Wipe();
        at.Settings = at.Settings with { RetryDelay = TimeSpan.FromMilliseconds(100) };
        at.Folder.Settings = at.Folder.Settings with { LargeFiles = at.Client() };
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "assets GET", Times = 2 }, new FakeGitHubFault { Where = "assets GET", Status = 503 });

        Assert.False(at.Folder.Restore(commit).IsComplete);

        Assert.False(File.Exists(Path.Combine(at.Folder.Target, "model.bin")));
        Assert.Equal("1", File.ReadAllText(Path.Combine(at.Folder.Target, "small")));
        Assert.Contains("has not come to its end", Assert.Throws<GitException>(() => at.Folder.Backup()).Message);
        int asked = at.GitHub.Requests.Count(request => request.Host == "assets");
        at.GitHub.Misbehave();
        at.Folder.Settings = at.Folder.Settings with { LargeFiles = at.Client() };

        Assert.True(at.Folder.Restore(commit).IsComplete);

        Assert.Equal(1, at.GitHub.Requests.Count(request => request.Host == "assets") - asked);
        Assert.Equal(before, at.Folder.List());
        Assert.Empty(Directory.EnumerateFiles(at.Folder.Root, ".init-restore~*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Restore_WhenItIsToEnd_EndsAndStaysUnfinished()
    {
        await using var at = await StartAsync();
        at.Folder.Write("model.bin", GitHubFixture.Content(1));
        string commit = at.Folder.Backup().Commit!;
        at.Folder.Wipe();
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "assets GET", HangAnswerAt = 1000 });
        using CancellationTokenSource soon = new(TimeSpan.FromMilliseconds(300));
        using BackupStore store = BackupStore.Open(at.Folder.Settings.StorePath, "main");

        Assert.ThrowsAny<OperationCanceledException>(() => RestoreRun.Execute(at.Folder.Settings, store, new RestoreRequest(commit, null, []), DateTimeOffset.UtcNow, null, soon.Token));

        Assert.Equal(commit, RestoreRun.Unfinished(at.Folder.Settings));
    }

    [Fact]
    public async Task Get_WhileOthersStoreAndFetch_IsNotDisturbed()
    {
        await using var at = await StartAsync();
        var pointers = Enumerable.Range(0, 4).Select(seed => at.Put(GitHubFixture.Content(seed))).ToList();
        using var client = new Init.Backup.GitHub.ReleaseFiles(at.Settings);
        var gets = pointers.Select((pointer, seed) => Task.Run(() =>
        {
            string path = Path.Combine(at.Folder.Root, $"get-{seed}");
            int fd = Init.Linux.Files.Open(path, Init.Linux.OpenFlags.ReadWrite | Init.Linux.OpenFlags.Create).Fd;
            client.Get(pointer with { AssetId = null }, fd, null, default);
            Init.Linux.Files.Close(fd);
            Assert.Equal(GitHubFixture.Content(seed), File.ReadAllBytes(path));
        })).ToList();

        at.Put(GitHubFixture.Content(9), client);

        await Task.WhenAll(gets);
    }
}
