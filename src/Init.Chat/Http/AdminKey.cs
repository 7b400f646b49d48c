using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Init.Chat.Store;
using Microsoft.Extensions.Logging;

namespace Init.Chat.Http;

/// <summary>The administrator's key of the two /admin endpoints. Only its hash is kept. A key of the environment holds until another one is made in its place, and again when the variable changes.</summary>
public sealed class AdminKey
{
    private const string ValueName = "admin_key";

    private const int LengthMin = 16, DistinctMin = 6;

    /// <summary>Bits for each character, by Shannon.</summary>
    private const double EntropyMin = 3.5;

    private readonly IChatStore _store;
    private readonly string? _given;
    private volatile byte[] _hash;

    private AdminKey(IChatStore store, string? given, byte[] hash)
    {
        _store = store;
        _given = given;
        _hash = hash;
    }

    /// <param name="store">Keeps the hash.</param>
    /// <param name="given">The key of the environment, strong enough; null: there is none, and one is made when there has been none so far.</param>
    /// <param name="log">Gets a key that was made, once.</param>
    /// <param name="cancellation">Of the reading.</param>
    public static async Task<AdminKey> OpenAsync(IChatStore store, string? given, ILogger log, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        string? givenHash = given is null ? null : Convert.ToHexStringLower(HashOf(given));

        // "HASH", or "HASH REPLACED": the key of the environment that it has taken the place of.
        string[] stored = (await store.ValueAsync(ValueName, cancellation))?.Split(' ') ?? [];
        if (stored.Length > 0 && (givenHash is null || (stored.Length == 2 && stored[1] == givenHash)))
            return new AdminKey(store, given, Convert.FromHexString(stored[0]));
        if (given is not null)
            return new AdminKey(store, given, HashOf(given));

        AdminKey key = new(store, null, []);
        log.AdminKeyMade(await key.RegenerateAsync(cancellation));
        return key;
    }

    /// <returns>What is wrong with it; null: nothing.</returns>
    public static string? ProblemOf(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Length < LengthMin)
            return $"is shorter than {LengthMin} characters";
        if (key.Distinct().Count() < DistinctMin)
            return $"has fewer than {DistinctMin} different characters";
        double entropy = key.GroupBy(character => character).Sum(group => -((double)group.Count() / key.Length) * Math.Log2((double)group.Count() / key.Length));
        return entropy < EntropyMin ? "is too regular" : null;
    }

    public bool Fits(string key) => CryptographicOperations.FixedTimeEquals(HashOf(key), _hash);

    /// <summary>Makes another one. It is stored when this returns, and the old one holds no longer.</summary>
    /// <returns>The only copy.</returns>
    public async Task<string> RegenerateAsync(CancellationToken cancellation)
    {
        string key = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        byte[] hash = HashOf(key);
        string value = Convert.ToHexStringLower(hash) + (_given is null ? "" : " " + Convert.ToHexStringLower(HashOf(_given)));
        await _store.PutValueAsync(ValueName, value, cancellation);
        _hash = hash;
        return key;
    }

    private static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
