using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Init.Panel.SignIn;

/// <summary>
/// Random values of 256 bits that let somebody in: sessions and API tokens. We keep their SHA-256 only. Looking one up by that takes a time that depends on the digest, of
/// which a stranger who tries values learns nothing he could use: he cannot choose it.
/// </summary>
internal static class SecretId
{
    private const int Bytes = 32;

    /// <summary>In characters, of what <see cref="MakeUp"/> gives.</summary>
    public const int Length = 43;

    public static string MakeUp() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>Hexadecimal, 64 digits.</summary>
    public static string DigestOf(string value) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)));

    /// <summary>What it is called where everybody who has signed in may read it: enough of the digest to be one of a kind.</summary>
    public static string NameOf(string digest) => digest[..16];

    public static bool IsDigest(string? text) => text is { Length: 64 } && text.All(char.IsAsciiHexDigitLower);
}
