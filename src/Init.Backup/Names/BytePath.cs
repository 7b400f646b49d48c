using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Init.Backup.Names;

/// <summary>
/// A path below BASE: components of any bytes but zero and the slash, without a leading slash; empty for BASE itself. Not a string, because a file's name need not be
/// UTF-8 and has to come back byte by byte.
/// </summary>
public readonly struct BytePath : IEquatable<BytePath>, IComparable<BytePath>
{
    private readonly byte[]? _bytes;

    private BytePath(byte[] bytes) => _bytes = bytes;

    public ReadOnlySpan<byte> Bytes => _bytes;

    public bool IsRoot => Bytes.IsEmpty;

    /// <summary>The last component; empty for BASE.</summary>
    public ReadOnlySpan<byte> Name => Bytes[(Bytes.LastIndexOf((byte)'/') + 1)..];

    public BytePath Parent => Bytes.LastIndexOf((byte)'/') is > 0 and var slash ? new(Bytes[..slash].ToArray()) : default;

    /// <exception cref="ArgumentException">No such path: an empty component, "." or "..", or a zero.</exception>
    public static BytePath Of(ReadOnlySpan<byte> bytes) =>
        TryOf(bytes, out BytePath path) ? path : throw new ArgumentException($"\"{PathText.Encode(bytes)}\" is not a path below BASE", nameof(bytes));

    public static bool TryOf(ReadOnlySpan<byte> bytes, out BytePath path)
    {
        path = default;
        if (bytes.IsEmpty)
            return true;
        if (bytes.Contains((byte)0))
            return false;

        foreach (Range part in bytes.Split((byte)'/'))
        {
            if (bytes[part].IsEmpty || bytes[part].SequenceEqual("."u8) || bytes[part].SequenceEqual(".."u8))
                return false;
        }

        path = new BytePath(bytes.ToArray());
        return true;
    }

    /// <param name="text">With or without slashes around it.</param>
    public static BytePath Of(string text) => Of(Encoding.UTF8.GetBytes(text.Trim('/')));

    public BytePath Append(ReadOnlySpan<byte> name) => new(IsRoot ? name.ToArray() : [.. Bytes, (byte)'/', .. name]);

    /// <summary>Whether this is <paramref name="other"/>, or below it.</summary>
    public bool IsWithin(BytePath other) =>
        other.IsRoot || (Bytes.StartsWith(other.Bytes) && (Bytes.Length == other.Bytes.Length || Bytes[other.Bytes.Length] == (byte)'/'));

    public MemoryExtensions.SpanSplitEnumerator<byte> Components() => Bytes.Split((byte)'/');

    /// <summary>
    /// The order in which a tree is walked: a directory, all that is in it, and then what comes after it. Names by their bytes, and the slash before every other byte.
    /// </summary>
    public int CompareTo(BytePath other)
    {
        ReadOnlySpan<byte> a = Bytes, b = other.Bytes;
        int common = a.CommonPrefixLength(b);
        if (common == a.Length || common == b.Length)
            return a.Length.CompareTo(b.Length);

        return (a[common], b[common]) switch
        {
            ((byte)'/', _) => -1,
            (_, (byte)'/') => 1,
            var (left, right) => left.CompareTo(right),
        };
    }

    public bool Equals(BytePath other) => Bytes.SequenceEqual(other.Bytes);

    public override bool Equals([NotNullWhen(true)] object? obj) => obj is BytePath other && Equals(other);

    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <summary>For people, and in the manifest: see <see cref="PathText"/>.</summary>
    public override string ToString() => PathText.Encode(Bytes);

    public static bool operator ==(BytePath left, BytePath right) => left.Equals(right);

    public static bool operator !=(BytePath left, BytePath right) => !left.Equals(right);

    public static bool operator <(BytePath left, BytePath right) => left.CompareTo(right) < 0;

    public static bool operator >(BytePath left, BytePath right) => left.CompareTo(right) > 0;

    public static bool operator <=(BytePath left, BytePath right) => left.CompareTo(right) <= 0;

    public static bool operator >=(BytePath left, BytePath right) => left.CompareTo(right) >= 0;
}
