using System.Globalization;
using Init.Backup.Tests.Harness;
using Xunit.Abstractions;

namespace Init.Backup.Tests.Kill;

/// <summary>INIT_BACKUP_KILL_ROUNDS and INIT_BACKUP_KILL_SEED make it a long run; with INIT_BACKUP_KILL_AT=random every kill is at a random moment, and none at a step. See tests/long-run.</summary>
public sealed class KillMatrixTests(ITestOutputHelper output)
{
    private const int RoundsDefault = 20;

    [Theory]
    [InlineData("path")]
    [InlineData("http")]
    public async Task Role_KilledAtAnyMomentAndStep_LosesNothingThatWasAcknowledged(string kind)
    {
        int rounds = (int.TryParse(Environment.GetEnvironmentVariable("INIT_BACKUP_KILL_ROUNDS"), CultureInfo.InvariantCulture, out int asked) ? asked : RoundsDefault) / 2;
        int seed = int.TryParse(Environment.GetEnvironmentVariable("INIT_BACKUP_KILL_SEED"), CultureInfo.InvariantCulture, out int given) ? given : Environment.TickCount & 0xFFFF;
        using TestFolder folder = new();
        await using GitServer server = await GitServer.StartAsync(Path.Combine(folder.Root, "server"));
        string path = server.CreateRepository("owner/repo.git");
        using KillMatrix matrix = new(kind == "path" ? path : server.UrlOf("owner/repo.git"), seed, Say);
        Say($"{kind}, seed {seed}, {rounds} rounds");
        bool isRandomOnly = Environment.GetEnvironmentVariable("INIT_BACKUP_KILL_AT") == "random";
        int done = 0;
        try
        {
            for (; done < rounds; done++)
                matrix.Round(isRandomOnly ? (done / KillMatrix.RandomRounds.Length * 8) + KillMatrix.RandomRounds[done % KillMatrix.RandomRounds.Length] : done + (seed % 24));
        }
        finally
        {
            foreach (var (what, count) in matrix.Counts.OrderBy(entry => entry.Key, StringComparer.Ordinal))
                Say($"killed in {kind}: {what}: {count}");
            Say($"killed in {kind}: {done} of {rounds} rounds proved, seed {seed}, {matrix.Acknowledged} transactions acknowledged; {matrix.Steps}");
        }

        Assert.True(matrix.Acknowledged > 0, "nothing was ever acknowledged: every kill came too early");
        string said = TestFolder.Run("git", $"--git-dir={path}", "fsck", "--no-dangling");
        Assert.DoesNotContain("missing", said);
    }

    private void Say(string line)
    {
        output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("INIT_BACKUP_KILL_LOG") is { Length: > 0 } log)
            File.AppendAllText(log, line + "\n");
    }
}
