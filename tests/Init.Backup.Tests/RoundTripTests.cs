namespace Init.Backup.Tests;

/// <summary>What goes in comes out, by a comparison that knows nothing of Init.</summary>
public sealed class RoundTripTests
{
    [Theory]
    [InlineData(1, 2000)]
    [InlineData(2, 300)]
    [InlineData(3, 300)]
    [InlineData(4, 300)]
    public void Restore_AfterARandomTreeIsWiped_BringsEveryByteBack(int seed, int entries)
    {
        using TestFolder folder = new();
        Random random = new(seed);
        new RandomTree(random).Fill(folder.Target, entries);
        MakeCheckout(folder);

        string before = folder.List();
        BackupResult backup = folder.Backup();
        Assert.Equal(before, folder.List()); // A backup changes nothing.
        Assert.True(backup.IsNew);
        Assert.DoesNotContain(backup.Notes.Kept, note => note.Kind is NoteKind.Unreadable or NoteKind.Changing);
        folder.AssertSound();

        folder.Wipe();
        var restored = folder.Restore(backup.Commit!);

        Assert.True(restored.IsComplete, string.Join('\n', restored.Notes.Kept));
        Assert.Equal(before, folder.List());
        Assert.False(folder.Backup().IsNew); // And nothing is seen as changed.
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public void Restore_AfterManyRandomChanges_BringsEachStateBack(int seed)
    {
        using TestFolder folder = new();
        Random random = new(seed);
        List<(string Commit, string Listing)> states = [];
        for (int round = 0; round < 6; round++)
        {
            // Away with some of it, and new things in the place of old ones: files become directories, and the other way round.
            TestFolder.Run("sh", "-c", $"find {folder.Target} -depth -mindepth 1 | awk 'BEGIN{{srand({seed + round})}} rand()<0.3' | tr '\\n' '\\0' | xargs -0 -r rm -rf");
            new RandomTree(random).Fill(Directory.CreateDirectory(Path.Combine(folder.Target, $"round{round % 2}-{round}")).FullName, 60);
            Swap(folder, "swapped", round);
            string commit = folder.Backup().Commit!;
            states.Add((commit, folder.List()));
            folder.AssertSound();

            if (round % 4 == 2)
                continue; // "swapped" has grown: its history makes it chunks.

            // The same files, backed up for the first time: whatever happened before, the same tree has the same bytes.
            BackupSettings settings = folder.Settings;
            folder.Settings = settings with { StateDirectory = Path.Combine(folder.Root, $"fresh-{round}") };
            string fresh = folder.Git("ls-tree", "-r", folder.Backup().Commit!);
            folder.Settings = settings;
            Assert.Equal(fresh, folder.Git("ls-tree", "-r", commit));
        }

        foreach (var (commit, listing) in states)
        {
            folder.Wipe();
            Assert.True(folder.Restore(commit).IsComplete);
            Assert.Equal(listing, folder.List());
        }
    }

    [Fact]
    public void Restore_IntoAnotherDirectory_TouchesNothingInPlace()
    {
        using TestFolder folder = new();
        folder.Write("a/b", "one");
        folder.Write("c", "two");
        string commit = folder.Backup().Commit!;
        folder.Write("c", "changed since");
        string before = folder.List();

        string into = Path.Combine(folder.Root, "elsewhere");
        folder.Restore(commit, into, "t/c");

        Assert.Equal("two", File.ReadAllText(Path.Combine(into, "t", "c")));
        Assert.False(Directory.Exists(Path.Combine(into, "t", "a")));
        Assert.Equal(before, folder.List());
    }

    [Fact]
    public void Tree_WhenLookedAtWithPlainGit_IsTheFilesThemselves()
    {
        using TestFolder folder = new();
        folder.Write("config.json", "{}");
        byte[] large = new byte[1_200_000];
        new Random(9).NextBytes(large);
        folder.Write("model.bin", large);
        folder.Backup();
        large[70_000]++;
        folder.Write("model.bin", large);
        long before = folder.StoreBytes();
        folder.Backup();

        Assert.InRange(folder.StoreBytes() - before, 1, 1_300_000); // Once more as chunks: from now on it is a file that changes.
        large[70_000]++;
        folder.Write("model.bin", large);
        before = folder.StoreBytes();
        folder.Backup();

        Assert.Equal("{}", folder.Git("show", "main:t/config.json"));
        Assert.InRange(folder.StoreBytes() - before, 1, 75_000);
        string joined = TestFolder.Run("sh", "-c", $"for f in $(git --git-dir={folder.Settings.StorePath} ls-tree -r --name-only main t/model.bin.chunks/); do git --git-dir={folder.Settings.StorePath} cat-file blob main:$f; done | sha256sum");
        Assert.StartsWith(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(large)), joined);
    }

    private static void Swap(TestFolder folder, string name, int round)
    {
        string path = Path.Combine(folder.Target, name);
        TestFolder.Run("rm", "-rf", path);
        switch (round % 4)
        {
            case 0: folder.Write(name + "/x/y", "inside"); break;
            case 1: folder.Write(name, "a file"); break;
            case 2: folder.Write(name, new byte[2_000_000]); break;
            default: File.CreateSymbolicLink(path, "/nowhere"); break;
        }
    }

    private static void MakeCheckout(TestFolder folder)
    {
        string plugin = Directory.CreateDirectory(Path.Combine(folder.Target, "plugins", "weather")).FullName;
        File.WriteAllText(Path.Combine(plugin, ".gitignore"), "secret.db\n*.log\n");
        File.WriteAllText(Path.Combine(plugin, ".gitattributes"), "* text eol=crlf filter=nothing\n");
        File.WriteAllText(Path.Combine(plugin, "main.py"), "print()\r\n");
        File.WriteAllText(Path.Combine(plugin, "secret.db"), "hidden");
        TestFolder.RunIn(plugin, "sh", "-c", "git init -q . && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m first && git -c user.name=a -c user.email=a@b add . && git gc -q");
        Directory.CreateDirectory(Path.Combine(plugin, "empty", "emptier"));
    }
}
