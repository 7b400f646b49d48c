using System.Buffers.Binary;

namespace Init.Backup.Store;

/// <summary>Whether the store can be trusted. What cannot is put aside, and fetched anew from the remote.</summary>
public static class StoreCheck
{
    private static readonly TimeSpan FullTime = TimeSpan.FromMinutes(30);

    /// <summary>A few milliseconds: the branch names a commit that is there with its tree, and every pack is as long as its index says, with the right end.</summary>
    /// <returns>What is wrong; null when nothing was found.</returns>
    public static string? FindProblem(BackupStore store)
    {
        try
        {
            string packs = Path.Combine(store.Git.Repository, "objects", "pack");
            string? pack = Directory.Exists(packs) ? Directory.EnumerateFiles(packs, "*.pack").FirstOrDefault(pack => !IsWhole(pack)) : null;
            if (pack is not null)
                return $"{pack} does not fit its index";

            string name = Path.Combine(store.Git.Repository, "refs", "heads", store.Branch);
            if (store.Head() is not { } head)
                return File.Exists(name) ? $"{name} names no commit" : null;
            _ = store.Git.Run(GitRunner.ShortTime, [], "cat-file", "-e", head + "^{commit}");
            _ = store.Git.Run(GitRunner.ShortTime, [], "ls-tree", head);
            return null;
        }
        catch (Exception exception) when (exception is GitException or IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    }

    /// <summary>Every object that a branch of ours needs is there. Reads commits and trees, and contents only when it is told to; for when something has failed.</summary>
    /// <returns>What is wrong; null when nothing was found.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static string? FindProblemThoroughly(BackupStore store, bool withContents = false, CancellationToken cancel = default)
    {
        try
        {
            _ = store.Git.RunLong(FullTime, cancel, ["fsck", "--no-dangling", "--no-progress", .. withContents ? (string[])[] : ["--connectivity-only"]]);
            return FindProblem(store);
        }
        catch (GitException exception)
        {
            return exception.Message;
        }
    }

    /// <summary>The last 20 bytes of a pack are a checksum that its index repeats before its own.</summary>
    private static bool IsWhole(string pack)
    {
        string index = Path.ChangeExtension(pack, ".idx");
        if (!File.Exists(index))
            return false;
        using FileStream content = File.OpenRead(pack);
        using FileStream names = File.OpenRead(index);
        if (content.Length < 32 || names.Length < 1072)
            return false;

        Span<byte> head = stackalloc byte[4];
        Span<byte> end = stackalloc byte[20];
        Span<byte> expected = stackalloc byte[20];
        content.ReadExactly(head);
        content.Seek(-20, SeekOrigin.End);
        content.ReadExactly(end);
        names.Seek(-40, SeekOrigin.End);
        names.ReadExactly(expected);
        return BinaryPrimitives.ReadUInt32BigEndian(head) == 0x5041434B /* PACK */ && end.SequenceEqual(expected);
    }
}
