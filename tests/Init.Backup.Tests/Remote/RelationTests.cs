using Init.Backup.Remote;

namespace Init.Backup.Tests.Remote;

/// <summary>How two histories stand to each other, when one of them is not here.</summary>
public sealed class RelationTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Relate_WhateverHappenedAtTheRemote_IsRecognised(bool isPath)
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine machine = bed.NewMachine(url: isPath ? bed.Server.PathOf(RemoteBed.Repository) : null).Owning();
        string first = machine.Backup("a", "one");
        machine.Push(first);
        string second = machine.Backup("a", "two");
        machine.Push(second);
        string objects = machine.Folder.Git("count-objects", "-v");

        string Commit(string tree, params string[] parents) =>
            bed.Git(["-c", "user.name=p", "-c", "user.email=p@q", "commit-tree", "-m", Guid.NewGuid().ToString(), .. parents.SelectMany(parent => new[] { "-p", parent }), tree]).Trim();
        string Relate(string there)
        {
            bed.Git("update-ref", "refs/heads/main", there);
            return machine.Remote.Relate(second, machine.Remote.Look(default).Commit!, default).ToString();
        }

        string tree = bed.Git("rev-parse", $"{first}^{{tree}}").Trim();
        Assert.Equal("Same", Relate(second));
        Assert.Equal("RemoteIsBehind", Relate(first));
        Assert.Equal("RemoteIsAhead", Relate(Commit(tree, Commit(tree, second))));
        Assert.Equal("Diverged", Relate(Commit(tree, first)));
        Assert.Equal("Unrelated", Relate(Commit(tree)));
        string at = $"git --git-dir={bed.Server.PathOf(RemoteBed.Repository)}";
        string strange = TestFolder.Run("sh", "-c", $"printf '100644 blob %s\tz\n' $(echo strange | {at} hash-object -w --stdin) | {at} mktree").Trim();
        Assert.Equal("Unrelated", Relate(Commit(strange))); // Nothing of it is here.
        Assert.Equal("RemoteIsAhead", Relate(Commit(strange, second)));
        Assert.Equal("SameFiles", Relate(Commit($"{second}^{{tree}}")));
        Assert.Equal(objects, machine.Folder.Git("count-objects", "-v")); // Only looked.
    }

    [Fact]
    public async Task Fetch_WhenTheRemoteWentOn_SendsOnlyWhatIsNew()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine first = bed.NewMachine().Owning();
        first.WriteRandom("large", 900_000);
        string old = first.Backup();
        first.Push(old);
        Machine second = bed.NewMachine();
        second.TakeOver(old);
        string newer = first.Backup("a", "new");
        first.Push(newer);
        long before = second.Folder.StoreBytes();

        second.Remote.Fetch(newer, false, null, default);

        Assert.Equal(HistoryRelation.RemoteIsAhead, second.Remote.Relate(old, newer, default));
        Assert.InRange(second.Folder.StoreBytes() - before, 100, 100_000);
    }
}
