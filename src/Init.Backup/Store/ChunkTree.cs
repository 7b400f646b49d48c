using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Init.Backup.Store;

/// <summary>
/// A file as a directory of blobs of 64 KiB: "0000/00" to "0000/ff", "0001/00" and so on. Only chunks that differ from those that are there are sent; git shares the rest, so
/// that a changed row in a large database costs a chunk and three small trees.
/// </summary>
/// <param name="directory">In the tree, with its suffix.</param>
/// <param name="before">The chunks that the parent commit has there.</param>
internal sealed class ChunkTree(byte[] directory, List<string> before)
{
    private readonly List<string> _now = [.. before];

    public void Set(int index, ReadOnlySpan<byte> chunk, Func<FastImport> import)
    {
        string id = BlobId(chunk);
        if (index < _now.Count && _now[index] == id)
            return;

        import().Put(PathOf(index), "100644", chunk);
        if (index < _now.Count)
            _now[index] = id;
        else
            _now.Add(id);
    }

    public void Truncate(int count, Func<FastImport> import)
    {
        for (int i = _now.Count - 1; i >= count; i--)
            import().Delete(PathOf(i));
        if (count < _now.Count)
            _now.RemoveRange(count, _now.Count - count);
    }

    /// <summary>As the parent commit has it, from what is in the repository already.</summary>
    public void Revert(Func<FastImport> import)
    {
        Truncate(before.Count, import);
        for (int i = 0; i < before.Count; i++)
        {
            if (i < _now.Count && _now[i] == before[i])
                continue;
            import().PutExisting(PathOf(i), "100644", before[i]);
        }
    }

    private byte[] PathOf(int index) =>
        [.. directory, .. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/{index / BackupLimits.ChunksInSubtree:x4}/{index % BackupLimits.ChunksInSubtree:x2}"))];

    private static string BlobId(ReadOnlySpan<byte> content)
    {
        using IncrementalHash hash = GitHash.Begin();
        hash.AppendBlobHeader(content.Length);
        hash.AppendData(content);
        return hash.EndId().ToString();
    }
}
