using Init.Base;
using Init.Chat.Store;

namespace Init.Chat.Keys;

/// <summary>A key that there is, and what it has used. What the limits say may change; the ledger stays.</summary>
public sealed class ApiKey
{
    private readonly byte[] _hash;

    private ApiKey(StoredApiKey stored, ApiKeyLimits? limits, KeyLedger ledger)
    {
        Stored = stored;
        Limits = limits;
        Ledger = ledger;
        _hash = Convert.FromHexString(stored.Hash);
    }

    public StoredApiKey Stored { get; }

    public string Id => Stored.Id;

    /// <summary>Null: they cannot be read, and nobody is let in by this key.</summary>
    public ApiKeyLimits? Limits { get; }

    public KeyLedger Ledger { get; }

    /// <param name="stored">As the store has it.</param>
    /// <param name="before">The same key as it was until now; null: it is new here.</param>
    /// <param name="now">The monotonic clock.</param>
    /// <exception cref="FormatException">The hash is none.</exception>
    public static ApiKey Of(StoredApiKey stored, ApiKey? before, Instant now)
    {
        if (before is not null && before.Stored == stored)
            return before;

        ApiKeyLimits? limits;
        try
        {
            limits = ApiKeyLimits.Parse(stored.LimitsJson);
        }
        catch (FormatException)
        {
            limits = null; // A later version's, perhaps: what it forbids is not known here.
        }

        KeyLedger ledger = before?.Ledger ?? new KeyLedger(limits ?? ApiKeyLimits.None, now);
        ledger.Change(limits ?? ApiKeyLimits.None, now);
        return new ApiKey(stored, limits, ledger);
    }

    /// <summary>Whether the text is this key, valid or not.</summary>
    public bool Matches(ReadOnlySpan<char> text) => ApiKeyText.Matches(text, _hash);

    /// <returns>Null: it is valid. Otherwise why not, for the one who has it.</returns>
    public string? Problem(DateTimeOffset wall)
    {
        if (Stored.Revoked is not null)
            return "this API key has been revoked";
        if (Limits is null)
            return "the limits of this API key cannot be read; have it made anew";
        return Limits.Expires is { } expires && wall >= expires ? "this API key has expired" : null;
    }
}
