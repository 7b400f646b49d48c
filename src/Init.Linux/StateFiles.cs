using System.Globalization;

namespace Init.Linux;

/// <summary>Files that Init writes for itself and reads when it starts. One that cannot be used is set aside; it never stops a start.</summary>
public static class StateFiles
{
    /// <summary>How many unusable files are kept for people to look at.</summary>
    public const int SetAsideMax = 3;

    /// <summary>Links of links that are followed; more is a circle.</summary>
    private const int LinksMax = 16;

    /// <param name="path">A file of ours.</param>
    /// <param name="bytesMax">A larger one is not ours.</param>
    /// <param name="reason">Why it cannot be used; null when it can, or when there is none.</param>
    /// <returns>Null when it cannot be used, and when there is none.</returns>
    public static byte[]? Read(string path, int bytesMax, out string? reason)
    {
        // Non-blocking: opening a FIFO would wait for somebody to write to it.
        OpenResult file = Files.Open(path, OpenFlags.Read | OpenFlags.NonBlocking);
        if (!file.Succeeded)
        {
            reason = file.Errno is Errno.ENOENT or Errno.ENOTDIR ? null : Errno.Describe(file.Errno);
            return null;
        }

        try
        {
            reason = "it is not a regular file";
            if (!Files.IsRegular(file.Fd))
                return null;

            byte[]? content = Files.ReadToEnd(file.Fd, bytesMax, out int errno);
            reason = content is not null ? null : errno == Errno.EFBIG ? $"it has more than {bytesMax} bytes" : Errno.Describe(errno);
            return content;
        }
        finally
        {
            Files.Close(file.Fd);
        }
    }

    /// <summary>
    /// <see cref="Files.Replace"/>, and the directory synchronised as well, so that the new file is also there after a power cut. A path that is a symbolic link stays
    /// one: what it leads to is replaced.
    /// </summary>
    /// <returns>0 or an errno.</returns>
    public static int Write(string path, ReadOnlySpan<byte> content, int mode)
    {
        string target = path;
        for (int links = 0; Files.ReadLink(target) is { } link; links++)
        {
            if (links == LinksMax)
                return Errno.ELOOP;
            target = Path.Combine(Path.GetDirectoryName(target) ?? "", link);
        }

        int errno = Files.Replace(target, content, mode);
        if (errno != 0)
            return errno;

        string directory = Path.GetDirectoryName(target) is { Length: > 0 } name ? name : ".";
        OpenResult opened = Files.Open(directory, OpenFlags.Read);
        if (!opened.Succeeded)
            return 0; // May be entered and not listed. The file is written; only its durability is the file system's affair.

        _ = Files.Synchronize(opened.Fd); // EINVAL on file systems that need it not.
        Files.Close(opened.Fd);
        return 0;
    }

    /// <summary>Renames the file and keeps the newest <see cref="SetAsideMax"/> of its kind.</summary>
    /// <param name="path">The file.</param>
    /// <param name="reason">Why it cannot be used.</param>
    /// <param name="now">Wall-clock time, for its new name.</param>
    /// <returns>What happened, for people.</returns>
    public static string SetAside(string path, string reason, DateTimeOffset now)
    {
        string aside = $"{path}.corrupt-{now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}";
        int errno = Files.Rename(path, aside);
        if (errno != 0)
            return $"cannot use {path}: {reason}; cannot set it aside either: {Errno.Describe(errno)}";

        RemoveOldest(path);
        return $"cannot use {path}: {reason}; it is kept as {aside}";
    }

    private static void RemoveOldest(string path)
    {
        try
        {
            // The time stamp in the name makes the order by name the order by time.
            string[] kept = Directory.GetFileSystemEntries(Path.GetDirectoryName(path)!, Path.GetFileName(path) + ".corrupt-*");
            Array.Sort(kept, string.CompareOrdinal);
            foreach (string oldest in kept.AsSpan(0, Math.Max(0, kept.Length - SetAsideMax)))
                _ = Files.Unlink(oldest); // EISDIR, EACCES: then it stays; it harms nobody.
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The directory may be entered and not listed; then the old files stay.
            return;
        }
    }
}
