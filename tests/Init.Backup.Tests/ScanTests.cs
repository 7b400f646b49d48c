using System.Text;
using Init.Backup.Names;
using Init.Backup.Scan;
using Init.Linux;

namespace Init.Backup.Tests;

public sealed class ScanTests
{
    [Theory]
    [InlineData("*.log", "t/a/x.log", true)]
    [InlineData("*.log", "t/a/x.logs", false)]
    [InlineData("__pycache__", "t/a/__pycache__", true)]
    [InlineData("t/*/cache", "t/a/cache", true)]
    [InlineData("t/*/cache", "t/a/b/cache", false)]
    [InlineData("t/**/cache", "t/a/b/cache", true)]
    [InlineData("t/**/cache", "t/cache", true)]
    [InlineData("t/**/cache", "t/xcache", false)]
    [InlineData("/t/temp", "t/temp", true)]
    [InlineData("temp/", "t/temp", true)]
    [InlineData("?.txt", "t/a.txt", true)]
    [InlineData("?.txt", "t/ab.txt", false)]
    [InlineData("a*a*a*a*a*a*a*b", "t/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false)]
    public void Glob_WhenMatched_SaysWhetherThePathIsExcluded(string pattern, string path, bool expected) =>
        Assert.Equal(expected, new GlobSet([pattern]).Matches(BytePath.Of(path)));

    [Fact]
    public void Backup_WhenNothingHasChanged_ReadsAndWritesNothing()
    {
        using TestFolder folder = new();
        folder.Write("a", "1");
        folder.Write("b/c", "2");
        BackupResult first = folder.Backup();
        Age(folder, "a");
        folder.Backup(); // Once more: a file that is younger than a tick of the clock is not trusted.

        BackupResult again = folder.Backup();

        Assert.Equal((first.Commit, false, 0L), (again.Commit, again.IsNew, again.Read));
    }

    [Theory]
    [InlineData(100, 0, false)]
    [InlineData(99, 990_000_000, false)]
    [InlineData(99, 900_000_000, true)]
    [InlineData(98, 999_999_999, true)]
    [InlineData(101, 0, false)]
    public void Stamp_WhenTheFileWasChangedWithinATick_IsNotTrusted(long seconds, int nanoseconds, bool expected) =>
        Assert.Equal(expected, new SeenStamp(1, 2, 3, default, new FileTime(seconds, nanoseconds), 0).IsTrusted(DateTimeOffset.FromUnixTimeSeconds(100)));

    [Fact]
    public void Backup_WhenAFileWasChangedJustBefore_ReadsItAgain()
    {
        using TestFolder folder = new();
        folder.Write("old", "1");
        Age(folder, "old");
        folder.Write("a", "2");
        folder.Backup();

        Assert.Equal(1, folder.Backup().Read);
    }

    [Theory]
    [InlineData("lost")]
    [InlineData("cut off")]
    [InlineData("changed")]
    public void Backup_WhenTheIndexIsNotToBeUsed_ReadsEverythingAndSendsNothing(string damage)
    {
        using TestFolder folder = new();
        folder.Write("a", "1");
        folder.Write("b", new byte[2_000_000]);
        BackupResult first = folder.Backup();
        Age(folder, "a");
        folder.Backup();
        string index = folder.Settings.IndexPath;
        byte[] content = File.ReadAllBytes(index);
        if (damage == "lost")
            File.Delete(index);
        else
            File.WriteAllBytes(index, damage == "changed" ? Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(content).Replace(" t/a ", " t/x ")) : content[..^20]);

        BackupResult again = folder.Backup();

        Assert.Equal((first.Commit, false, 2L), (again.Commit, again.IsNew, again.Read));
    }

    [Fact]
    public void Backup_WhenThereAreSpecialFiles_SaysSoOnceAndGoesOn()
    {
        using TestFolder folder = new();
        folder.Write("a", "1");
        TestFolder.Run("mkfifo", Path.Combine(folder.Target, "pipe"));

        BackupNote note = Assert.Single(folder.Backup().Notes.Kept);

        Assert.Equal((NoteKind.Special, "t/pipe"), (note.Kind, note.Path.ToString()));
        Assert.Equal("1", folder.Git("show", "main:t/a"));
    }

    [Fact]
    public void Backup_WhenADirectoryOnTheWayIsALink_DoesNotFollowIt()
    {
        using TestFolder folder = new();
        string outside = Directory.CreateDirectory(Path.Combine(folder.Root, "outside")).FullName;
        File.WriteAllText(Path.Combine(outside, "secret"), "not ours");
        Directory.CreateSymbolicLink(Path.Combine(folder.Target, "out"), outside);
        Directory.CreateSymbolicLink(Path.Combine(folder.Root, "base", "link"), outside);
        folder.Settings = folder.Settings with { Targets = [BytePath.Of("t"), BytePath.Of("link/secret")] };

        BackupResult result = folder.Backup();

        Assert.DoesNotContain("secret", folder.Git("ls-tree", "-r", "--name-only", "main"));
        Assert.Contains(result.Notes.Kept, note => note.Path == BytePath.Of("link/secret") && note.Kind == NoteKind.Unreadable);
    }

    [Fact]
    public void Backup_WhenExcludedOrGone_LeavesItOutAndTheHistoryHasIt()
    {
        using TestFolder folder = new();
        folder.Write("keep", "1");
        folder.Write("cache/x", "2");
        folder.Write("gone", "3");
        string first = folder.Backup().Commit!;
        File.Delete(Path.Combine(folder.Target, "gone"));
        folder.Settings = folder.Settings with { Excluded = new GlobSet(["cache"]) };

        folder.Backup();

        Assert.Equal("t/keep", folder.Git("ls-tree", "-r", "--name-only", "main", "t").Trim());
        Assert.Equal("3", folder.Git("show", $"{first}:t/gone"));
    }

    [Fact]
    public void Targets_WhenOneIsBelowAnother_AreWalkedOnce() =>
        Assert.Equal(["a", "b/c"], TreeWalker.Normalize([BytePath.Of("b/c"), BytePath.Of("a/x"), BytePath.Of("a"), BytePath.Of("b/c/d")]).Select(path => path.ToString()));

    [Fact]
    public void Backup_WhenAFileIsAppendedToAllTheTime_IsNotStoppedByIt()
    {
        using TestFolder folder = new();
        folder.Write("log", new byte[3_000_000]);
        folder.Write("other", "1");
        using var writer = System.Diagnostics.Process.Start("sh", ["-c", $"while :; do echo line >> {folder.Target}/log; done"]);
        try
        {
            string first = folder.Backup().Commit!;
            folder.Write("other", "2");
            string second = folder.Backup().Commit!;
            Assert.Equal(("1", "2"), (folder.Git("show", $"{first}:t/other"), folder.Git("show", $"{second}:t/other")));
        }
        finally
        {
            writer.Kill();
            writer.WaitForExit();
        }

        string last = folder.Backup().Commit!;
        string before = folder.List();
        folder.AssertSound();
        folder.Wipe();
        Assert.True(folder.Restore(last).IsComplete);
        Assert.Equal(before, folder.List());
    }

    /// <summary>Makes what is there old enough to be trusted: its status is set back by nobody, so the test waits for a change of the clock.</summary>
    private static void Age(TestFolder folder, string name)
    {
        while (FilesAt.StampOf(FilesAt.WorkingDirectory, Encoding.UTF8.GetBytes(Path.Combine(folder.Target, name)), out _) is { } stamp
            && !SeenStamp.Of(stamp, 0).IsTrusted(DateTimeOffset.UtcNow))
            Thread.Yield();
    }
}
