using Init.Backup.Restore;
using Init.Backup.Store;
using Init.Linux;

namespace Init.Backup.Tests;

public sealed class RestoreTests
{
    [Fact]
    public void Restore_WhenALocalFileIsInNoBackup_KeepsItAside()
    {
        using TestFolder folder = new();
        folder.Write("a", "backed up");
        folder.Write("dir/b", "backed up");
        string commit = folder.Backup().Commit!;
        folder.Write("a", "newer, and nowhere else");
        Directory.Delete(Path.Combine(folder.Target, "dir"), recursive: true);
        folder.Write("dir", "a file now");
        folder.Write("extra", "local only");

        var restored = folder.Restore(commit);

        Assert.Equal(["t/a", "t/dir"], restored.Notes.Kept.Where(note => note.Kind == NoteKind.KeptAside).Select(note => note.Path.ToString()));
        Assert.Equal("backed up", File.ReadAllText(Path.Combine(folder.Target, "a")));
        Assert.Equal("newer, and nowhere else", File.ReadAllText(Path.Combine(folder.Target, "a.local-20260102T030405Z")));
        Assert.Equal("a file now", File.ReadAllText(Path.Combine(folder.Target, "dir.local-20260102T030405Z")));
        Assert.Equal("backed up", File.ReadAllText(Path.Combine(folder.Target, "dir", "b")));
        Assert.Equal("local only", File.ReadAllText(Path.Combine(folder.Target, "extra")));
    }

    [Fact]
    public void Restore_ThatCannotBegin_LeavesNoGitBehind()
    {
        using TestFolder folder = new();
        folder.Write("a", "backed up");
        string commit = folder.Backup().Commit!;
        Directory.CreateDirectory(folder.Settings.IndexPath + ".new"); // Where the new index is to be written.

        Assert.Throws<UnauthorizedAccessException>(() => folder.Restore(commit));

        Assert.DoesNotContain(ProcFs.ListPids(), pid => ProcFs.ReadEnvironmentValue(pid, "GIT_DIR") == folder.Settings.StorePath);
    }

    [Fact]
    public void Restore_WhenTheLocalFileIsInABackup_OverwritesIt()
    {
        using TestFolder folder = new();
        folder.Write("a", "old");
        string old = folder.Backup().Commit!;
        folder.Write("a", "new");
        // Twice, until the index trusts it.
        for (bool isSeen = false; !isSeen; isSeen = folder.Backup().Read == 0)
            Thread.Yield();

        var restored = folder.Restore(old);

        Assert.Empty(restored.Notes.Kept);
        Assert.Equal(["a"], Directory.EnumerateFiles(folder.Target).Select(Path.GetFileName));
        Assert.Equal("old", File.ReadAllText(Path.Combine(folder.Target, "a")));
    }

    [Fact]
    public void Restore_WhenOnlySomeFilesWereAskedFor_LeavesTheOthersAndStopsNoBackup()
    {
        using TestFolder folder = new();
        folder.Write("a", "old");
        folder.Write("b", "old");
        string old = folder.Backup().Commit!;
        folder.Write("a", "new");
        folder.Write("b", "new");
        folder.Backup();

        Assert.True(folder.Restore(old, null, "t/a").IsComplete);

        Assert.Equal(("old", "new"), (File.ReadAllText(Path.Combine(folder.Target, "a")), File.ReadAllText(Path.Combine(folder.Target, "b"))));
        Assert.Null(RestoreRun.Unfinished(folder.Settings));
        Assert.True(folder.Backup().IsNew);
        Assert.Equal("old", folder.Git("show", "main:t/a"));
    }

    [Fact]
    public void State_WhenItIsMade_IsForItsOwnerAlone()
    {
        using TestFolder folder = new();
        folder.Write("a", "1");
        folder.Backup();

        foreach (string path in new[] { folder.Settings.StateDirectory, folder.Settings.StorePath, folder.Settings.ScratchPath })
            Assert.Equal(0x1C0, Files.StatusOf(path)!.Value.Mode);
    }

