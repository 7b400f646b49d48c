namespace Init.Base;

/// <summary>
/// A point on the monotonic clock (CLOCK_MONOTONIC, see clock_gettime(2)), in nanoseconds since an arbitrary origin.
/// It never jumps, so a deadline kept as an <see cref="Instant"/> is neither lost nor early when the wall clock is set.
/// </summary>
public readonly record struct Instant(long Nanoseconds) : IComparable<Instant>
{
    /// <summary>Later than every deadline.</summary>
    public static Instant Never { get; } = new(long.MaxValue);

    public int CompareTo(Instant other) => Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary>Saturates at <see cref="Never"/> instead of wrapping round.</summary>
    public static Instant operator +(Instant at, TimeSpan delay)
    {
        long nanoseconds = delay.Ticks > long.MaxValue / 100 ? long.MaxValue : delay.Ticks * 100;
        return nanoseconds > 0 && at.Nanoseconds > long.MaxValue - nanoseconds ? Never : new(at.Nanoseconds + nanoseconds);
    }

    public static TimeSpan operator -(Instant later, Instant earlier) => TimeSpan.FromTicks((later.Nanoseconds - earlier.Nanoseconds) / 100);

    public static bool operator <(Instant left, Instant right) => left.Nanoseconds < right.Nanoseconds;

    public static bool operator >(Instant left, Instant right) => left.Nanoseconds > right.Nanoseconds;

    public static bool operator <=(Instant left, Instant right) => left.Nanoseconds <= right.Nanoseconds;

    public static bool operator >=(Instant left, Instant right) => left.Nanoseconds >= right.Nanoseconds;

    public static Instant Min(Instant left, Instant right) => left < right ? left : right;
}
