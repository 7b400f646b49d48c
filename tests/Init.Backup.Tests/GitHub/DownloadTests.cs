using Init.Backup.Large;
using Init.Backup.Remote;
using Init.Backup.Tests.Harness;

namespace Init.Backup.Tests;

public sealed class DownloadTests
{
    private const int Large = 20 * 1024 * 1024;

    /// <summary>As the original writes it: the hash and the file's name, an id that may be null.</summary>
    private static Pointer OfTheOriginal(FakeGitHub github, byte[] content, string name, long? id = null, string url = "https://github.com/nowhere") =>
        new(FakeGitHub.Repository, "blobs", $"{GitHubFixture.HashOf(content)}-{name}", id, url, "home/user/" + name, content.Length, GitHubFixture.HashOf(content), DateTimeOffset.UnixEpoch, []);

    private static FakeAsset AddOriginal(FakeGitHub github, byte[] content, string name) =>
        github.AddAsset(github.Releases.Count > 0 ? github.Releases[0] : github.AddRelease("blobs"), FakeGitHub.Rename($"{GitHubFixture.HashOf(content)}-{name}"), content);

    [Fact]
    public async Task Get_Always_BringsTheTokenToTheApiAndToNobodyElse()
    {
        await using var at = await GitHubFixture.StartAsync();
        byte[] content = GitHubFixture.Content(1, Large);
        Pointer pointer = at.Put(content);

        Assert.Equal(content, at.Get(pointer));

        Assert.All(at.GitHub.Requests.Where(request => request.Host == "assets"), request => Assert.Null(request.Authorization));
        Assert.Equal(3, at.GitHub.Requests.Where(request => request.Host == "assets").Select(request => request.Range).Distinct().Count()); // Segments of 8 MiB.
        Assert.Empty(Directory.EnumerateFiles(at.Settings.ScratchPath!));
    }

    [Theory]
    [InlineData("assets GET", 1_000_000)]
    [InlineData("assets GET", 0)]
    public async Task Get_WhenTheConnectionBreaks_AsksForTheRest(string where, int cutAt)
    {
        await using var at = await GitHubFixture.StartAsync();
        byte[] content = GitHubFixture.Content(1, 3_000_000);
        Pointer pointer = at.Put(content);
        at.GitHub.Misbehave(new FakeGitHubFault { Where = where, Times = 2, CutAnswerAt = cutAt });

        Assert.Equal(content, at.Get(pointer));

        var ranges = at.GitHub.Requests.Where(request => request.Host == "assets").Select(request => request.Range).ToList();
        int[] begins = [.. ranges.Select(range => int.Parse(range!["bytes=".Length..].Split('-')[0]))];
        Assert.Equal(3, begins.Length);
        Assert.True(begins[0] == 0 && (cutAt == 0 || (begins[1] > 0 && begins[2] > begins[1])), string.Join(' ', begins)); // What was on its way is lost with the connection.
    }

