using System.Collections.Concurrent;

namespace Init.Backup.Store;

/// <summary>Reads the content of files, on several threads at a time: from the packs, and what is not to be had there through as many git as there are threads.</summary>
internal sealed class BlobReader(GitRunner git) : IDisposable
{
    private readonly PackReader _packs = new(BackupStore.PackDirectoryOf(git));
    private readonly ConcurrentBag<CatFile> _gits = [];

    /// <summary>The content of each blob, in order.</summary>
    /// <returns>Bytes in all.</returns>
    /// <exception cref="GitException">One is not there, or damaged.</exception>
    public long Read(IReadOnlyList<string> ids, ContentReceiver receive)
    {
        long total = 0;
        List<string> others = []; // Asked of git together, which is faster than one by one.
        foreach (string id in ids)
        {
            if (others.Count == 0 && _packs.TryRead(id, receive) is >= 0 and var bytes)
            {
                total += bytes;
                continue;
            }

            others.Add(id);
        }

        return total + (others.Count > 0 ? ReadByGit(others, receive) : 0);
    }

    public void Dispose()
    {
        foreach (CatFile objects in _gits)
            objects.Dispose();
        _packs.Dispose();
    }

    private long ReadByGit(List<string> ids, ContentReceiver receive)
    {
        CatFile objects = _gits.TryTake(out CatFile? idle) ? idle : new CatFile(git);
        try
        {
            return objects.Read(ids, receive);
        }
        finally
        {
            _gits.Add(objects);
        }
    }
}
