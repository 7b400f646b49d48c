using System.Runtime.InteropServices;
using System.Text;

namespace Init.Linux.Tests;

public sealed class FilesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("init-files-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private string At(string name) => Path.Combine(_directory, name);

    [Fact]
    public void IsRegular_TellsFilesFromEverythingElse()
    {
        File.WriteAllText(At("file"), "x");
        var (read, write) = Pipes.Create();
        OpenResult file = Files.Open(At("file"), OpenFlags.Read);
        OpenResult device = Files.Open("/dev/null", OpenFlags.Write);
        OpenResult memory = Files.CreateInMemory("test", "abc"u8);

        Assert.True(Files.IsRegular(file.Fd));
        Assert.False(Files.IsRegular(device.Fd));
        Assert.False(Files.IsRegular(write));
        Assert.Equal(FileKind.Fifo, Files.StatusOf(read)!.Value.Kind);
        Assert.Equal(FileKind.CharacterDevice, Files.StatusOf(device.Fd)!.Value.Kind);
        Assert.Equal(FileKind.Directory, Files.StatusOf(_directory)!.Value.Kind);
        Assert.Equal(3, Files.StatusOf(memory.Fd)!.Value.Size);
        Assert.Null(Files.StatusOf(At("missing")));
        Array.ForEach([read, write, file.Fd, device.Fd, memory.Fd], Files.Close);
    }

    [Fact]
    public void StatusOf_File_AgreesWithDotNet()
    {
        string path = At("file");
        File.WriteAllText(path, "12345");
        Files.ChangeMode(path, 0x180);
        File.CreateSymbolicLink(At("link"), path);

        FileStatus status = Files.StatusOf(path)!.Value;

        Assert.Equal((FileKind.Regular, 0x180, 5L), (status.Kind, status.Mode, status.Size));
        Assert.Equal(File.GetLastWriteTimeUtc(path), status.ModifiedAt.UtcDateTime);
        Assert.Equal(status.Inode, Files.StatusOf(At("link"))!.Value.Inode);
        Assert.Equal(FileKind.SymbolicLink, Files.StatusOf(At("link"), followLink: false)!.Value.Kind);
        Assert.Equal(path, Files.ReadLink(At("link")));
    }

    [Fact]
    public void Write_WhenPipeIsFull_WouldBlockAndLosesNothing()
    {
        var (read, write) = Pipes.Create(nonBlockingWrite: true);
        Assert.Equal(0, Pipes.SetCapacity(write, 4096));
        Assert.Equal(4096, Pipes.CapacityOf(read));

        IoResult first = Files.Write(write, new byte[10_000]);
        IoResult second = Files.Write(write, new byte[1]);

        Assert.Equal(new IoResult(4096, 0), first);
        Assert.True(second.WouldBlock);
        Array.ForEach([read, write], Files.Close);
    }

    [Fact]
    public void Write_WhenDeviceIsFull_IsENOSPC()
    {
        OpenResult full = Files.Open("/dev/full", OpenFlags.Write);

        Assert.Equal(new IoResult(0, Errno.ENOSPC), Files.Write(full.Fd, "x"u8));
        Files.Close(full.Fd);
    }

    [Fact]
    public void Write_WhenReaderIsGone_IsEPIPEAndNoSignal()
    {
        var (read, write) = Pipes.Create();
        Files.Close(read);

        Assert.Equal(Errno.EPIPE, Files.Write(write, "x"u8).Errno);
        Files.Close(write);
    }

    [Fact]
    public void WriteVectored_WritesPiecesInOrder()
    {
        var (read, write) = Pipes.Create();
        byte[] text = GC.AllocateArray<byte>(6, pinned: true);
        "prefix"u8.CopyTo(text);
        nint start = Marshal.UnsafeAddrOfPinnedArrayElement(text, 0);

        IoResult result = Files.WriteVectored(write, [new IoVector(start + 3, 3), new IoVector(start, 3)]);
        byte[] buffer = new byte[10];
        IoResult got = Files.Read(read, buffer);

        Assert.Equal(new IoResult(6, 0), result);
        Assert.Equal("fixpre", Encoding.UTF8.GetString(buffer, 0, got.Count));
        Array.ForEach([read, write], Files.Close);
    }

    [Fact]
    public void Replace_WhenItCannotBeWritten_LeavesTheOldContent()
    {
        string path = At("state");
        Assert.Equal(0, Files.Replace(path, "old"u8, 0x180));
        Assert.Equal(0, Files.Replace(path, "new"u8, 0x180));
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal(0x180, Files.StatusOf(path)!.Value.Mode);

        Directory.CreateDirectory(path + ".new"); // In the way of the file beside it.
        Assert.Equal(Errno.EISDIR, Files.Replace(path, "newer"u8, 0x180));
        Assert.Equal("new", File.ReadAllText(path));
    }

    [Fact]
    public void ReadAll_WhenTooLong_IsEFBIG()
    {
        File.WriteAllText(At("file"), new string('x', 5000));

        Assert.Equal(5000, Files.ReadAll(At("file"), 5000, out _)!.Length);
        Assert.Null(Files.ReadAll(At("file"), 4999, out int errno));
        Assert.Equal(Errno.EFBIG, errno);
        Assert.Null(Files.ReadAll(At("missing"), 10, out errno));
        Assert.Equal(Errno.ENOENT, errno);
    }

    [Fact]
    public void MakeDirectories_MakesWhatIsMissingAndStopsAtAFile()
    {
        Assert.Equal(0, Files.MakeDirectories(At("a/b/c"), 0x1C0));
        Assert.Equal(0, Files.MakeDirectories(At("a/b/c"), 0x1C0));
        File.WriteAllText(At("a/file"), "");
        Assert.Equal(Errno.ENOTDIR, Files.MakeDirectories(At("a/file/x"), 0x1C0));
        Assert.Equal(Errno.EEXIST, Files.MakeDirectories(At("a/file"), 0x1C0));
    }

    [Fact]
    public void Open_Always_IsCloseOnExec()
    {
        OpenResult file = Files.Open("/dev/null", OpenFlags.Read);

        Assert.Equal(["fds 0 1 2"], TestChild.Start("fds").ReadAllLines());
        Files.Close(file.Fd);
    }
}
