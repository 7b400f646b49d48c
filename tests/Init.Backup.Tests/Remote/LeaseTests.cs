using System.Diagnostics;
using Init.Backup.Remote;
using Init.Backup.Tests.Harness;

namespace Init.Backup.Tests.Remote;

/// <summary>Two machines, one branch: one of them writes.</summary>
public sealed class LeaseTests
{
    /// <summary>Long enough for a live owner on a slow machine; nobody waits for all of it.</summary>
    private static readonly RemoteLimits Patient = RemoteBed.Quick with { LeaseTime = TimeSpan.FromMinutes(2) };

    [Fact]
    public async Task Lease_WhenTheOwnerLives_StaysItsOwn()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine owner = bed.NewMachine().Owning();
        owner.Push(owner.Backup("a", "one"));
        var (newcomer, take, asked) = await bed.AskOwnerAsync(Patient);
        Assert.Equal(owner.Instance, asked.Instance);

        Assert.IsType<LeaseOutcome.Held>(owner.Remote.AnswerChallenge(default));

        var outcome = Assert.IsType<LeaseOutcome.HeldByOther>(await take);
        Assert.Equal(owner.Instance, outcome.Lease.Instance);
        newcomer.Fails(RemoteProblem.Moved, () => newcomer.Push(newcomer.Backup("b", "mine")));
        owner.Push(owner.Backup("a", "two"));
        Assert.Equal("two", bed.Git("show", "main:t/a"));
        Assert.DoesNotContain("challenge", bed.RefsAtServer());

