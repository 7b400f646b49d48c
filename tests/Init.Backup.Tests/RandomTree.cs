using System.Text;
using Init.Linux;

namespace Init.Backup.Tests;

/// <summary>Fills a directory with what users and programs leave behind, and with what nobody expects. By descriptor and bytes, since .NET's own paths are strings.</summary>
internal sealed class RandomTree(Random random)
{
    private static readonly FileTime[] Times = [new(0, 0), new(-1, 999_999_999), new(1_700_000_000, 1), new(4_000_000_000, 123_456_789)];

    public int Made { get; private set; }

    public void Fill(string directory, int entries)
    {
        int fd = FilesAt.OpenDirectory(FilesAt.WorkingDirectory, Encoding.UTF8.GetBytes(directory)).OrThrow("open", directory);
        while (Made < entries)
            FillOne(fd, entries, 0);
        MakeDeep(fd);
        Files.Close(fd);
    }

    private void FillOne(int directory, int entries, int depth)
    {
        byte[] name = RandomNames.Next(random);
        if (name.AsSpan().StartsWith(".init-restore~"u8) || FilesAt.StampOf(directory, name, out _) is not null)
            return;

        Made++;
        switch (random.Next(10))
        {
            case 0 or 1 when depth < 12:
                Check(FilesAt.MakeDirectory(directory, name, 0x1ED));
                int fd = FilesAt.OpenDirectory(directory, name).OrThrow("open", "directory");
                for (int i = random.Next(12); i > 0 && Made < entries; i--)
                    FillOne(fd, entries, depth + 1);
                Check(FilesAt.SetMode(fd, Pick(0x1ED, 0x1C0, 0x140, 0x5FF)));
                Files.Close(fd);
                break;
            case 2:
                Check(FilesAt.MakeLink(random.Next(3) switch { 0 => RandomNames.Next(random), 1 => "/etc/passwd"u8, _ => "../../../nowhere"u8 }, directory, name));
                break;
            default:
                int file = FilesAt.CreateFile(directory, name, 0x180).OrThrow("create", "file");
                byte[] content = new byte[random.Next(40) == 0 ? random.Next(1, 3_000_000) : random.Next(3) == 0 ? 0 : random.Next(2000)];
                random.NextBytes(content);
                long at = random.Next(60) == 0 ? 5_000_000 : 0; // With a hole before it.
                Check(Files.WriteAllAt(file, content, at));
                Check(FilesAt.SetMode(file, Pick(0x1A4, 0x1ED, 0x180, 0x9ED, 0x124, 0)));
                Files.Close(file);
                if (random.Next(4) == 0 && Environment.IsPrivilegedProcess)
                    Check(FilesAt.SetOwner(directory, name, 1000, (uint)random.Next(100)));
                break;
        }

        if (random.Next(2) == 0)
            Check(FilesAt.SetModified(directory, name, Pick(Times)));
    }

    private void MakeDeep(int directory)
    {
        int at = FilesAt.OpenDirectory(directory, "."u8).Fd;
        for (int depth = 0; depth < 60; depth++)
        {
            byte[] name = Encoding.ASCII.GetBytes(new string((char)('a' + (depth % 26)), 60));
            Check(FilesAt.MakeDirectory(at, name, 0x1ED));
            int next = FilesAt.OpenDirectory(at, name).Fd;
            Files.Close(at);
            at = next;
        }

        int file = FilesAt.CreateFile(at, "deep"u8, 0x1A4).Fd;
        Check(Files.WriteAllAt(file, "found"u8, 0));
        Files.Close(file);
        Files.Close(at);
    }

    private T Pick<T>(params T[] values) => values[random.Next(values.Length)];

    private static void Check(int errno) => Assert.True(errno == 0, Errno.Describe(errno));
}
