using Init.Backup.History;
using Init.Backup.Store;
using Init.Backup.Tests.Remote;

namespace Init.Backup.Tests.History;

/// <summary>The store stays small, and what is broken is recognised.</summary>
public sealed class UpkeepTests
{
    /// <summary>Ten thousand rows of 1,000 bytes, or twelve changed ones, of text that does not compress to nothing. Says how many pages of 4 KiB differ from before.</summary>
    private const string Database = """
        import os, random, sqlite3, sys
        path, seed = sys.argv[1], int(sys.argv[2])
        r = random.Random(seed)
        text = lambda: ''.join(r.choice('abcdefghijklmnopqrstuvwxyz0123456789') for _ in range(1000))
        before = open(path, 'rb').read() if os.path.exists(path) else b''
        db = sqlite3.connect(path)
        if not before:
            db.execute('create table m(id integer primary key, t text)')
            db.executemany('insert into m values(?,?)', ((i, text()) for i in range(10000)))
        else:
            for _ in range(12): db.execute('update m set t=? where id=?', (text(), r.randrange(10000)))
        db.commit(); db.close()
        after = open(path, 'rb').read()
        print(sum(1 for i in range(0, len(after), 4096) if before[i:i+4096] != after[i:i+4096]))
        """;

    [Fact]
    public async Task Store_AfterAHundredBackupsOfADatabase_GrowsByWhatChanged()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine machine = bed.NewMachine().Owning();
        string path = Path.Combine(machine.Folder.Target, "bot.db");
        Change(path, 0);
        machine.Push(machine.Backup());
        // Now they are chunks.
        Change(path, 1);
        machine.Push(machine.Backup());
        StoreUpkeep.DropUnneeded(machine.Store, default);
        long hereBefore = StoreUpkeep.BytesOf(machine.Store.Git.Repository);
        bed.Git("gc", "--quiet", "--prune=now"); // As the remote does by itself from time to time.
        long thereBefore = bed.ServerBytes();
        long sentBefore = bed.Server.Requests.Sum(request => request.RequestBytes);

        long changed = 0;
        for (int i = 2; i < 102; i++)
        {
            changed += Change(path, i) * 4096L;
            machine.Backup();
            if (i % 10 == 1)
                machine.Push(machine.Store.Head()!);
            StoreUpkeep.Tidy(machine.Store.Git.Repository, default);
        }

        long here = StoreUpkeep.BytesOf(machine.Store.Git.Repository) - hereBefore;
        long sent = bed.Server.Requests.Sum(request => request.RequestBytes) - sentBefore;
        bed.Git("gc", "--quiet", "--prune=now");
        long there = bed.ServerBytes() - thereBefore;
        string figures = $"changed {changed:N0} bytes in pages; here {here:N0} ({(double)here / changed:0.00}), there {there:N0} ({(double)there / changed:0.00}), sent {sent:N0} ({(double)sent / changed:0.00})";
        Assert.True(changed > 4_000_000, figures);
        Assert.True(here <= 1.2 * changed && there <= 1.2 * changed && sent <= 4 * changed, figures); // Sent are chunks of 64 KiB, some of them as differences.
        Assert.InRange(Directory.EnumerateFiles(Path.Combine(machine.Store.Git.Repository, "objects", "pack"), "*.pack").Count(), 1, StoreUpkeep.PacksMax);
        machine.Folder.AssertSound();
    }

    [Fact]
    public async Task Shrink_WhenTheStoreIsTooLarge_KeepsTheLastCommitAndGoesOn()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine machine = bed.NewMachine().Owning();
        for (int i = 0; i < 6; i++)
        {
            machine.WriteRandom("a", 200_000);
            machine.Backup();
        }

        Assert.False(StoreUpkeep.Shrink(machine.Store, 500_000, default)); // Not acknowledged: it is nowhere else.
        Assert.True(StoreUpkeep.BytesOf(machine.Store.Git.Repository) > 1_000_000);
        machine.Push(machine.Store.Head()!);
        Assert.True(StoreUpkeep.Shrink(machine.Store, 500_000, default));

        Assert.InRange(StoreUpkeep.BytesOf(machine.Store.Git.Repository), 200_000, 350_000);
        machine.Folder.AssertSound();
        Assert.Null(StoreCheck.FindProblemThoroughly(machine.Store));
        machine.Push(machine.Backup("b", "and on"));
        Assert.Equal(7, int.Parse(bed.Git("rev-list", "--count", "main")));
    }

    [Theory]
    [InlineData("truncated pack", false)]
    [InlineData("pack without its index", false)]
    [InlineData("bad ref", false)]
    [InlineData("ref of a missing commit", false)]
    [InlineData("missing pack", false)]
    [InlineData("missing older object", true)]
    public async Task Store_WhenItIsDamaged_IsRecognisedPutAsideAndFetchedAnew(string damage, bool onlyThoroughly)
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine machine = bed.NewMachine().Owning();
        machine.Push(machine.Backup("a", "one"));
        string commit = machine.Backup("a", "two");
        machine.Push(commit);
        Assert.Null(StoreCheck.FindProblem(machine.Store));
        Assert.Null(StoreCheck.FindProblemThoroughly(machine.Store));
        string store = machine.Store.Git.Repository;
        string[] packs = [.. Directory.EnumerateFiles(Path.Combine(store, "objects", "pack"), "*.pack").OrderBy(File.GetLastWriteTimeUtc)];

        switch (damage)
        {
            case "truncated pack":
                TestFolder.Run("sh", "-c", $"chmod u+w {packs[^1]} && truncate -s -7 {packs[^1]}");
                break;
            case "pack without its index":
                File.Delete(Path.ChangeExtension(packs[^1], ".idx"));
                break;
            case "bad ref":
                File.WriteAllText(Path.Combine(store, "refs", "heads", "main"), "rubbish\n");
                break;
            case "ref of a missing commit":
                File.WriteAllText(Path.Combine(store, "refs", "heads", "main"), new string('1', 40) + "\n");
                break;
            case "missing pack":
                TestFolder.Run("sh", "-c", $"rm -f {Path.ChangeExtension(packs[^1], null)}.*");
                break;
            default:
                TestFolder.Run("sh", "-c", $"rm -f {Path.ChangeExtension(packs[0], null)}.*");
                break;
        }

        if (onlyThoroughly)
            Assert.Null(StoreCheck.FindProblem(machine.Store));
        else
            Assert.NotNull(StoreCheck.FindProblem(machine.Store));
        Assert.NotNull(StoreCheck.FindProblemThoroughly(machine.Store));

        string aside = machine.Store.PutAside(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        Assert.EndsWith("store.git.broken-20260102T030405Z", aside);
        Assert.True(Directory.Exists(aside));
        Assert.Null(machine.Store.Head());
        machine.Remote.Fetch(commit, false, null, default);
        Assert.Equal("two", machine.Folder.Git("show", $"{commit}:t/a"));
        Assert.Null(StoreCheck.FindProblem(machine.Store));
    }

    private static long Change(string path, int seed) => long.Parse(TestFolder.Run("python3", "-c", Database, path, $"{seed}").Trim());
}
