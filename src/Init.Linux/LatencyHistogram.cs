using System.Collections.Immutable;

namespace Init.Linux;

/// <summary>Counts durations by their size. Adding one costs a few nanoseconds and no memory.</summary>
public sealed class LatencyHistogram
{
    private readonly long[] _counts = new long[Limits.Length + 1];

    /// <summary>The upper limits of the classes, each included; a last class holds what is longer.</summary>
    public static ImmutableArray<TimeSpan> Limits { get; } =
    [
        TimeSpan.FromMicroseconds(50), TimeSpan.FromMicroseconds(100), TimeSpan.FromMicroseconds(250), TimeSpan.FromMicroseconds(500),
        TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(2.5), TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(10),
        TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(2),
    ];

    /// <summary>How many durations there were of each class, longer ones than the last limit at the end.</summary>
    public IReadOnlyList<long> Counts => _counts;

    public long Count { get; private set; }

    public TimeSpan Sum { get; private set; }

    public TimeSpan Max { get; private set; }

    public void Add(TimeSpan duration)
    {
        if (duration < TimeSpan.Zero)
            duration = TimeSpan.Zero;

        int index = 0;
        while (index < Limits.Length && duration > Limits[index])
            index++;
        _counts[index]++;
        Count++;
        Sum += duration;
        if (duration > Max)
            Max = duration;
    }
}
