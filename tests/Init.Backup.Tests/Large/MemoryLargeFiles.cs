using System.Security.Cryptography;
using Init.Backup.Large;
using Init.Backup.Remote;
using Init.Linux;

namespace Init.Backup.Tests;

/// <summary>Large files by their hash, in memory, with something that happens while one is stored.</summary>
internal sealed class MemoryLargeFiles : ILargeFiles
{
    public Dictionary<string, byte[]> Stored { get; } = [];

    public int Puts { get; private set; }

    public int Gets { get; private set; }

    public Action? WhilePutting { get; set; }

    public DateTimeOffset Now { get; set; } = DateTimeOffset.UtcNow;

    public Pointer Put(LargeSource source, CancellationToken cancel)
    {
        Puts++;
        WhilePutting?.Invoke();
        byte[] content = new byte[source.Size];
        int count = Files.ReadAt(source.Fd, content, 0).Count;
        if (count != content.Length || Convert.ToHexStringLower(SHA256.HashData(content)) != source.Sha256)
            throw new SourceChangedException("changed");
        Stored[source.Sha256] = content;
        return new Pointer("o/r", "blobs", $"sha256-{source.Sha256}", Puts, "https://github.com/o/r", source.Path.ToString(), source.Size, source.Sha256, Now, []);
    }

    public void Get(Pointer pointer, int fd, Action<long>? progress, CancellationToken cancel)
    {
        Gets++;
        if (!Stored.TryGetValue(pointer.Sha256, out byte[]? content))
            throw new RemoteException(RemoteProblem.NotFound, $"there is no asset {pointer.AssetName}");
        Assert.Equal(0, Files.WriteAllAt(fd, content, 0));
        progress?.Invoke(content.Length);
    }

    public IReadOnlyList<Pointer> Missing(IEnumerable<Pointer> pointers, CancellationToken cancel) => [.. pointers.Where(pointer => !Stored.ContainsKey(pointer.Sha256))];

    public PruneResult Prune(IReadOnlySet<string> referencedSha256, TimeSpan retention, CancellationToken cancel) => throw new NotSupportedException();
}
