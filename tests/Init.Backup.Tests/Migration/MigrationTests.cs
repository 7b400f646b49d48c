using Init.Backup.Migration;
using Init.Backup.Restore;
using Init.Backup.Store;
using Init.Backup.Tests.Harness;

namespace Init.Backup.Tests;

public sealed class MigrationTests
{
    private static OriginalRepository Fill(TestFolder folder)
    {
        OriginalRepository original = new(folder);
        original.Write("home/user/AstrBot/data/cmd_config.json", "{\"a\":1}");
        original.Write("home/user/AstrBot/data/plugins/hello/main.py", "print()\n");
        original.Write("home/user/AstrBot/data/plugins/hello/run.sh", "#!/bin/sh\n");
        original.Write("home/user/AstrBot/data/100%/x.chunks", "a name that means something to us");
        original.Write("home/user/AstrBot/data/notes.pointer", "not a pointer of anything");
        original.Write("home/user/nginx/admin_config.json", "{}");
        original.Write("app/.config/QQ/db", new byte[] { 0, 1, 2, 255 });
        File.CreateSymbolicLink(Path.Combine(original.WorkTree, "home/user/AstrBot/data/link"), "cmd_config.json");
        original.Write("README.md", "made by GitHub");
        original.Write(".backup.ready", "");
        original.Write(".backup.alive", "");
        return original;
    }

    [Fact]
    public void Restore_OfTheOriginalsCommit_PutsItsFilesInPlaceAndNothingElse()
    {
        using TestFolder folder = new();
        OriginalRepository original = Fill(folder);
        string commit = original.Commit();
        original.FetchInto(folder);

        var restored = folder.Restore(commit);

        Assert.True(restored.IsComplete, string.Join('\n', restored.Notes.Kept));
        string Live(string path) => Path.Combine(folder.Settings.Base, path);
        Assert.Equal("{\"a\":1}", File.ReadAllText(Live("home/user/AstrBot/data/cmd_config.json")));
        Assert.Equal("a name that means something to us", File.ReadAllText(Live("home/user/AstrBot/data/100%/x.chunks")));
        Assert.Equal("not a pointer of anything", File.ReadAllText(Live("home/user/AstrBot/data/notes.pointer")));
        Assert.Equal("cmd_config.json", new FileInfo(Live("home/user/AstrBot/data/link")).LinkTarget);
        Assert.Equal([0, 1, 2, 255], File.ReadAllBytes(Live("app/.config/QQ/db")));
        Assert.False(File.Exists(Live("README.md")) || File.Exists(Live(".backup.ready")) || File.Exists(Live(".gitignore")));
        // Every mode was 777 there: what can be run by itself is a program, and all else is none.
        Assert.Equal("644 755 755", TestFolder.Run("stat", "-c", "%a", Live("home/user/AstrBot/data/cmd_config.json"), Live("home/user/AstrBot/data/plugins/hello/run.sh"), Live("home/user/AstrBot/data")).Trim().Replace('\n', ' '));
    }

    [Fact]
    public void Backup_AfterAMigration_GoesOnOnTheSameBranchAndPlainGitReadsIt()
    {
        using TestFolder folder = new();
        OriginalRepository original = Fill(folder);
        string first = original.Commit();
        original.FetchInto(folder);
        folder.Restore(first);
        File.WriteAllText(Path.Combine(folder.Settings.Base, "home/user/AstrBot/data/cmd_config.json"), "{\"a\":2}");

        string commit = folder.Backup().Commit!;

        folder.AssertSound();
        Assert.False(folder.Backup().IsNew);
        Assert.Equal(first, folder.Git("rev-parse", commit + "^").Trim());
        string clone = Path.Combine(folder.Root, "clone");
        TestFolder.Run("git", "clone", "-q", folder.Settings.StorePath, clone);
        Assert.Equal("{\"a\":2}", File.ReadAllText(Path.Combine(clone, "home/user/AstrBot/data/cmd_config.json")));
        Assert.Equal("made by GitHub", File.ReadAllText(Path.Combine(clone, "README.md"))); // What is not ours stays.
        Assert.False(File.Exists(Path.Combine(clone, "home/user/AstrBot/data/100%/x.chunks"))); // Under the name that we give it.
        Assert.True(File.Exists(Path.Combine(clone, "home/user/AstrBot/data/100%/%x.chunks%")));
        TestFolder.Run("rm", "-rf", Path.Combine(folder.Settings.Base, "home"), Path.Combine(folder.Settings.Base, "app"));
        Assert.True(folder.Restore(commit).IsComplete);
        Assert.Equal("{\"a\":2}", File.ReadAllText(Path.Combine(folder.Settings.Base, "home/user/AstrBot/data/cmd_config.json")));
    }

