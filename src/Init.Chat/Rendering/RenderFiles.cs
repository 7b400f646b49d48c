using System.Globalization;
using Init.Linux;

namespace Init.Chat.Rendering;

/// <summary>
/// Pictures in a directory. A file's time of change is when it expires: so it is known without any list, after a crash too, and to several processes with one directory.
/// </summary>
/// <param name="directory">Made when it is missing.</param>
/// <param name="bytesMax">Of all pictures.</param>
/// <param name="clock">The wall clock.</param>
internal sealed class RenderFiles(string directory, long bytesMax, TimeProvider clock)
{
    private const string Extension = ".png";
    private const int OwnerOnly = 0x180 /* 0600 */, OwnersDirectory = 0x1C0 /* 0700 */;

    /// <exception cref="RenderException">It cannot be made.</exception>
    public void Prepare() => Check(Files.MakeDirectories(directory, OwnersDirectory), "make", directory);

    /// <exception cref="RenderException">It cannot be written.</exception>
    public (string Id, string Path) Write(ReadOnlySpan<byte> picture, TimeSpan kept)
    {
        string id = Guid.NewGuid().ToString("D", CultureInfo.InvariantCulture), path = PathOf(id);
        OpenResult file = Files.Open(path, OpenFlags.Write | OpenFlags.Create | OpenFlags.Exclusive, OwnerOnly);
        Check(file.Errno, "make", path);
        IoResult written = Files.WriteAll(file.Fd, picture);
        Files.Close(file.Fd);
        if (!written.Succeeded)
            _ = Files.Unlink(path);
        Check(written.Errno, "write", path);
        File.SetLastWriteTimeUtc(path, (clock.GetUtcNow() + kept).UtcDateTime);
        return (id, path);
    }

    public string? Find(string fileId)
    {
        if (!Guid.TryParseExact(fileId, "D", out Guid id))
            return null;
        string path = PathOf(id.ToString("D", CultureInfo.InvariantCulture));
        return File.Exists(path) && !IsExpired(path) ? path : null;
    }

    /// <summary>Removes what has expired, and what is too much. What cannot be removed is tried again the next time.</summary>
    /// <returns>When the next expires; null: none is left.</returns>
    public DateTimeOffset? Sweep()
    {
        DateTimeOffset? next = null;
        long bytes = 0;

        // Only what can be ours; the one that lives longest first.
        IEnumerable<FileInfo> pictures = new DirectoryInfo(directory).EnumerateFiles("*" + Extension).Where(file => Guid.TryParseExact(Path.GetFileNameWithoutExtension(file.Name), "D", out _));
        foreach (FileInfo picture in pictures.OrderByDescending(file => file.LastWriteTimeUtc).ToArray())
        {
            bytes += picture.Exists ? picture.Length : 0;
            if (!IsExpired(picture.FullName) && bytes <= bytesMax)
            {
                next = ExpiryOf(picture.FullName);
                continue;
            }

            try
            {
                picture.Delete();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                next = clock.GetUtcNow();
            }
        }

        return next;
    }

    // A clock that was set back does not keep pictures for years.
    private bool IsExpired(string path)
    {
        DateTimeOffset now = clock.GetUtcNow(), expires = ExpiryOf(path);
        return expires <= now || expires > now + RenderOptions.KeptMax + RenderOptions.KeptMax;
    }

    private static void Check(int errno, string verb, string path)
    {
        if (errno != 0)
            throw new RenderException(500, "render_failed", $"cannot {verb} {path}: {Errno.Describe(errno)}; the directory of rendered pictures must be ours to write to");
    }

    private static DateTimeOffset ExpiryOf(string path) => new(File.GetLastWriteTimeUtc(path), TimeSpan.Zero);

    private string PathOf(string id) => Path.Combine(directory, id + Extension);
}
