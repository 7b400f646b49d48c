using System.Globalization;

namespace Init.Engine.Logging;

/// <summary>The wall time as "2026-11-21T05:14:00.123Z", formatted anew only when the millisecond has changed.</summary>
internal sealed class Timestamp(TimeProvider clock)
{
    public const int Length = 24;

    private readonly byte[] _text = new byte[Length];
    private long _millisecond = -1;

    public ReadOnlySpan<byte> Now
    {
        get
        {
            DateTimeOffset now = clock.GetUtcNow();
            long millisecond = now.UtcTicks / TimeSpan.TicksPerMillisecond;
            if (millisecond != _millisecond)
            {
                Format(now, _text);
                _millisecond = millisecond;
            }

            return _text;
        }
    }

    public static void Format(DateTimeOffset time, Span<byte> target) =>
        time.UtcDateTime.TryFormat(target, out _, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
