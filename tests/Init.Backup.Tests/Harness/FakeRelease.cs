using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Init.Backup.Tests.Harness;

public sealed class FakeRelease(long id, string tag, bool isDraft, bool isImmutable)
{
    public long Id => id;

    public string Tag { get; set; } = tag;

    public bool IsDraft { get; set; } = isDraft;

    public bool IsImmutable { get; set; } = isImmutable;

    public List<FakeAsset> Assets { get; } = [];
}

public sealed class FakeAsset(long id, string name, byte[] content, DateTimeOffset created)
{
    public long Id => id;

    public string Name { get; set; } = name;

    public string State { get; set; } = "uploaded";

    public byte[] Content { get; set; } = content;

    public DateTimeOffset Created => created;

    public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(Content));

    /// <summary>Of its signed addresses, and how often each can still be used.</summary>
    public ConcurrentDictionary<string, int> Signatures { get; } = new();

    public bool TryUse(string? signature) => signature is not null && Signatures.TryGetValue(signature, out int left) && left > 0 && Signatures.TryUpdate(signature, left - 1, left);
}
