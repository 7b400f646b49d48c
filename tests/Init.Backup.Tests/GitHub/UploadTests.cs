using Init.Backup.GitHub;
using Init.Backup.Large;
using Init.Backup.Names;
using Init.Backup.Remote;
using Init.Backup.Tests.Harness;
using Init.Linux;

namespace Init.Backup.Tests;

public sealed class UploadTests
{
    [Fact]
    public async Task Put_WhenNothingIsThere_MakesTheReleaseAndAnAssetNamedByItsHash()
    {
        await using var at = await GitHubFixture.StartAsync();
        byte[] content = GitHubFixture.Content(1);

        Pointer pointer = at.Put(content);

        FakeRelease release = Assert.Single(at.GitHub.Releases);
        FakeAsset asset = Assert.Single(release.Assets);
        Assert.Equal(("blobs", "sha256-" + GitHubFixture.HashOf(content)), (release.Tag, asset.Name));
        Assert.Equal(content, asset.Content);
        Assert.Equal(("owner/repo", "blobs", asset.Name, (long?)asset.Id, 300_000L), (pointer.Repository, pointer.ReleaseTag, pointer.AssetName, pointer.AssetId, pointer.Size));
        Assert.Equal(content, at.Get(pointer));
    }

    [Fact]
    public async Task Put_WhenItIsThere_SendsNothing()
    {
        await using var at = await GitHubFixture.StartAsync();
        Pointer first = at.Put(GitHubFixture.Content(1));
        int writes = at.GitHub.Writes;

        Pointer second = at.Put(GitHubFixture.Content(1));

        Assert.Equal(writes, at.GitHub.Writes);
        Assert.Equal(first.AssetId, second.AssetId);
    }

    [Fact]
    public async Task Put_WhenAPersonRenamedTheAsset_KnowsItByItsContent()
    {
        await using var at = await GitHubFixture.StartAsync();
        ReleaseFiles client = at.Client();
        at.Put(GitHubFixture.Content(1), client);
        at.GitHub.Releases[0].Assets[0].Name = "my-model";

        Pointer pointer = at.Put(GitHubFixture.Content(1), client);

        Assert.Equal(1, at.GitHub.Uploads);
        Assert.Equal("my-model", pointer.AssetName);
        Assert.Equal(GitHubFixture.Content(1), at.Get(pointer));
    }

    [Fact]
    public async Task Put_WhenAPersonDeletedTheAssetOrTheRelease_StoresItAgain()
    {
        await using var at = await GitHubFixture.StartAsync();
        ReleaseFiles client = at.Client();
        at.Put(GitHubFixture.Content(1), client);
        at.GitHub.Releases[0].Assets.Clear();
        at.Put(GitHubFixture.Content(1), client);
        Assert.Single(at.GitHub.Releases[0].Assets);

        at.GitHub.RemoveReleases();
        Pointer pointer = at.Put(GitHubFixture.Content(1), client);

        Assert.Equal(GitHubFixture.Content(1), at.Get(pointer));
    }

    [Fact]
    public async Task Put_WhenAFileIsLongerThanAPart_StoresParts()
    {
        await using var at = await GitHubFixture.StartAsync();
        at.Settings = at.Settings with { PartBytesMax = 100_000 };
        byte[] content = GitHubFixture.Content(1, 250_000);

        Pointer pointer = at.Put(content);

        string hash = GitHubFixture.HashOf(content);
        Assert.Equal([$"sha256-{hash}.part00", $"sha256-{hash}.part01", $"sha256-{hash}.part02"], at.GitHub.Releases[0].Assets.Select(asset => asset.Name));
        Assert.Equal([100_000L, 100_000, 50_000], pointer.Parts.Select(part => part.Size));
        Assert.Equal(content, at.Get(pointer));

        at.GitHub.Releases[0].Assets.RemoveAt(1); // As when the upload was killed in the middle.
        at.Put(content);
        Assert.Equal(4, at.GitHub.Uploads);
    }

