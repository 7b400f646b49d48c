using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Init.Panel.SignIn;

/// <summary>
/// A password that cannot be read back: PBKDF2 (RFC 8018) with HMAC-SHA-256, in the form "pbkdf2-sha256$ITERATIONS$SALT$KEY", the last two in base64. Checking one costs
/// about a fifth of a second of a processor, on purpose; never do it on a stranger's word alone (<see cref="SignInThrottle"/>).
/// </summary>
internal sealed class PasswordHash
{
    /// <summary>OWASP's figure for this function (Password Storage Cheat Sheet, 2023).</summary>
    public const int IterationsByDefault = 600_000;

    /// <summary>A file that asks for more would keep the processor busy for half a minute.</summary>
    private const int IterationsMax = 100_000_000;

    private const int SaltBytes = 16, KeyBytes = 32;

    private const string Name = "pbkdf2-sha256";

    private readonly int _iterations;
    private readonly byte[] _salt;
    private readonly byte[] _key;

    private PasswordHash(int iterations, byte[] salt, byte[] key)
    {
        _iterations = iterations;
        _salt = salt;
        _key = key;
    }

    /// <param name="password">In plain text.</param>
    /// <param name="iterations">Fewer than by default is for tests.</param>
    public static PasswordHash Of(string password, int iterations = IterationsByDefault)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return new PasswordHash(iterations, salt, Derive(password, salt, iterations));
    }

    /// <summary>Null when it is none of ours.</summary>
    public static PasswordHash? TryParse(string? text)
    {
        if (text?.Split('$') is not [Name, var count, var saltText, var keyText] || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int iterations))
            return null;

        byte[] salt = new byte[SaltBytes], key = new byte[KeyBytes];
        return iterations is > 0 and <= IterationsMax
            && Convert.TryFromBase64String(saltText, salt, out int saltLength) && saltLength == SaltBytes
            && Convert.TryFromBase64String(keyText, key, out int keyLength) && keyLength == KeyBytes
            ? new PasswordHash(iterations, salt, key)
            : null;
    }

    /// <summary>Takes as long for a wrong one as for the right one.</summary>
    public bool IsOf(string password) => CryptographicOperations.FixedTimeEquals(Derive(password, _salt, _iterations), _key);

    /// <summary>As it is stored.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Name}${_iterations}${Convert.ToBase64String(_salt)}${Convert.ToBase64String(_key)}");

    private static byte[] Derive(string password, byte[] salt, int iterations) =>
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, iterations, HashAlgorithmName.SHA256, KeyBytes);
}
