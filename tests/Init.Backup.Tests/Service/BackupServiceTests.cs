using System.Text.Json;
using Init.Backup.Names;
using Init.Backup.Remote;
using Init.Backup.Service;

namespace Init.Backup.Tests.Service;

/// <summary>The role in this process, with a fake of the remote.</summary>
public sealed class BackupServiceTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly FakeRemote.Place _place;

    public BackupServiceTests()
    {
        _place = new FakeRemote.Place(Path.Combine(_folder.Root, "remote.git"));
        _place.Make();
    }

    [Fact]
    public void Role_WhenTheDiskWasWiped_RestoresBeforeItIsReady()
    {
        _folder.Write("a/one", "first");
        RunOnce();
        Directory.Delete(_folder.Settings.StateDirectory, recursive: true);
        _folder.Wipe();

        using RunningService role = Start();
        role.WaitForReady();

        Assert.Equal("first", File.ReadAllText(Path.Combine(_folder.Target, "a/one")));
        Assert.Equal(_place.Head(), role.Status().Restored!.Commit);
        using var ready = JsonDocument.Parse(File.ReadAllText(role.Options.ReadyFile));
        Assert.Equal(_place.Head(), ready.RootElement.GetProperty("commit").GetString());
    }

    [Fact]
    public void Role_WhenTheDiskIsIntact_IsReadyWithoutAFetch()
    {
        _folder.Write("one", "first");
        RunOnce();
        _folder.Write("two", "later");
        _place.Calls.Clear();

        using RunningService role = Start();
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());

        Assert.DoesNotContain("fetch", _place.Calls);
        Assert.Null(role.Status().Restored);
        Assert.Contains("two", RemoteFiles());
    }

    [Fact]
    public void Role_WhenNothingHasChanged_WritesNothing()
    {
        _folder.Write("one", "first");
        RunOnce();
        string? before = _place.Head();
        _place.Calls.Clear();

        using RunningService role = Start();
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());

        Assert.Equal(before, _place.Head());
        Assert.DoesNotContain("push", _place.Calls);
    }

    [Fact]
    public void Role_WhileTheRemoteIsUnreachable_KeepsTheGateClosedAndSaysItOnce()
    {
        _folder.Write("one", "first");
        RunOnce();
        Directory.Delete(_folder.Settings.StateDirectory, recursive: true);
        _folder.Wipe();
        int looks = 0;
        _place.Before = call =>
        {
            if (call == "look" && Interlocked.Increment(ref looks) <= 2)
                throw new RemoteException(RemoteProblem.Unreachable, "cannot reach the remote: test");
        };

        using RunningService role = Start();
        role.WaitForLine("cannot reach the remote: test");
        Assert.False(role.IsReady);
        Assert.False(File.Exists(role.Options.ReadyFile));
        role.WaitForReady();

        Assert.Equal("first", File.ReadAllText(Path.Combine(_folder.Target, "one")));
        Assert.Single(role.Said, line => line.Contains("cannot reach", StringComparison.Ordinal));
        Assert.Single(role.Said, line => line.Contains("works again", StringComparison.Ordinal));
    }

    [Fact]
    public void Role_WhileTheFetchFails_SaysItOnceAlthoughTheRemoteAnswers()
    {
        _folder.Write("one", "first");
        RunOnce();
        Directory.Delete(_folder.Settings.StateDirectory, recursive: true);
        _folder.Wipe();
        int fetches = 0;
        _place.Before = call =>
        {
            if (call == "fetch" && Interlocked.Increment(ref fetches) <= 2)
                throw new RemoteException(RemoteProblem.Unreachable, "cannot fetch: test");
        };

        using RunningService role = Start();
        role.WaitForReady();

        Assert.Single(role.Said, line => line.Contains("cannot fetch", StringComparison.Ordinal));
        Assert.Single(role.Said, line => line.Contains("works again", StringComparison.Ordinal));
        role.Wait(() => role.Events.Length == 2, "two events");
        Assert.Equal(("backup.failed", "cannot fetch: test"), role.Events[0]);
        Assert.Equal("backup.restored", role.Events[1].Type);
    }

    [Fact]
    public void Role_WhenItFailsInARow_TellsOfItOnceAndOfTheBackupAfterIt()
    {
        using RunningService role = Start();
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        _place.Before = call =>
        {
            if (call == "push")
                throw new RemoteException(RemoteProblem.Refused, "cannot push:\nthe token is wrong");
        };
        _folder.Write("one", "first");
        Assert.IsType<BackupAnswer.Refused>(role.BackUpNow());
        Assert.IsType<BackupAnswer.Refused>(role.BackUpNow());
        _place.Before = _ => { };

        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());

        role.Wait(() => role.Events.Length == 3, "three events");
        Assert.Equal(["backup.acknowledged", "backup.failed", "backup.acknowledged"], role.Events.Select(told => told.Type));
        Assert.Equal("cannot push: the token is wrong", role.Events[1].Text);
        Assert.Contains(_place.Head()!, role.Events[2].Text);
    }

    [Fact]
    public void Role_WhenARunGivesUpByItself_FailsAndGoesOn()
    {
        using RunningService role = Start();
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        _place.Before = call =>
        {
            if (call == "push")
                throw new TaskCanceledException("nothing was heard for too long");
        };
        _folder.Write("one", "first");
        Assert.Contains("nothing was heard", Assert.IsType<BackupAnswer.Refused>(role.BackUpNow()).Message);
        _place.Before = _ => { };

        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
    }

    [Fact]
    public void Role_WhenItStarts_RemovesWhatOthersHaveLeft()
    {
        string scratch = _folder.Settings.ScratchPath, proof = _folder.Settings.ProofPath, fetched = _folder.Settings.FetchedPath;
        foreach (string directory in new[] { Path.Combine(scratch, "panel-0123/home/user"), fetched, Path.Combine(proof, "files/t") })
            Directory.CreateDirectory(directory);
        TestFolder.Run("sh", "-c", $"cd {scratch}/panel-0123/home/user && touch one && touch \"$(printf 'no\\377utf8')\" && chmod 000 . && touch {scratch}/database {fetched}/half.fetched {proof}/files/t/two");

        using RunningService role = Start();
        role.WaitForReady();
        role.EndInOrder();

        Assert.Equal([fetched], Directory.EnumerateFileSystemEntries(scratch));
        Assert.True(File.Exists(Path.Combine(fetched, "half.fetched"))); // A download goes on from there.
        Assert.False(Directory.Exists(proof));
    }

    [Fact]
    public void Role_WhenTheLimitForAnUnreachableRemoteIsOver_StartsAndOverwritesNothingLater()
    {
        _folder.Write("one", "first");
        RunOnce();
        string? before = _place.Head();
        Directory.Delete(_folder.Settings.StateDirectory, recursive: true);
        _folder.Wipe();
        bool isDown = true;
        _place.Before = _ =>
        {
            if (Volatile.Read(ref isDown))
                throw new RemoteException(RemoteProblem.Unreachable, "cannot reach the remote: test");
        };

        using RunningService role = Start(options => options with { Unreachable = Config.UnreachablePolicy.Start, UnreachableLimit = TimeSpan.FromSeconds(1) });
        role.WaitForReady();
        _folder.Write("fresh", "made without the backup");
        Volatile.Write(ref isDown, false);
        BackupAnswer answer = role.BackUpNow();

        Assert.Contains("it has a backup that was not restored", Assert.IsType<BackupAnswer.Refused>(answer).Message);
        Assert.Equal(before, _place.Head());
    }

    [Fact]
    public void Role_WhenItIsToldToEnd_MakesALastBackup()
    {
        using RunningService role = Start();
        role.WaitForReady();
        _folder.Write("late", "x");

        role.EndInOrder();

        Assert.Contains("late", RemoteFiles());
        Assert.Equal("release", _place.Calls[^1]);
    }

    [Fact]
    public void Role_WhenTheLastBackupTakesTooLong_EndsAtItsLimitAndSaysSo()
    {
        using RunningService role = Start(options => options with { ShutdownLimit = TimeSpan.FromSeconds(1) });
        role.WaitForReady();
        _folder.Write("one", "x");
        using ManualResetEventSlim never = new();
        _place.Before = call =>
        {
            if (call == "push")
                never.Wait(TimeSpan.FromSeconds(20));
        };

        role.EndInOrder();

        Assert.Contains(role.Said, line => line.Contains("the last backup was cut off after 1 s", StringComparison.Ordinal));
        never.Set();
    }

    [Fact]
    public void Role_WhenItIsToldToEndTwice_SaysThatThisIsWhyTheLastBackupWasCutOff()
    {
        using RunningService role = Start(options => options with { ShutdownLimit = TimeSpan.FromMinutes(5) });
        role.WaitForReady();
        _folder.Write("one", "x");
        using ManualResetEventSlim pushing = new(), never = new();
        _place.Before = call =>
        {
            if (call != "push")
                return;
            pushing.Set();
            never.Wait(TimeSpan.FromSeconds(20));
        };
        role.Service.End();
        Assert.True(pushing.Wait(TimeSpan.FromSeconds(20)));

        role.EndInOrder();

        Assert.Contains(role.Said, line => line.Contains("was cut off because the role was told to end once more", StringComparison.Ordinal));
        never.Set();
    }

    [Fact]
    public void Role_WhenSomebodyElseMovesTheBranch_KeepsBothHistories()
    {
        _folder.Write("one", "first");
        using RunningService role = Start();
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        string clone = Path.Combine(_folder.Root, "clone");
        TestFolder.Run("git", "clone", "--quiet", "--branch", "main", _place.Path, clone);
        File.WriteAllText(Path.Combine(clone, "note"), "by hand");
        TestFolder.RunIn(clone, "git", "add", "-A");
        TestFolder.RunIn(clone, "git", "-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "-m", "by hand");
        TestFolder.RunIn(clone, "git", "push", "--quiet", "origin", "main");
        string theirs = _place.Head()!;

        _folder.Write("two", "second");
        BackupAnswer answer = role.BackUpNow();

        Assert.True(answer is BackupAnswer.Done, string.Join('\n', role.Said));
        Assert.Contains(theirs, TestFolder.Run("git", $"--git-dir={_place.Path}", "log", "--format=%H", "main"));
        Assert.Contains("two", RemoteFiles());
        Assert.Contains(role.Said, line => line.Contains("was changed by somebody else", StringComparison.Ordinal));
    }

    [Fact]
    public void Role_WhenItComesBackAfterAnotherInstance_KeepsItsOwnChangesAsideAndRestoresTheirs()
    {
        _folder.Write("one", "first");
        RunOnce();
        string state = Path.Combine(_folder.Root, "kept-state"), files = Path.Combine(_folder.Root, "kept-files");
        TestFolder.Run("cp", "-a", _folder.Settings.StateDirectory, state);
        TestFolder.Run("cp", "-a", _folder.Target, files);
        _folder.Write("one", "the other instance went on");
        RunOnce();

        // The old disk again, with a change that no backup has.
        TestFolder.Run("rm", "-rf", _folder.Settings.StateDirectory, _folder.Target);
        TestFolder.Run("mv", state, _folder.Settings.StateDirectory);
        TestFolder.Run("mv", files, _folder.Target);
        _folder.Write("two", "only on the old disk");
        using RunningService role = Start();
        role.WaitForReady();

        Assert.Equal("the other instance went on", File.ReadAllText(Path.Combine(_folder.Target, "one")));
        string aside = TestFolder.Run("git", $"--git-dir={_place.Path}", "for-each-ref", "--format=%(refname:short)", "refs/heads/init/diverged").Trim();
        Assert.Equal("only on the old disk", TestFolder.Run("git", $"--git-dir={_place.Path}", "show", $"{aside}:t/two"));
    }

    [Fact]
    public void Role_WhenTheBranchIsOfALivingInstance_IsNotReadyAndSaysWhose()
    {
        _place.Owner = new LeaseText("0123456789abcdef", "other-host", 3);

        using RunningService role = Start();
        role.Wait(() => role.Parts is not null && File.Exists(role.Parts.SocketPath) && role.Status().Stage == Stages.WaitingForLease, "waiting for the lease");

        Assert.Contains("other-host", role.Status().Text);
        Assert.False(role.IsReady);
        Assert.DoesNotContain("push", _place.Calls);
    }

    [Fact]
    public void Role_WhenTheLocalStoreIsCorrupt_PutsItAsideAndRestoresFromTheRemote()
    {
        _folder.Write("one", "first");
        RunOnce();
        foreach (string pack in Directory.EnumerateFiles(Path.Combine(_folder.Settings.StorePath, "objects"), "*", SearchOption.AllDirectories))
        {
            File.Delete(pack); // Git's are read-only.
            File.WriteAllText(pack, "garbage");
        }

        using RunningService role = Start();
        role.WaitForReady();

        Assert.Contains(role.Said, line => line.Contains("it is kept as", StringComparison.Ordinal));
        Assert.Equal("first", File.ReadAllText(Path.Combine(_folder.Target, "one")));
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
    }

    [Fact]
    public void Role_WhenTheStateOutlivesTheFiles_RestoresInsteadOfDeletingEverything()
    {
        _folder.Write("bot/data", "precious");
        RunOnce();
        _folder.Wipe();
        _folder.Write("bot/default", "of the image");
        File.SetLastWriteTimeUtc(Path.Combine(_folder.Target, "bot/default"), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        using RunningService role = Start();
        role.WaitForReady();

        Assert.Equal("precious", File.ReadAllText(Path.Combine(_folder.Target, "bot/data")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Role_WhenItIsKilledWhileProgramsRun_PutsNothingUnderTheirFeet(bool isSameInit)
    {
        _folder.Write("one", "first");
        using (RunningService first = Start(ownInit: "init-1"))
        {
            first.WaitForReady();
            Assert.IsType<BackupAnswer.Done>(first.BackUpNow());
        }

        // As if the file had been deleted by a program that runs: what is on disk is meant.
        File.Delete(Path.Combine(_folder.Target, "one"));
        _folder.Write("two", "instead");
        using RunningService again = Start(ownInit: isSameInit ? "init-1" : "init-2");
        again.WaitForReady();

        Assert.Equal(!isSameInit, File.Exists(Path.Combine(_folder.Target, "one")));
    }

    [Fact]
    public void Target_WhenItVanishesAsAWhole_StaysInTheBackupAndIsSaid()
    {
        _folder.Write("one", "first");
        using RunningService role = Start();
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        _folder.Wipe();

        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());

        Assert.Contains("one", RemoteFiles());
        Assert.Contains(role.Status().Notes, note => note.Kind == nameof(NoteKind.TargetVanished));
    }

    [Fact]
    public void VanishedTargets_AfterADayOfAbsence_AreGivenUp()
    {
        VanishedTargets vanished = new();
        BytePath target = BytePath.Of("t");
        DateTimeOffset start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        vanished.Update([target], start);
        vanished.Update([target], start.AddHours(23));
        Assert.Empty(vanished.GivenUp(start.AddHours(23)));
        Assert.Equal([target], vanished.GivenUp(start.AddHours(24)));

        vanished.Update([], start.AddHours(24));
        vanished.Update([target], start.AddHours(25));
        Assert.Empty(vanished.GivenUp(start.AddHours(30)));
    }

    [Fact]
    public void Changes_WhenTheyAreWatched_AreBackedUpWithoutARequest()
    {
        _folder.Write("one", "first");
        using RunningService role = Start(options => options with { Watch = true, Quiet = TimeSpan.FromMilliseconds(200) });
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());

        _folder.Write("deep/er/two", "noticed");

        role.Wait(() => RemoteFiles().Contains("deep/er/two", StringComparison.Ordinal), "the change at the remote");
    }

    [Fact]
    public void Requests_WhenTheyComeInAStorm_AreFewRuns()
    {
        using RunningService role = Start();
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        lock (_place.Calls)
            _place.Calls.Clear();
        for (int i = 0; i < 100; i++)
        {
            _folder.Write("one", $"{i}");
            role.Service.Request();
        }

        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());

        Assert.Equal("99", TestFolder.Run("git", $"--git-dir={_place.Path}", "show", "main:t/one"));
        Assert.InRange(_place.Calls.Count(call => call == "push"), 1, 3);
    }

    [Fact]
    public void Configuration_WhenTheStateIsInATarget_IsRefused()
    {
        BackupSettings inside = new(_folder.Root, [BytePath.Of("state")], Path.Combine(_folder.Root, "state/backup"));
        Assert.Contains("move one of them", Assert.Throws<InvalidOperationException>(inside.Check).Message);
        Assert.Contains("write absolute paths", Assert.Throws<InvalidOperationException>((inside with { Base = "relative" }).Check).Message);
    }

    public void Dispose() => _folder.Dispose();

    private RunningService Start(Func<Config.BackupOptions, Config.BackupOptions>? change = null, string? ownInit = null) => new(_folder, _place, change, ownInit);

    private void RunOnce()
    {
        using RunningService role = Start();
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        role.EndInOrder();
    }

    private string RemoteFiles() => TestFolder.Run("git", $"--git-dir={_place.Path}", "ls-tree", "-r", "--name-only", "main");
}
