using System.Collections.Immutable;
using System.Diagnostics;
using Init.Chat.Store;

namespace Init.Bench.ChatStore;

/// <summary>Eight clients, each with one question at a time, about contexts by chance.</summary>
internal static class Load
{
    private const int Clients = 8;

    /// <summary>Ten messages of 200 letters.</summary>
    public static readonly ImmutableArray<ChatMessage> History =
        [.. Enumerable.Range(0, 10).Select(number => new ChatMessage(number % 2 == 0 ? "user" : "assistant", $"{number}{new string('x', 200)}"))];

    public static readonly ChatMessage Answer = new("assistant", new string('a', 500));

    private static readonly ImmutableArray<ChatMessage> Said = [new("user", new string('q', 100))];

    public static string User(int number) => $"user-{number}";

    public static TaskStart Start(string user, string id) => new(id, "bench", user, "default", Said, "chat", "key", DateTimeOffset.UtcNow);

    public static TaskEnd End(string user, string id)
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1_000_000;
        CallRecord call = new() { Id = id, Model = "m", UserId = user, TaskStartTime = now, PromptTokens = 100, CompletionTokens = 50, TotalTokens = 150 };
        return new TaskEnd(id, TaskState.Done, Said.Add(Answer), call, null, DateTimeOffset.UtcNow);
    }

    public static Task RunAsync(string name, TimeSpan duration, int contexts, Func<string, string, Task> ask) => RunAsync(name, duration, contexts, ask, null, null);

    /// <param name="name">Of the line.</param>
    /// <param name="duration">How long.</param>
    /// <param name="contexts">How many there are.</param>
    /// <param name="ask">Is measured.</param>
    /// <param name="then">Comes after each; says what it measured itself.</param>
    /// <param name="thenName">Of the second line.</param>
    public static async Task RunAsync(string name, TimeSpan duration, int contexts, Func<string, string, Task> ask, Func<string, string, Task<TimeSpan>>? then, string? thenName)
    {
        long start = Stopwatch.GetTimestamp();
        string run = Guid.NewGuid().ToString("N")[..8];
        var times = await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            Random random = new(client);
            List<TimeSpan> asked = [], followed = [];
            for (int number = 0; Stopwatch.GetElapsedTime(start) < duration; number++)
            {
                string user = User(random.Next(contexts)), id = $"{run}-{client}-{number}";
                long before = Stopwatch.GetTimestamp();
                await ask(user, id);
                asked.Add(Stopwatch.GetElapsedTime(before));
                if (then is not null)
                    followed.Add(await then(user, id));
            }

            return (asked, followed);
        })));
        Print(name, [.. times.SelectMany(time => time.asked)], duration);
        if (thenName is not null)
            Print(thenName, [.. times.SelectMany(time => time.followed)], duration);
    }

    private static void Print(string name, List<TimeSpan> times, TimeSpan duration)
    {
        times.Sort();
        string At(double part) => $"{times[(int)((times.Count - 1) * part)].TotalMilliseconds:F2} ms";
        Console.WriteLine($"| {name} | {times.Count / duration.TotalSeconds:F0} | {At(0.5)} | {At(0.99)} | {At(1)} |");
    }
}
