using Init.Backup.Restore;

namespace Init.Backup.Tests;

/// <summary>People edit their files in the browser, at GitHub: what they commit there is what they want back.</summary>
public sealed class EditedTreeTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly string _backup;

    public EditedTreeTests()
    {
        _folder.Write("config.json", "{\"a\":1}");
        _folder.Write("plugins/one.py", "one");
        _folder.Write("plugins/two.py", "two");
        _folder.Write(".git/config", "[core]");
        Directory.CreateDirectory(Path.Combine(_folder.Target, "empty"));
        File.CreateSymbolicLink(Path.Combine(_folder.Target, "link"), "config.json");
        _backup = _folder.Backup().Commit!;
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Restore_OfACommitMadeByHand_BringsWhatIsThere()
    {
        string edited = Edit(tree =>
        {
            File.WriteAllText(Path.Combine(tree, "t/config.json"), "{\"a\":2,\"longer\":true}");
            File.WriteAllText(Path.Combine(tree, "t/plugins/three.sh"), "#!/bin/sh\n");
            Directory.CreateDirectory(Path.Combine(tree, "t/new/deep"));
            File.WriteAllText(Path.Combine(tree, "t/new/deep/file"), "new");
            File.Delete(Path.Combine(tree, "t/plugins/two.py"));
            File.WriteAllText(Path.Combine(tree, "README.md"), "belongs to the repository");
            File.Delete(Path.Combine(tree, "t/link"));
            File.CreateSymbolicLink(Path.Combine(tree, "t/link"), "plugins");
        });
        _folder.Wipe();

        RestoreResult restored = _folder.Restore(edited);

        Assert.True(restored.IsComplete, string.Join('\n', restored.Notes.Kept));
        Assert.Equal("{\"a\":2,\"longer\":true}", Live("config.json"));
        Assert.Equal(("one", "#!/bin/sh\n", "new", "[core]"), (Live("plugins/one.py"), Live("plugins/three.sh"), Live("new/deep/file"), Live(".git/config")));
        Assert.False(File.Exists(Path.Combine(_folder.Target, "plugins/two.py")));
        Assert.True(Directory.Exists(Path.Combine(_folder.Target, "empty")));
        Assert.Equal("plugins", new FileInfo(Path.Combine(_folder.Target, "link")).LinkTarget);
        Assert.False(File.Exists(Path.Combine(_folder.Settings.Base, "README.md")));
        Assert.Equal(
            ["t/config.json", "t/link", "t/new/deep/file", "t/plugins/three.sh", "t/plugins/two.py"],
            restored.Notes.Kept.Where(note => note.Kind == NoteKind.Edited).Select(note => note.Path.ToString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Restore_OfACommitMadeByHand_OverFilesThatABackupHas_OverwritesThem()
    {
        for (bool isSeen = false; !isSeen; isSeen = _folder.Backup().Read == 0)
            Thread.Yield(); // Until the index trusts it.
        string edited = Edit(tree => File.WriteAllText(Path.Combine(tree, "t/config.json"), "edited"));

        RestoreResult restored = _folder.Restore(edited);

        Assert.Equal(("edited", 1L), (Live("config.json"), restored.Written));
        Assert.DoesNotContain(restored.Notes.Kept, note => note.Kind == NoteKind.KeptAside);
    }

    [Fact]
    public void Backup_AfterIt_MakesAManifestOfItsOwnAgain()
    {
        string edited = Edit(tree => File.WriteAllText(Path.Combine(tree, "t/config.json"), "edited"));
        _folder.Wipe();
        _ = _folder.Restore(edited);
        _folder.Write("plugins/one.py", "changed afterwards");

        BackupResult backup = _folder.Backup();
        string before = _folder.List();
        _folder.Wipe();
        RestoreResult restored = _folder.Restore(backup.Commit!);

        Assert.True(restored.IsComplete);
        Assert.Empty(restored.Notes.Kept);
        Assert.Equal(before, _folder.List());
        _folder.AssertSound();
    }

    [Fact]
    public void Restore_OfACommitWithATreeDeeperThanAnyDisk_LeavesThatOutAndSaysSo()
    {
        // As git makes it, when nobody has a disk for it.
        const int Levels = 5000;
        string store = _folder.Settings.StorePath;
        string edited = TestFolder.Run("python3", "-c", """
            import subprocess, sys
            store, parent, levels = sys.argv[1], sys.argv[2], int(sys.argv[3])
            lines = ['commit refs/heads/main', 'committer a <a@b> 1700000000 +0000', 'data 4', 'edit', 'from ' + parent]
            lines += ['M 100644 inline t/' + 'd/' * levels + 'file', 'data 1', 'x', 'M 100644 inline t/new', 'data 1', 'y', '']
            subprocess.run(['git', '--git-dir=' + store, 'fast-import', '--quiet', '--force'], input='\n'.join(lines).encode(), check=True)
            print(subprocess.run(['git', '--git-dir=' + store, 'rev-parse', 'main'], capture_output=True, text=True, check=True).stdout)
            """, store, _backup, $"{Levels}").Trim();
        _folder.Wipe();

        RestoreResult restored = _folder.Restore(edited);

        Assert.Equal("y", Live("new"));
        Assert.Contains(restored.Notes.Kept, note => note.Kind == NoteKind.TooDeep);
    }

    private string Live(string path) => File.ReadAllText(Path.Combine(_folder.Target, path));

    /// <summary>As a person does it: a clone, an edit, a commit, a push.</summary>
    private string Edit(Action<string> edit)
    {
        string clone = Path.Combine(_folder.Root, "clone");
        _ = TestFolder.Run("git", "clone", "--quiet", _folder.Settings.StorePath, clone);
        edit(clone);
        _ = TestFolder.RunIn(clone, "git", "add", "--all");
        _ = TestFolder.RunIn(clone, "git", "-c", "user.name=Someone", "-c", "user.email=someone@example.com", "commit", "--quiet", "-m", "Update config.json");
        _ = TestFolder.RunIn(clone, "git", "push", "--quiet", "origin", "HEAD:main");
        string commit = TestFolder.RunIn(clone, "git", "rev-parse", "HEAD").Trim();
        Assert.NotEqual(_backup, commit);
        return commit;
    }
}
