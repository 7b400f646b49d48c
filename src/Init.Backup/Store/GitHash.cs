using System.Globalization;
using System.Security.Cryptography;

namespace Init.Backup.Store;

/// <summary>Git's own hash. What is trusted is the SHA-256 of each file, in the manifest.</summary>
#pragma warning disable CA5350 // Git's names and checksums are SHA-1.
internal static class GitHash
{
    public static IncrementalHash Begin() => IncrementalHash.CreateHash(HashAlgorithmName.SHA1);

    public static void Of(ReadOnlySpan<byte> data, Span<byte> hash) => SHA1.HashData(data, hash);

    /// <summary>Before the content of a blob, for its name.</summary>
    public static void AppendBlobHeader(this IncrementalHash hash, long length)
    {
        Span<byte> header = stackalloc byte[32];
        "blob "u8.CopyTo(header);
        _ = length.TryFormat(header[5..], out int digits, default, CultureInfo.InvariantCulture);
        hash.AppendData(header[..(5 + digits + 1)]); // The array's zero ends it.
    }

    public static ObjectId EndId(this IncrementalHash hash)
    {
        Span<byte> id = stackalloc byte[ObjectId.Bytes];
        _ = hash.GetHashAndReset(id);
        return ObjectId.Of(id);
    }
}
#pragma warning restore CA5350
