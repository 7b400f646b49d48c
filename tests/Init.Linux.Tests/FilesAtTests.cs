using System.Text;

namespace Init.Linux.Tests;

public sealed class FilesAtTests : IDisposable
{
    private static readonly byte[] Odd = [0xFF, (byte)'\n', 0xC3, (byte)' '];

    private readonly string _folder = Directory.CreateTempSubdirectory("init-at-").FullName;
    private readonly int _directory;

    public FilesAtTests() => _directory = FilesAt.OpenDirectory(FilesAt.WorkingDirectory, Encoding.UTF8.GetBytes(_folder)).OrThrow("open", _folder);

    public void Dispose()
    {
        Files.Close(_directory);
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Name_WhenItIsNoUtf8_IsListedLookedAtAndRenamed()
    {
        int fd = FilesAt.CreateFile(_directory, Odd, 0x1A4).OrThrow("create", "file");
        Assert.Equal(0, Files.WriteAllAt(fd, "abc"u8, 5));
        Files.Close(fd);
        FileTime time = new(-5, 7);
        Assert.Equal(0, FilesAt.SetModified(_directory, Odd, time));

        Assert.Equal(Odd, Assert.Single(FilesAt.List(_directory, out _)));
        FileStamp stamp = FilesAt.StampOf(_directory, Odd, out _)!.Value;
        Assert.Equal((FileKind.Regular, 8, 0x1A4, time), (stamp.Kind, stamp.Size, stamp.Mode, stamp.Modified));
        Assert.True(stamp.Changed.Seconds > 1_000_000_000);
        Assert.Equal(0, FilesAt.Rename(_directory, Odd, _directory, "plain"u8));
        Assert.True(File.Exists(Path.Combine(_folder, "plain")));
    }

    [Fact]
    public void Link_WhenOpenedOrLookedAt_IsNotFollowed()
    {
        Assert.Equal(0, FilesAt.MakeLink("/etc"u8, _directory, "link"u8));

        Assert.Equal(FileKind.SymbolicLink, FilesAt.StampOf(_directory, "link"u8, out _)!.Value.Kind);
        Assert.Equal("/etc"u8.ToArray(), FilesAt.ReadLink(_directory, "link"u8, out _));
        Assert.False(FilesAt.OpenDirectory(_directory, "link"u8).Succeeded);
        Assert.Equal(Errno.ELOOP, FilesAt.OpenFile(_directory, "link"u8).Errno);
    }

    [Fact]
    public void Name_WhenItHasAZeroOrIsTooLong_IsRefused()
    {
        Assert.Equal(Errno.EINVAL, FilesAt.CreateFile(_directory, "a\0b"u8, 0x1A4).Errno);
        Assert.Equal(Errno.ENAMETOOLONG, FilesAt.Unlink(_directory, new byte[FilesAt.NameBytesMax]));
        Assert.Null(FilesAt.StampOf(_directory, "nothing"u8, out int errno));
        Assert.Equal(Errno.ENOENT, errno);
    }
}
