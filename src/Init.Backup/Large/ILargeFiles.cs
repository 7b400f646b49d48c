using Init.Backup.Names;

namespace Init.Backup.Large;

/// <summary>A file whose content is to be stored outside of the tree.</summary>
/// <param name="Path">For the pointer, and for messages.</param>
/// <param name="Fd">Open for reading; read by offset, and never written.</param>
/// <param name="Sha256">Of what was read of it a moment ago. Exactly this is stored, or nothing.</param>
public sealed record LargeSource(BytePath Path, int Fd, long Size, string Sha256);

/// <param name="Deleted">Assets.</param>
/// <param name="Bytes">Of these.</param>
/// <param name="Kept">Assets that are referenced, young or not ours.</param>
public sealed record PruneResult(int Deleted, long Bytes, int Kept);

/// <summary>The file was not what its hash says when it was stored: it is being written.</summary>
#pragma warning disable CA1032, MA0056 // Without a reason it would not be this exception.
public sealed class SourceChangedException(string message) : Exception(message);
#pragma warning restore CA1032, MA0056

/// <summary>Where the content of large files is, by its hash. All calls block; a failure of the other side is a <see cref="Remote.RemoteException"/>.</summary>
public interface ILargeFiles
{
    /// <summary>Returns when the content is there, durable and verified; nothing is sent when it was there already.</summary>
    /// <exception cref="Remote.RemoteException">It is not.</exception>
    /// <exception cref="SourceChangedException">The file is not what its hash says; nothing of it is left there.</exception>
    Pointer Put(LargeSource source, CancellationToken cancel);

    /// <summary>Writes the content to a file, whatever is in it. What an earlier, interrupted call wrote to the same file is not fetched again.</summary>
    /// <param name="pointer">Also one of the original.</param>
    /// <param name="fd">Open for reading and writing.</param>
    /// <param name="progress">Called with the bytes that have come, in all; from other threads, one at a time.</param>
    /// <param name="cancel">Ends the call within a second.</param>
    /// <exception cref="Remote.RemoteException">It is not to be had, or it is not what the pointer says.</exception>
    void Get(Pointer pointer, int fd, Action<long>? progress, CancellationToken cancel);

    /// <summary>Looks whether the contents are there. Reads, and fetches no content.</summary>
    /// <returns>Those that are not there, or not as a whole.</returns>
    /// <exception cref="Remote.RemoteException">It cannot be found out.</exception>
    IReadOnlyList<Pointer> Missing(IEnumerable<Pointer> pointers, CancellationToken cancel);

    /// <summary>Deletes what Init has stored and nobody names any more.</summary>
    /// <param name="referencedSha256">Of every pointer in every commit that is kept; of whole files, as the assets' names have it.</param>
    /// <param name="retention">What is younger stays: a backup may be about to name it.</param>
    /// <param name="cancel">Ends the call within a second.</param>
    PruneResult Prune(IReadOnlySet<string> referencedSha256, TimeSpan retention, CancellationToken cancel);
}
