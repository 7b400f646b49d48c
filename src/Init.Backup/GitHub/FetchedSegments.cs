using System.Text;
using Init.Linux;

namespace Init.Backup.GitHub;

/// <summary>
/// Which segments of a file have been written: a byte for each, in a file of its own, which says for which file it is. It spares fetching and nothing else: the whole is compared
/// with its SHA-256 in any case. Where nothing can be noted, as on a full disk or while another restore fetches the same content, nothing is.
/// </summary>
internal sealed class FetchedSegments : IDisposable
{
    private const int HeaderBytes = 256;
    private static readonly TimeSpan LongAgo = TimeSpan.FromDays(7);

    private readonly bool[] _done;
    private FileStream? _file;

    /// <param name="directory">Null: nothing is noted.</param>
    /// <param name="sha256">Of the whole file.</param>
    /// <param name="fd">What is written to: other notes are about another file.</param>
    /// <param name="count">Of segments.</param>
    public FetchedSegments(string? directory, string sha256, int fd, int count)
    {
        _done = new bool[count];
        if (directory is null || FilesAt.StampOf(fd, out _) is not { } stamp)
            return;

        byte[] header = Encoding.ASCII.GetBytes($"init-fetched 1 {sha256} {stamp.Device} {stamp.Inode} {count}".PadRight(HeaderBytes - 1) + "\n");
        try
        {
            Open(directory, sha256, header);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Forget();
        }
    }

    public bool IsDone(int index) => _done[index];

    public void Set(int index, bool done)
    {
        lock (_done)
        {
            _done[index] = done;
            if (_file is null)
                return;
            try
            {
                _file.Position = HeaderBytes + index;
                _file.WriteByte(done ? (byte)1 : (byte)0);
                _file.Flush();
            }
            catch (IOException)
            {
                Forget();
            }
        }
    }

    /// <summary>The file is whole: nothing is to be noted any more.</summary>
    public void Remove()
    {
        if (_file is not null)
            File.Delete(_file.Name);
    }

    public void Dispose() => _file?.Dispose();

    private void Open(string directory, string sha256, byte[] header)
    {
        Directory.CreateDirectory(directory);
        foreach (string old in Directory.EnumerateFiles(directory, "*.fetched").Where(old => File.GetLastWriteTimeUtc(old) < DateTime.UtcNow - LongAgo))
            File.Delete(old);

        byte[] noted = new byte[HeaderBytes + _done.Length];
        _file = new FileStream(Path.Combine(directory, sha256 + ".fetched"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
        int length = _file.ReadAtLeast(noted, noted.Length, throwOnEndOfStream: false);
        if (length == noted.Length && noted.AsSpan(0, HeaderBytes).SequenceEqual(header))
        {
            for (int i = 0; i < _done.Length; i++)
                _done[i] = noted[HeaderBytes + i] == 1;
            return;
        }

        header.CopyTo(noted, 0);
        noted.AsSpan(HeaderBytes).Clear();
        _file.Position = 0;
        _file.Write(noted);
        _file.SetLength(noted.Length);
    }

    private void Forget()
    {
        _file?.Dispose();
        _file = null;
    }
}
