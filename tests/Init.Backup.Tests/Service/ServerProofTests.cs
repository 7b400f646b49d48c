using System.Diagnostics;
using System.Text.Json;
using Init.Backup.Service;
using Init.Backup.Tests.Harness;
using Init.Base;

namespace Init.Backup.Tests.Service;

/// <summary>Proofs of what is at a server and not at a path, large files among it.</summary>
public sealed class ServerProofTests : IAsyncLifetime
{
    private GitHubFixture _at = null!;
    private RunningService _role = null!;

    public async Task InitializeAsync()
    {
        _at = await GitHubFixture.StartAsync();
        _role = new RunningService(RunningService.PartsOf(_at.Folder.Settings, _at.GitHub.RemoteUrl, options => options with
        {
            User = GitServer.User,
            Token = GitServer.Token,
            GitHubApi = _at.GitHub.Api,
            LargeThreshold = new ByteSize(200_000),
            DownloadRetry = 0,
        }));
        _role.WaitForReady();
        _at.Folder.Write("small", "1");
        Assert.IsType<BackupAnswer.Done>(_role.BackUpNow()); // GitHub takes no large file before there is a commit.
        _at.Folder.Write("model.bin", GitHubFixture.Content(1));
        Assert.IsType<BackupAnswer.Done>(_role.BackUpNow());
        Assert.Equal(1, _at.GitHub.Uploads);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Proof_FromAServer_FetchesLargeFilesAndLeavesNothing(bool full)
    {
        JsonElement proof = ((BackupAnswer.Done)Verify(full)).Result!.Value;

        Assert.Empty(proof.GetProperty("failures").EnumerateArray());
        Assert.Equal(2, proof.GetProperty("files").GetInt64());
        Assert.Equal(full ? _at.GitHub.RemoteUrl : "the local store", proof.GetProperty("source").GetString());
        Assert.Contains(_at.GitHub.Requests, request => request.Host == "assets");
        Assert.False(Directory.Exists(_at.Folder.Settings.ProofPath));
    }

    [Fact]
    public void Proof_WhenALargeFileIsDamagedAtTheServer_NamesIt()
    {
        _at.GitHub.Misbehave(new FakeGitHubFault { Where = "assets GET", CorruptsDownload = true });

        JsonElement proof = ((BackupAnswer.Done)Verify(full: true)).Result!.Value;

        Assert.Contains("model.bin", Assert.Single(proof.GetProperty("failures").EnumerateArray()).GetString());
        _role.Wait(() => _role.Status().ProofProblem?.Contains("model.bin", StringComparison.Ordinal) == true, "the problem in the status");
    }

    [Fact]
    public async Task Proof_WhenTheRoleIsToEnd_EndsWithItAndLeavesNothing()
    {
        _at.GitHub.Misbehave(new FakeGitHubFault { Where = "assets GET", HangAnswerAt = 1000 });
        Task<BackupAnswer> proof = Task.Run(() => Verify(full: true));
        _role.Wait(() => _at.GitHub.Requests.Any(request => request.Host == "assets"), "the large file to be asked for");
        Assert.True(Directory.Exists(_at.Folder.Settings.ProofPath));
        _at.Folder.Write("late", "x");

        long began = Stopwatch.GetTimestamp();
        _role.EndInOrder();

        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 10);
        Assert.False(Directory.Exists(_at.Folder.Settings.ProofPath));
        Assert.Contains("late", TestFolder.Run("git", $"--git-dir={_at.GitHub.Git.PathOf(FakeGitHub.Repository + ".git")}", "ls-tree", "-r", "--name-only", "main"));
        Assert.Null(ServiceJson.ReadStatus(File.ReadAllBytes(_role.Parts.StatusPath))!.ProofProblem);
        _role.Dispose();
        Assert.IsNotType<BackupAnswer.Done>(await proof);
    }

    public async Task DisposeAsync()
    {
        _role.Dispose();
        await _at.DisposeAsync();
    }

    private BackupAnswer Verify(bool full)
    {
        using BackupClient client = BackupClient.Connect(_role.Parts.SocketPath)!;
        return client.Ask("verify", full ? "\"full\":true" : "\"sample\":10");
    }
}