    [Fact]
    public void Restore_OfACheckoutInsideATarget_SaysThatItsFilesAreInNoBackup()
    {
        using TestFolder folder = new();
        OriginalRepository original = Fill(folder);
        string plugin = Path.Combine(original.WorkTree, "home/user/AstrBot/data/plugins/weather");
        Directory.CreateDirectory(plugin);
        TestFolder.RunIn(plugin, "sh", "-c", "git init -q . && echo x > x && git add x && git -c user.name=a -c user.email=a@b commit -q -m first");
        string commit = original.Commit();
        Assert.Contains("160000 commit", original.Git("ls-tree", "-r", commit));
        original.FetchInto(folder);

        var restored = folder.Restore(commit);

        BackupNote note = Assert.Single(restored.Notes.Kept);
        Assert.Equal((NoteKind.NotInBackup, "home/user/AstrBot/data/plugins/weather"), (note.Kind, note.Path.ToString()));
        Assert.Contains("clone it again", note.Text);
        Assert.True(restored.IsComplete); // There is nothing that another attempt could do.
        Assert.False(Directory.Exists(Path.Combine(folder.Settings.Base, "home/user/AstrBot/data/plugins/weather")));
    }

    [Fact]
    public async Task Restore_OfTheOriginalsLargeFiles_FetchesThemWhateverTheirPointersSay()
    {
        await using var at = await GitHubFixture.StartAsync();
        OriginalRepository original = Fill(at.Folder);
        FakeRelease release = at.GitHub.AddRelease("blobs");
        byte[] noId = GitHubFixture.Content(1), byId = GitHubFixture.Content(2), target = GitHubFixture.Content(3);
        at.GitHub.AddAsset(release, FakeGitHub.Rename($"{GitHubFixture.HashOf(noId)}-my model.bin"), noId);
        FakeAsset renamed = at.GitHub.AddAsset(release, "renamed", byId);
        at.GitHub.AddAsset(release, $"{GitHubFixture.HashOf(target)}-admin_config.json", target);
        original.Pointerize("home/user/AstrBot/data/my model.bin", noId, null, "");
        original.Pointerize("home/user/AstrBot/data/video.mp4", byId, renamed.Id, "https://github.com/owner/repo/releases/download/blobs/x");
        File.Delete(Path.Combine(original.WorkTree, "home/user/nginx/admin_config.json"));
        original.Pointerize("home/user/nginx/admin_config.json", target, null, "");
        string commit = original.Commit();
        original.FetchInto(at.Folder);
        at.Folder.Settings = at.Folder.Settings with { LargeFiles = at.Client(), LargeThreshold = 200_000 };

        RestoreResult restored;
        List<RestoreProgress> seen = [];
        using (BackupStore store = BackupStore.Open(at.Folder.Settings.StorePath, "main"))
            restored = RestoreRun.Execute(at.Folder.Settings, store, new RestoreRequest(commit, null, []), DateTimeOffset.UtcNow, seen.Add);

        Assert.True(restored.IsComplete, string.Join('\n', restored.Notes.Kept));
        Assert.Equal(seen[^1].BytesTotal, seen[^1].Bytes);
        Assert.True(seen.Count > restored.Entries, "nothing was heard while large files came");
        string data = Path.Combine(at.Folder.Settings.Base, "home/user/AstrBot/data");
        Assert.Equal(noId, File.ReadAllBytes(Path.Combine(data, "my model.bin")));
        Assert.Equal(byId, File.ReadAllBytes(Path.Combine(data, "video.mp4")));
        Assert.False(File.Exists(Path.Combine(data, "video.mp4.pointer")));

        string next = at.Folder.Backup().Commit!; // The same assets, known by their content.
        Assert.Equal(0, at.GitHub.Uploads);
        Assert.Contains("home/user/AstrBot/data/video.mp4.pointer\n", at.Folder.Git("ls-tree", "-r", "--name-only", next));
        Assert.Contains("home/user/nginx/admin_config.json.pointer\n", at.Folder.Git("ls-tree", "-r", "--name-only", next));
    }

    [Fact]
    public void Layout_WhenTargetsAreLinksIntoTheOriginalsRepository_PutsTheFilesBackInPlace()
    {
        using TestFolder folder = new();
        OriginalRepository original = Fill(folder);
        Link(folder, original, "home/user/AstrBot/data", "home/user/nginx/admin_config.json");
        string before = folder.List(Path.Combine(original.WorkTree, "home/user/AstrBot/data"));

        BackupResult backup = folder.Backup();

        string data = Path.Combine(folder.Settings.Base, "home/user/AstrBot/data");
        Assert.Null(new DirectoryInfo(data).LinkTarget);
        Assert.Equal(before, folder.List(data));
        Assert.Equal("{}", File.ReadAllText(Path.Combine(folder.Settings.Base, "home/user/nginx/admin_config.json")));
        Assert.Equal(2, backup.Notes.Kept.Count(note => note.Kind == NoteKind.Migrated));
        Assert.Equal("{\"a\":1}", folder.Git("show", backup.Commit + ":home/user/AstrBot/data/cmd_config.json"));
        Assert.Equal(0, SymlinkLayout.Migrate(folder.Settings, mayCopy: true, new BackupNotes()));
    }