    [Theory]
    [InlineData(502, true)]
    [InlineData(502, false)]
    [InlineData(500, true)]
    public async Task Put_WhenTheUploadFailsAtTheServer_DeletesWhatItLeftAndSendsItAgain(int status, bool leavesStarter)
    {
        await using var at = await GitHubFixture.StartAsync();
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "upload POST", Times = 2, Status = status, LeavesStarter = leavesStarter });

        Pointer pointer = at.Put(GitHubFixture.Content(1));

        Assert.Equal("uploaded", Assert.Single(at.GitHub.Releases[0].Assets).State);
        Assert.Equal(3, at.GitHub.Uploads);
        Assert.Equal(GitHubFixture.Content(1), at.Get(pointer));
    }

    [Fact]
    public async Task Put_WhenAStarterOfAKilledRunIsThere_ReplacesIt()
    {
        await using var at = await GitHubFixture.StartAsync();
        byte[] content = GitHubFixture.Content(1);
        at.GitHub.AddAsset(at.GitHub.AddRelease("blobs"), "sha256-" + GitHubFixture.HashOf(content), []).State = "starter";

        at.Put(content);

        Assert.Equal(content, Assert.Single(at.GitHub.Releases[0].Assets).Content);
    }

    [Fact]
    public async Task Put_WhenTheAnswerIsLost_FindsTheAssetInsteadOfSendingItTwice()
    {
        await using var at = await GitHubFixture.StartAsync();
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "upload POST", Times = 1, LosesUploadAnswer = true });

        Pointer pointer = at.Put(GitHubFixture.Content(1));

        Assert.Equal(1, at.GitHub.Uploads);
        Assert.Equal(pointer.AssetId, Assert.Single(at.GitHub.Releases[0].Assets).Id);
    }

    [Fact]
    public async Task Put_WhenTheListWasOldAndTheNameIsTaken_TakesOrReplacesWhatHasIt()
    {
        await using var at = await GitHubFixture.StartAsync();
        ReleaseFiles client = at.Client();
        at.Put(GitHubFixture.Content(9), client); // Lists.
        at.GitHub.AddAsset(at.GitHub.Releases[0], "sha256-" + GitHubFixture.HashOf(GitHubFixture.Content(1)), GitHubFixture.Content(1));
        at.GitHub.AddAsset(at.GitHub.Releases[0], "sha256-" + GitHubFixture.HashOf(GitHubFixture.Content(2)), GitHubFixture.Content(3));

        Pointer good = at.Put(GitHubFixture.Content(1), client);
        Pointer replaced = at.Put(GitHubFixture.Content(2), client);

        Assert.Equal(GitHubFixture.Content(1), at.Get(good));
        Assert.Equal(GitHubFixture.Content(2), at.Get(replaced));
        Assert.Equal(3, at.GitHub.Releases[0].Assets.Count);
    }

    [Fact]
    public async Task Put_WhenTheContentArrivesDamaged_DeletesItAndSendsItAgain()
    {
        await using var at = await GitHubFixture.StartAsync();
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "upload POST", Times = 1, CorruptsUpload = true });

        at.Put(GitHubFixture.Content(1));

        Assert.Equal(GitHubFixture.Content(1), Assert.Single(at.GitHub.Releases[0].Assets).Content);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Put_WhenGitHubSaysNoDigest_FetchesItOnceToBeSure(bool isDamaged)
    {
        await using var at = await GitHubFixture.StartAsync();
        at.GitHub.HasDigests = false;
        if (isDamaged)
            at.GitHub.Misbehave(new FakeGitHubFault { Where = "upload POST", Times = 1, CorruptsUpload = true });

        at.Put(GitHubFixture.Content(1));

        Assert.Equal(GitHubFixture.Content(1), Assert.Single(at.GitHub.Releases[0].Assets).Content);
        Assert.Equal(isDamaged ? 2 : 1, at.GitHub.Uploads);
        Assert.Contains(at.GitHub.Requests, request => request.Host == "assets");
    }

    [Fact]
    public async Task Put_WhenTheReleaseHasManyAssets_FindsThoseBeyondTheFirstPages()
    {
        await using var at = await GitHubFixture.StartAsync();
        FakeRelease release = at.GitHub.AddRelease("blobs");
        for (int i = 0; i < 250; i++)
            at.GitHub.AddAsset(release, $"sha256-{i:x64}", [1]);
        at.GitHub.AddAsset(release, "sha256-" + GitHubFixture.HashOf(GitHubFixture.Content(1)), GitHubFixture.Content(1));

        at.Put(GitHubFixture.Content(1));

        Assert.Equal(0, at.GitHub.Uploads);
    }

    [Fact]
    public async Task Put_WhenTheReleaseIsFull_GoesOnInAnother()
    {
        await using var at = await GitHubFixture.StartAsync();
        FakeRelease full = at.GitHub.AddRelease("blobs");
        for (int i = 0; i < 1000; i++)
            at.GitHub.AddAsset(full, $"sha256-{i:x64}", [1]);

        Pointer pointer = at.Put(GitHubFixture.Content(1));

        Assert.Equal("blobs-2", pointer.ReleaseTag);
        Assert.Equal(GitHubFixture.Content(1), at.Get(pointer));
        at.Put(GitHubFixture.Content(2));
        Assert.Equal(["blobs", "blobs-2"], at.GitHub.Releases.Select(found => found.Tag));
    }

    [Fact]
    public async Task Put_WhenReleasesAreImmutable_FillsADraftAndPublishesIt()
    {
        await using var at = await GitHubFixture.StartAsync();
        at.Settings = at.Settings with { PartBytesMax = 200_000 };
        Pointer before = at.Put(GitHubFixture.Content(1));
        at.GitHub.Releases[0].IsImmutable = true;
        at.GitHub.IsImmutable = true;

        Pointer second = at.Put(GitHubFixture.Content(2));
        Pointer third = at.Put(GitHubFixture.Content(3));

        Assert.Equal(["blobs", "blobs-2", "blobs-3"], at.GitHub.Releases.Select(found => found.Tag));
        Assert.Equal([2, 2, 2], at.GitHub.Releases.Select(found => found.Assets.Count));
        Assert.All(at.GitHub.Releases, release => Assert.True(release.IsImmutable && !release.IsDraft));
        foreach (var (pointer, seed) in new[] { (before, 1), (second, 2), (third, 3) })
            Assert.Equal(GitHubFixture.Content(seed), at.Get(pointer));
        Assert.Equal(second.Parts, at.Put(GitHubFixture.Content(2)).Parts);
    }

    [Fact]
    public async Task Put_WhenTheFirstReleaseIsImmutableAsSoonAsItIsMade_UsesADraft()
    {
        await using var at = await GitHubFixture.StartAsync();
        at.GitHub.IsImmutable = true;

        Pointer pointer = at.Put(GitHubFixture.Content(1));

        Assert.Equal("blobs-2", pointer.ReleaseTag);
        Assert.Equal(GitHubFixture.Content(1), at.Get(pointer));
    }

    [Fact]
    public async Task Put_WhenTheFileChanges_LeavesNoAssetWithAWrongName()
    {
        await using var at = await GitHubFixture.StartAsync();

        Assert.Throws<SourceChangedException>(() => at.Put(GitHubFixture.Content(1), hash: GitHubFixture.HashOf(GitHubFixture.Content(2))));
        Assert.Empty(at.GitHub.Releases[0].Assets);

        at.Settings = at.Settings with { PartBytesMax = 100_000 };
        Assert.Throws<SourceChangedException>(() => at.Put(GitHubFixture.Content(1), hash: GitHubFixture.HashOf(GitHubFixture.Content(2))));
        Assert.Empty(at.GitHub.Releases[0].Assets);
    }

    [Fact]
    public async Task Put_WhenTheFileBecomesShorter_SaysThatItChanged()
    {
        await using var at = await GitHubFixture.StartAsync();
        string path = Path.Combine(at.Folder.Root, "short");
        File.WriteAllBytes(path, new byte[1000]);
        int fd = Files.Open(path, OpenFlags.Read).Fd;

        Assert.Throws<SourceChangedException>(() => at.Client().Put(new LargeSource(BytePath.Of("t/x"), fd, 300_000, new string('a', 64)), default));

        Files.Close(fd);
        Assert.Empty(at.GitHub.Releases[0].Assets);
    }

    [Fact]
    public async Task Put_WhenTheRepositoryIsEmpty_SaysThatTheNextBackupCan()
    {
        await using var at = await GitHubFixture.StartAsync();
        at.GitHub.IsEmpty = true;

        var refusal = Assert.Throws<RemoteException>(() => at.Put(GitHubFixture.Content(1)));

        Assert.Contains("has no commit yet", refusal.Message);
    }

    [Theory]
    [InlineData(401, null, RemoteProblem.Refused, "is wrong or has expired")]
    [InlineData(403, null, RemoteProblem.Refused, "Contents: read and write")]
    [InlineData(403, "120", RemoteProblem.Limited, "pause")]
    [InlineData(429, "120", RemoteProblem.Limited, "pause")]
    [InlineData(429, null, RemoteProblem.Limited, "pause of 60 s")]
    [InlineData(404, null, RemoteProblem.NotFound, "no such repository")]
    [InlineData(503, null, RemoteProblem.Unreachable, "cannot answer now")]
    public async Task Put_WhenTheApiRefuses_SaysWhyAndWhatToDo(int status, string? retryAfter, RemoteProblem expected, string text)
    {
        await using var at = await GitHubFixture.StartAsync();
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "api ", Status = status, Headers = retryAfter is null ? [] : [("Retry-After", retryAfter)] });

        var refusal = Assert.Throws<RemoteException>(() => at.Put(GitHubFixture.Content(1)));

        Assert.Equal(expected, refusal.Problem);
        Assert.Contains(text, refusal.Message);
        Assert.DoesNotContain(GitServer.Token, refusal.ToString());
        if (retryAfter is not null)
            Assert.InRange(refusal.RetryAfter!.Value.TotalSeconds, 115, 120);
    }

    [Fact]
    public async Task Put_WhenTheTokenIsWrong_DoesNotSayIt()
    {
        await using var at = await GitHubFixture.StartAsync();
        GitHubSettings wrong = new(FakeGitHub.Repository, "ghp_another") { Api = at.Settings.Api };
        using ReleaseFiles client = new(wrong);

        var refusal = Assert.Throws<RemoteException>(() => at.Put(GitHubFixture.Content(1), client));

        Assert.Equal(RemoteProblem.Refused, refusal.Problem);
        Assert.DoesNotContain("ghp_another", refusal + wrong.ToString());
    }

    [Fact]
    public async Task Put_WhenNobodyAnswers_GivesUpAfterSilenceAndAtOnceWhenItIsToEnd()
    {
        await using var at = await GitHubFixture.StartAsync();
        at.Settings = at.Settings with { Silence = TimeSpan.FromMilliseconds(200) };
        at.GitHub.Misbehave(new FakeGitHubFault { Hangs = true });
        Assert.Contains("nothing was heard of it", Assert.Throws<RemoteException>(() => at.Put(GitHubFixture.Content(1))).Message);

        at.Settings = at.Settings with { Silence = TimeSpan.FromMinutes(5) };
        using CancellationTokenSource soon = new(TimeSpan.FromMilliseconds(200));
        long start = TimeProvider.System.GetTimestamp();
        Assert.ThrowsAny<OperationCanceledException>(() => at.Put(GitHubFixture.Content(1), cancel: soon.Token));
        Assert.InRange(TimeProvider.System.GetElapsedTime(start).TotalSeconds, 0, 5);
    }

    [Fact]
    public async Task Put_WhenConnectionsBreak_TriesAgain()
    {
        await using var at = await GitHubFixture.StartAsync();
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "api GET", Times = 2, Cuts = true }, new FakeGitHubFault { Where = "upload", Times = 1, Cuts = true });

        Assert.Equal(GitHubFixture.Content(1), at.Get(at.Put(GitHubFixture.Content(1))));
    }

    [Fact]
    public async Task Put_WhenTheNetworkIsDown_IsUnreachable()
    {
        await using var at = await GitHubFixture.StartAsync();
        at.Settings = at.Settings with { Api = new Uri("http://127.0.0.1:1/api") };

        Assert.Equal(RemoteProblem.Unreachable, Assert.Throws<RemoteException>(() => at.Put(GitHubFixture.Content(1))).Problem);
    }

    [Theory]
    [InlineData("http://localhost:9")] // Another name.
    [InlineData("http://127.0.0.1:9")] // Another port of the same machine.
    [InlineData("https://{0}")] // Not what was configured.
    public async Task Put_WhenAReleaseNamesAnotherUploadHost_DoesNotBringTheTokenThere(string host)
    {
        await using var at = await GitHubFixture.StartAsync();
        at.GitHub.UploadHost = string.Format(System.Globalization.CultureInfo.InvariantCulture, host, at.GitHub.Git.Host);

        Assert.Contains("the token is for that alone", Assert.Throws<RemoteException>(() => at.Put(GitHubFixture.Content(1))).Message);
    }

    [Theory]
    [InlineData("https://{0}/api/v3/x")]
    [InlineData("http://127.0.0.1:9/api/v3/x")]
    public async Task Put_WhenTheApiRedirectsElsewhere_DoesNotBringTheTokenThere(string location)
    {
        await using var at = await GitHubFixture.StartAsync();
        at.GitHub.Misbehave(new FakeGitHubFault { Where = "api GET", Status = 301, Headers = [("Location", string.Format(System.Globalization.CultureInfo.InvariantCulture, location, at.GitHub.Git.Host))] });

        var refusal = Assert.Throws<RemoteException>(() => at.Put(GitHubFixture.Content(1)));

        Assert.Equal(RemoteProblem.Failed, refusal.Problem);
        Assert.Contains("GitHub is elsewhere now", refusal.Message);
    }

    [Fact]
    public async Task Body_OfAHugeFile_TakesLittleMemory()
    {
        await using var at = await GitHubFixture.StartAsync();
        byte[] content = GitHubFixture.Content(1, 48 * 1024 * 1024);
        FileContent body = new(WriteTemporary(at, content), 0, content.Length);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Task copied = body.CopyToAsync(Stream.Null); // On this thread: nothing in it waits.

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024 * 1024);
        await copied;
        Assert.Equal(GitHubFixture.HashOf(content), body.Sha256);
    }

    private static int WriteTemporary(GitHubFixture at, byte[] content)
    {
        string path = Path.Combine(at.Folder.Root, "huge");
        File.WriteAllBytes(path, content);
        return Files.Open(path, OpenFlags.Read).Fd;
    }
}
