using System.Collections.Immutable;
using Init.Base;

namespace Init.Chat.Providers;

/// <summary>A key for a model of a provider: what takes turns, and what is given a rest.</summary>
/// <param name="Provider">Whose model it is.</param>
/// <param name="KeyVariable">The name of the key, not the key; "" when the provider takes none.</param>
/// <param name="ModelId">What the provider calls the model.</param>
/// <param name="Weight">How often it is taken beside the others; at least 1.</param>
public sealed record PoolEntry(string Provider, string KeyVariable, string ModelId, int Weight = 1)
{
    /// <summary>Where it is asked: a list may have a provider of the same name at several addresses.</summary>
    public string Url { get; init; } = "";

    /// <summary>However often it is taken, it is the same.</summary>
    public bool Equals(PoolEntry? other) => other is not null && (Provider, KeyVariable, ModelId, Url) == (other.Provider, other.KeyVariable, other.ModelId, other.Url);

    public override int GetHashCode() => HashCode.Combine(Provider, KeyVariable, ModelId, Url);
}

/// <summary>How a call ended, for the key that made it.</summary>
public abstract record CallOutcome
{
    private CallOutcome()
    {
    }

    public sealed record Answered : CallOutcome;

    /// <summary>429: too many requests by this key for this model.</summary>
    /// <param name="RetryAfter">As the provider says; null: it does not.</param>
    public sealed record RateLimited(TimeSpan? RetryAfter) : CallOutcome;

    /// <summary>429 of the other kind: what the key may use in a day is used up.</summary>
    public sealed record QuotaSpent(TimeSpan? RetryAfter) : CallOutcome;

    /// <summary>401 or 403: the key is not valid, for any model.</summary>
    public sealed record KeyRefused : CallOutcome;

    /// <summary>5xx, a time-out, no connection, a stream that broke.</summary>
    public sealed record Broken : CallOutcome;

    /// <summary>400 and its like: the request is at fault, and every key would have been told so.</summary>
    public sealed record RequestRefused : CallOutcome;
}

public abstract record PoolChoice
{
    private PoolChoice()
    {
    }

    public sealed record Use(PoolEntry Entry) : PoolChoice;

    /// <summary>All that are left are resting.</summary>
    /// <param name="For">Until the first of them is back.</param>
    public sealed record Wait(TimeSpan For) : PoolChoice;

    /// <summary>There is none, or each has been tried.</summary>
    public sealed record Exhausted : PoolChoice;
}

/// <summary>How long what rests. Rests after 429 and breakdowns double each time in a row.</summary>
public sealed record KeyPoolPolicy
{
    /// <summary>After a 429 that says no time. Gemini's is about 65 s.</summary>
    public TimeSpan RateRest { get; init; } = TimeSpan.FromSeconds(65);

    /// <summary>After a daily quota that says no time.</summary>
    public TimeSpan QuotaRest { get; init; } = TimeSpan.FromHours(24);

    /// <summary>After which a refused key is tried again: it may have been paid for, or allowed.</summary>
    public TimeSpan RefusedRest { get; init; } = TimeSpan.FromHours(1);

    /// <summary>After so many breakdowns in a row.</summary>
    public int BrokenMax { get; init; } = 3;

