using System.Collections.Concurrent;
using System.Collections.Immutable;
using Init.Chat.Store;

namespace Init.Chat.Metrics;

/// <summary>What is counted since the start of the process. Counting takes no lock.</summary>
public sealed class ChatMetrics
{
    /// <summary>Series of a kind. Beyond it what is new is counted as "other".</summary>
    public const int SeriesMax = 2000;

    /// <summary>Upper limits of the classes of times to the first token, in seconds, each included.</summary>
    public static readonly ImmutableArray<double> FirstTokenLimits = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private readonly ConcurrentDictionary<(string Model, string Outcome), Sum> _calls = new();
    private readonly ConcurrentDictionary<(string Model, string Key), CallSums> _usage = new();
    private readonly long[] _firstToken = new long[FirstTokenLimits.Length + 1];
    private readonly long[] _responses = new long[6];
    private long _firstTokenNanoseconds;

    /// <summary>By model and how they ended.</summary>
    internal IEnumerable<KeyValuePair<(string Model, string Outcome), Sum>> Calls => _calls;

    /// <summary>By model and key; "" for none.</summary>
    internal IEnumerable<KeyValuePair<(string Model, string Key), CallSums>> Usage => _usage;

    /// <summary>By class, longer ones than the last limit at the end; and all of them together in seconds.</summary>
    internal (long[] Counts, double Seconds) FirstToken => ([.. _firstToken], Interlocked.Read(ref _firstTokenNanoseconds) / 1e9);

    /// <summary>Answers to clients by the first digit of their status.</summary>
    internal long ResponsesOf(int digit) => Interlocked.Read(ref _responses[digit]);

    internal void Count(CallRecord call)
    {
        Of(_calls, (call.Model, call.Outcome), ("other", call.Outcome)).Add(1);
        CallSums sums = Of(_usage, (call.Model, call.KeyId ?? ""), ("other", "other"));
        sums.Prompt.Add(call.PromptTokens);
        sums.Completion.Add(call.CompletionTokens);
        sums.CostMicros.Add(call.CostMicros);
        if (!call.Stream || call.StreamProcessingStartTime < call.TaskStartTime || call.TaskStartTime == 0)
            return;
        long waited = call.StreamProcessingStartTime - call.TaskStartTime;
        int at = 0;
        while (at < FirstTokenLimits.Length && waited > FirstTokenLimits[at] * 1e9)
            at++;
        _ = Interlocked.Increment(ref _firstToken[at]);
        _ = Interlocked.Add(ref _firstTokenNanoseconds, waited);
    }

    internal void CountResponse(int status) => Interlocked.Increment(ref _responses[Math.Clamp(status / 100, 0, 5)]);

    private static TValue Of<TKey, TValue>(ConcurrentDictionary<TKey, TValue> series, TKey key, TKey other) where TKey : notnull where TValue : new()
    {
        if (series.TryGetValue(key, out TValue? known))
            return known;
        return series.GetOrAdd(series.Count < SeriesMax ? key : other, _ => new TValue());
    }

    internal sealed class Sum
    {
        private long _value;

        public long Value => Interlocked.Read(ref _value);

        public void Add(long more) => Interlocked.Add(ref _value, more);
    }

    internal sealed class CallSums
    {
        public Sum Prompt { get; } = new();

        public Sum Completion { get; } = new();

        public Sum CostMicros { get; } = new();
    }
}
