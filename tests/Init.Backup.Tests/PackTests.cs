using System.Globalization;
using System.Text;
using Init.Backup.Store;

namespace Init.Backup.Tests;

/// <summary>The packs that we write: git reads them, finds nothing wrong with them, and never keeps one of a backup that came to no end.</summary>
public sealed class PackTests
{
    [Fact]
    public void Backup_WithContentOfEveryKind_IsReadBackAndSoundForGit()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        using TestFolder folder = new();
        folder.Write("first", new byte[FastImport.InlineBytesMax]); // From here on it is our packs.
        int[] sizes = [0, 1, 15, 16, 2047, 2048, 4095, 4096, 16_383, 16_384, 16_385, 65_535, 65_536, 131_071, 1_048_575, 1_048_576, 1_048_577, 3_333_333];
        foreach (int size in sizes)
        {
            byte[] noise = new byte[size];
            random.NextBytes(noise);
            folder.Write($"noise-{size}", noise);
            folder.Write($"text-{size}", Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, (size / 7) + 1).Select(i => i.ToString("x7", CultureInfo.InvariantCulture))))[..size]);
            // Both in one file, changing at every length.
            byte[] mixed = (byte[])noise.Clone();
            for (int at = 0; at < size;)
            {
                int run = random.Next(1, 50_000);
                if (random.Next(2) == 0)
                    mixed.AsSpan(at, Math.Min(run, size - at)).Fill((byte)'x');
                at += run;
            }

            folder.Write($"mixed-{size}", mixed);
        }

        string before = folder.List();
        string commit = folder.Backup().Commit!;

        folder.AssertSound();
        string[] packs = Packs(folder);
        Assert.Equal(2, packs.Length); // Git's, and ours.
        foreach (string pack in packs)
            TestFolder.Run("git", "verify-pack", Path.ChangeExtension(pack, ".idx"));
        // What git makes of them, checksums of the index included: repacked without a change to an object.
        folder.Git("repack", "-a", "-d", "-q", "--depth=0", "--window=0");
        folder.AssertSound();
        folder.Wipe();
        Assert.True(folder.Restore(commit).IsComplete);
        Assert.True(before == folder.List(), $"seed {seed}");
    }

    [Fact]
    public void Read_AfterThePacksWerePutTogether_IsDoneByGit()
    {
        using TestFolder folder = new();
        folder.Write("one", "first");
        string commit = folder.Backup().Commit!;
        string blob = folder.Git("rev-parse", $"{commit}:t/one").Trim();
        folder.Write("two", "second");
        folder.Backup();
        GitRunner git = new(folder.Settings.StorePath);
        using BlobReader reader = new(git);
        string[] before = Packs(folder);

        folder.Git("repack", "-a", "-d", "-q");

        Assert.DoesNotContain(before, File.Exists);
        List<byte> content = [];
        Assert.Equal(5, reader.Read([blob], piece => content.AddRange(piece)));
        Assert.Equal("first", Encoding.UTF8.GetString([.. content]));
    }

    [Fact]
    public void Objects_AfterOneThatWasTooLarge_AreReadAsBefore()
    {
        using TestFolder folder = new();
        folder.Write("large", new string('x', 300_000));
        folder.Write("small", "1");
        string commit = folder.Backup().Commit!;
        using CatFile objects = new(new GitRunner(folder.Settings.StorePath));

        Assert.Contains("more than 1000 bytes", Assert.Throws<GitException>(() => objects.ReadSmall(folder.Git("rev-parse", $"{commit}:t/large").Trim(), "blob", 1000)).Message);

        Assert.Equal("1"u8.ToArray(), objects.ReadSmall(folder.Git("rev-parse", $"{commit}:t/small").Trim(), "blob", 1000));
    }

    [Fact]
    public void Restore_OfWhatGitHasMadeDifferencesOf_BringsItBack()
    {
        using TestFolder folder = new();
        string text = string.Concat(Enumerable.Range(0, 2000).Select(line => $"line {line * 7919}\n"));
        for (int file = 0; file < 300; file++)
            folder.Write($"{file % 3}/{file}", $"{text}and {file}\n");
        folder.Write("changes", new byte[1_500_000]);
        string before = folder.List();
        string commit = folder.Backup().Commit!;

        // As a server does, whose pack is what a new machine fetches.
        folder.Git("repack", "-a", "-d", "-f", "-q", "--depth=50", "--window=10");
        Assert.Contains("chain length", folder.Git("verify-pack", "-v", Path.ChangeExtension(Assert.Single(Packs(folder)), ".idx")));
        folder.Wipe();

        Assert.True(folder.Restore(commit).IsComplete);
        Assert.Equal(before, folder.List());
    }

    [Fact]
    public void Backup_OfContentThatIsInTheStore_DoesNotWriteItAgain()
    {
        using TestFolder folder = new();
        WriteNoise(folder, "a", 9);
        WriteNoise(folder, "b", 9); // Twice in one run.
        WriteNoise(folder, "c", 10);
        folder.Backup();
        long once = folder.StoreBytes();
        TestFolder.Run("mv", Path.Combine(folder.Target, "a"), Path.Combine(folder.Target, "renamed"));
        TestFolder.Run("cp", "-r", Path.Combine(folder.Target, "c"), Path.Combine(folder.Target, "copy"));
        folder.Backup();

        Assert.InRange(once, 16_000_000, 16_300_000 + FastImport.InlineBytesMax); // What git has written in this run is not known yet.
        Assert.InRange(folder.StoreBytes() - once, 1, 30_000);
        folder.AssertSound();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Open_WhenABackupEndedBesideItsPacks_KeepsThemOnlyIfTheBranchHasMoved(bool hasMoved)
    {
        using TestFolder folder = new();
        folder.Write("small", "1");
        string first = folder.Backup().Commit!;
        string[] before = Packs(folder);
        WriteNoise(folder, "a", 1);
        string second = folder.Backup().Commit!;
        string ours = Packs(folder).Except(before).MaxBy(pack => new FileInfo(pack).Length)!;

        // As it is between the pack's place and the branch's move, and right after that.
        File.WriteAllBytes(Path.ChangeExtension(ours, ".keep"), PackMarks.Make("main", hasMoved ? first : second));
        BackupStore.Open(folder.Settings.StorePath, "main").Dispose();

        Assert.Equal(hasMoved, File.Exists(ours));
        Assert.Equal(hasMoved, File.Exists(Path.ChangeExtension(ours, ".idx")));
        Assert.Empty(Directory.EnumerateFiles(Path.GetDirectoryName(ours)!, "*.keep"));
    }

    [Fact]
    public void Backup_WhenGitFailsAfterThePacks_LeavesNoneBehind()
    {
        using TestFolder folder = new();
        folder.Write("small", "1");
        folder.Backup();
        string[] before = Packs(folder);
        WriteNoise(folder, "a", 1);
        // Git cannot move the branch, and says so at the very end.
        string heads = Path.Combine(folder.Settings.StorePath, "refs", "heads");
        File.Move(Path.Combine(heads, "main"), Path.Combine(folder.Settings.StorePath, "packed-main"));
        File.WriteAllText(Path.Combine(folder.Settings.StorePath, "packed-refs"), $"# pack-refs with: peeled fully-peeled sorted \n{File.ReadAllText(Path.Combine(folder.Settings.StorePath, "packed-main")).Trim()} refs/heads/main\n");
        File.Delete(Path.Combine(folder.Settings.StorePath, "packed-main"));
        Directory.CreateDirectory(Path.Combine(heads, "main", "in-the-way"));
        File.WriteAllText(Path.Combine(heads, "main", "in-the-way", "file"), "");

        Assert.Throws<GitException>(() => folder.Backup());

        string ours = Assert.Single(Packs(folder).Except(before)); // Git's own, as ever: a pack that nobody names.
        Assert.InRange(new FileInfo(ours).Length, 1, FastImport.InlineBytesMax + 10_000);
        Directory.Delete(Path.Combine(heads, "main"), recursive: true);
        Assert.True(folder.Backup().IsNew);
        folder.AssertSound();
    }

    [Fact]
    public void Checksums_AreThoseOfZlib()
    {
        byte[] data = new byte[100_003];
        new Random(4).NextBytes(data);
        string said = TestFolder.Run("python3", "-c", "import sys, zlib, base64; d = base64.b64decode(open(sys.argv[1]).read()); print(zlib.crc32(d), zlib.adler32(d))", WriteBase64(data));
        foreach (int cut in (int[])[0, 1, 7, 5551, 5552, 5553, 50_000, data.Length])
        {
            uint crc = Checksums.Crc32(Checksums.Crc32(0, data.AsSpan(..cut)), data.AsSpan(cut..));
            uint adler = Checksums.Adler32(Checksums.Adler32(Checksums.AdlerStart, data.AsSpan(..cut)), data.AsSpan(cut..));
            Assert.Equal($"{crc} {adler}", said.Trim());
        }

        data.AsSpan().Fill(0xFF); // The largest sums.
        said = TestFolder.Run("python3", "-c", "import zlib; d = b'\\xff' * 100003; print(zlib.crc32(d), zlib.adler32(d))");
        Assert.Equal($"{Checksums.Crc32(0, data)} {Checksums.Adler32(Checksums.AdlerStart, data)}", said.Trim());
    }

    private static string WriteBase64(byte[] data)
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, Convert.ToBase64String(data));
        return path;
    }

    /// <summary>Eight files of 1 MB that nothing makes smaller.</summary>
    private static void WriteNoise(TestFolder folder, string directory, int seed)
    {
        Random random = new(seed);
        byte[] noise = new byte[1_000_000];
        for (int file = 0; file < 8; file++)
        {
            random.NextBytes(noise);
            folder.Write($"{directory}/{file}", noise);
        }
    }

    private static string[] Packs(TestFolder folder) => Directory.GetFiles(Path.Combine(folder.Settings.StorePath, "objects", "pack"), "*.pack");
}