    public TimeSpan BrokenRest { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>No rest that is ours is longer, but that of a quota.</summary>
    public TimeSpan RestMax { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>A provider that asks for more is not believed.</summary>
    public TimeSpan RetryAfterMax { get; init; } = TimeSpan.FromDays(2);
}

/// <param name="Entry">Whose.</param>
/// <param name="Calls">All that were begun.</param>
/// <param name="Failures">All that failed by the key's or the provider's fault.</param>
/// <param name="RestsFor">Zero: it is in use; <see cref="TimeSpan.MaxValue"/>: until the list is read again.</param>
/// <param name="Reason">Why it rests or rested last: "rate", "quota", "refused", "broken"; "missing": its variable has no key; null: it never did.</param>
public sealed record KeyHealth(PoolEntry Entry, long Calls, long Failures, TimeSpan RestsFor, string? Reason);

/// <summary>
/// Decides which key makes the next call. Those that do not rest take turns by their weights (the smooth round robin of nginx). A call counts when it begins: one that never ends has used its key, too.
/// Several threads may call it.
/// </summary>
public sealed class KeyPool
{
    private readonly Lock _lock = new();
    private readonly KeyPoolPolicy _policy;
    private Member[] _members = [];

    /// <param name="entries">In the order that decides between equals. Each once, with a weight of at least 1.</param>
    /// <param name="policy">How long what rests.</param>
    public KeyPool(IEnumerable<PoolEntry> entries, KeyPoolPolicy policy)
    {
        _policy = policy;
        Replace(entries);
    }

    /// <summary>Those that were there before keep their rests and counts: reading a list again makes no key fresh.</summary>
    public void Replace(IEnumerable<PoolEntry> entries)
    {
        Member[] members = [.. entries.Select(entry => new Member(entry))];
        if (Array.Exists(members, member => member.Entry.Weight < 1))
            throw new ArgumentException("a weight is at least 1", nameof(entries));
        if (members.DistinctBy(member => member.Entry).Count() < members.Length)
            throw new ArgumentException("a key is in it twice for the same model", nameof(entries));
        lock (_lock)
        {
            Dictionary<PoolEntry, Member> known = _members.ToDictionary(member => member.Entry);
            for (int i = 0; i < members.Length; i++)
            {
                if (!known.TryGetValue(members[i].Entry, out Member? member))
                    continue;
                member.Entry = members[i].Entry;
                members[i] = member;
            }

            _members = members;
        }
    }

    /// <param name="models">The models that may answer, as ids of providers; null: all.</param>
    /// <param name="tried">By this request; they are left out.</param>
    /// <param name="now">The present.</param>
    public PoolChoice Choose(Func<PoolEntry, bool>? models, IReadOnlyCollection<PoolEntry> tried, Instant now)
    {
        lock (_lock)
        {
            Member? best = null;
            Instant soonest = Instant.Never;
            int sum = 0;
            foreach (Member member in _members)
            {
                if (models?.Invoke(member.Entry) == false || tried.Contains(member.Entry))
                    continue;
                soonest = Instant.Min(soonest, member.RestsUntil);
                if (member.RestsUntil > now)
                    continue;
                member.Turn += member.Entry.Weight;
                sum += member.Entry.Weight;
                if (best is null || member.Turn > best.Turn)
                    best = member;
            }

            if (best is null)
                return soonest < Instant.Never ? new PoolChoice.Wait(soonest - now) : new PoolChoice.Exhausted();
            best.Turn -= sum;
            best.Calls++;
            return new PoolChoice.Use(best.Entry);
        }
    }

    /// <summary>Tells how a call ended that <see cref="Choose"/> began.</summary>
    public void Note(PoolEntry entry, CallOutcome outcome, Instant now)
    {
        lock (_lock)
        {
            if (Array.Find(_members, one => one.Entry == entry) is not { } member)
                return; // The list has been replaced meanwhile.
            switch (outcome)
            {
                case CallOutcome.Answered:
                    member.InARow = 0;
                    break;
                case CallOutcome.RequestRefused:
                    break; // It says nothing about the key.
                case CallOutcome.RateLimited(var after):
                    member.Fail("rate", now + (Believed(after) ?? Doubled(_policy.RateRest, member.InARow)));
                    break;
                case CallOutcome.QuotaSpent(var after):
                    member.Fail("quota", now + (Believed(after) ?? _policy.QuotaRest));
                    break;
                case CallOutcome.KeyRefused:
                    foreach (Member same in _members.Where(one => one.Entry.Provider == entry.Provider && one.Entry.KeyVariable == entry.KeyVariable))
                        same.Rest("refused", now + _policy.RefusedRest);
                    member.Failures++;
                    break;
                case CallOutcome.Broken when member.InARow + 1 >= _policy.BrokenMax:
                    member.Fail("broken", now + Doubled(_policy.BrokenRest, member.InARow + 1 - _policy.BrokenMax));
                    break;
                default:
                    member.InARow++;
                    member.Failures++;
                    break;
            }
        }
    }

    public ImmutableArray<KeyHealth> Health(Instant now)
    {
        lock (_lock)
            return [.. _members.Select(member => new KeyHealth(member.Entry, member.Calls, member.Failures, member.RestsUntil > now ? member.RestsUntil - now : TimeSpan.Zero, member.Reason))];
    }

    private TimeSpan? Believed(TimeSpan? after) => after is { } time && time > TimeSpan.Zero ? (time < _policy.RetryAfterMax ? time : _policy.RetryAfterMax) : null;

    private TimeSpan Doubled(TimeSpan rest, int times)
    {
        TimeSpan doubled = rest * Math.Pow(2, Math.Min(times, 20));
        return doubled < _policy.RestMax ? doubled : _policy.RestMax > rest ? _policy.RestMax : rest;
    }

    private sealed class Member(PoolEntry entry)
    {
        public PoolEntry Entry { get; set; } = entry;

        /// <summary>The highest is next.</summary>
        public int Turn { get; set; }

        public long Calls { get; set; }

        public long Failures { get; set; }

        /// <summary>Failures since the last answer.</summary>
        public int InARow { get; set; }

        public Instant RestsUntil { get; private set; }

        public string? Reason { get; private set; }

        public void Fail(string reason, Instant until)
        {
            InARow++;
            Failures++;
            Rest(reason, until);
        }

        /// <summary>A call that ends late must not shorten a rest.</summary>
        public void Rest(string reason, Instant until)
        {
            if (until <= RestsUntil)
                return;
            RestsUntil = until;
            Reason = reason;
        }
    }
}