        int writes = bed.Server.Writes;
        for (int i = 0; i < 3; i++)
            Assert.IsType<LeaseOutcome.Held>(owner.Remote.AnswerChallenge(default));
        Assert.Equal(writes, bed.Server.Writes); // An idle owner writes nothing.
    }

    [Fact]
    public async Task Lease_WhenTheOwnerBacksUpWhileANewcomerWaits_IsAnsweredByThat()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine owner = bed.NewMachine().Owning();
        var (_, take, _) = await bed.AskOwnerAsync(Patient);

        owner.Push(owner.Backup("a", "one"));

        Assert.IsType<LeaseOutcome.HeldByOther>(await take);
        Assert.DoesNotContain("challenge", bed.RefsAtServer()); // Withdrawn: it has been answered.
    }

    [Fact]
    public async Task Lease_WhenAPushTakesLongerThanIt_StaysTheOwnersAndThePushIsDone()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine owner = bed.NewMachine().Owning();
        string commit = owner.Backup("a", "one");
        GitFault hang = new() { Where = "/git-receive-pack", HangRequestAt = 0, Times = 1 };
        bed.Server.Misbehave(hang);
        Task push = Task.Run(() =>
        {
            using LeaseKeeper keeper = new(owner.Remote, RemoteBed.Quick.LeaseTime);
            owner.Push(commit);
        });
        await hang.Reached.WaitAsync(TimeSpan.FromSeconds(20));

        var outcome = Assert.IsType<LeaseOutcome.HeldByOther>(bed.NewMachine().Remote.TakeLease(null, default));

        Assert.Equal(owner.Instance, outcome.Lease.Instance);
        Assert.DoesNotContain("challenge", bed.RefsAtServer());
        hang.Release();
        await push.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(commit, bed.Git("rev-parse", "main").Trim());
        Assert.Equal(commit, owner.Acknowledged);
    }

    [Fact]
    public async Task AnswerWhileBusy_WhenTheLeaseIsAnothers_LeavesItsQuestionAlone()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine loser = bed.NewMachine().Owning();
        _ = bed.NewMachine().Owning();
        using CancellationTokenSource cancel = new();
        var (_, take, _) = await bed.AskOwnerAsync(Patient, cancel.Token);

        loser.Remote.AnswerWhileBusy(default);

        Assert.Contains("refs/init/challenge/main", bed.RefsAtServer());
        await RemoteBed.AssertEndsAtOnceAsync(take, cancel);
    }

    [Fact]
    public async Task Lease_WhenAnotherNewcomerAsksMeanwhile_IsWaitedForFromThen()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine dead = bed.NewMachine().Owning();
        RemoteLimits limits = RemoteBed.Quick with { LeaseTime = TimeSpan.FromSeconds(4) };
        var (_, take, _) = await bed.AskOwnerAsync(limits);
        await Task.Delay(TimeSpan.FromSeconds(2)); // Half of what it waits.
        using CancellationTokenSource cancel = new();
        var (_, other, _) = await bed.AskOwnerAsync(Patient, cancel.Token);
        long start = Stopwatch.GetTimestamp();

        Assert.IsType<LeaseOutcome.Held>(await take);

        // Its own question may have been answered before the other one replaced it.
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 3.5, 20);
        Assert.IsType<LeaseOutcome.HeldByOther>(await other);
        dead.Fails(RemoteProblem.Moved, () => dead.Push(dead.Backup("a", "one")));
    }

    [Theory]
    [InlineData("lease")]
    [InlineData("challenge")]
    public async Task TakeLease_WhenAKilledGitHasLeftALockAtAPath_GivesUpOrTakesItWhenTheLockIsOld(string what)
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        string path = bed.Server.PathOf(RemoteBed.Repository), held = Path.Combine(path, "refs", "init", what, "main.lock");
        if (what == "challenge")
            _ = bed.NewMachine(url: path).Owning();
        Directory.CreateDirectory(Path.GetDirectoryName(held)!);
        File.WriteAllText(held, "");
        Machine machine = bed.NewMachine(url: path);

        string message = machine.Fails(RemoteProblem.Failed, () => machine.Remote.TakeLease(null, default)).Message;

        Assert.Contains(".lock", message);
        Task<LeaseOutcome> take = Task.Run(() => machine.Remote.TakeLease(null, default));
        File.SetLastWriteTimeUtc(held, DateTime.UtcNow.AddMinutes(-2));
        Assert.IsType<LeaseOutcome.Held>(await take);
    }

    [Fact]
    public async Task Lease_WhenTheOwnerIsDead_IsTakenOverAfterTheLeaseTimeAndNotBefore()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine dead = bed.NewMachine().Owning();
        string commit = dead.Backup("a", "one");
        dead.Push(commit);
        Machine newcomer = bed.NewMachine();

        long start = Stopwatch.GetTimestamp();
        Assert.IsType<LeaseOutcome.Held>(newcomer.Remote.TakeLease(null, default));

        Assert.True(Stopwatch.GetElapsedTime(start) >= RemoteBed.Quick.LeaseTime);
        Assert.DoesNotContain("challenge", bed.RefsAtServer());
        Assert.Equal(newcomer.Instance, newcomer.Remote.Look(default).Lease!.Instance);
        Assert.True(newcomer.Remote.Look(default).Lease!.Counter > 1);
    }

    [Theory]
    [InlineData("refs/init/challenge/main.lock")]
    [InlineData("refs/init/lease/main.lock")]
    public async Task Lease_WhenAKilledGitHasLeftALock_IsTakenOnceThatIsOldEnough(string name)
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        string path = bed.Server.PathOf(RemoteBed.Repository);
        bed.NewMachine(url: path).Owning();
        string lockFile = Path.Combine(path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(lockFile)!);
        File.WriteAllText(lockFile, "");
        File.SetLastWriteTimeUtc(lockFile, DateTime.UtcNow.AddSeconds(-18)); // Not old enough when it is seen first.
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));

        Assert.IsType<LeaseOutcome.Held>(bed.NewMachine(url: path).Remote.TakeLease(null, patience.Token));
        Assert.False(File.Exists(lockFile));
    }

    [Fact]
    public async Task Lease_WhenTheOwnerWasCutOffAndComesBack_ItsPushIsRefusedAndNothingIsLost()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine first = bed.NewMachine().Owning();
        string common = first.Backup("a", "one");
        first.Push(common);

        // The first one has lost the network, and goes on with its files.
        string cutOff = first.Backup("a", "written while cut off");
        Machine second = bed.NewMachine().Owning();
        second.TakeOver(common);
        string theirs = second.Backup("b", "of the second");
        second.Push(theirs);

        first.Fails(RemoteProblem.Moved, () => first.Remote.Push(cutOff, common, null, default));
        var now = Assert.IsType<LeaseOutcome.HeldByOther>(first.Remote.AnswerChallenge(default));
        Assert.Equal(second.Instance, now.Lease.Instance);
        first.Fails(RemoteProblem.Moved, () => first.Remote.Push(cutOff, common, null, default));

        Assert.Equal(theirs, bed.Git("rev-parse", "main").Trim());
        string aside = first.Remote.PushAside(cutOff, "init/diverged/first", default);
        Assert.Equal("written while cut off", bed.Git("show", $"{aside}:t/a"));
        second.Push(second.Backup("b", "and on"));
    }

    [Fact]
    public async Task Lease_WhenItIsGivenBackOrOfTheSameDisk_IsTakenAtOnce()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        Machine first = bed.NewMachine().Owning();
        first.Remote.ReleaseLease(default);
        Assert.DoesNotContain("lease", bed.RefsAtServer());

        bool hasWaited = false;
        Machine second = bed.NewMachine();
        Assert.IsType<LeaseOutcome.Held>(second.Remote.TakeLease(_ => hasWaited = true, default));
        second.Push(second.Backup("a", "one"));
        second.Restart(); // Killed; the disk is the same.
        Assert.IsType<LeaseOutcome.Held>(second.Remote.TakeLease(_ => hasWaited = true, default));
        second.Push(second.Backup("a", "two"));

        Assert.False(hasWaited);
        first.Remote.ReleaseLease(default); // Not its own any more: nothing happens.
        Assert.Equal(second.Instance, second.Remote.Look(default).Lease!.Instance);
    }

    [Fact]
    public async Task Lease_WhenTwoNewcomersWantThatOfADeadOwner_OneGetsIt()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        bed.NewMachine().Owning();
        using CancellationTokenSource done = new();

        // Whoever has it answers, as its role would; the others see that it lives.
        async Task<LeaseOutcome> TakeAndKeep()
        {
            Machine newcomer = bed.NewMachine(limits: RemoteBed.Quick with { LeaseTime = TimeSpan.FromSeconds(5) });
            LeaseOutcome outcome = await Task.Run(() => newcomer.Remote.TakeLease(null, default));
            for (int i = 0; outcome is LeaseOutcome.Held && !done.IsCancellationRequested && i < 100; i++)
                newcomer.Remote.AnswerChallenge(default);
            await done.CancelAsync();
            return outcome;
        }

        LeaseOutcome[] outcomes = await Task.WhenAll(TakeAndKeep(), TakeAndKeep());

        Assert.Single(outcomes, outcome => outcome is LeaseOutcome.Held);
        Assert.Single(outcomes, outcome => outcome is LeaseOutcome.HeldByOther);
    }

    [Fact]
    public async Task TakeLease_WhenItIsCancelled_EndsAtOnce()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        bed.NewMachine().Owning();
        using CancellationTokenSource cancel = new();
        var (_, take, _) = await bed.AskOwnerAsync(new RemoteLimits(), cancel.Token);

        await RemoteBed.AssertEndsAtOnceAsync(take, cancel);
    }
}
