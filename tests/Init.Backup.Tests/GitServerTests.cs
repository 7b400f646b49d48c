using Init.Backup.Tests.Harness;

namespace Init.Backup.Tests;

/// <summary>The server that the other tests stand on is what it says.</summary>
public sealed class GitServerTests : IAsyncDisposable
{
    private readonly TestFolder _folder = new();

    [Fact]
    public async Task Server_WhenPlainGitClonesAndPushes_IsAnOrdinaryServer()
    {
        await using GitServer server = await GitServer.StartAsync(Path.Combine(_folder.Root, "server"));
        server.CreateRepository("owner/repo.git");
        string clone = Clone(server);
        Commit(clone, "a", "content");
        Push(clone);

        Assert.Equal("content", TestFolder.Run("git", $"--git-dir={server.PathOf("owner/repo.git")}", "show", "main:a"));
        Assert.Equal(1, server.Writes);
        Assert.Contains(server.Requests, request => request is { Authorization: null, Method: "GET" }); // Refused, before git gave the credentials.
        string refused = RunAndFail(clone, "git", "ls-remote", server.UrlOf("owner/repo.git"));
        Assert.Contains("terminal prompts disabled", refused); // No credentials.
    }

    [Fact]
    public async Task Server_WhenAPushHasASecretOrAHugeFile_RefusesItInGitHubsWords()
    {
        await using GitServer server = await GitServer.StartAsync(Path.Combine(_folder.Root, "server"));
        server.CreateRepository("owner/repo.git", objectBytesMax: 100_000);
        string clone = Clone(server);
        Commit(clone, "sub/config.json", $"one\nkey = {GitHubHook.Secret}\n");
        string said = RunAndFail(clone, "git", "push", "-q", "origin", "HEAD:main");
        Assert.Contains("Push cannot contain secrets", said);
        Assert.Contains("path: sub/config.json:2", said);

        clone = Clone(server);
        Commit(clone, "big", new string('x', 200_000));
        said = RunAndFail(clone, "git", "push", "-q", "origin", "HEAD:main");
        Assert.Contains("File big is 0.20 MB; this exceeds GitHub's file size limit", said);
    }

    [Fact]
    public async Task Server_WhenItMisbehaves_DoesSoAtThatRequestAndThatOften()
    {
        await using GitServer server = await GitServer.StartAsync(Path.Combine(_folder.Root, "server"));
        server.CreateRepository("owner/repo.git");
        string clone = Clone(server);
        Commit(clone, "a", "content");

        server.Misbehave(new GitFault { Where = "service=git-receive-pack", Status = 502, Times = 1 });
        Assert.Contains("502", RunAndFail(clone, "git", "push", "-q", "origin", "HEAD:main"));
        server.Misbehave(new GitFault { Where = "/git-receive-pack", CutRequestAt = 60 });
        RunAndFail(clone, "git", "push", "-q", "origin", "HEAD:main");
        Assert.Equal("", TestFolder.Run("git", $"--git-dir={server.PathOf("owner/repo.git")}", "for-each-ref"));
        server.Misbehave(new GitFault { Where = "/git-receive-pack", CutAnswerAt = 0 });
        RunAndFail(clone, "git", "push", "-q", "origin", "HEAD:main");
        Assert.Contains("refs/heads/main", TestFolder.Run("git", $"--git-dir={server.PathOf("owner/repo.git")}", "for-each-ref")); // Done, and nobody was told.
        server.Misbehave();
        Push(clone);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private string Clone(GitServer server)
    {
        string clone = Path.Combine(_folder.Root, "clone-" + Guid.NewGuid().ToString("N"));
        TestFolder.Run("git", "init", "-q", "-b", "main", clone);
        TestFolder.RunIn(clone, "git", "remote", "add", "origin", server.UrlOf("owner/repo.git").Replace("http://", $"http://{GitServer.User}:{GitServer.Token}@"));
        return clone;
    }

    private static void Commit(string clone, string path, string content)
    {
        string full = Path.Combine(clone, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, content);
        TestFolder.RunIn(clone, "git", "add", ".");
        TestFolder.RunIn(clone, "git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "c");
    }

    private static void Push(string clone) => TestFolder.RunIn(clone, "git", "push", "-q", "origin", "HEAD:main");

    private static string RunAndFail(string directory, params string[] command) =>
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => TestFolder.RunIn(directory, "env", ["GIT_TERMINAL_PROMPT=0", .. command])).Message;
}
