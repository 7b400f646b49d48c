using System.Globalization;

namespace Init.Base;

/// <summary>A number of bytes, never negative.</summary>
public readonly record struct ByteSize(long Bytes) : IComparable<ByteSize>
{
    private static readonly (string Unit, long Factor)[] Units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("KB", 1000), ("MB", 1000_000), ("GB", 1000_000_000), ("TB", 1000_000_000_000), ("B", 1),
    ];

    /// <summary>Where a limit may be none at all (RLIM_INFINITY of setrlimit(2)).</summary>
    public static ByteSize Unlimited { get; } = new(long.MaxValue);

    public int CompareTo(ByteSize other) => Bytes.CompareTo(other.Bytes);

    /// <summary>Reads "512KiB" (powers of 1024), "10MB" (powers of 1000), "17B" or "0"; a fraction such as "1.5GiB" is allowed.</summary>
    public static bool TryParse(string text, out ByteSize size)
    {
        ArgumentNullException.ThrowIfNull(text);
        size = default;
        string trimmed = text.Trim();
        if (trimmed == "0")
            return true;

        foreach (var (unit, factor) in Units)
        {
            if (!trimmed.EndsWith(unit, StringComparison.OrdinalIgnoreCase))
                continue;

            string number = trimmed[..^unit.Length].TrimEnd();
            if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value))
                return false;

            // Dividing keeps the check itself from overflowing.
            if (value > long.MaxValue / (decimal)factor)
                return false;

            size = new ByteSize((long)(value * factor));
            return true;
        }

        return false;
    }

    /// <summary>Text for people: the largest binary unit that keeps the number at 1 or more, with one decimal place.</summary>
    public override string ToString()
    {
        if (this == Unlimited)
            return "unlimited";

        (string Unit, long Factor) best = ("B", 1);
        foreach (var candidate in Units[..4])
        {
            if (Bytes >= candidate.Factor)
                best = candidate;
        }

        return best.Factor == 1
            ? string.Create(CultureInfo.InvariantCulture, $"{Bytes} B")
            : string.Create(CultureInfo.InvariantCulture, $"{(double)Bytes / best.Factor:0.#} {best.Unit}");
    }

    public static bool operator <(ByteSize left, ByteSize right) => left.Bytes < right.Bytes;

    public static bool operator >(ByteSize left, ByteSize right) => left.Bytes > right.Bytes;

    public static bool operator <=(ByteSize left, ByteSize right) => left.Bytes <= right.Bytes;

    public static bool operator >=(ByteSize left, ByteSize right) => left.Bytes >= right.Bytes;
}
