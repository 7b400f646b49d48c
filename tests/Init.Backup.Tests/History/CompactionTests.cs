using Init.Backup.History;
using Init.Backup.Remote;
using Init.Backup.Scan;
using Init.Backup.Store;
using Init.Backup.Tests.Harness;
using Init.Backup.Tests.Remote;

namespace Init.Backup.Tests.History;

/// <summary>A shorter history of the same files, at the remote and here, or the old one; never anything between.</summary>
public sealed class CompactionTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 14, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Compact_WhenBackupsAreOld_KeepsFilesAndDatesOfThoseThatStay()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine machine = await Fill(bed, 60);
        string head = machine.Store.Head()!;
        string before = bed.Git("log", "--format=%T %ct", "main");
        long sent = bed.Server.Requests.Sum(request => request.RequestBytes);

        CompactionResult result = HistoryCompaction.Run(machine.Remote, machine.Store, HistoryPolicy.Default, Now, null, default);

        Assert.Equal(60, result.Before);
        Assert.InRange(result.After, 15, 30);
        Assert.Equal(result.Commit, bed.Git("rev-parse", "main").Trim());
        Assert.Equal(result.Commit, machine.Store.Head());
        Assert.Equal(result.Commit, machine.Acknowledged);
        Assert.Equal(result.Commit, IndexFile.CommitOf(machine.Folder.Settings.IndexPath));
        string[] after = bed.Git("log", "--format=%T %ct", "main").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(result.After, after.Length);
        Assert.All(after, line => Assert.Contains(line, before)); // The same files, the same times.
        Assert.Equal(before.Split('\n')[0], after[0]);
        Assert.Null(machine.Store.Git.Run(GitRunner.ShortTime, [1, 128], "cat-file", "-e", head)); // Gone here.
        bed.Git("fsck", "--connectivity-only");
        machine.Folder.AssertSound();
        // Commits and no files: the remote has those.
        Assert.InRange(bed.Server.Requests.Sum(request => request.RequestBytes) - sent, 100, 30_000);

        Assert.False(BackupRun.Execute(machine.Folder.Settings, machine.Store, DateTimeOffset.UtcNow) is { IsNew: true } or { Read: > 1 });
        machine.Push(machine.Backup("a", "and on"));
        Assert.Equal(result.After + 1, int.Parse(bed.Git("rev-list", "--count", "main")));
        CompactionResult again = HistoryCompaction.Run(machine.Remote, machine.Store, HistoryPolicy.Default, Now, null, default);
        Assert.Equal(again.Before, again.After);
    }

    [Fact]
    public async Task Compact_WhenThePushIsCutOff_IsOldOrNewAndGoesOn()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine machine = await Fill(bed, 50);
        string head = machine.Store.Head()!;
        bed.Server.Misbehave(new GitFault { Where = "/git-receive-pack", CutRequestAt = 100 });
        machine.Fails(RemoteProblem.Unreachable, () => Compact(machine));
        Assert.Equal(head, machine.Store.Head());
        Assert.Equal(head, bed.Git("rev-parse", "main").Trim());

        // Done at the remote, and this side dies before it hears of it: the network goes with the answer.
        bool hasPushed = false;
        bed.Server.Other = context =>
        {
            hasPushed |= context.Request.Path.Value!.EndsWith("/git-receive-pack", StringComparison.Ordinal);
            bed.Server.IsReachable = !hasPushed || context.Request.Method == "POST";
            return Task.FromResult(false);
        };
        bed.Server.Misbehave(new GitFault { Where = "/git-receive-pack", CutAnswerAt = 0, Times = 1 });
        machine.Fails(RemoteProblem.Unreachable, () => Compact(machine));
        bed.Server.Other = null;
        bed.Server.IsReachable = true;
        string there = machine.Remote.Look(default).Commit!;
        Assert.NotEqual(head, there);
        Assert.Equal(head, machine.Store.Head());

        machine.Restart();
        Assert.Equal(HistoryRelation.SameFiles, machine.Remote.Relate(head, there, default));
        machine.Remote.Adopt(there);
        machine.Owning();
        machine.Push(machine.Backup("a", "and on"));
        Assert.Equal("and on", bed.Git("show", "main:t/a"));
        bed.Git("fsck", "--connectivity-only");
    }

    [Fact]
    public async Task Compact_WhenSomebodyElseHasTheLeaseOrTheBranchMoved_ChangesNothing()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine machine = await Fill(bed, 50);
        string head = bed.Git("rev-parse", "main").Trim();
        bed.NewMachine().Owning();
        machine.Fails(RemoteProblem.Moved, () => Compact(machine));
        Assert.Equal(head, bed.Git("rev-parse", "main").Trim());
        Assert.Equal(head, machine.Store.Head());
    }

    [Fact]
    public async Task Compact_WhenOnlyTheLastCommitIsHere_KeepsWhatIsOnlyThere()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine first = await Fill(bed, 50);
        first.Remote.ReleaseLease(default);
        string head = first.Store.Head()!;
        Machine second = bed.NewMachine().Owning();
        second.TakeOver(head);

        CompactionResult result = Compact(second);

        Assert.Equal(50, result.Before);
        Assert.InRange(result.After, 15, 30);
        Assert.Equal(result.After, int.Parse(bed.Git("rev-list", "--count", "main")));
        bed.Git("fsck", "--connectivity-only");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Compact_WhenTheHistoryIsTooLarge_DropsTheOldest(bool isPath)
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine machine = bed.NewMachine(url: isPath ? bed.Server.PathOf(RemoteBed.Repository) : null).Owning();
        for (int i = 0; i < 8; i++)
        {
            machine.WriteRandom("a", 100_000);
            machine.Backup();
        }

        machine.Push(machine.Store.Head()!);
        TestFolder.Run("sh", "-c", $"find {bed.Server.PathOf(RemoteBed.Repository)}/objects -type f | xargs touch -d '3 hours ago'"); // Not a push that is under way.
        CompactionResult result = HistoryCompaction.Run(machine.Remote, machine.Store, HistoryPolicy.Default with { BytesMax = 450_000 }, DateTimeOffset.UtcNow, null, default);

        Assert.Equal(8, result.Before);
        Assert.InRange(result.After, 3, 4);
        Assert.InRange(machine.Folder.StoreBytes(), 300_000, 550_000);
        if (isPath)
            Assert.InRange(bed.ServerBytes(), 300_000, 550_000);
    }

    [Fact]
    public void List_OfALongHistory_HasAllOfIt()
    {
        const int Commits = 90_000; // Of the original, which may have made one every three minutes for half a year.
        using TestFolder folder = new();
        using BackupStore store = BackupStore.Open(folder.Settings.StorePath, "main");
        TestFolder.Run("python3", "-c", """
            import subprocess, sys
            lines = ''.join('commit refs/heads/main\ncommitter a <a@b> %d +0000\ndata 1\nx\n' % (1700000000 + i * 180) for i in range(int(sys.argv[2])))
            subprocess.run(['git', '--git-dir=' + sys.argv[1], 'fast-import', '--quiet'], input=lines.encode(), check=True)
            """, store.Git.Repository, $"{Commits}");

        IReadOnlyList<HistoryCommit> all = HistoryCompaction.List(store.Git, store.Head()!, default);

        Assert.Equal(Commits, all.Count);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), all[^1].At);
    }

    private static CompactionResult Compact(Machine machine) => HistoryCompaction.Run(machine.Remote, machine.Store, HistoryPolicy.Default, Now, null, default);

    /// <summary>A backup every eight hours, the last one at noon, all pushed. Each has a file of 20 kB of its own.</summary>
    private static async Task<Machine> Fill(RemoteBed bed, int count)
    {
        await Task.Yield();
        Machine machine = bed.NewMachine().Owning();
        for (int i = count - 1; i >= 0; i--)
        {
            machine.WriteRandom("a", 20_000);
            BackupRun.Execute(machine.Folder.Settings, machine.Store, Now - TimeSpan.FromHours(i * 8));
        }

        machine.Push(machine.Store.Head()!);
        return machine;
    }
}
