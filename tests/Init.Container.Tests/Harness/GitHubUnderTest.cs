using Init.Backup.Tests.Harness;

namespace Init.Container.Tests.Harness;

/// <summary>GitHub as the containers of one test see it; it outlives their disks.</summary>
internal sealed class GitHubUnderTest : IAsyncDisposable
{
    private readonly string _directory;
    private readonly TestCertificates? _certificates;

    private GitHubUnderTest(FakeGitHub fake, string directory, TestCertificates? certificates)
    {
        Fake = fake;
        _directory = directory;
        _certificates = certificates;
    }

    public FakeGitHub Fake { get; }

    /// <summary>The stack with this repository, with the variables that the original's users have set.</summary>
    public ContainerOptions Options => new()
    {
        Environment = [$"GITHUB_USER={GitServer.User}", $"GITHUB_PAT={GitServer.Token}", "GIT_BRANCH=main", .. _certificates is null ? (string[])[] : [$"SSL_CERT_FILE={AuthorityInside}"]],
        Flags = _certificates is null ? [] : ["--volume", $"{_certificates.AuthorityFile}:{AuthorityInside}:ro"],
        Backup = $"remote = \"{Fake.RemoteUrl}\"\ngithub_api = \"{Fake.Api}\"\nlease_time = \"3s\"",
    };

    private const string AuthorityInside = "/etc/authority-of-the-tests.pem";

    /// <param name="isSecure">By HTTPS as the real one, with an authority of its own, which the containers are told to trust.</param>
    public static async Task<GitHubUnderTest> StartAsync(bool isSecure = false)
    {
        string directory = Directory.CreateTempSubdirectory("fake-github-").FullName;
        TestCertificates? certificates = isSecure ? new TestCertificates(directory) : null;
        return new GitHubUnderTest(await FakeGitHub.StartAsync(directory, certificates?.Make()), directory, certificates);
    }

    /// <summary>Of the last backup; null when it has no such file.</summary>
    public async Task<string?> ShowAsync(string path)
    {
        Said said = await Shell.RunAsync("git", $"--git-dir={Repository}", "show", $"main:{path}");
        return said.Code == 0 ? said.Output : null;
    }

    /// <summary>The subjects of all backups, the newest first.</summary>
    public async Task<string> LogAsync() => (await Shell.RunAsync("git", $"--git-dir={Repository}", "log", "--format=%s", "main")).Output;

    /// <summary>One commit on a new branch main, by git itself.</summary>
    public async Task PushAsync(string subject, IReadOnlyDictionary<string, string> files)
    {
        string tree = Path.Combine(_directory, "work-tree");
        foreach (var (path, content) in files)
        {
            string full = Path.Combine(tree, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            await File.WriteAllTextAsync(full, content);
        }

        string[][] commands =
        [
            ["init", "-q", "-b", "main"], ["add", "-A", "-f"], ["-c", "user.name=astrbot-backup", "-c", "user.email=astrbot-backup@local", "commit", "-q", "-m", subject], ["push", "-q", Repository, "main:main"],
        ];
        foreach (string[] command in commands)
        {
            Said said = await Shell.RunAsync(["git", "-C", tree, .. command]);
            Assert.True(said.Code == 0, $"git {command[0]}: {said}");
        }
    }

    private string Repository => Fake.Git.PathOf(FakeGitHub.Repository + ".git");

    public async ValueTask DisposeAsync()
    {
        await Fake.DisposeAsync();
        _certificates?.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
