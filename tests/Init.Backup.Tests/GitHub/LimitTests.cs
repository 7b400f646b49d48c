using Init.Backup.GitHub;
using Init.Backup.Remote;
using Init.Backup.Tests.Harness;

namespace Init.Backup.Tests.GitHub;

/// <summary>GitHub's limits are obeyed by not asking: its pauses, long and short, and the pace of what makes something.</summary>
public sealed class LimitTests
{
    [Fact]
    public async Task Put_WhenAskedForAShortPause_WaitsItselfAndGoesOn()
    {
        await using var at = await GitHubFixture.StartAsync();
        at.GitHub.Misbehave(
            new FakeGitHubFault { Where = "api GET", Times = 1, Status = 403, Headers = [("Retry-After", "1")] }, new FakeGitHubFault { Where = "upload", Times = 1, Status = 429, Headers = [("Retry-After", "1")] });
        long start = TimeProvider.System.GetTimestamp();

        at.Put(GitHubFixture.Content(1));

        Assert.InRange(TimeProvider.System.GetElapsedTime(start).TotalSeconds, 2, 30);
        Assert.Single(at.GitHub.Releases[0].Assets);
    }

    [Fact]
    public async Task Put_WhenALongPauseWasAskedFor_AsksNothingUntilItIsOver()
    {
        await using var at = await GitHubFixture.StartAsync();
        ReleaseFiles client = at.Client();
        at.GitHub.Misbehave(new FakeGitHubFault
        {
            Where = "api ",
            Times = 1,
            Status = 403,
            Headers = [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", DateTimeOffset.UtcNow.AddMinutes(10).ToUnixTimeSeconds().ToString())],
        });
        Assert.Throws<RemoteException>(() => at.Put(GitHubFixture.Content(1), client));
        int asked = at.GitHub.Requests.Count;

        var again = Assert.Throws<RemoteException>(() => at.Put(GitHubFixture.Content(1), client));

        Assert.InRange(again.RetryAfter!.Value.TotalMinutes, 9, 10.2);
        Assert.Equal(asked, at.GitHub.Requests.Count);
    }

    [Fact]
    public async Task Put_WhenAskedForAPauseOfUnknownLength_WaitsAMinuteAndTwiceAsLongEachTime()
    {
        await using var at = await GitHubFixture.StartAsync();
        SkippingClock clock = new();
        using ReleaseFiles client = new(at.Settings, clock);
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "api ", Times = 3, Status = 403, Body = """{"message":"You have exceeded a secondary rate limit"}""" });
        foreach (int seconds in new[] { 60, 120, 240 })
        {
            var refusal = Assert.Throws<RemoteException>(() => at.Put(GitHubFixture.Content(1), client));
            Assert.InRange(refusal.RetryAfter!.Value.TotalSeconds, seconds - 5, seconds);
            clock.Skip(refusal.RetryAfter.Value);
        }

        at.Put(GitHubFixture.Content(1), client);

        at.GitHub.Misbehave(new FakeGitHubFault { Times = 1, Status = 429 });
        Assert.InRange(Assert.Throws<RemoteException>(() => at.Put(GitHubFixture.Content(2), client)).RetryAfter!.Value.TotalSeconds, 55, 60);
    }

    [Fact]
    public async Task Put_WhenGitHubsClockIsADayAhead_WaitsByGitHubsClock()
    {
        await using var at = await GitHubFixture.StartAsync();
        at.GitHub.ClockSkew = TimeSpan.FromDays(1);
        at.GitHub.Misbehave(new FakeGitHubFault
        {
            Where = "api ",
            Status = 403,
            Headers = [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", DateTimeOffset.UtcNow.AddDays(1).AddMinutes(10).ToUnixTimeSeconds().ToString())],
        });

        var refusal = Assert.Throws<RemoteException>(() => at.Put(GitHubFixture.Content(1)));

        Assert.InRange(refusal.RetryAfter!.Value.TotalMinutes, 9, 10.2);
    }

    [Fact]
    public void RetryAfter_WhenItIsADate_IsCountedByGitHubsClock()
    {
        GitHubAnswer answer = new(System.Net.HttpStatusCode.TooManyRequests, new Dictionary<string, string> { ["Date"] = "Thu, 01 Jan 2026 12:00:00 GMT", ["Retry-After"] = "Thu, 01 Jan 2026 12:01:30 GMT" }, []);

        Assert.Equal(TimeSpan.FromSeconds(91), answer.RetryAfter);
    }

    [Fact]
    public void Pace_WhenManyAreMade_SpreadsThemOverMinutesAndHours()
    {
        CreationPace pace = new(perMinute: 3, perHour: 5);
        TimeSpan Second(int count) => TimeSpan.FromSeconds(count);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(TimeSpan.Zero, pace.WaitAt(Second(i)));
            pace.Made(Second(i));
        }

        Assert.Equal(Second(57), pace.WaitAt(Second(3)));
        Assert.Equal(TimeSpan.Zero, pace.WaitAt(Second(60)));
        pace.Made(Second(60));
        pace.Made(Second(61));
        Assert.Equal(Second(3600 - 130), pace.WaitAt(Second(130)));
        Assert.Equal(TimeSpan.Zero, pace.WaitAt(Second(3600)));
    }

    [Fact]
    public async Task Put_WhenThePaceIsReached_TellsWhenToComeAgain()
    {
        await using var at = await GitHubFixture.StartAsync();
        at.Settings = at.Settings with { CreationsPerMinute = 2 };
        ReleaseFiles client = at.Client();
        at.Put(GitHubFixture.Content(1), client);

        var refusal = Assert.Throws<RemoteException>(() => at.Put(GitHubFixture.Content(2), client));

        Assert.Equal(RemoteProblem.Limited, refusal.Problem);
        Assert.InRange(refusal.RetryAfter!.Value.TotalSeconds, 30, 60);
        Assert.Equal(1, at.GitHub.Uploads);
    }

    /// <summary>Goes on by itself, and can be put forward.</summary>
    private sealed class SkippingClock : TimeProvider
    {
        private long _skipped;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => System.GetElapsedTime(0).Ticks + _skipped;

        public void Skip(TimeSpan time) => _skipped += time.Ticks;
    }
}
