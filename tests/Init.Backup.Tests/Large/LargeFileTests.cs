using System.Security.Cryptography;
using System.Text;
using Init.Backup.Large;
using Init.Backup.Manifest;
using Init.Backup.Remote;
using Init.Backup.Store;

namespace Init.Backup.Tests;

public sealed class LargeFileTests
{
    private const int Threshold = 200_000;

    private static byte[] Content(int seed, int length = 300_000)
    {
        byte[] content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }

    private static (TestFolder Folder, MemoryLargeFiles Large) Make()
    {
        MemoryLargeFiles large = new();
        TestFolder folder = new();
        folder.Settings = folder.Settings with { LargeThreshold = Threshold, LargeFiles = large };
        return (folder, large);
    }

    [Fact]
    public void Backup_WhenAFileIsLarge_HasAPointerInTheTreeAndItComesBack()
    {
        var (folder, large) = Make();
        using var _ = folder;
        folder.Write("model.bin", Content(1));
        folder.Write("small", Content(2, Threshold - 1));
        string before = folder.List();

        string commit = folder.Backup().Commit!;

        Assert.Equal(["t/model.bin.pointer", "t/small"], folder.Git("ls-tree", "-r", "--name-only", commit, "t/").Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Pointer pointer = Pointer.Parse(Encoding.UTF8.GetBytes(folder.Git("show", commit + ":t/model.bin.pointer")), out string? problem)!;
        Assert.Null(problem);
        Assert.Equal((300_000, Convert.ToHexStringLower(SHA256.HashData(Content(1))), "t/model.bin"), (pointer.Size, pointer.Sha256, pointer.OriginalPath));
        Assert.Equal(before, folder.List()); // Nothing live is touched.
        folder.Wipe();
        Assert.True(folder.Restore(commit).IsComplete);
        Assert.Equal(before, folder.List());
        Assert.False(folder.Backup().IsNew);
        Assert.Equal((1, 1), (large.Puts, large.Gets));
    }

    [Fact]
    public void Backup_WhenALargeFileIsTheSame_StoresNothingEvenWithoutTheIndex()
    {
        var (folder, large) = Make();
        using var _ = folder;
        folder.Write("model.bin", Content(1));
        folder.Backup();
        File.Delete(folder.Settings.IndexPath);
        TestFolder.Run("chmod", "500", Path.Combine(folder.Target, "model.bin"));

        Assert.True(folder.Backup().IsNew); // Its mode.

        Assert.Equal(1, large.Puts);
        folder.AssertSound();
    }

    [Fact]
    public void Backup_WhenALargeFileIsReplacedAfterLong_HasANewPointer()
    {
        var (folder, large) = Make();
        using var _ = folder;
        large.Now = DateTimeOffset.UtcNow - LargeDecision.Often;
        folder.Write("model.bin", Content(1));
        string old = folder.Backup().Commit!;
        folder.Write("model.bin", Content(2));
        folder.Backup();

        Assert.Equal(2, large.Stored.Count);
        Assert.True(folder.Restore(old).IsComplete);
        Assert.Equal(Content(1), File.ReadAllBytes(Path.Combine(folder.Target, "model.bin")));
    }

    [Fact]
    public void Backup_WhenALargeFileChangesAgainSoon_StoresItAsChunksFromThenOn()
    {
        var (folder, large) = Make();
        using var _ = folder;
        folder.Write("data.db", Content(1));
        folder.Backup();
        byte[] changed = Content(1);
        changed[100_000]++;
        folder.Write("data.db", changed);
        folder.Backup();
        changed[100_000]++;
        folder.Write("data.db", changed);
        string commit = folder.Backup().Commit!;

        Assert.Equal(1, large.Puts);
        Assert.DoesNotContain("pointer", folder.Git("ls-tree", "-r", "--name-only", commit, "t/"));
        folder.Wipe();
        folder.Restore(commit);
        Assert.Equal(changed, File.ReadAllBytes(Path.Combine(folder.Target, "data.db")));
    }

    [Fact]
    public void Backup_WithoutAPlaceForLargeFiles_StoresThemAsChunksFromTheFirstTimeOn()
    {
        using TestFolder folder = new();
        folder.Settings = folder.Settings with { LargeThreshold = 1_500_000 };
        folder.Write("model.bin", Content(1, 1_500_000));
        folder.Write("picture.png", Content(1, 1_499_999));
        string before = folder.List();

        string commit = folder.Backup().Commit!;

        Assert.Contains("t/model.bin.chunks/0000/00\n", folder.Git("ls-tree", "-r", "--name-only", commit));
        Assert.Contains("t/picture.png\n", folder.Git("ls-tree", "-r", "--name-only", commit));
        folder.Wipe();
        folder.Restore(commit);
        Assert.Equal(before, folder.List());
    }

    [Fact]
    public void Backup_WhenALargeFileCannotBeStored_BacksUpTheRestSaysSoAndTriesAgain()
    {
        var (folder, large) = Make();
        using var _ = folder;
        large.WhilePutting = () => throw new RemoteException(RemoteProblem.Unreachable, "nobody answers");
        folder.Write("a.bin", Content(1));
        folder.Write("b.bin", Content(2));
        folder.Write("small", "1");

        BackupResult first = folder.Backup();

        Assert.Equal("t/small\n", folder.Git("ls-tree", "-r", "--name-only", first.Commit!, "t/"));
        Assert.Equal([NoteKind.NotStored, NoteKind.NotStored], first.Notes.Kept.Select(note => note.Kind));
        Assert.Contains("nobody answers; it is not backed up yet", first.Notes.Kept[0].Text);
        Assert.Equal(1, large.Puts); // The second is not even tried.

        large.WhilePutting = null;
        folder.Backup();
        Assert.Contains("t/b.bin.pointer", folder.Git("ls-tree", "-r", "--name-only", "main", "t/"));
    }

    [Fact]
    public void Backup_WhenOneLargeFileIsRefused_StoresTheOthers()
    {
        var (folder, large) = Make();
        using var _ = folder;
        large.WhilePutting = () =>
        {
            if (large.Puts == 1)
                throw new RemoteException(RemoteProblem.Failed, "what arrived is not what was sent");
        };
        folder.Write("a.bin", Content(1));
        folder.Write("b.bin", Content(2));

        BackupResult backup = folder.Backup();

        Assert.Equal("t/b.bin.pointer\n", folder.Git("ls-tree", "-r", "--name-only", backup.Commit!, "t/"));
        Assert.Equal("t/a.bin", Assert.Single(backup.Notes.Kept).Path.ToString());
    }

    [Fact]
    public void Backup_WhenAStoredFileChangesAndCannotBeStored_KeepsItsLastPointer()
    {
        var (folder, large) = Make();
        using var _ = folder;
        large.Now = DateTimeOffset.UtcNow - LargeDecision.Often;
        folder.Write("a.bin", Content(1));
        string pointer = folder.Git("show", folder.Backup().Commit + ":t/a.bin.pointer");
        folder.Write("a.bin", Content(2));
        folder.Write("other", "1");
        large.WhilePutting = () => throw new RemoteException(RemoteProblem.Limited, "slow down");

        string commit = folder.Backup().Commit!;

        Assert.Equal(pointer, folder.Git("show", commit + ":t/a.bin.pointer"));
        Assert.True(folder.Restore(commit, Path.Combine(folder.Root, "into")).IsComplete);
    }

    [Fact]
    public void Backup_WhenALargeFileChangesAllTheTimeAndHasNoEarlierVersion_TakesItAsChunksAndSaysSo()
    {
        var (folder, large) = Make();
        using var _ = folder;
        int round = 0;
        large.WhilePutting = () =>
        {
            using FileStream file = File.OpenWrite(Path.Combine(folder.Target, "log"));
            file.WriteByte((byte)(++round + 100));
        };
        byte[] content = Content(1);
        content[0] = 0;
        folder.Write("log", content);

        BackupResult backup = folder.Backup();

        Assert.Equal(3, large.Puts);
        Assert.Contains("t/log.chunks/0000/00\n", folder.Git("ls-tree", "-r", "--name-only", backup.Commit!));
        Assert.Empty(large.Stored);
    }

    [Fact]
    public void Backup_WhenALargeFileShrinksOrBecomesSomethingElse_LeavesNoPointerBehind()
    {
        var (folder, _) = Make();
        using var __ = folder;
        folder.Write("a", Content(1));
        folder.Write("b", Content(2));
        folder.Write("c", Content(3));
        folder.Backup();
        folder.Write("a", "small now");
        File.Delete(Path.Combine(folder.Target, "b"));
        File.Delete(Path.Combine(folder.Target, "c"));
        folder.Write("c/d", "a directory now");

        string commit = folder.Backup().Commit!;

        Assert.Equal("t/a\nt/c/d\n", folder.Git("ls-tree", "-r", "--name-only", commit, "t/"));
        folder.Wipe();
        Assert.True(folder.Restore(commit).IsComplete);
    }

    [Fact]
    public void Restore_WhenThereIsNoPlaceForLargeFiles_SaysWhereTheContentIs()
    {
        var (folder, _) = Make();
        using var __ = folder;
        folder.Write("a", Content(1));
        folder.Write("b", "1");
        string commit = folder.Backup().Commit!;
        folder.Wipe();
        folder.Settings = folder.Settings with { LargeFiles = null };

        var restored = folder.Restore(commit);

        Assert.False(restored.IsComplete);
        Assert.Contains("its content is in a release of o/r at GitHub", Assert.Single(restored.Notes.Kept).Text);
        Assert.True(File.Exists(Path.Combine(folder.Target, "b")));
    }

    [Fact]
    public void References_OfAHistory_AreThoseOfAllItsCommits()
    {
        var (folder, large) = Make();
        using var _ = folder;
        large.Now = DateTimeOffset.UtcNow - LargeDecision.Often;
        folder.Write("a\nb.bin", Content(1));
        folder.Backup();
        folder.Write("a\nb.bin", Content(2));
        folder.Backup();
        File.Delete(Path.Combine(folder.Target, "a\nb.bin"));
        folder.Write("c", Content(3));
        folder.Backup();
        folder.Git("branch", "other");
        File.Delete(Path.Combine(folder.Target, "c"));
        folder.Backup();

        Assert.Equal(
            new[] { 1, 2, 3 }.Select(seed => Convert.ToHexStringLower(SHA256.HashData(Content(seed)))).Order(),
            LargeReferences.InHistory(new GitRunner(folder.Settings.StorePath), default)!.Order());

        string shallow = Path.Combine(folder.Root, "shallow.git");
        TestFolder.Run("git", "clone", "-q", "--bare", "--depth=1", "file://" + folder.Settings.StorePath, shallow);
        Assert.Null(LargeReferences.InHistory(new GitRunner(shallow), default)); // Nobody knows what is before.
    }

    [Theory]
    [InlineData(99, true, Storage.None, 0, null)]
    [InlineData(99, true, Storage.Pointer, 0, null)]
    [InlineData(100, true, Storage.None, 0, Storage.Pointer)]
    [InlineData(100, false, Storage.None, 0, Storage.Chunks)]
    [InlineData(100, true, Storage.Blob, 0, Storage.Pointer)]
    [InlineData(100, true, Storage.Chunks, 0, Storage.Chunks)]
    [InlineData(100, true, Storage.Pointer, 23, Storage.Chunks)]
    [InlineData(100, true, Storage.Pointer, -48, Storage.Chunks)]
    [InlineData(100, true, Storage.Pointer, 24, Storage.Pointer)]
    [InlineData(LargeDecision.ChunksBytesMax + 1, true, Storage.Pointer, 0, Storage.Pointer)]
    [InlineData(100, false, Storage.Pointer, 24, Storage.Chunks)]
    public void Decision_ByWhatIsKnown_IsThis(long size, bool hasLargeFiles, Storage before, int pointerHours, Storage? expected) =>
        Assert.Equal(expected, LargeDecision.Of(size, 100, hasLargeFiles, before, TimeSpan.FromHours(pointerHours)));
}
