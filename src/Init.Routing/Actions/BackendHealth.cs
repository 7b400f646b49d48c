using Init.Base;
using Init.Routing.Rules;

namespace Init.Routing.Actions;

/// <summary>What happened to a backend.</summary>
public enum BackendOutcome
{
    /// <summary>A request was answered, whatever the status: what a backend says is not for us to judge.</summary>
    RequestAnswered,

    /// <summary>No connection, no response in time, or one that broke off.</summary>
    RequestFailed,
    ProbeGood,
    ProbeFailed,
}

/// <summary>Whether a backend may be chosen, as true now. The next state is a pure function of the last, of what happened and of the time.</summary>
/// <param name="IsDown">Left out until a probe, or after a time a request, succeeds.</param>
/// <param name="Failures">In a row.</param>
/// <param name="Successes">Good probes in a row while it is down.</param>
/// <param name="RetryAt">When a request may try it; <see cref="Instant.Never"/> while probes decide.</param>
public readonly record struct BackendHealth(bool IsDown, int Failures, int Successes, Instant RetryAt)
{
    public bool IsUsable(Instant now) => !IsDown || now >= RetryAt;

    /// <param name="outcome">What happened.</param>
    /// <param name="policy">Of the rule.</param>
    /// <param name="now">Monotonic time.</param>
    public BackendHealth After(BackendOutcome outcome, BackendHealthPolicy policy, Instant now)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return outcome switch
        {
            BackendOutcome.RequestFailed or BackendOutcome.ProbeFailed => Failed(policy, now),

            // With probes they alone bring it back: an old request that ends well says nothing about new ones.
            BackendOutcome.RequestAnswered when IsDown && policy.Path is not null => this,
            BackendOutcome.RequestAnswered => default,
            _ when IsDown && Successes + 1 < policy.Successes => this with { Successes = Successes + 1 },
            _ => default,
        };
    }

    private BackendHealth Failed(BackendHealthPolicy policy, Instant now)
    {
        int failures = Math.Min(Failures + 1, policy.Failures);
        if (failures < policy.Failures)
            return this with { Failures = failures };

        return new BackendHealth(true, failures, 0, policy.Path is null ? now + policy.RetryAfter : Instant.Never);
    }
}
