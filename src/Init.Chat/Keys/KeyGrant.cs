using Init.Chat.Http;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Keys;

/// <summary>What the key of a request lets it do. A request that came in where no key is needed has none, and may do everything.</summary>
public sealed class KeyGrant(ApiKey key, ApiKeyLimits limits, KeyRing ring, TimeProvider clock)
{
    public string Id => key.Id;

    /// <summary>Whether it may do what concerns users that no path names.</summary>
    public bool IsForAllUsers => limits.IsForAllUsers;

    public bool AllowsUser(string user) => limits.AllowsUser(user);

    public bool AllowsModel(string typeOrId) => limits.AllowsModel(typeOrId);

    /// <summary>Lets a call of a model begin. To be disposed of when the request ends.</summary>
    /// <param name="typeOrId">As the request says it.</param>
    /// <param name="estimate">Tokens of the prompt, roughly.</param>
    /// <exception cref="RefusedException">403 or 429.</exception>
    public IDisposable BeginCall(string typeOrId, long estimate)
    {
        if (!AllowsModel(typeOrId))
            throw new RefusedException(StatusCodes.Status403Forbidden, "this API key may not use this model") { Code = "model_not_allowed" };
        if (key.Ledger.BeginCall(estimate, ring.Now, clock.GetUtcNow()) is { } refusal)
            throw Refused(refusal);
        return new OpenCall(key.Ledger, estimate);
    }

    /// <exception cref="RefusedException">429.</exception>
    internal void TakeRequest()
    {
        if (key.Ledger.TakeRequest(ring.Now) is { } refusal)
            throw Refused(refusal);
    }

    private static RefusedException Refused(KeyRefusal refusal) => new(StatusCodes.Status429TooManyRequests, refusal.Message) { Code = refusal.Code, RetryAfter = refusal.RetryAfter };

    private sealed class OpenCall(KeyLedger ledger, long estimate) : IDisposable
    {
        private int _isDisposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
                ledger.EndCall(estimate);
        }
    }
}
