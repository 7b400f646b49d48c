using System.Globalization;
using Init.Backup.Service;
using Init.Backup.Tests.Harness;
using Init.Backup.Tests.Kill;

namespace Init.Backup.Tests.Service;

/// <summary>The role tidies up between backups, and looks after a store that is damaged; with plain git at a path, and a server where the network matters.</summary>
public sealed class UpkeepJobTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly TestFolder _folder = new();

    private string Remote => Path.Combine(_folder.Root, "remote.git");

    private string Packs => Path.Combine(_folder.Settings.StorePath, "objects", "pack");

    public UpkeepJobTests() => TestFolder.Run("git", "init", "--quiet", "--bare", "--initial-branch=main", Remote);

    [Fact]
    public void Role_AfterManyOldBackups_KeepsFewPacksAndCommitsHereAndThere()
    {
        DateTimeOffset old = DateTimeOffset.UtcNow.AddYears(-3);
        for (int i = 0; i < 45; i++)
        {
            _folder.Write("a", $"version {i}");
            _folder.Backup(old.AddHours(i));
        }

        using (RunningService role = Start(options => options with { History = new Config.BackupHistory(Second, Second, Second, options.History.MaxSize) }))
        {
            role.WaitForLine("the history has 10 of 45 commits");
            role.Wait(() => !File.Exists(Path.Combine(_folder.Settings.StorePath, "gc.pid")) && Directory.EnumerateFiles(Packs, "*.pack").Count() == 1, "one pack");
            _folder.Write("a", "the last");
            Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
            Assert.Equal(role.Status().Acknowledged!.Commit, Git("rev-parse", "main"));
            Assert.DoesNotContain(role.Said, line => line.Contains("changed by somebody else", StringComparison.Ordinal));
            role.EndInOrder();
        }

        Assert.Equal("11", Git("rev-list", "--count", "main"));
        Assert.Equal("the last", Git("show", "main:t/a"));
        _folder.AssertSound();
        using RunningService again = Start();
        again.WaitForReady();
        Assert.DoesNotContain(again.Said, line => line.Contains("kept", StringComparison.Ordinal));
    }

    [Fact]
    public void Role_WhenTheStoreIsAboveItsLimit_CutsItBehindTheAcknowledgedCommit()
    {
        _folder.Write("a", "first");
        _folder.Backup();
        using RunningService role = Start(options => options with { StoreMax = new Base.ByteSize(1) });
        role.WaitForReady();
        _folder.Write("a", "second");
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());

        role.Wait(() => File.Exists(Path.Combine(_folder.Settings.StorePath, "shallow")), "the cut");
        _folder.Write("a", "third");
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());

        Assert.Equal("third", Git("show", "main:t/a"));
        Assert.True(int.Parse(Git("rev-list", "--count", "main"), CultureInfo.InvariantCulture) >= 3);
    }

    [Fact]
    public async Task Upkeep_WhenABackupIsWanted_IsCutOffAndDoesNotHoldItUp()
    {
        await using GitServer server = await GitServer.StartAsync(Path.Combine(_folder.Root, "server"));
        server.CreateRepository("owner/repo.git");
        string done = Path.Combine(_folder.Settings.StateDirectory, "history-checked");
        using RunningService role = new(RunningService.PartsOf(_folder.Settings, server.UrlOf("owner/repo.git"), options => RoleProcess.Quick(options) with { LeaseTime = TimeSpan.FromMinutes(5) }));
        _folder.Write("a", "one");
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        role.Wait(() => File.Exists(done), "the history to be looked at");
        role.Wait(() => role.Status().Stage == Stages.Idle, "idle");
        File.Delete(done);
        GitFault hang = new() { HangAnswerAt = 0, Times = 1 };
        server.Misbehave(hang);
        role.Service.Request(); // Nothing has changed: only the upkeep after it asks the remote.
        await hang.Reached.WaitAsync(TimeSpan.FromSeconds(20));

        _folder.Write("a", "two");
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());

        Assert.Equal("two", TestFolder.Run("git", $"--git-dir={server.PathOf("owner/repo.git")}", "show", "main:t/a"));
        role.EndInOrder();
    }

    [Fact]
    public void Role_WhenTheStoreIsDamagedWhileItRuns_PutsItAsideAndGoesOn()
    {
        _folder.Write("a", "one");
        using RunningService role = Start();
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        role.Wait(() => role.Status().Stage == Stages.Idle, "idle");
        TestFolder.Run("sh", "-c", $"for f in {Packs}/*.pack; do chmod u+w $f; truncate -s 40 $f; done");

        _folder.Write("a", "two");
        role.Service.Request();

        role.WaitForLine("the local store is damaged");
        role.Wait(() => TestFolder.Run("git", $"--git-dir={Remote}", "show", "main:t/a") == "two", "the file at the remote");
        Assert.Single(Directory.EnumerateDirectories(_folder.Settings.StateDirectory, "store.git.broken-*"));
        Assert.Equal("one", Git("show", "main~1:t/a")); // What was there before is part of the history.
        _folder.AssertSound();
    }

    [Theory]
    [InlineData("content")]
    [InlineData("pack")]
    [InlineData("branch")]
    public void Boot_WhenTheStoreIsDamagedAndTheFilesAreGone_RestoresFromTheRemote(string damage)
    {
        byte[] content = new byte[300_000];
        Random.Shared.NextBytes(content);
        _folder.Write("a", content);
        using (RunningService role = Start())
        {
            role.WaitForReady();
            Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
            role.EndInOrder();
        }

        string pack = Directory.EnumerateFiles(Packs, "*.pack").MaxBy(file => new FileInfo(file).Length)!;
        TestFolder.Run("chmod", "u+w", pack);
        switch (damage)
        {
            case "content":
                using (FileStream file = File.OpenWrite(pack))
                {
                    file.Seek(file.Length / 2, SeekOrigin.Begin);
                    file.Write(new byte[16]);
                }

                break;
            case "pack":
                File.WriteAllBytes(pack, []);
                break;
            default:
                File.WriteAllText(Path.Combine(_folder.Settings.StorePath, "refs", "heads", "main"), new string('1', 40) + "\n");
                break;
        }

        _folder.Wipe();
        using RunningService again = Start();
        again.WaitForReady();

        Assert.Equal(content, File.ReadAllBytes(Path.Combine(_folder.Target, "a")));
        Assert.Contains(again.Said, line => line.Contains("the local store is damaged", StringComparison.Ordinal));
    }

    public void Dispose() => _folder.Dispose();

    private RunningService Start(Func<Config.BackupOptions, Config.BackupOptions>? change = null) =>
        new(RunningService.PartsOf(_folder.Settings, Remote, options => change?.Invoke(RoleProcess.Quick(options)) ?? RoleProcess.Quick(options)));

    private string Git(params string[] arguments) => TestFolder.Run("git", [$"--git-dir={Remote}", .. arguments]).Trim();
}
