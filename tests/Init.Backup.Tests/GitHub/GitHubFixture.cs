using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Init.Backup.GitHub;
using Init.Backup.Large;
using Init.Backup.Names;
using Init.Backup.Tests.Harness;
using Init.Linux;

namespace Init.Backup.Tests;

/// <summary>A fake GitHub, a client of it that loses no time, and files to store and to fetch.</summary>
internal sealed class GitHubFixture : IAsyncDisposable
{
    private readonly List<IDisposable> _clients = [];

    private GitHubFixture(TestFolder folder, FakeGitHub github)
    {
        Folder = folder;
        GitHub = github;
        Settings = new GitHubSettings(FakeGitHub.Repository, GitServer.Token)
        {
            Api = new Uri(github.Api),
            RetryDelay = TimeSpan.FromMilliseconds(10),
            Silence = TimeSpan.FromSeconds(10),
            Patience = TimeSpan.FromSeconds(3),
            ScratchPath = Path.Combine(folder.Root, "scratch"),
        };
    }

    public TestFolder Folder { get; }

    public FakeGitHub GitHub { get; }

    public GitHubSettings Settings { get; set; }

    /// <param name="certificate">Null: plain HTTP.</param>
    public static async Task<GitHubFixture> StartAsync(X509Certificate2? certificate = null)
    {
        TestFolder folder = new();
        return new GitHubFixture(folder, await FakeGitHub.StartAsync(Path.Combine(folder.Root, "github"), certificate));
    }

    public static byte[] Content(int seed, int length = 300_000)
    {
        byte[] content = new byte[length];
        new Random(seed).NextBytes(content);
        return content;
    }

    public static string HashOf(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>A client that knows nothing of what others did.</summary>
    public ReleaseFiles Client()
    {
        ReleaseFiles client = new(Settings);
        _clients.Add(client);
        return client;
    }

    public Pointer Put(byte[] content, ReleaseFiles? client = null, string? hash = null, CancellationToken cancel = default)
    {
        string path = Path.Combine(Folder.Root, "source");
        File.WriteAllBytes(path, content);
        int fd = Files.Open(path, Linux.OpenFlags.Read).OrThrow("open", path);
        try
        {
            Pointer pointer = (client ?? Client()).Put(new LargeSource(BytePath.Of("t/model.bin"), fd, content.Length, hash ?? HashOf(content)), cancel);
            Assert.Equal(content, File.ReadAllBytes(path));
            return Pointer.Parse(pointer.ToJson(), out _)!; // As it is read again.
        }
        finally
        {
            Files.Close(fd);
        }
    }

    /// <param name="keep">Of an earlier, interrupted one.</param>
    public byte[] Get(Pointer pointer, bool keep = false, CancellationToken cancel = default)
    {
        string path = Path.Combine(Folder.Root, "fetched");
        if (!keep)
            File.Delete(path);
        int fd = FilesAt.OpenOrCreateFile(FilesAt.WorkingDirectory, Encoding.UTF8.GetBytes(path), 0x180).OrThrow("open", path);
        try
        {
            Client().Get(pointer, fd, null, cancel);
            return File.ReadAllBytes(path);
        }
        finally
        {
            Files.Close(fd);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IDisposable client in _clients)
            client.Dispose();
        await GitHub.DisposeAsync();
        Folder.Dispose();
    }
}
