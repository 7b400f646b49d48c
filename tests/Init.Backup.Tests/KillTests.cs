using System.Diagnostics;
using System.Globalization;
using Init.Backup.Restore;
using Init.Backup.Store;

namespace Init.Backup.Tests;

/// <summary>kill -9 at any moment, of the backup alone or with its git. What was said to be backed up is there, whole; what was not, is there whole or not at all.</summary>
public sealed class KillTests
{
    [Fact]
    public void Store_WhenTheBackupIsKilledAtRandomMoments_IsOldOrNewAndNeverMixed()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        using TestFolder folder = new();
        int acknowledged = 0;
        for (int kill = 0; kill < 12; kill++)
        {
            string place = $"seed {seed}, kill {kill}";
            acknowledged = RunUntilKilled(folder, acknowledged + 1, kill / 2 % 2, TimeSpan.FromMilliseconds(random.NextDouble() * 120), withGit: kill % 2 == 0);

            string? head;
            using (BackupStore store = BackupStore.Open(folder.Settings.StorePath, "main"))
                head = store.Head();
            folder.AssertSound();
            Assert.All(Directory.EnumerateFiles(Path.Combine(folder.Settings.StorePath, "objects", "pack")), file => Assert.True(Path.GetExtension(file) is ".pack" or ".idx", file));
            if (head is null)
            {
                Assert.True(acknowledged == 0, place);
                continue;
            }

            string into = Path.Combine(folder.Root, $"look-{kill}");
            Assert.True(folder.Restore(head, into).IsComplete, place);
            string[] files = [.. Enumerable.Range(0, Program.FilesEachRound).Select(file => File.ReadAllText(Path.Combine(into, "t", $"{file}")))];
            int round = int.Parse(files[0].Split('\n')[0], CultureInfo.InvariantCulture);
            Assert.True(round - acknowledged is 0 or 1, $"{place}: {acknowledged} was acknowledged, {round} is there");
            Assert.All(files, (text, file) => Assert.True(text == Program.Content(round, file), $"{place}: file {file} is of another round"));
            Assert.Equal([$"only-{round}"], Directory.EnumerateFiles(Path.Combine(into, "t"), "only-*").Select(Path.GetFileName));
            acknowledged = round;
        }

        Assert.True(acknowledged >= 6, $"only {acknowledged} backups were made: every kill came too early");
    }

    [Fact]
    public void Restore_WhenItIsKilledAtRandomMoments_IsTakenUpAgain()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        using TestFolder folder = new();
        new RandomTree(random).Fill(folder.Target, 600);
        string before = folder.List();
        string commit = folder.Backup().Commit!;
        int unfinished = 0;
        for (int kill = 0; kill < 6; kill++)
        {
            folder.Wipe();
            for (int again = 0; again < 3; again++)
            {
                using Process restore = Start("restore", folder.Root, commit);
                Assert.Equal("ready", restore.StandardOutput.ReadLine());
                WaitAndKill(restore, TimeSpan.FromMilliseconds(random.NextDouble() * 250), withGit: again % 2 == 0);
            }

            if (RestoreRun.Unfinished(folder.Settings) == commit)
            {
                unfinished++;
                // What is not there yet must not count as deleted.
                Assert.Contains("has not come to its end", Assert.Throws<GitException>(() => folder.Backup()).Message);
            }

            var restored = folder.Restore(commit);
            Assert.True(restored.IsComplete);
            Assert.DoesNotContain(restored.Notes.Kept, note => note.Kind == NoteKind.KeptAside);
            Assert.Equal(before, folder.List());
            Assert.False(folder.Backup().IsNew);
        }

        Assert.True(unfinished > 0, $"seed {seed}: no kill came in time");
    }

    private static int RunUntilKilled(TestFolder folder, int first, int roundsMin, TimeSpan longer, bool withGit)
    {
        using Process backup = Start("back-up-until-killed", folder.Root, first.ToString(CultureInfo.InvariantCulture));
        string? last = null;
        for (int round = 0; round < roundsMin; round++)
            last = backup.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the backup ended by itself");
        WaitAndKill(backup, longer + (roundsMin == 0 ? TimeSpan.FromMilliseconds(150) : default), withGit);

        string[] complete = backup.StandardOutput.ReadToEnd().Split('\n')[..^1];
        return int.Parse(complete.Length > 0 ? complete[^1] : last ?? $"{first - 1}", CultureInfo.InvariantCulture);
    }

    private static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [typeof(Program).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;

    private static void WaitAndKill(Process process, TimeSpan after, bool withGit)
    {
        // Not a wait for something to happen: the moment is the random input of the test.
        process.WaitForExit(after);
        process.Kill(entireProcessTree: withGit);
        process.WaitForExit();
    }
}
