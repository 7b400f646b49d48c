using Init.Backup.GitHub;
using Init.Backup.Tests.Harness;

namespace Init.Backup.Tests;

public sealed class DoctorTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private static string Of(IEnumerable<DoctorCheck> checks, string check) => checks.Single(found => found.Check == check).Outcome.ToString();

    private static IReadOnlyList<DoctorCheck> Judge(GitHubFixture at, bool allowPublic = false) =>
        GitHubDoctor.Judge(GitHubDoctor.Examine(at.Settings, TimeProvider.System, default), allowPublic, Now);

    [Fact]
    public async Task Doctor_WhenEverythingIsWell_SaysSoAndChangesNothing()
    {
        await using var at = await GitHubFixture.StartAsync();

        var checks = Judge(at);

        Assert.All(checks, check => Assert.Equal(CheckOutcome.Ok, check.Outcome));
        Assert.Equal(["repository", "clock", "token", "rights", "visibility", "size", "rate limit", "releases"], checks.Select(check => check.Check));
        Assert.Equal(0, at.GitHub.Writes);
    }

    [Fact]
    public async Task Doctor_ByWhatIsWrong_SaysWhatAndWhatToDo()
    {
        await using var at = await GitHubFixture.StartAsync();
        at.GitHub.IsPrivate = false;
        Assert.Equal("Fail", Of(Judge(at), "visibility"));
        Assert.Equal("Warn", Of(Judge(at, allowPublic: true), "visibility"));
        at.GitHub.IsPrivate = true;

        at.GitHub.Scopes = "read:org, gist";
        DoctorCheck rights = Judge(at).Single(check => check.Check == "rights");
        Assert.Equal(CheckOutcome.Fail, rights.Outcome);
        Assert.Contains("it has: read:org, gist", rights.Text);
        Assert.Contains("\"repo\"", rights.Remedy);

        at.GitHub.Scopes = null; // Fine-grained.
        Assert.Equal("Ok", Of(Judge(at), "rights"));
        Assert.Contains("fine-grained", Judge(at).Single(check => check.Check == "token").Text);
        at.GitHub.MayPush = false;
        Assert.Equal("Fail", Of(Judge(at), "rights"));
        at.GitHub.MayPush = true;

        at.GitHub.RateRemaining = 100;
        Assert.Equal("Warn", Of(Judge(at), "rate limit"));
        at.GitHub.RateRemaining = 4999;

        at.GitHub.ClockSkew = TimeSpan.FromDays(1);
        DoctorCheck clock = Judge(at).Single(check => check.Check == "clock");
        Assert.Equal((CheckOutcome.Warn, "it is 24 hours behind GitHub's"), (clock.Outcome, clock.Text));
        at.GitHub.ClockSkew = TimeSpan.Zero;

        at.GitHub.AddRelease("blobs").IsImmutable = true;
        Assert.Contains("immutable", Judge(at).Single(check => check.Check == "releases").Text);
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "/releases", Status = 403, Body = """{"message":"Resource not accessible by personal access token"}""" });
        DoctorCheck releases = Judge(at).Single(check => check.Check == "releases");
        Assert.Equal(CheckOutcome.Fail, releases.Outcome);
        Assert.Contains("Resource not accessible", releases.Text);
    }

    [Fact]
    public async Task Doctor_WhenTheRepositoryWasRenamed_FollowsOnTheApisHostAlone()
    {
        await using var at = await GitHubFixture.StartAsync();
        FakeGitHubFault To(string where, string location) => new() { Where = where, Times = 1, Status = 301, Headers = [("Location", location)] };
        at.Settings = at.Settings with { Repository = "owner/old" };
        at.GitHub.Misbehave(To("/owner/old/releases", "/api/v3/repos/owner/repo/releases"), To("/owner/old", at.GitHub.Api + "/repos/owner/repo"));
        Assert.All(Judge(at), check => Assert.Equal(CheckOutcome.Ok, check.Outcome));

        at.GitHub.Misbehave(To("/owner/old", $"http://127.0.0.1:{at.GitHub.AssetPort}/repos/owner/repo"));
        Assert.Equal(CheckOutcome.Fail, Judge(at)[0].Outcome);
        Assert.DoesNotContain(at.GitHub.Requests, request => request.Host == "assets");
    }

    [Fact]
    public async Task Doctor_WhenTheTokenExpiresSoon_Warns()
    {
        await using var at = await GitHubFixture.StartAsync();
        at.GitHub.TokenExpires = Now.AddDays(5);
        DoctorCheck token = Judge(at).Single(check => check.Check == "token");
        Assert.Equal((CheckOutcome.Warn, "a classic token, which expires in 5 days"), (token.Outcome, token.Text));
    }

    [Theory]
    [InlineData(401, "token", "make a token")]
    [InlineData(404, "repository", "make the repository (private)")]
    [InlineData(429, "rate limit", "wait as long as GitHub says")]
    public async Task Doctor_WhenGitHubRefuses_SaysOnlyThat(int status, string check, string remedy)
    {
        await using var at = await GitHubFixture.StartAsync();
        at.GitHub.Misbehave(new FakeGitHubFault { Status = status });

        DoctorCheck found = Judge(at)[0];

        Assert.Equal((check, CheckOutcome.Fail), (found.Check, found.Outcome));
        Assert.Contains(remedy, found.Remedy);
        Assert.DoesNotContain(GitServer.Token, found.ToString());
    }

    [Theory]
    [InlineData("https://github.com/owner/repo.git", "https://api.github.com", "owner/repo")]
    [InlineData("https://github.com/owner/my.repo/", "https://api.github.com", "owner/my.repo")]
    [InlineData("https://github.com/owner", "https://api.github.com", null)]
    [InlineData("https://gitlab.com/owner/repo.git", "https://api.github.com", null)]
    [InlineData("https://github.com.evil.example/owner/repo.git", "https://api.github.com", null)]
    [InlineData("http://github.com/owner/repo.git", "https://api.github.com", null)]
    [InlineData("/srv/backup.git", "https://api.github.com", null)]
    [InlineData("http://127.0.0.1:81/owner/repo.git", "http://127.0.0.1:81/api/v3", "owner/repo")]
    [InlineData("http://127.0.0.1:82/owner/repo.git", "http://127.0.0.1:81/api/v3", null)]
    [InlineData("https://acme.ghe.com/owner/repo.git", "https://api.acme.ghe.com", "owner/repo")]
    public void Repository_OfARemote_IsThatAtThisGitHub(string remote, string api, string? expected) => Assert.Equal(expected, GitHubSettings.RepositoryOf(remote, new Uri(api)));

    [Fact]
    public async Task Doctor_WhenGitHubIsNotReached_SaysSo()
    {
        await using var at = await GitHubFixture.StartAsync();
        at.Settings = at.Settings with { Api = new Uri("http://127.0.0.1:1") };

        DoctorCheck found = Assert.Single(Judge(at));

        Assert.Equal(("connection", CheckOutcome.Fail), (found.Check, found.Outcome));
    }
}