    [Fact]
    public async Task Get_WhenTheContentComesDamaged_FetchesItOnceMore()
    {
        await using var at = await GitHubFixture.StartAsync();
        byte[] content = GitHubFixture.Content(1);
        Pointer pointer = at.Put(content);
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "assets GET", Times = 1, CorruptsDownload = true });
        Assert.Equal(content, at.Get(pointer));

        at.GitHub.Misbehave(new FakeGitHubFault { Where = "assets GET", CorruptsDownload = true });
        var refusal = Assert.Throws<RemoteException>(() => at.Get(pointer));
        Assert.Contains("is not what the pointer says", refusal.Message);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(2, 3)]
    public async Task Get_WhenItFailsForEver_IsTriedAgainAsOftenAsIsSaid(int retries, int attempts)
    {
        await using var at = await GitHubFixture.StartAsync();
        Pointer pointer = at.Put(GitHubFixture.Content(1));
        at.Settings = at.Settings with { DownloadRetries = retries };

        at.GitHub.Misbehave(new FakeGitHubFault { Where = "assets GET", CutAnswerAt = 0 });
        Assert.Equal(RemoteProblem.Unreachable, Assert.Throws<RemoteException>(() => at.Get(pointer)).Problem);
        Assert.Equal(attempts, at.GitHub.Requests.Count(request => request.Host == "assets"));

        at.GitHub.Misbehave(new FakeGitHubFault { Where = "assets GET", CorruptsDownload = true });
        Assert.Contains("is not what the pointer says", Assert.Throws<RemoteException>(() => at.Get(pointer)).Message);
        Assert.Equal(2 * attempts, at.GitHub.Requests.Count(request => request.Host == "assets"));
    }

    [Fact]
    public async Task Get_WhenOnePartIsDamaged_FetchesOnlyThatAgain()
    {
        await using var at = await GitHubFixture.StartAsync();
        at.Settings = at.Settings with { PartBytesMax = 100_000 };
        byte[] content = GitHubFixture.Content(1, 250_000);
        Pointer pointer = at.Put(content);
        long damaged = at.GitHub.Releases[0].Assets[1].Id;
        at.GitHub.Misbehave(new FakeGitHubFault { Where = $"assets GET /{damaged}", Times = 1, CorruptsDownload = true });

        Assert.Equal(content, at.Get(pointer));

        Assert.Equal(4, at.GitHub.Requests.Count(request => request.Host == "assets"));
    }

    [Fact]
    public async Task Get_WhenItWasInterrupted_DoesNotFetchWhatHasCome()
    {
        await using var at = await GitHubFixture.StartAsync();
        byte[] content = GitHubFixture.Content(1, Large);
        Pointer pointer = at.Put(content);
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "assets GET", Times = 2 }, new FakeGitHubFault { Where = "assets GET", Status = 503 });
        at.Settings = at.Settings with { RetryDelay = TimeSpan.FromMilliseconds(100) }; // Two segments come before the third has given up.
        Assert.Throws<RemoteException>(() => at.Get(pointer));
        int before = at.GitHub.Requests.Count(request => request.Host == "assets");
        at.GitHub.Misbehave();

        Assert.Equal(content, at.Get(pointer, keep: true));

        Assert.Equal(1, at.GitHub.Requests.Count(request => request.Host == "assets") - before);
    }

    [Fact]
    public async Task Get_WhenWhatHadComeIsNotThereAnyMore_FetchesItAgain()
    {
        await using var at = await GitHubFixture.StartAsync();
        byte[] content = GitHubFixture.Content(1, Large);
        Pointer pointer = at.Put(content);
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "assets GET", Times = 2 }, new FakeGitHubFault { Where = "assets GET", Status = 503 });
        Assert.Throws<RemoteException>(() => at.Get(pointer));
        at.GitHub.Misbehave();
        File.WriteAllBytes(Path.Combine(at.Folder.Root, "fetched"), new byte[100]); // The same file, and other bytes, as after a power cut.

        Assert.Equal(content, at.Get(pointer, keep: true));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public async Task Get_WhenTheSignedAddressExpires_AsksForAnotherOne(int uses)
    {
        await using var at = await GitHubFixture.StartAsync();
        byte[] content = GitHubFixture.Content(1, 3_000_000);
        Pointer pointer = at.Put(content);
        at.GitHub.UsesOfAddress = uses;
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "assets GET", Times = 2, CutAnswerAt = 100_000 });
        if (uses == 0)
            Assert.Contains("it answers 403", Assert.Throws<RemoteException>(() => at.Get(pointer)).Message);
        else
            Assert.Equal(content, at.Get(pointer));

        Assert.True(at.GitHub.Requests.Count(request => request.Host == "api" && request.PathAndQuery.Contains("/assets/", StringComparison.Ordinal)) >= 3);
    }

    [Fact]
    public async Task Get_WhenTheHostKnowsNoRanges_PassesOverWhatItHas()
    {
        await using var at = await GitHubFixture.StartAsync();
        byte[] content = GitHubFixture.Content(1, Large);
        Pointer pointer = at.Put(content);
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "assets GET", Times = 1, CutAnswerAt = 500_000 }, new FakeGitHubFault { Where = "assets GET", IgnoresRange = true });

        Assert.Equal(content, at.Get(pointer));
    }

    [Fact]
    public async Task Get_WhenTheHostFallsSilent_GoesOnWithAnotherConnection()
    {
        await using var at = await GitHubFixture.StartAsync();
        byte[] content = GitHubFixture.Content(1, 3_000_000);
        Pointer pointer = at.Put(content);
        at.Settings = at.Settings with { Silence = TimeSpan.FromMilliseconds(300) };
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "assets GET", Times = 1, HangAnswerAt = 1_000_000 });

        Assert.Equal(content, at.Get(pointer));

        Assert.Equal("bytes=1000000-2999999", at.GitHub.Requests.Last(request => request.Host == "assets").Range);
    }

    [Fact]
    public async Task Get_WhenTheLinkIsSlow_IsNotTakenForSilence()
    {
        await using var at = await GitHubFixture.StartAsync();
        byte[] content = GitHubFixture.Content(1, 100_000);
        Pointer pointer = at.Put(content);
        at.Settings = at.Settings with { Silence = TimeSpan.FromMilliseconds(500) };
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "assets GET", BytesPerSecond = 100_000 });

        Assert.Equal(content, at.Get(pointer));

        Assert.Equal(1, at.GitHub.Requests.Count(request => request.Host == "assets"));
    }

    [Fact]
    public async Task Get_WhenItIsToEnd_EndsAtOnce()
    {
        await using var at = await GitHubFixture.StartAsync();
        Pointer pointer = at.Put(GitHubFixture.Content(1));
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "assets GET", HangAnswerAt = 10 });
        using CancellationTokenSource soon = new(TimeSpan.FromMilliseconds(300));
        long start = TimeProvider.System.GetTimestamp();

        Assert.ThrowsAny<OperationCanceledException>(() => at.Get(pointer, cancel: soon.Token));

        Assert.InRange(TimeProvider.System.GetElapsedTime(start).TotalSeconds, 0, 5);
    }

    [Fact]
    public async Task Get_WhenTheApiAsksForAPause_WaitsAndGoesOn()
    {
        await using var at = await GitHubFixture.StartAsync();
        Pointer pointer = at.Put(GitHubFixture.Content(1));
        at.GitHub.Misbehave(
            new FakeGitHubFault { Where = "api GET", Times = 1, Status = 429, Headers = [("Retry-After", "1")] }, new FakeGitHubFault { Where = "api GET", Times = 1, Status = 502 });

        Assert.Equal(GitHubFixture.Content(1), at.Get(pointer));
    }

    [Fact]
    public async Task Get_OfThePointersOfTheOriginal_FindsTheirAssets()
    {
        await using var at = await GitHubFixture.StartAsync();
        byte[] named = GitHubFixture.Content(1), renamed = GitHubFixture.Content(2), chinese = GitHubFixture.Content(3), old = GitHubFixture.Content(4), byId = GitHubFixture.Content(5);
        AddOriginal(at.GitHub, named, "model.bin");
        AddOriginal(at.GitHub, renamed, "my model (2).bin"); // GitHub makes dots of spaces and brackets.
        AddOriginal(at.GitHub, chinese, "\u6A21\u578B.bin");
        for (int i = 0; i < 40; i++)
            at.GitHub.AddAsset(at.GitHub.Releases[0], $"other-{i}", [1]); // The original saw 30.
        AddOriginal(at.GitHub, old, "late.bin");
        FakeAsset other = AddOriginal(at.GitHub, byId, "x");
        other.Name = "renamed by a person";

        Assert.Equal(named, at.Get(OfTheOriginal(at.GitHub, named, "model.bin")));
        Assert.Equal(renamed, at.Get(OfTheOriginal(at.GitHub, renamed, "my model (2).bin")));
        Assert.Equal(chinese, at.Get(OfTheOriginal(at.GitHub, chinese, "\u6A21\u578B.bin")));
        Assert.Equal(old, at.Get(OfTheOriginal(at.GitHub, old, "late.bin", id: 7))); // An id that is no more.
        Assert.Equal(byId, at.Get(OfTheOriginal(at.GitHub, byId, "x", other.Id)));
        at.GitHub.HasDigests = false;
        Assert.Equal(renamed, at.Get(OfTheOriginal(at.GitHub, renamed, "my model (2).bin")));
    }

    [Fact]
    public async Task Get_WhenNothingElseIsKnown_TriesTheAddressWithoutTheToken()
    {
        await using var at = await GitHubFixture.StartAsync();
        byte[] content = GitHubFixture.Content(1);
        FakeAsset asset = AddOriginal(at.GitHub, content, "x");
        Pointer pointer = OfTheOriginal(at.GitHub, content, "x", url: $"http://127.0.0.1:{at.GitHub.AssetPort}/{asset.Id}") with { Repository = "somebody/else" };
        asset.State = "starter"; // Not to be had through the API.
        at.GitHub.IsPrivate = false;

        Assert.Equal(content, at.Get(pointer));

        at.GitHub.RemoveReleases();
        Assert.Equal(RemoteProblem.NotFound, Assert.Throws<RemoteException>(() => at.Get(pointer)).Problem);
    }

    [Fact]
    public async Task Get_WhenTheApiAsksForPausesWithoutEnd_GivesUp()
    {
        await using var at = await GitHubFixture.StartAsync();
        Pointer pointer = at.Put(GitHubFixture.Content(1));
        // As an asset it is refused each time; looked at, it is there.
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "api GET", Times = 1 }, new FakeGitHubFault { Where = "api GET", Status = 429, Headers = [("Retry-After", "0")] });

        Assert.Equal(RemoteProblem.Limited, Assert.Throws<RemoteException>(() => at.Get(pointer)).Problem);

        Assert.InRange(at.GitHub.Requests.Count(request => request.Host == "api" && request.Method == "GET"), 4, 20);
    }

    [Theory]
    [InlineData(401, RemoteProblem.Refused, "is wrong or has expired")]
    [InlineData(403, RemoteProblem.Refused, "Contents: read and write")]
    [InlineData(404, RemoteProblem.NotFound, "somebody has deleted it")]
    [InlineData(503, RemoteProblem.Unreachable, "cannot answer now")]
    public async Task Get_WhenTheApiRefuses_SaysWhy(int status, RemoteProblem expected, string text)
    {
        await using var at = await GitHubFixture.StartAsync();
        Pointer pointer = at.Put(GitHubFixture.Content(1)) with { DownloadUrl = "" };
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "api ", Status = status });

        var refusal = Assert.Throws<RemoteException>(() => at.Get(pointer));

        Assert.Equal(expected, refusal.Problem);
        Assert.Contains(text, refusal.Message);
        Assert.DoesNotContain(GitServer.Token, refusal.ToString());
    }

    [Fact]
    public async Task Get_WhenTheTagOfThePointerIsNoMore_FindsTheAssetInAnotherReleaseAmongAThousand()
    {
        await using var at = await GitHubFixture.StartAsync();
        FakeRelease full = at.GitHub.AddRelease("blobs"), next = at.GitHub.AddRelease("blobs-2");
        for (int i = 0; i < 1000; i++)
            at.GitHub.AddAsset(full, $"sha256-{i:x64}", [1]);
        for (int i = 0; i < 150; i++)
            at.GitHub.AddAsset(next, $"sha256-{i + 1000:x64}", [1]);
        byte[] content = GitHubFixture.Content(1);
        at.GitHub.AddAsset(next, "sha256-" + GitHubFixture.HashOf(content), content);
        Pointer pointer = new(FakeGitHub.Repository, "renamed", "sha256-" + GitHubFixture.HashOf(content), 7, "", "t/x", content.Length, GitHubFixture.HashOf(content), DateTimeOffset.UnixEpoch, []);

        Assert.Equal(content, at.Get(pointer));
    }

    [Fact]
    public async Task Get_WhileAnotherRestoreFetchesTheSameContent_IsNotDisturbed()
    {
        await using var at = await GitHubFixture.StartAsync();
        byte[] content = GitHubFixture.Content(1);
        Pointer pointer = at.Put(content);
        Directory.CreateDirectory(at.Settings.ScratchPath!);
        using FileStream others = new(Path.Combine(at.Settings.ScratchPath!, pointer.Sha256 + ".fetched"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);

        Assert.Equal(content, at.Get(pointer));
    }

    [Fact]
    public async Task Get_WhenTheAssetIsGone_SaysSo()
    {
        await using var at = await GitHubFixture.StartAsync();
        Pointer pointer = at.Put(GitHubFixture.Content(1)) with { DownloadUrl = "" };
        at.GitHub.RemoveReleases();

        var refusal = Assert.Throws<RemoteException>(() => at.Get(pointer));

        Assert.Equal(RemoteProblem.NotFound, refusal.Problem);
        Assert.Contains("somebody has deleted it", refusal.Message);
    }
}