    [Fact]
    public void Restore_WhenALinkWasPutInTheWay_WritesNothingThroughIt()
    {
        using TestFolder folder = new();
        folder.Write("dir/a", "ours");
        string commit = folder.Backup().Commit!;
        Directory.Delete(Path.Combine(folder.Target, "dir"), recursive: true);
        string outside = Directory.CreateDirectory(Path.Combine(folder.Root, "outside")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(folder.Target, "dir"), outside);

        folder.Restore(commit);

        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
        Assert.Equal("ours", File.ReadAllText(Path.Combine(folder.Target, "dir", "a")));
    }

    [Fact]
    public void Restore_WhenTheStoreIsDamaged_RestoresTheRestSaysWhatIsMissingAndStaysUnfinished()
    {
        using TestFolder folder = new();
        folder.Write("a", "one");
        folder.Write("b", "two");
        string commit = folder.Backup().Commit!;
        // The blob of "a" is another one now, under a commit that says to be a backup: what the manifest says is not what the tree has.
        string forged = TestFolder.Run(
            "sh", "-c", $"export GIT_DIR={folder.Settings.StorePath} GIT_INDEX_FILE={folder.Root}/i; git read-tree {commit}; b=$(echo evil | git hash-object -w --stdin); git update-index --cacheinfo 100644,$b,t/a;"
            + $"git -c user.name=a -c user.email=a@b commit-tree -p {commit} -m 'backup 2026-01-01T00:00:00Z' $(git write-tree)").Trim();
        folder.Wipe();

        var restored = folder.Restore(forged);

        Assert.False(restored.IsComplete);
        BackupNote note = Assert.Single(restored.Notes.Kept);
        Assert.Contains("its content is not what the manifest says; restore it from an earlier commit", note.Text);
        Assert.Equal(["b"], Directory.EnumerateFileSystemEntries(folder.Target).Select(Path.GetFileName));
        Assert.Equal(forged, RestoreRun.Unfinished(folder.Settings));
        Assert.True(folder.Restore(commit).IsComplete);
        Assert.Null(RestoreRun.Unfinished(folder.Settings));
    }

    [Fact]
    public void Store_WhenAnotherBackupHasItOpen_SaysSo()
    {
        using TestFolder folder = new();
        using BackupStore store = BackupStore.Open(folder.Settings.StorePath, "main");

        Assert.Contains("another backup is using it", Assert.Throws<GitException>(() => BackupStore.Open(folder.Settings.StorePath, "main", TimeSpan.Zero)).Message);
    }

    [Fact]
    public void Git_WhenItFailsOrIsMissing_SaysWhatAndWhere()
    {
        using TestFolder folder = new();
        folder.Write("a", "1");
        folder.Backup();

        Assert.Contains("cannot run git cat-file in", Assert.Throws<GitException>(() => new GitRunner(folder.Settings.StorePath).Run(GitRunner.ShortTime, [], "cat-file", "-p", "nothing")).Message);
        Assert.Contains("install git", Assert.Throws<GitException>(() => new GitRunner(folder.Settings.StorePath, "/no/git").Run(GitRunner.ShortTime, [], "version")).Message);
    }

    [Fact]
    public void Git_WhenTheMachineHasAConfiguration_IgnoresIt()
    {
        using TestFolder folder = new();
        GitRunner git = new(folder.Settings.StorePath);
        folder.Write("a", "1");
        folder.Backup();

        string configuration = git.Run(GitRunner.ShortTime, [], "config", "--list", "--show-scope")!;

        Assert.DoesNotContain(configuration.Split('\n'), line => line.StartsWith("global", StringComparison.Ordinal) || line.StartsWith("system", StringComparison.Ordinal));
        Assert.Contains("core.hookspath=/dev/null", configuration);
    }
}