    [Fact]
    public void Layout_WhenALinkLeadsElsewhereOrToNothing_IsLeftAlone()
    {
        using TestFolder folder = new();
        OriginalRepository original = Fill(folder);
        Link(folder, original, "home/user/AstrBot/data");
        string elsewhere = Directory.CreateDirectory(Path.Combine(folder.Root, ".astrbot-backup-2")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(folder.Settings.Base, "home/user/config"), elsewhere);
        Directory.CreateSymbolicLink(Path.Combine(folder.Settings.Base, "home/user/gemini-data"), Path.Combine(original.WorkTree, "home/user/gemini-data"));

        Assert.Equal(1, SymlinkLayout.Migrate(folder.Settings, mayCopy: true, new BackupNotes()));

        Assert.Equal(elsewhere, new DirectoryInfo(Path.Combine(folder.Settings.Base, "home/user/config")).LinkTarget);
        Assert.NotNull(new DirectoryInfo(Path.Combine(folder.Settings.Base, "home/user/gemini-data")).LinkTarget);
    }

    [Fact]
    public void Layout_WhenTheRepositoryIsOnAnotherFileSystem_CopiesAndKeepsTheOriginal()
    {
        using TestFolder folder = new();
        OriginalRepository original = Fill(folder);
        string memory = Directory.CreateDirectory($"/dev/shm/init-migration-{Guid.NewGuid():N}").FullName;
        try
        {
            TestFolder.Run("cp", "-a", original.WorkTree + "/.", memory);
            folder.Settings = folder.Settings with { OriginalDirectory = memory };
            string live = Path.Combine(folder.Settings.Base, "home/user/AstrBot/data");
            Directory.CreateDirectory(Path.GetDirectoryName(live)!);
            Directory.CreateSymbolicLink(live, Path.Combine(memory, "home/user/AstrBot/data"));
            string before = folder.List(Path.Combine(memory, "home/user/AstrBot/data"));
            // Half a copy of one that was killed.
            Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(live)!, ".init-restore~migrate-data", "half"));
            BackupNotes notes = new();
            Assert.Equal(0, SymlinkLayout.Migrate(folder.Settings, mayCopy: false, notes)); // A program could be writing.
            Assert.Contains("restart the container", Assert.Single(notes.Kept).Text);

            Assert.Equal(1, SymlinkLayout.Migrate(folder.Settings, mayCopy: true, notes));

            Assert.Equal(before, folder.List(live));
            Assert.Equal(before, folder.List(Path.Combine(memory, "home/user/AstrBot/data")));
            Assert.Equal(["data"], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(live)!).Select(Path.GetFileName));
        }
        finally
        {
            Directory.Delete(memory, recursive: true);
        }
    }

    [Fact]
    public void Layout_WhenItWasKilledBetweenTwoRenames_FindsTheLinkAgain()
    {
        using TestFolder folder = new();
        OriginalRepository original = Fill(folder);
        Link(folder, original, "home/user/AstrBot/data");
        string live = Path.Combine(folder.Settings.Base, "home/user/AstrBot/data");
        TestFolder.Run("mv", "-T", live, Path.Combine(Path.GetDirectoryName(live)!, ".init-restore~link-data"));

        Assert.Equal(1, SymlinkLayout.Migrate(folder.Settings, mayCopy: true, new BackupNotes()));

        Assert.True(File.Exists(Path.Combine(live, "cmd_config.json")));
    }

    [Fact]
    public void Restore_OverTheOriginalsLayout_KeepsWhatIsNewerThere()
    {
        using TestFolder folder = new();
        OriginalRepository original = Fill(folder);
        string commit = original.Commit();
        original.FetchInto(folder);
        original.Write("home/user/AstrBot/data/cmd_config.json", "newer than the last push");
        Link(folder, original, "home/user/AstrBot/data");

        var restored = folder.Restore(commit);

        string data = Path.Combine(folder.Settings.Base, "home/user/AstrBot/data");
        Assert.Null(new DirectoryInfo(data).LinkTarget);
        Assert.Equal("{\"a\":1}", File.ReadAllText(Path.Combine(data, "cmd_config.json")));
        Assert.Equal("newer than the last push", File.ReadAllText(Path.Combine(data, "cmd_config.json.local-20260102T030405Z")));
        Assert.Contains(restored.Notes.Kept, note => note.Kind == NoteKind.Migrated);
    }

    private static void Link(TestFolder folder, OriginalRepository original, params string[] targets)
    {
        foreach (string target in targets)
        {
            string live = Path.Combine(folder.Settings.Base, target);
            Directory.CreateDirectory(Path.GetDirectoryName(live)!);
            File.CreateSymbolicLink(live, Path.Combine(original.WorkTree, target));
        }
    }
}
