using System.Globalization;
using Init.Chat.Tests.Store;
using Xunit.Abstractions;

namespace Init.Chat.Tests.Kill;

/// <summary>INIT_CHAT_KILL_ROUNDS and INIT_CHAT_KILL_SEED make it a long run: see tests/long-run. INIT_CHAT_KILL_LOG gets what is said, as it is said.</summary>
public sealed class ChatKillTests(ITestOutputHelper output, PostgresServer postgres) : IClassFixture<PostgresServer>
{
    private const int RoundsDefault = 10;

    [Fact]
    public Task Role_KilledDuringManyChatsWithSqlite_LosesNothingThatWasAcknowledged() => KillAsync("sqlite", null, Asked ?? RoundsDefault);

    [Fact]
    public Task Role_KilledDuringManyChatsWithPostgres_LosesNothingThatWasAcknowledged() => KillAsync("postgres", postgres.NewDatabase(), (Asked ?? RoundsDefault) / 5);

    private static int? Asked => int.TryParse(Environment.GetEnvironmentVariable("INIT_CHAT_KILL_ROUNDS"), CultureInfo.InvariantCulture, out int rounds) ? rounds : null;

    private async Task KillAsync(string kind, string? database, int count)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("INIT_CHAT_KILL_SEED"), CultureInfo.InvariantCulture, out int given) ? given : Environment.TickCount & 0xFFFF;
        Say($"{kind}, seed {seed}, {count} rounds");
        await using KillRounds rounds = await KillRounds.BeginAsync(database, seed);
        int done = 0;
        try
        {
            for (; done < count; done++)
            {
                await rounds.RoundAsync();
                if ((done + 1) % 20 == 0)
                    Say($"{kind}: {done + 1} rounds, {rounds.Acknowledged} acknowledged");
            }

            await rounds.CheckAllAsync();
            if (database is null)
                Assert.Equal("ok", SqliteShell.Run(rounds.DatabaseFile, "PRAGMA integrity_check").Trim());
        }
        finally
        {
            Say($"killed in {kind}: {done} of {count} rounds proved, seed {seed}; {rounds.Acknowledged} chats acknowledged, {rounds.Unacknowledged} not; found of those: {rounds.Found}; slowest start {rounds.SlowestStart.TotalSeconds:0.0} s");
        }

        Assert.True(rounds.Acknowledged > 0, "nothing was ever acknowledged: every kill came too early");
    }

    private void Say(string line)
    {
        output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("INIT_CHAT_KILL_LOG") is { Length: > 0 } log)
            File.AppendAllText(log, line + "\n");
    }
}
