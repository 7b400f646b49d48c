using System.Collections.Frozen;
using System.Collections.Immutable;
using Init.Base;
using Init.Chat.Store;
using Microsoft.Extensions.Logging;

namespace Init.Chat.Keys;

/// <summary>A key that was just made. The text is shown once and kept nowhere.</summary>
public sealed record NewApiKey(StoredApiKey Stored, string Text)
{
    /// <summary>Nothing prints the key by accident.</summary>
    public override string ToString() => Stored.Id;
}

/// <summary>
/// The API keys there are, in memory: a request asks no store. Changes are in the store before they are in force. Other processes that share the store see them within <see cref="RefreshTime"/>, and what they use of a budget likewise.
/// </summary>
public sealed class KeyRing : IAsyncDisposable
{
    public static readonly TimeSpan RefreshTime = TimeSpan.FromSeconds(15);

    /// <summary>Keys that there may be, revoked ones included.</summary>
    public const int KeysMax = 10_000;

    public const int NameLengthMax = 100;

    private readonly IChatStore _store;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _changes = new(1, 1);
    private readonly CancellationTokenSource _end = new();
    private Task _refreshing = Task.CompletedTask;
    private Table _table = new([]);

    private KeyRing(IChatStore store, TimeProvider clock, ILogger log) => (_store, _clock, _log) = (store, clock, log);

    public ImmutableArray<ApiKey> All => _table.Keys;

    /// <exception cref="StoreException">The store cannot be read.</exception>
    public static async Task<KeyRing> OpenAsync(IChatStore store, TimeProvider clock, ILogger log, CancellationToken cancellation)
    {
        KeyRing ring = new(store, clock, log);
        await ring.RefreshAsync(cancellation);
        ring._refreshing = ring.KeepFreshAsync();
        return ring;
    }

    /// <param name="text">Whole, as <see cref="ApiKeyText.ShapeOf"/> has it.</param>
    /// <returns>Null: there is no such key. Whether it is valid is another matter.</returns>
    public ApiKey? Find(ReadOnlySpan<char> text) => _table.Find(ApiKeyText.IdOf(text)) is { } key && key.Matches(text) ? key : null;

    public ApiKey? ById(string id) => _table.Find(id);

    /// <exception cref="StoreException">It is not made.</exception>
    public async Task<NewApiKey> CreateAsync(string name, ApiKeyLimits limits, CancellationToken cancellation)
    {
        string text = ApiKeyText.MakeUp();
        StoredApiKey stored = new(ApiKeyText.IdOf(text).ToString(), ApiKeyText.HashOf(text), name, limits.ToJson(), Truncated(_clock.GetUtcNow()), null);
        await ChangeAsync(stored, cancellation);
        return new NewApiKey(stored, text);
    }

    /// <returns>False: there is none, or it is revoked already.</returns>
    /// <exception cref="StoreException">It is not revoked.</exception>
    public async Task<bool> RevokeAsync(string id, CancellationToken cancellation)
    {
        if (ById(id) is not { Stored.Revoked: null } key)
            return false;
        await ChangeAsync(key.Stored with { Revoked = Truncated(_clock.GetUtcNow()) }, cancellation);
        return true;
    }

    /// <returns>False: there is none, or it is revoked.</returns>
    /// <exception cref="StoreException">Nothing is changed.</exception>
    public async Task<bool> LimitAsync(string id, string? name, ApiKeyLimits limits, CancellationToken cancellation)
    {
        if (ById(id) is not { Stored.Revoked: null } key)
            return false;
        await ChangeAsync(key.Stored with { Name = name ?? key.Stored.Name, LimitsJson = limits.ToJson() }, cancellation);
        return true;
    }

    /// <summary>A call that a key has asked for has ended.</summary>
    internal void Book(CallRecord call)
    {
        if (call.KeyId is { } id)
            ById(id)?.Ledger.Book(call.TotalTokens, call.CostMicros, DateOnly.FromDateTime(_clock.GetUtcNow().UtcDateTime));
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _refreshing;
        _end.Dispose();
        _changes.Dispose();
    }

    internal Instant Now => new(_clock.GetElapsedTime(0).Ticks * 100);

    private async Task ChangeAsync(StoredApiKey stored, CancellationToken cancellation)
    {
        await _changes.WaitAsync(cancellation);
        try
        {
            await _store.PutApiKeyAsync(stored, cancellation);
            _table = new Table([.. _table.Keys.Where(key => key.Id != stored.Id), ApiKey.Of(stored, ById(stored.Id), Now)]);
        }
        finally
        {
            _ = _changes.Release();
        }
    }

    private async Task KeepFreshAsync()
    {
        using PeriodicTimer timer = new(RefreshTime, _clock);
        bool hasFailed = false;
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token))
            {
                try
                {
                    await RefreshAsync(_end.Token);
                    hasFailed = false;
                }
                catch (StoreException exception)
                {
                    if (!hasFailed)
                        _log.KeysNotRefreshed(exception.Message);
                    hasFailed = true;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private async Task RefreshAsync(CancellationToken cancellation)
    {
        await _changes.WaitAsync(cancellation);
        try
        {
            Instant now = Now;
            _table = new Table([.. (await _store.ApiKeysAsync(cancellation)).Select(stored => ApiKey.Of(stored, ById(stored.Id), now))]);
            DateOnly today = DateOnly.FromDateTime(_clock.GetUtcNow().UtcDateTime), month = new(today.Year, today.Month, 1);
            foreach (ApiKey key in _table.Keys)
            {
                if (key.Stored.Revoked is null && key.Limits is { } limits && (limits.TokensPerDay ?? limits.BudgetPerDay ?? limits.BudgetPerMonth) is not null)
                    key.Ledger.Learn(UsageOf(await _store.UsageAsync(new UsageFilter(month, key.Id), cancellation), today));
            }
        }
        finally
        {
            _ = _changes.Release();
        }
    }

    private static KeyUsage UsageOf(ImmutableArray<UsageSum> sums, DateOnly today)
    {
        KeyUsage used = new(today, 0, 0, 0);
        foreach (UsageSum sum in sums)
        {
            used = used with { MonthCostMicros = used.MonthCostMicros + sum.CostMicros };
            if (sum.Day == today)
                used = used with { DayTokens = used.DayTokens + sum.TotalTokens, DayCostMicros = used.DayCostMicros + sum.CostMicros };
        }

        return used;
    }

    /// <summary>Stores keep milliseconds.</summary>
    private static DateTimeOffset Truncated(DateTimeOffset time) => DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());

    private sealed class Table(ImmutableArray<ApiKey> keys)
    {
        private readonly FrozenDictionary<string, ApiKey>.AlternateLookup<ReadOnlySpan<char>> _byId =
            keys.ToFrozenDictionary(key => key.Id, StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

        public ImmutableArray<ApiKey> Keys => keys;

        public ApiKey? Find(ReadOnlySpan<char> id) => _byId.TryGetValue(id, out ApiKey? key) ? key : null;
    }
}
