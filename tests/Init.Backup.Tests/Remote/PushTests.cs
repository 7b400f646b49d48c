using System.Diagnostics;
using System.Globalization;
using System.Text;
using Init.Backup.Remote;
using Init.Backup.Scan;
using Init.Backup.Tests.Harness;

namespace Init.Backup.Tests.Remote;

/// <summary>What was acknowledged is there; what was refused changed nothing.</summary>
public sealed class PushTests
{
    [Fact]
    public async Task Push_ThenFetchOnAnotherDisk_BringsTheFiles()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine first = bed.NewMachine().Owning();
        string old = first.Backup("a", "one");
        first.Push(old);
        string commit = first.Backup("a", "two");
        List<TransferProgress> steps = [];
        int writes = bed.Server.Writes;
        first.Remote.Push(commit, old, step => { lock (steps) steps.Add(step); }, default);

        Assert.Equal(1, bed.Server.Writes - writes);
        Assert.Equal(commit, first.Acknowledged);
        Assert.Equal(commit, bed.Git("rev-parse", "main").Trim());
        Assert.Contains(steps, step => step is { Stage: "Writing objects", ObjectsTotal: > 0 } && step.Objects == step.ObjectsTotal);

        Machine second = bed.NewMachine();
        RemoteLook look = second.Remote.Look(default);
        Assert.Equal(commit, look.Commit);
        Assert.Equal(first.Instance, look.Lease!.Instance);
        second.Remote.Fetch(commit, wholeHistory: false, null, default);
        Assert.Equal("two", second.Folder.Git("show", $"{commit}:t/a"));
        Assert.Equal("1", second.Folder.Git("rev-list", "--count", commit).Trim());
        Assert.Null(second.Store.Head());
        second.Remote.Fetch(commit, wholeHistory: true, null, default);
        Assert.Equal("2", second.Folder.Git("rev-list", "--count", commit).Trim());
    }

    [Fact]
    public async Task Push_WhenItIsCutAnywhere_IsOldOrNewAndCanBeDoneAgain()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine machine = bed.NewMachine().Owning();
        string? before = null;
        (GitFault Fault, bool IsDone)[] cuts =
        [
            (new GitFault { Where = "/git-receive-pack", CutRequestAt = 0 }, false),
            (new GitFault { Where = "/git-receive-pack", CutRequestAt = 300 }, false),
            (new GitFault { Where = "/git-receive-pack", CutRequestAt = 100_000 }, false),
            (new GitFault { Where = "service=git-receive-pack", CutAnswerAt = 10 }, false),
            (new GitFault { Where = "service=git-receive-pack", Status = 502 }, false),
            (new GitFault { Where = "/git-receive-pack", CutAnswerAt = 0 }, true),
            (new GitFault { Where = "/git-receive-pack", CutAnswerAt = 5 }, true),
        ];
        foreach (var (fault, isDone) in cuts)
        {
            machine.WriteRandom("a", 200_000);
            string commit = machine.Backup();
            bed.Server.Misbehave(fault);
            if (isDone)
                machine.Push(commit); // The remote did it, and reading back says so.
            else
                machine.Fails(RemoteProblem.Unreachable, () => machine.Push(commit));
            await fault.Reached.WaitAsync(TimeSpan.FromSeconds(1));
            bed.Server.Misbehave();
            Assert.Equal(isDone ? commit : before, machine.Remote.Look(default).Commit);
            Assert.Equal(isDone ? commit : before, machine.Acknowledged);

            machine.Push(commit);
            Assert.Equal(commit, machine.Remote.Look(default).Commit);
            before = commit;
        }

        bed.Git("fsck", "--strict", "--connectivity-only");
    }

    [Fact]
    public async Task Push_WhenTheServerHangs_EndsByCancellationAndBySilence()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine machine = bed.NewMachine(limits: RemoteBed.Quick with { Silence = TimeSpan.FromSeconds(2) }).Owning();
        string commit = machine.Backup("a", "one");
        GitFault hang = new() { Where = "/git-receive-pack", HangRequestAt = 0 };
        bed.Server.Misbehave(hang);
        Assert.Contains("2 s", machine.Fails(RemoteProblem.Unreachable, () => machine.Push(commit)).Message);

        // The same disk, with more patience than the test has.
        machine = bed.NewMachine(instance: machine.Instance);
        bed.Server.Misbehave();
        commit = machine.Owning().Backup("a", "one");
        hang = new() { Where = "/git-receive-pack", HangRequestAt = 0 };
        bed.Server.Misbehave(hang);
        using CancellationTokenSource cancel = new();
        var push = Task.Run(() => machine.Push(commit, cancel.Token));
        await hang.Reached.WaitAsync(TimeSpan.FromSeconds(20));
        await RemoteBed.AssertEndsAtOnceAsync(push, cancel);
    }

    [Fact]
    public async Task Fetch_WhenTheLineIsSlow_TakesAsLongAsItTakes()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine first = bed.NewMachine().Owning();
        first.WriteRandom("a", 300_000);
        string commit = first.Backup();
        first.Push(commit);

        Machine second = bed.NewMachine(limits: RemoteBed.Quick with { Silence = TimeSpan.FromSeconds(5) });
        bed.Server.Misbehave(new GitFault { Where = "/git-upload-pack", BytesPerSecond = 30_000 });
        long start = Stopwatch.GetTimestamp();
        second.Remote.Fetch(commit, false, null, default);
        Assert.True(Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(8), "it was not slow"); // Longer than the silence that is allowed.
        Assert.StartsWith("blob", second.Folder.Git("cat-file", "-t", $"{commit}:t/a"));
    }

    [Fact]
    public async Task Push_WhenSomebodyElseHasWritten_IsMovedAndChangesNothing()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine machine = bed.NewMachine().Owning();
        string first = machine.Backup("a", "one");
        machine.Push(first);
        string tree = bed.Git("rev-parse", $"{first}^{{tree}}").Trim();
        string byHand = bed.Git("-c", "user.name=p", "-c", "user.email=p@q", "commit-tree", "-m", "by hand", "-p", first, tree).Trim();
        bed.Git("update-ref", "refs/heads/main", byHand);
        string second = machine.Backup("a", "two");

        machine.Fails(RemoteProblem.Moved, () => machine.Remote.Push(second, first, null, default));
        machine.Fails(RemoteProblem.Moved, () => machine.Remote.Push(second, null, null, default));
        machine.Fails(RemoteProblem.Moved, () => machine.Remote.Push(second, byHand, null, default));

        Assert.Equal(byHand, bed.Git("rev-parse", "main").Trim());
        Assert.Equal(first, machine.Acknowledged);
        string name = machine.Remote.PushAside(second, "init/diverged/here", default);
        Assert.Equal("init/diverged/here", name);
        Assert.Equal("init/diverged/here-2", machine.Remote.PushAside(first, "init/diverged/here", default));
        Assert.Equal(second, bed.Git("rev-parse", "refs/heads/init/diverged/here").Trim());
    }

    [Fact]
    public async Task Push_WhenItIsLargerThanThePushLimit_GoesInPartsThatAreGoneAfterwards()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        bed.Git("config", "receive.maxInputSize", "400000"); // Real git, with GitHub's limit in small.
        Machine machine = bed.NewMachine(limits: RemoteBed.Quick with { PushBytesMax = 300_000 }).Owning();
        for (int i = 0; i < 12; i++)
            machine.WriteRandom($"file-{i}", 90_000);

        string commit = machine.Backup();
        // Cut in the second part: what is there is not sent again.
        GitFault cut = new() { Where = "/git-receive-pack", CutRequestAt = 250_000 }; // Each time: curl tries once more by itself.
        int posts = 0;
        bed.Server.Other = context =>
        {
            if (context.Request.Method == "POST" && context.Request.Path.Value!.EndsWith("/git-receive-pack", StringComparison.Ordinal) && ++posts == 1)
                bed.Server.Misbehave(cut);
            return Task.FromResult(false);
        };
        machine.Fails(RemoteProblem.Unreachable, () => machine.Push(commit));
        Assert.Contains("refs/init/parts/main/1", bed.RefsAtServer());
        Assert.DoesNotContain("refs/heads/main", bed.RefsAtServer());
        bed.Server.Other = null;
        bed.Server.Misbehave();
        int before = bed.Server.Requests.Count;
        machine.Push(commit);

        Assert.Equal(commit, bed.Git("rev-parse", "main").Trim());
        Assert.DoesNotContain("parts", bed.RefsAtServer());
        Assert.DoesNotContain("parts", machine.Folder.Git("for-each-ref"));
        long[] sent = [.. bed.Server.Requests.Skip(before).Where(request => request.PathAndQuery.EndsWith("/git-receive-pack")).Select(request => request.RequestBytes)];
        Assert.True(sent.Length >= 3, $"{sent.Length} pushes");
        Assert.All(sent, bytes => Assert.InRange(bytes, 1, 400_000));
        Assert.InRange(sent.Sum(), 500_000, 900_000); // 1,080,000 in all, without the first part.
        bed.Git("fsck", "--connectivity-only");

        machine = bed.NewMachine(limits: RemoteBed.Quick with { LeaseTime = TimeSpan.FromMilliseconds(200) }).Owning();
        machine.TakeOver(commit);
        machine.Folder.Write("large", Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 40_000).Select(_ => Guid.NewGuid().ToString("N")))));
        machine.Fails(RemoteProblem.TooLarge, () => machine.Push(machine.Backup()));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(40, false)] // In MB. Git would look through it for longer than the transfer takes.
    public async Task Push_LooksForWhatFilesHaveInCommon_WhenItIsSmall(int size, bool isLookedFor)
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine machine = bed.NewMachine().Owning();
        byte[] content = new byte[500_000];
        for (int i = 0; i < size * 2; i++)
        {
            Random.Shared.NextBytes(content);
            machine.Folder.Write($"file-{i}", content);
        }

        machine.Backup();
        machine.Folder.Write("file-0", [.. content, 1]); // As the last one, which is in another pack.
        string commit = machine.Backup();
        List<TransferProgress> steps = [];
        machine.Remote.Push(commit, null, step => { lock (steps) steps.Add(step); }, default);

        Assert.Equal(commit, bed.Git("rev-parse", "main").Trim());
        Assert.Contains(steps, step => step.Stage == "Writing objects");
        Assert.Equal(isLookedFor, steps.Exists(step => step.Stage == "Compressing objects"));
    }

    [Fact]
    public async Task Push_WhenASecretIsFound_NamesTheFileAndGoesOnWhenItIsExcluded()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine machine = bed.NewMachine().Owning();
        string first = machine.Backup("a", "one");
        machine.Push(first);
        machine.Backup(".git/config", $"x\ntoken = {GitHubHook.Secret}\n");
        string commit = machine.Backup("b", "three");

        string message = machine.Fails(RemoteProblem.SecretFound, () => machine.Push(commit)).Message;
        Assert.Contains("t/.git/config line 2", message);
        Assert.Contains("exclude = [\"t/.git/config\"]", message);
        Assert.Contains("GitHub Personal Access Token", message);

        machine.Folder.Settings = machine.Folder.Settings with { Excluded = new GlobSet(["t/.git/config"]) };
        commit = machine.Backup("b", "four");
        machine.Push(commit);

        string pushed = bed.Git("rev-parse", "main").Trim();
        Assert.Equal("four", bed.Git("show", "main:t/b"));
        Assert.Equal(first, bed.Git("rev-parse", "main^").Trim());
        Assert.Equal(pushed, machine.Acknowledged);
        Assert.Equal(pushed, machine.Store.Head());
        Assert.Equal(pushed, IndexFile.CommitOf(machine.Folder.Settings.IndexPath));
        Assert.Equal(pushed, machine.Backup()); // And nothing is new.
    }

    [Fact]
    public async Task Push_WhenAFileIsTooLargeForTheRemote_NamesIt()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync(objectBytesMax: 100_000);
        Machine machine = bed.NewMachine().Owning();
        Assert.Contains("File t/big is 0.20 MB", machine.Fails(RemoteProblem.TooLarge, () => machine.Push(machine.Backup("big", new string('x', 200_000)))).Message);
    }

    [Fact]
    public async Task Push_WhenTheRemoteWasEmptiedAndHereIsButTheLastCommit_BringsItAll()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine first = bed.NewMachine().Owning();
        first.Push(first.Backup("a", "one"));
        string commit = first.Backup("a", "two");
        first.Push(commit);
        first.Remote.ReleaseLease(default);
        Machine second = bed.NewMachine().Owning();
        second.TakeOver(commit);
        TestFolder.Run("rm", "-rf", bed.Server.PathOf(RemoteBed.Repository));
        bed.Server.CreateRepository(RemoteBed.Repository);
        second.Remote.AnswerChallenge(default);
        string aside = second.Remote.PushAside(commit, "init/diverged/here", default);
        Assert.Equal("two", bed.Git("show", $"{aside}:t/a"));

        string third = second.Backup("b", "three");
        second.Push(third);

        Assert.Equal("three", bed.Git("show", "main:t/b"));
        Assert.Equal(bed.Git("rev-parse", "main").Trim(), second.Store.Head());
        bed.Git("fsck", "--connectivity-only");
    }

    [Fact]
    public async Task Everything_AfterAWholeRun_HoldsNoToken()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine machine = bed.NewMachine().Owning();
        string commit = machine.Backup("a", "one");
        machine.Push(commit);
        bed.Server.Misbehave(new GitFault { Status = 403, Body = $"no: {GitServer.Token}" });
        machine.Fails(RemoteProblem.Refused, () => machine.Push(commit)); // A server that repeats it.
        bed.Server.Misbehave();
        Machine other = bed.NewMachine();
        other.Remote.Fetch(commit, true, null, default);

        string basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{GitServer.User}:{GitServer.Token}"));
        foreach (string root in new[] { machine.Folder.Root, other.Folder.Root })
            Assert.Equal("", TestFolder.FilesWith(root, GitServer.Token, basic));
        Assert.Contains(bed.Server.Requests, request => request.Authorization == "Basic " + basic); // The search would find it.
    }

    [Theory]
    [InlineData("Receiving objects:  45% (9/20), 1.50 MiB | 3.00 MiB/s", "Receiving objects", 9, 20, 1_572_864)]
    [InlineData("Writing objects: 100% (3/3), 254 bytes | 254.00 KiB/s, done.", "Writing objects", 3, 3, 254)]
    [InlineData("remote: Compressing objects:   5% (1/20)", "Compressing objects", 1, 20, 0)]
    [InlineData("remote: Enumerating objects: 21, done.", "Enumerating objects", 21, 0, 0)]
    public void Progress_WhenGitShowsIt_IsUnderstood(string line, string stage, long objects, long total, long bytes) =>
        Assert.Equal(new TransferProgress(stage, objects, total, bytes), GitProgress.Parse(line));

    [Theory]
    [InlineData("remote: error: something: 45")]
    [InlineData("fatal: unable to access")]
    public void Progress_WhenItIsSomethingElse_IsNone(string line) => Assert.Null(GitProgress.Parse(line));

    [Theory]
    [InlineData("!\trefs/heads/a:refs/heads/main\t[remote rejected] (protected branch hook declined)", "remote: error: GH006: Protected branch update failed for refs/heads/main.", RemoteProblem.Refused)]
    [InlineData("!\trefs/heads/a:refs/heads/main\t[rejected] (stale info)", "error: failed to push some refs", RemoteProblem.Moved)]
    [InlineData("", "fatal: unable to write file: No space left on device", RemoteProblem.Failed)]
    [InlineData("", "fatal: https://x/ not valid: is this a git repository?", RemoteProblem.Unreachable)]
    [InlineData("", "fatal: something that nobody has thought of", RemoteProblem.Failed)]
    public void Diagnosis_WhenThereIsNoStatusOfHttp_GoesByGitsWords(string output, string error, RemoteProblem expected)
    {
        RemoteException exception = RemoteDiagnosis.Of("push to x", new NetworkAnswer(1, output, [error], new HttpHead(200), null), default);
        Assert.Equal(expected, exception.Problem);
        Assert.StartsWith("cannot push to x: ", exception.Message);
    }

    [Fact]
    public void RetryAfter_WhenItIsADateOrFarAway_IsWithinAnHour()
    {
        DateTimeOffset now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
        HttpHead Head(string name, string value) => new(429) { Headers = { [name] = value, ["x-ratelimit-remaining"] = "0" } };
        Assert.Equal(TimeSpan.FromSeconds(90), RemoteDiagnosis.RetryAfterOf(Head("Retry-After", now.AddSeconds(90).ToString("r", CultureInfo.InvariantCulture)), now));
        Assert.Equal(TimeSpan.FromHours(1), RemoteDiagnosis.RetryAfterOf(Head("x-ratelimit-reset", now.AddDays(1).ToUnixTimeSeconds().ToString()), now));
        Assert.Equal(TimeSpan.Zero, RemoteDiagnosis.RetryAfterOf(Head("x-ratelimit-reset", now.AddDays(-1).ToUnixTimeSeconds().ToString()), now));
        Assert.Null(RemoteDiagnosis.RetryAfterOf(Head("Retry-After", "soon"), now));
    }
}
