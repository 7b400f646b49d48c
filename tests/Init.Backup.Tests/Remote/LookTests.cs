using Init.Backup.Remote;
using Init.Backup.Tests.Harness;

namespace Init.Backup.Tests.Remote;

/// <summary>Not there, not allowed and not reached are three things, and none of them is "empty".</summary>
public sealed class LookTests
{
    [Fact]
    public async Task Look_WhenTheRepositoryIsEmpty_FindsNothingAndWritesNothing()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();

        Assert.Equal(new RemoteLook(null, null), bed.NewMachine().Remote.Look(default));

        Assert.Equal(0, bed.Server.Writes);
    }

    [Theory]
    [InlineData(401, null, RemoteProblem.Refused)]
    [InlineData(403, null, RemoteProblem.Refused)]
    [InlineData(403, "30", RemoteProblem.Limited)]
    [InlineData(404, null, RemoteProblem.NotFound)]
    [InlineData(407, null, RemoteProblem.Unreachable)]
    [InlineData(429, "7", RemoteProblem.Limited)]
    [InlineData(429, null, RemoteProblem.Limited)]
    [InlineData(500, null, RemoteProblem.Unreachable)]
    [InlineData(502, null, RemoteProblem.Unreachable)]
    [InlineData(503, "12", RemoteProblem.Unreachable)]
    public async Task Look_WhenTheRemoteAnswersWithAnError_KnowsWhichAndWhenToTryAgain(int status, string? retryAfter, RemoteProblem expected)
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine machine = bed.NewMachine();
        bed.Server.Misbehave(new GitFault { Status = status, Headers = retryAfter is null ? [] : [("Retry-After", retryAfter)] });

        RemoteException refused = machine.Fails(expected, () => machine.Remote.Look(default));

        Assert.Equal(retryAfter is null ? null : TimeSpan.FromSeconds(int.Parse(retryAfter)), refused.RetryAfter);
    }

    [Fact]
    public async Task Look_WhenGitHubHasNoRequestsLeftForUs_WaitsUntilItHas()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine machine = bed.NewMachine();
        bed.Server.Misbehave(new GitFault { Status = 403, Headers = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", DateTimeOffset.UtcNow.AddSeconds(40).ToUnixTimeSeconds().ToString())] });
        Assert.InRange(machine.Fails(RemoteProblem.Limited, () => machine.Remote.Look(default)).RetryAfter!.Value.TotalSeconds, 20, 41);

        bed.Server.Misbehave(new GitFault { Status = 403, Body = "You have exceeded a secondary rate limit." });
        Assert.Null(machine.Fails(RemoteProblem.Limited, () => machine.Remote.Look(default)).RetryAfter);
    }

    [Fact]
    public async Task Look_WhenNobodyAnswers_SaysUnreachable()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine machine = bed.NewMachine(limits: RemoteBed.Quick with { AnswerTime = TimeSpan.FromSeconds(2) });
        bed.Server.IsReachable = false;
        machine.Fails(RemoteProblem.Unreachable, () => machine.Remote.Look(default));

        bed.Server.IsReachable = true;
        bed.Server.Misbehave(new GitFault { HangAnswerAt = 20 });
        machine.Fails(RemoteProblem.Unreachable, () => machine.Remote.Look(default)); // Silence.
        bed.Server.Misbehave(new GitFault { CutAnswerAt = 20 });
        machine.Fails(RemoteProblem.Unreachable, () => machine.Remote.Look(default));

        Machine nowhere = bed.NewMachine(url: "http://127.0.0.1:9/x/y.git");
        nowhere.Fails(RemoteProblem.Unreachable, () => nowhere.Remote.Look(default));
        Machine unknown = bed.NewMachine(url: "http://no-such-host.invalid/x/y.git");
        unknown.Fails(RemoteProblem.Unreachable, () => unknown.Remote.Look(default));
    }

    [Fact]
    public async Task Look_WhenTheTokenIsWrongOrTheRepositoryIsNotThere_SaysSo()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine wrong = bed.NewMachine(token: "wrong");
        Assert.Contains("token", wrong.Fails(RemoteProblem.Refused, () => wrong.Remote.Look(default)).Message);
        Machine elsewhere = bed.NewMachine(url: bed.Server.UrlOf("owner/other.git"));
        elsewhere.Fails(RemoteProblem.NotFound, () => elsewhere.Remote.Look(default));
        Machine noPath = bed.NewMachine(url: "/no/such/repository.git");
        noPath.Fails(RemoteProblem.NotFound, () => noPath.Remote.Look(default));
    }

    [Fact]
    public async Task Look_WhenTheRemoteRedirects_DoesNotTakeTheTokenThere()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        await using GitServer thief = await GitServer.StartAsync(Path.Combine(bed.Root, "thief"));
        Machine machine = bed.NewMachine();
        bed.Server.Misbehave(new GitFault { Status = 301, Headers = [("Location", thief.UrlOf("owner/repo.git/info/refs?service=git-upload-pack"))] });

        Assert.Contains(thief.Host, machine.Fails(RemoteProblem.Failed, () => machine.Remote.Look(default)).Message);

        Assert.Empty(thief.Requests);
    }

    [Fact]
    public async Task Look_WhenItIsCancelledWhileTheRemoteHangs_EndsWithinASecondAndLeavesNoGitBehind()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine machine = bed.NewMachine();
        GitFault hang = new() { HangAnswerAt = 0 };
        bed.Server.Misbehave(hang);
        using CancellationTokenSource cancel = new();
        var look = Task.Run(() => machine.Remote.Look(cancel.Token));
        await hang.Reached.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.NotEmpty(ProcessesOf(machine));

        await RemoteBed.AssertEndsAtOnceAsync(look, cancel);

        Assert.True(SpinWait.SpinUntil(() => ProcessesOf(machine).Count == 0, TimeSpan.FromSeconds(1)), string.Join(", ", ProcessesOf(machine)));
    }

    /// <summary>Processes whose environment has this machine's store: git and what it started.</summary>
    private static List<string> ProcessesOf(Machine machine)
    {
        List<string> found = [];
        foreach (string process in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            try
            {
                if (File.ReadAllText(Path.Combine(process, "environ")).Contains(machine.Folder.Root, StringComparison.Ordinal))
                    found.Add(File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' '));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Gone.
            }
        }

        return found;
    }

    [Theory]
    [InlineData("https://someone:secret-thing@github.com/a/b.git")]
    [InlineData("https://token-thing@github.com/a/b.git")]
    [InlineData("git@github.com:a/b.git")]
    [InlineData("ssh://git@github.com/a/b.git")]
    [InlineData("ext::sh -c true")]
    [InlineData("relative/path")]
    [InlineData("https://github.com/a/b.git?x=y")]
    public void Address_WhenItCannotBeUsed_IsRefusedWithARemedyAndWithoutTheSecret(string url)
    {
        string problem = RemoteAddress.ProblemOf(url)!;

        Assert.NotEmpty(problem);
        Assert.DoesNotContain("thing", problem);
        Assert.Null(RemoteAddress.ProblemOf("https://github.com/a/b.git"));
        Assert.Null(RemoteAddress.ProblemOf("/srv/backup.git"));
        Assert.DoesNotContain("geheim", new RemoteAddress("https://x/y", "someone", "geheim").ToString());
    }
}
