using Init.Backup.Service;
using Init.Backup.Tests.Harness;
using Init.Backup.Tests.Service;
using Init.Base;
using Init.Config;

namespace Init.Backup.Tests.GitHub;

/// <summary>What everybody can read is sent nothing, neither by git nor as a release.</summary>
public sealed class PublicRepositoryTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Role_WithAPublicRepository_SendsThereOnlyWhatItIsAllowedTo(bool isAllowed)
    {
        await using GitHubFixture at = await GitHubFixture.StartAsync();
        at.GitHub.IsPrivate = false;
        at.Folder.Write("small", "secret");
        at.Folder.Write("large", GitHubFixture.Content(1));
        BackupOptions options = RunningService.OptionsOf(at.Folder.Settings, at.GitHub.RemoteUrl) with
        {
            GitHubApi = at.GitHub.Api,
            User = GitServer.User,
            Token = GitServer.Token,
            AllowPublic = isAllowed,
            LargeThreshold = new ByteSize(100_000),
            LeaseTime = TimeSpan.FromSeconds(3),
        };
        BackupParts parts = BackupParts.Of(options, BackupRemotes.Make) with { Pace = TimeSpan.FromMilliseconds(100) };
        using RunningService role = new(parts);
        role.WaitForReady();

        BackupAnswer answer = role.BackUpNow();

        string branches = TestFolder.Run("git", $"--git-dir={at.GitHub.Git.PathOf(FakeGitHub.Repository + ".git")}", "for-each-ref");
        if (isAllowed)
        {
            Assert.IsType<BackupAnswer.Done>(answer);
            Assert.Contains("refs/heads/main", branches);
            Assert.NotEqual(0, at.GitHub.Uploads);
        }
        else
        {
            Assert.Contains("the repository is public", Assert.IsType<BackupAnswer.Refused>(answer).Message);
            Assert.DoesNotContain("refs/heads/main", branches);
            Assert.Equal(0, at.GitHub.Uploads);
        }
    }
}
