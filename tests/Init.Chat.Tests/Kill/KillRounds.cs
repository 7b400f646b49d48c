using System.Collections.Immutable;
using System.Diagnostics;
using Fake;
using Init.Chat.Store;

namespace Init.Chat.Tests.Kill;

/// <summary>
/// Rounds of: 50 users chat at the same time, the role is killed at a random moment, is started again (and in one round of four killed once more while it starts), and everything that it has is compared with what its clients have seen.
/// </summary>
internal sealed class KillRounds : IAsyncDisposable
{
    private const int Users = 50, Words = 24;

    private readonly string _folder = Directory.CreateTempSubdirectory("init-chat-kill-").FullName;
    private readonly FakeProvider _provider;
    private readonly string _models;
    private readonly string? _database;
    private readonly Random _random;
    private readonly Dictionary<string, List<Said>> _said = [];
    private readonly Dictionary<string, (int Marked, int Unanswered, int WholeUnseen)> _found = [];
    private readonly HashSet<string> _logged = new(StringComparer.Ordinal), _brokenOff = new(StringComparer.Ordinal);
    private ChatRoleProcess? _role;
    private long _lastCall;
    private int _round;

    private KillRounds(FakeProvider provider, string? database, int seed)
    {
        (_provider, _database, _random) = (provider, database, new Random(seed));
        _models = $$"""[{"Name":"fake","URL":"{{provider.Url}}","ApiKeyEnv":"KEY_A","models":[{"Id":"m;words={{Words}};rate=120;usage=last","Type":"chat","Weight":3},{"Id":"slow;words={{Words}};rate=14;usage=each","Type":"chat"}]}]""";
    }

    public int Acknowledged => _said.Values.Sum(list => list.Count(one => one.IsAcknowledged));

    public int Unacknowledged => _said.Values.Sum(list => list.Count(one => !one.IsAcknowledged));

    /// <summary>Answers that were found marked, questions without an answer, and what was found whole though nobody had seen its end.</summary>
    public (int Marked, int Unanswered, int WholeUnseen) Found => (_found.Values.Sum(one => one.Marked), _found.Values.Sum(one => one.Unanswered), _found.Values.Sum(one => one.WholeUnseen));

    /// <summary>With PostgreSQL a dead process holds its turns for <see cref="StoreLimits.TurnLease"/>: whoever had one would chat no more in these rounds.</summary>
    private int RoundsOfAUser => _database is null ? 8 : 1;

    public string DatabaseFile => Path.Combine(_folder, "data", "chat.db");

    public TimeSpan SlowestStart { get; private set; }

    public static async Task<KillRounds> BeginAsync(string? database, int seed)
    {
        KillRounds rounds = new(await FakeProvider.StartAsync(), database, seed);
        await rounds.StartAsync();
        return rounds;
    }

    public async Task RoundAsync()
    {
        string group = $"g{_round / RoundsOfAUser}";
        using (ChatClient client = new(_role!.Url))
        {
            Task[] chats = [.. Enumerable.Range(0, Users).Select(user => ChatAsync(client, $"{group}-{user}", isStream: user % 2 == 0))];
            await Task.Delay(_random.Next(20, 2500));
            await _role.KillAsync();
            await Task.WhenAll(chats);
        }

        _role.Dispose();
        if (_random.Next(4) == 0)
        {
            using ChatRoleProcess brief = ChatRoleProcess.Start(_folder, _models, _database);
            await Task.Delay(_random.Next(0, 800));
            await brief.KillAsync();
        }

        await StartAsync();
        await CheckAsync(_said.Where(pair => pair.Key.StartsWith(group + "-", StringComparison.Ordinal)));
        _round++;
    }

    /// <summary>All users of all rounds.</summary>
    public Task CheckAllAsync() => CheckAsync(_said);

    public async ValueTask DisposeAsync()
    {
        _role?.Dispose();
        await _provider.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartAsync()
    {
        long began = Stopwatch.GetTimestamp();
        _role = ChatRoleProcess.Start(_folder, _models, _database);
        await _role.ReadyAsync();
        TimeSpan took = Stopwatch.GetElapsedTime(began);
        if (took > SlowestStart)
            SlowestStart = took;
    }

    /// <summary>One user, until the connection breaks.</summary>
    private async Task ChatAsync(ChatClient client, string user, bool isStream)
    {
        List<Said> said;
        lock (_said)
        {
            if (!_said.TryGetValue(user, out said!))
                _said[user] = said = [];
        }

        while (true)
        {
            string text = $"{user} says {said.Count} é";
            string answer = string.Join(' ', Enumerable.Range(0, Words).Select(i => text.Split(' ')[i % 4]));
            Said one = await client.SayAsync(user, text, answer, isStream);
            said.Add(one);
            if (!one.IsAcknowledged)
                return;
        }
    }

    private async Task CheckAsync(IEnumerable<KeyValuePair<string, List<Said>>> users)
    {
        using ChatClient client = new(_role!.Url);
        Assert.Equal(0, await client.RunningAsync());
        foreach ((long seq, string taskId, string outcome, long tokens) in await client.CallsAsync(_lastCall))
        {
            Assert.True(_logged.Add(taskId), $"round {_round}: task {taskId} was counted twice");
            Assert.True((outcome == "done" && tokens == Words) || outcome == "interrupted", $"round {_round}: task {taskId} was counted as {outcome} with {tokens} tokens");
            if (outcome == "interrupted")
                _brokenOff.Add(taskId);
            _lastCall = Math.Max(_lastCall, seq);
        }

        foreach ((string user, List<Said> said) in users)
        {
            ImmutableArray<Kept> kept = await client.ContextAsync(user);
            if (Conversation.Problem(said, kept) is { } problem)
                Assert.Fail($"round {_round}, user {user}: {problem}\n{string.Join('\n', said)}\n--\n{string.Join('\n', kept)}");
            HashSet<string> unseen = [.. said.Where(one => !one.IsAcknowledged).Select(one => one.Text)];
            _found[user] = (
                kept.Count(message => message.IsInterrupted),
                kept.Where((message, i) => message.Role == "user" && (i + 1 == kept.Length || kept[i + 1].Role == "user")).Count(),
                kept.Where((message, i) => unseen.Contains(message.Content) && i + 1 < kept.Length && kept[i + 1] is { Role: "assistant", IsInterrupted: false }).Count());
            foreach (Said one in said.Where(one => one.IsAcknowledged))
                Assert.True(_logged.Contains(one.TaskId!) && !_brokenOff.Contains(one.TaskId!), $"round {_round}: the call of task {one.TaskId} was acknowledged and not counted");
        }
    }
}
