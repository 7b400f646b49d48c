using System.Buffers;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Init.Chat.Keys;

/// <summary>
/// A key as clients write it: <c>init-ID.SECRET</c>. The id is public; the secret has 130 random bits and, behind them, a checksum over everything before it, so that a mistyped or cut key is told from one that is
/// unknown without a look at any table.
/// </summary>
/// <remarks>
/// What is kept is SHA-256 of the key. A slow hash, as for passwords, would only make each request slow: nobody guesses 130 random bits, and there is no dictionary of them.
/// </remarks>
public static class ApiKeyText
{
    public const string Prefix = "init-";

    public const int IdLength = 10;

    private const int RandomLength = 26, ChecksumLength = 6;

    /// <summary>Of a whole key, in characters.</summary>
    public static readonly int Length = Prefix.Length + IdLength + 1 + RandomLength + ChecksumLength;

    /// <summary>Without what is easily taken for something else: i, l, o, u.</summary>
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    private static readonly SearchValues<char> Characters = SearchValues.Create(Alphabet + ".");

    /// <summary>A new key. It is kept nowhere but where it is shown.</summary>
    public static string MakeUp()
    {
        string open = Prefix + Random(IdLength) + "." + Random(RandomLength);
        return open + Checksum(open);
    }

    /// <returns>Whether it looks like a key of ours at all, and was written as it was given out.</returns>
    public static KeyShape ShapeOf(ReadOnlySpan<char> text)
    {
        if (!text.StartsWith(Prefix, StringComparison.Ordinal))
            return KeyShape.Foreign;
        if (text.Length != Length || text[Prefix.Length + IdLength] != '.' || text[Prefix.Length..].ContainsAnyExcept(Characters))
            return KeyShape.Mistyped;
        Span<char> sum = stackalloc char[ChecksumLength];
        Checksum(text[..^ChecksumLength], sum);
        return text[^ChecksumLength..].SequenceEqual(sum) ? KeyShape.Whole : KeyShape.Mistyped;
    }

    /// <param name="text">Whole.</param>
    public static ReadOnlySpan<char> IdOf(ReadOnlySpan<char> text) => text.Slice(Prefix.Length, IdLength);

    /// <summary>Whether it can be the id of a key.</summary>
    public static bool IsId(string text) => text is { Length: IdLength } && !text.AsSpan().ContainsAnyExcept(Characters) && !text.Contains('.');

    /// <summary>Hexadecimal, 64 digits: what is stored.</summary>
    /// <param name="text">Whole.</param>
    public static string HashOf(ReadOnlySpan<char> text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(text, hash);
        return Convert.ToHexStringLower(hash);
    }

    /// <summary>Takes the same time whether the key is right or wrong.</summary>
    /// <param name="text">Whole.</param>
    /// <param name="stored">32 bytes.</param>
    public static bool Matches(ReadOnlySpan<char> text, ReadOnlySpan<byte> stored)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(text, hash);
        return CryptographicOperations.FixedTimeEquals(hash, stored);
    }

    private static void Hash(ReadOnlySpan<char> text, Span<byte> hash)
    {
        Span<byte> bytes = stackalloc byte[text.Length];
        _ = Encoding.ASCII.GetBytes(text, bytes);
        _ = SHA256.HashData(bytes, hash);
    }

    private static string Random(int length) => RandomNumberGenerator.GetString(Alphabet, length);

    private static string Checksum(ReadOnlySpan<char> open)
    {
        Span<char> sum = stackalloc char[ChecksumLength];
        Checksum(open, sum);
        return sum.ToString();
    }

    /// <summary>30 bits of CRC-32C.</summary>
    private static void Checksum(ReadOnlySpan<char> open, Span<char> sum)
    {
        uint crc = ~0u;
        foreach (char character in open)
            crc = BitOperations.Crc32C(crc, (byte)character);
        crc = ~crc;
        for (int i = 0; i < sum.Length; i++, crc >>= 5)
            sum[i] = Alphabet[(int)(crc & 31)];
    }
}

public enum KeyShape
{
    /// <summary>Nothing of ours.</summary>
    Foreign,

    /// <summary>Begins like one, but a character is wrong or missing.</summary>
    Mistyped,

    /// <summary>As it was given out, by us or by another Init.</summary>
    Whole,
}
