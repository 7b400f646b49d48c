using Init.Backup.GitHub;
using Init.Backup.Service;
using Init.Backup.Tests.Harness;
using Init.Backup.Tests.Kill;
using Init.Backup.Tests.Service;
using Init.Base;

namespace Init.Backup.Tests.Faults;

/// <summary>The network goes away at each request in turn, to git, the API and the asset host alike, and stays away until the role has given up.</summary>
public sealed class LargeNetworkFaultTests : IAsyncLifetime
{
    /// <summary>More requests than a backup or a boot has; the test sees to it that it came to the last one.</summary>
    private const int RequestsMax = 60;

    private GitHubFixture _at = null!;

    public async Task InitializeAsync() => _at = await GitHubFixture.StartAsync();

    [Fact]
    public void Backup_WhenTheNetworkGoesAwayAtAnyRequest_IsWholeWhenItIsBack()
    {
        using RunningService role = Start(_at.Folder);
        role.WaitForReady();
        _at.Folder.Write("small", "first");
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        int step = 0;
        for (bool hasCut = true; hasCut; step++)
        {
            Assert.True(step < RequestsMax, "a backup has no end");
            string name = $"large-{step}";
            _at.Folder.Write(name, GitHubFixture.Content(step));
            _at.Folder.Write("small", $"{step}");

            _at.GitHub.Git.CutAfter(step);
            BackupAnswer answer = role.BackUpNow();
            hasCut = _at.GitHub.Git.HasCut;
            _at.GitHub.Git.CutAfter(null);

            if (answer is BackupAnswer.Done)
                Assert.Equal($"{step}", AtServer("small")); // Acknowledged is there. The large file may not be, which is said.
            AssertPointersHoldWhatTheyName();
            Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
            Assert.Equal($"{step}", AtServer("small"));
            Assert.Contains(GitHubFixture.HashOf(GitHubFixture.Content(step)), AtServer(name + ".pointer"));
            AssertPointersHoldWhatTheyName();
        }

        Assert.True(step > 5, $"only {step - 1} requests were cut"); // An upload, a push and its answer read back: five.
        role.EndInOrder();
    }

    [Fact]
    public void Boot_WhenTheNetworkGoesAwayAtAnyRequest_RestoresAllWhenItIsBack()
    {
        using (RunningService role = Start(_at.Folder))
        {
            role.WaitForReady();
            _at.Folder.Write("small", "first");
            Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
            _at.Folder.Write("large", GitHubFixture.Content(1));
            Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
            role.EndInOrder();
        }

        string before = _at.Folder.List();
        int step = 0;
        for (bool hasCut = true; hasCut; step++)
        {
            Assert.True(step < RequestsMax, "a boot has no end");
            using TestFolder fresh = new();
            Directory.Delete(fresh.Target);
            _at.GitHub.Git.CutAfter(step);
            using RunningService role = Start(fresh);
            role.Wait(() => role.IsReady || role.Status().Problem is not null, "an end of the first attempt");
            hasCut = !role.IsReady;
            _at.GitHub.Git.CutAfter(null);
            role.WaitForReady();
            Assert.Equal(before, fresh.List());
            role.EndInOrder();
        }

        Assert.True(step > 7, $"only {step - 1} requests were cut"); // Two looks, a lease, a fetch, an asset and its content.
    }

    public async Task DisposeAsync() => await _at.DisposeAsync();

    /// <summary>The lease is not looked at in between, and nobody waits long before trying again.</summary>
    private RunningService Start(TestFolder folder)
    {
        BackupParts parts = RunningService.PartsOf(folder.Settings, _at.GitHub.RemoteUrl, options => RoleProcess.Quick(options) with
        {
            LeaseTime = TimeSpan.FromMinutes(10),
            GitHubApi = _at.GitHub.Api,
            LargeThreshold = new ByteSize(200_000),
        });
        (parts.Settings.LargeFiles as IDisposable)!.Dispose();
        GitHubSettings quick = parts.GitHub! with { RetryDelay = TimeSpan.FromMilliseconds(5) };
        return new RunningService(parts with { GitHub = quick, Settings = parts.Settings with { LargeFiles = new ReleaseFiles(quick) } });
    }

    private void AssertPointersHoldWhatTheyName()
    {
        string names = TestFolder.Run("git", $"--git-dir={Repository}", "ls-tree", "-r", "--name-only", "main", "t/");
        foreach (string pointer in names.Split('\n').Where(name => name.EndsWith(".pointer", StringComparison.Ordinal)))
        {
            int seed = int.Parse(pointer.Split('-')[^1].Split('.')[0]);
            byte[] content = GitHubFixture.Content(seed);
            Assert.Contains(_at.GitHub.Releases.SelectMany(release => release.Assets), asset => asset.Name == "sha256-" + GitHubFixture.HashOf(content) && asset.Content.AsSpan().SequenceEqual(content));
        }
    }

    private string Repository => _at.GitHub.Git.PathOf(FakeGitHub.Repository + ".git");

    private string AtServer(string file) => TestFolder.Run("git", $"--git-dir={Repository}", "show", $"main:t/{file}");
}
