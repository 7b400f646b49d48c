using System.Net;
using System.Security.Cryptography;
using Init.Linux;

namespace Init.Backup.GitHub;

/// <summary>A range of an open file as a request's body: exact length, constant memory, and a hash of what was really sent.</summary>
internal sealed class FileContent(int fd, long offset, long length) : HttpContent
{
    private const int PieceBytes = 128 * 1024;

    /// <summary>After the last byte GitHub still has to store it before it answers.</summary>
    private const int PatienceAtEnd = 5;

    private CancellationTokenSource? _silence;
    private TimeSpan _limit;

    /// <summary>Of all that was sent; null until it was.</summary>
    public string? Sha256 { get; private set; }

    /// <summary>The file is shorter than it was.</summary>
    public bool IsShort { get; private set; }

    public void WatchSilence(CancellationTokenSource silence, TimeSpan limit) => (_silence, _limit) = (silence, limit);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] piece = new byte[PieceBytes];
        for (long sent = 0; sent < length;)
        {
            IoResult read = Files.ReadAt(fd, piece.AsSpan(0, (int)Math.Min(PieceBytes, length - sent)), offset + sent);
            if (!read.Succeeded || read.Count == 0)
            {
                IsShort = true;
                throw new IOException("the file became shorter");
            }

            hash.AppendData(piece, 0, read.Count);
            await stream.WriteAsync(piece.AsMemory(0, read.Count), cancellationToken).ConfigureAwait(false);
            sent += read.Count;
            _silence?.CancelAfter(_limit);
        }

        Sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
        _silence?.CancelAfter(_limit * PatienceAtEnd);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override bool TryComputeLength(out long computed)
    {
        computed = length;
        return true;
    }
}
