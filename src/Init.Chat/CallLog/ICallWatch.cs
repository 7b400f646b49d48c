using Init.Chat.Store;

namespace Init.Chat.CallLog;

/// <summary>Is told of each call of a provider that has ended, once: budgets of keys, metrics. Whoever ends calls (the generator, /v1) tells it as soon as the end is stored or handed over to be.</summary>
public interface ICallWatch
{
    /// <summary>Quick, and throws nothing.</summary>
    void Ended(CallRecord call);
}
