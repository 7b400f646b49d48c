using System.Diagnostics;
using System.Text;
using Init.Backup.Names;
using Init.Linux;

namespace Init.Backup.Migration;

/// <summary>
/// The original moved the targets into its repository and put links in their places. This puts the files back where they are looked for. The content has a name at every moment:
/// link and content change places in one step where they are in one file system; else a copy changes places with the link, and the original's stays where it was.
/// </summary>
public static class SymlinkLayout
{
    /// <param name="settings">Targets, and where the original's repository is.</param>
    /// <param name="mayCopy">Only while no program is running: what it wrote during the copy would not be in it.</param>
    /// <param name="notes">What was done, and what could not be.</param>
    /// <returns>How many targets are files of their own now.</returns>
    public static int Migrate(BackupSettings settings, bool mayCopy, BackupNotes notes)
    {
        int migrated = 0;
        foreach (BytePath target in settings.Targets)
        {
            byte[] live = [.. Encoding.UTF8.GetBytes(settings.Base.TrimEnd('/')), (byte)'/', .. target.Bytes];
            Names names = new(live, Beside(live, "migrate-"), Beside(live, "link-"));
            try
            {
                if (MigrateOne(names, settings.OriginalDirectory, mayCopy) is not { } text)
                    continue;
                notes.Add(NoteKind.Migrated, target, text);
                migrated++;
            }
            catch (SyscallException exception)
            {
                notes.Add(NoteKind.Unreadable, target, $"it is a link into {settings.OriginalDirectory}, and cannot be made a file of its own: {exception.Message}");
            }
        }

        return migrated;
    }

    /// <returns>Null: there was nothing to do.</returns>
    private static string? MigrateOne(Names names, string original, bool mayCopy)
    {
        const int Here = FilesAt.WorkingDirectory;
        // Killed between two renames, where the file system knows no exchange.
        if (FilesAt.StampOf(Here, names.Live, out int errno) is null && errno == Errno.ENOENT)
            _ = FilesAt.Rename(Here, names.Link, Here, names.Live);

        if (FilesAt.ReadLink(Here, names.Live, out _) is not { } to || SourceOf(names.Live, to, original) is not { } source)
            return null;
        if (FilesAt.StampOf(Here, source, out _) is not { Kind: FileKind.Directory or FileKind.Regular })
            return null; // It leads to nothing, or further: then there is no content to bring.

        errno = FilesAt.Exchange(Here, names.Live, Here, source);
        if (errno == 0)
        {
            _ = FilesAt.Unlink(Here, source); // The link, which leads to itself there.
            return $"it was a link into {original}; the content is here now";
        }

        if (!mayCopy)
            throw new SyscallException("exchange with its content (it can be done before programs start: restart the container)", PathText.Encode(names.Live), errno);

        Copy(source, names);
        errno = FilesAt.Exchange(Here, names.Live, Here, names.Copy);
        if (errno is Errno.EINVAL or Errno.ENOSYS)
        {
            Require(FilesAt.Rename(Here, names.Live, Here, names.Link), "rename", names.Live);
            errno = FilesAt.Rename(Here, names.Copy, Here, names.Live);
            if (errno != 0)
                _ = FilesAt.Rename(Here, names.Link, Here, names.Live);
        }

        Require(errno, "put a copy in the place of", names.Live);
        _ = FilesAt.Unlink(Here, names.Copy); // The link, whichever of the two names it has.
        _ = FilesAt.Unlink(Here, names.Link);
        return $"it was a link into {original}; the content has been copied here, and can be removed there";
    }

    /// <returns>What the link leads to, when that is in the original's repository.</returns>
    private static byte[]? SourceOf(byte[] live, byte[] link, string original)
    {
        string directory = Encoding.UTF8.GetString(live.AsSpan(0, live.AsSpan().LastIndexOf((byte)'/')));
        string source = Path.GetFullPath(Path.Combine(directory + "/", Encoding.UTF8.GetString(link)));
        return source.StartsWith(Path.GetFullPath(original).TrimEnd('/') + "/", StringComparison.Ordinal) ? Encoding.UTF8.GetBytes(source) : null;
    }

    private static void Copy(byte[] source, Names names)
    {
        string from = Encoding.UTF8.GetString(source), to = Encoding.UTF8.GetString(names.Copy);
        if (FilesAt.StampOf(FilesAt.WorkingDirectory, names.Copy, out _) is { } leftover) // Of one that was killed: the original is whole.
        {
            if (leftover.Kind == FileKind.Directory)
                Directory.Delete(to, recursive: true);
            else
                _ = FilesAt.Unlink(FilesAt.WorkingDirectory, names.Copy);
        }

        ProcessStartInfo start = new("cp", ["-a", "--", from, to]) { RedirectStandardError = true, UseShellExecute = false };
        string? path = Environment.GetEnvironmentVariable("PATH");
        start.Environment.Clear(); // Ours has the token.
        start.Environment["PATH"] = path ?? "/usr/local/bin:/usr/bin:/bin";
        start.Environment["LC_ALL"] = "C";
        using Process cp = Process.Start(start)!;
        string said = cp.StandardError.ReadToEnd();
        cp.WaitForExit();
        if (cp.ExitCode != 0)
            throw new SyscallException($"copy {from} ({said.Split('\n')[0]})", to, Errno.EIO);

        // On disk before it takes the place of the link.
        int fd = FilesAt.OpenDirectory(FilesAt.WorkingDirectory, names.Copy.AsSpan(0, names.Copy.AsSpan().LastIndexOf((byte)'/'))).OrThrow("open", to);
        int errno = FilesAt.SynchronizeFileSystem(fd);
        Files.Close(fd);
        Require(errno, "synchronize", names.Copy);
    }

    /// <summary>Under a prefix that is never backed up.</summary>
    private static byte[] Beside(byte[] live, string kind)
    {
        int slash = live.AsSpan().LastIndexOf((byte)'/') + 1;
        return [.. live.AsSpan(0, slash), .. OwnNames.TemporaryPrefix, .. Encoding.ASCII.GetBytes(kind), .. live.AsSpan(slash)];
    }

    private static void Require(int errno, string operation, byte[] path)
    {
        if (errno != 0)
            throw new SyscallException(operation, PathText.Encode(path), errno);
    }

    private sealed record Names(byte[] Live, byte[] Copy, byte[] Link);
}
