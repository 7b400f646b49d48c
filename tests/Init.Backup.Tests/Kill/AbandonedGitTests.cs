using System.Diagnostics;
using Init.Backup.Tests.Harness;
using Init.Linux;

namespace Init.Backup.Tests.Kill;

/// <summary>A role that is killed leaves a git in the network, which has the store's lock.</summary>
public sealed class AbandonedGitTests
{
    [Fact]
    public async Task Role_WhenTheOneBeforeWasKilledInAPush_TakesOverAtOnceAndEndsItsGit()
    {
        using TestFolder folder = new();
        await using GitServer server = await GitServer.StartAsync(Path.Combine(folder.Root, "server"));
        server.CreateRepository("owner/repo.git");
        string url = server.UrlOf("owner/repo.git");
        folder.Write("a", "one");
        GitFault hang = new() { Where = "/git-receive-pack", HangAnswerAt = 0 };
        using (RoleProcess killed = RoleProcess.Start(folder, url))
        {
            Assert.True(killed.WaitForReady(), killed.Said);
            Assert.IsType<Backup.Service.BackupAnswer.Done>(killed.BackUpNow());
            server.Misbehave(hang);
            folder.Write("a", "two");
            _ = Task.Run(killed.BackUpNow);
            await hang.Reached.WaitAsync(TimeSpan.FromSeconds(20));
            killed.Kill(withGit: false);
        }

        int[] left = GitsOf(folder);
        Assert.NotEmpty(left);
        server.Misbehave();
        long began = Stopwatch.GetTimestamp();
        using RoleProcess next = RoleProcess.Start(folder, url);

        Assert.True(next.WaitForReady(), next.Said);
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(9), $"ready only after {Stopwatch.GetElapsedTime(began)}");
        Assert.DoesNotContain(left, pid => GitsOf(folder).Contains(pid));
        Assert.IsType<Backup.Service.BackupAnswer.Done>(next.BackUpNow());
        Assert.Equal("two", TestFolder.Run("git", $"--git-dir={server.PathOf("owner/repo.git")}", "show", "main:t/a"));
    }

    [Fact]
    public void Lock_WhenItsOwnerLives_IsWaitedForAndNobodyIsEnded()
    {
        using TestFolder folder = new();
        using Store.BackupStore store = Store.BackupStore.Open(folder.Settings.StorePath, "main");
        using Process git = store.Git.Start("cat-file", "--batch");

        Assert.Contains("cannot lock", Assert.Throws<Store.GitException>(() => Store.BackupStore.Open(folder.Settings.StorePath, "main", TimeSpan.FromSeconds(2))).Message);

        Assert.False(git.HasExited);
        git.Kill();
    }

    private static int[] GitsOf(TestFolder folder) =>
        [.. ProcFs.ListPids().Where(pid => ProcFs.ReadEnvironmentValue(pid, "INIT_BACKUP_OWNER") is not null && ProcFs.ReadEnvironmentValue(pid, "GIT_DIR") == folder.Settings.StorePath && ProcFs.Read(pid) is { IsZombie: false })];
}
