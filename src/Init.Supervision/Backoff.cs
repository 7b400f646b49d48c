namespace Init.Supervision;

/// <summary>How long a failed program waits before its next try.</summary>
public static class Backoff
{
    /// <summary>
    /// The pause before try number <paramref name="attempt"/> (1 = the first restart). A program that had been RUNNING gets
    /// its first restart at once: most crashes are single, and a service that was fine deserves to be back without delay.
    /// With <see cref="BackoffPolicy.OnlyFailedStarts"/>, every restart of such a program is free.
    /// </summary>
    /// <param name="policy">The bounds.</param>
    /// <param name="attempt">1 or more.</param>
    /// <param name="hadBeenRunning">It was RUNNING when it failed.</param>
    /// <param name="chance">A random number in 0..1, which decides the jitter.</param>
    /// <returns>A duration between zero and <see cref="BackoffPolicy.Max"/>.</returns>
    public static TimeSpan DelayBefore(BackoffPolicy policy, int attempt, bool hadBeenRunning, double chance)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(attempt, 1);
        if (hadBeenRunning && (attempt == 1 || policy.OnlyFailedStarts))
            return TimeSpan.Zero;

        int step = hadBeenRunning ? attempt - 2 : attempt - 1;
        double ticks = (policy.Initial.Ticks * Math.Pow(policy.Factor, step)) + ((double)policy.Increment.Ticks * step);
        ticks *= 1 + (policy.Jitter * ((2 * chance) - 1));

        // Not a number when Initial is zero and the power overflows; a delay of zero stays zero.
        if (double.IsNaN(ticks))
            return TimeSpan.Zero;

        return ticks >= policy.Max.Ticks ? policy.Max : TimeSpan.FromTicks((long)Math.Max(0, ticks));
    }
}
