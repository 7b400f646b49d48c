using System.Text.Json;
using Init.Backup.Names;
using Init.Backup.Remote;
using Init.Backup.Service;

namespace Init.Backup.Tests.Service;

/// <summary>The role in this process, with a fake of the remote.</summary>
public sealed class BackupServiceTests : IDisposable
{
    private readonly RoleBed _bed = new();

    [Fact]
    public void Role_WhenTheDiskWasWiped_RestoresBeforeItIsReady()
    {
        _bed.Folder.Write("a/one", "first");
        _bed.RunOnce();
        Directory.Delete(_bed.Folder.Settings.StateDirectory, recursive: true);
        _bed.Folder.Wipe();

        using RunningService role = _bed.Start();
        role.WaitForReady();

        Assert.Equal("first", File.ReadAllText(Path.Combine(_bed.Folder.Target, "a/one")));
        Assert.Equal(_bed.Place.Head(), role.Status().Restored!.Commit);
        using var ready = JsonDocument.Parse(File.ReadAllText(role.Options.ReadyFile));
        Assert.Equal(_bed.Place.Head(), ready.RootElement.GetProperty("commit").GetString());
    }

    [Fact]
    public void Role_WhenTheDiskIsIntact_IsReadyWithoutAFetch()
    {
        _bed.Folder.Write("one", "first");
        _bed.RunOnce();
        _bed.Folder.Write("two", "later");
        _bed.Place.Calls.Clear();

        using RunningService role = _bed.Start();
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());

        Assert.DoesNotContain("fetch", _bed.Place.Calls);
        Assert.Null(role.Status().Restored);
        Assert.Contains("two", _bed.RemoteFiles());
    }

    [Fact]
    public void Role_WhenNothingHasChanged_WritesNothing()
    {
        _bed.Folder.Write("one", "first");
        _bed.RunOnce();
        string? before = _bed.Place.Head();
        _bed.Place.Calls.Clear();

        using RunningService role = _bed.Start();
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());

        Assert.Equal(before, _bed.Place.Head());
        Assert.DoesNotContain("push", _bed.Place.Calls);
    }

    [Fact]
    public void Role_WhileTheRemoteIsUnreachable_KeepsTheGateClosedAndSaysItOnce()
    {
        _bed.Folder.Write("one", "first");
        _bed.RunOnce();
        Directory.Delete(_bed.Folder.Settings.StateDirectory, recursive: true);
        _bed.Folder.Wipe();
        int looks = 0;
        _bed.Place.Before = call =>
        {
            if (call == "look" && Interlocked.Increment(ref looks) <= 2)
                throw new RemoteException(RemoteProblem.Unreachable, "cannot reach the remote: test");
        };

        using RunningService role = _bed.Start();
        role.WaitForLine("cannot reach the remote: test");
        Assert.False(role.IsReady);
        Assert.False(File.Exists(role.Options.ReadyFile));
        role.WaitForReady();

        Assert.Equal("first", File.ReadAllText(Path.Combine(_bed.Folder.Target, "one")));
        Assert.Single(role.Said, line => line.Contains("cannot reach", StringComparison.Ordinal));
        Assert.Single(role.Said, line => line.Contains("works again", StringComparison.Ordinal));
    }

    [Fact]
    public void Role_WhileTheFetchFails_SaysItOnceAlthoughTheRemoteAnswers()
    {
        _bed.Folder.Write("one", "first");
        _bed.RunOnce();
        Directory.Delete(_bed.Folder.Settings.StateDirectory, recursive: true);
        _bed.Folder.Wipe();
        int fetches = 0;
        _bed.Place.Before = call =>
        {
            if (call == "fetch" && Interlocked.Increment(ref fetches) <= 2)
                throw new RemoteException(RemoteProblem.Unreachable, "cannot fetch: test");
        };

        using RunningService role = _bed.Start();
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
        using RunningService role = _bed.Start();
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        _bed.Place.Before = call =>
        {
            if (call == "push")
                throw new RemoteException(RemoteProblem.Refused, "cannot push:\nthe token is wrong");
        };
        _bed.Folder.Write("one", "first");
        Assert.IsType<BackupAnswer.Refused>(role.BackUpNow());
        Assert.IsType<BackupAnswer.Refused>(role.BackUpNow());
        _bed.Place.Before = _ => { };

        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());

        role.Wait(() => role.Events.Length == 3, "three events");
        Assert.Equal(["backup.acknowledged", "backup.failed", "backup.acknowledged"], role.Events.Select(told => told.Type));
        Assert.Equal("cannot push: the token is wrong", role.Events[1].Text);
        Assert.Contains(_bed.Place.Head()!, role.Events[2].Text);
    }

    [Fact]
    public void Role_WhenARunGivesUpByItself_FailsAndGoesOn()
    {
        using RunningService role = _bed.Start();
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        _bed.Place.Before = call =>
        {
            if (call == "push")
                throw new TaskCanceledException("nothing was heard for too long");
        };
        _bed.Folder.Write("one", "first");
        Assert.Contains("nothing was heard", Assert.IsType<BackupAnswer.Refused>(role.BackUpNow()).Message);
        _bed.Place.Before = _ => { };

        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
    }

    [Fact]
    public void Role_WhenItStarts_RemovesWhatOthersHaveLeft()
    {
        string scratch = _bed.Folder.Settings.ScratchPath, proof = _bed.Folder.Settings.ProofPath, fetched = _bed.Folder.Settings.FetchedPath;
        foreach (string directory in new[] { Path.Combine(scratch, "panel-0123/home/user"), fetched, Path.Combine(proof, "files/t") })
            Directory.CreateDirectory(directory);
        TestFolder.Run("sh", "-c", $"cd {scratch}/panel-0123/home/user && touch one && touch \"$(printf 'no\\377utf8')\" && chmod 000 . && touch {scratch}/database {fetched}/half.fetched {proof}/files/t/two");

        using RunningService role = _bed.Start();
        role.WaitForReady();
        role.EndInOrder();

        Assert.Equal([fetched], Directory.EnumerateFileSystemEntries(scratch));
        Assert.True(File.Exists(Path.Combine(fetched, "half.fetched"))); // A download goes on from there.
        Assert.False(Directory.Exists(proof));
    }

    [Fact]
    public void Role_WhenTheLimitForAnUnreachableRemoteIsOver_StartsAndOverwritesNothingLater()
    {
        _bed.Folder.Write("one", "first");
        _bed.RunOnce();
        string? before = _bed.Place.Head();
        Directory.Delete(_bed.Folder.Settings.StateDirectory, recursive: true);
        _bed.Folder.Wipe();
        bool isDown = true;
        _bed.Place.Before = _ =>
        {
            if (Volatile.Read(ref isDown))
                throw new RemoteException(RemoteProblem.Unreachable, "cannot reach the remote: test");
        };

        using RunningService role = _bed.Start(options => options with { Unreachable = Config.UnreachablePolicy.Start, UnreachableLimit = TimeSpan.FromSeconds(1) });
        role.WaitForReady();
        _bed.Folder.Write("fresh", "made without the backup");
        Volatile.Write(ref isDown, false);
        BackupAnswer answer = role.BackUpNow();

        Assert.Contains("it has a backup that was not restored", Assert.IsType<BackupAnswer.Refused>(answer).Message);
        Assert.Equal(before, _bed.Place.Head());
    }

    [Fact]
    public void Role_WhenItIsToldToEnd_MakesALastBackup()
    {
        using RunningService role = _bed.Start();
        role.WaitForReady();
        _bed.Folder.Write("late", "x");

        role.EndInOrder();

        Assert.Contains("late", _bed.RemoteFiles());
        Assert.Equal("release", _bed.Place.Calls[^1]);
    }

    [Fact]
    public void Role_WhenTheLastBackupTakesTooLong_EndsAtItsLimitAndSaysSo()
    {
        using RunningService role = _bed.Start(options => options with { ShutdownLimit = TimeSpan.FromSeconds(1) });
        role.WaitForReady();
        _bed.Folder.Write("one", "x");
        using ManualResetEventSlim never = new();
        _bed.Place.Before = call =>
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
        using RunningService role = _bed.Start(options => options with { ShutdownLimit = TimeSpan.FromMinutes(5) });
        role.WaitForReady();
        _bed.Folder.Write("one", "x");
        using ManualResetEventSlim pushing = new(), never = new();
        _bed.Place.Before = call =>
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
        _bed.Folder.Write("one", "first");
        using RunningService role = _bed.Start();
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        string clone = Path.Combine(_bed.Folder.Root, "clone");
        TestFolder.Run("git", "clone", "--quiet", "--branch", "main", _bed.Place.Path, clone);
        File.WriteAllText(Path.Combine(clone, "note"), "by hand");
        TestFolder.RunIn(clone, "git", "add", "-A");
        TestFolder.RunIn(clone, "git", "-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "-m", "by hand");
        TestFolder.RunIn(clone, "git", "push", "--quiet", "origin", "main");
        string theirs = _bed.Place.Head()!;

        _bed.Folder.Write("two", "second");
        BackupAnswer answer = role.BackUpNow();

        Assert.True(answer is BackupAnswer.Done, string.Join('\n', role.Said));
        Assert.Contains(theirs, TestFolder.Run("git", $"--git-dir={_bed.Place.Path}", "log", "--format=%H", "main"));
        Assert.Contains("two", _bed.RemoteFiles());
        Assert.Contains(role.Said, line => line.Contains("was changed by somebody else", StringComparison.Ordinal));
    }

    [Fact]
    public void Role_WhenItComesBackAfterAnotherInstance_KeepsItsOwnChangesAsideAndRestoresTheirs()
    {
        _bed.Folder.Write("one", "first");
        _bed.RunOnce();
        string state = Path.Combine(_bed.Folder.Root, "kept-state"), files = Path.Combine(_bed.Folder.Root, "kept-files");
        TestFolder.Run("cp", "-a", _bed.Folder.Settings.StateDirectory, state);
        TestFolder.Run("cp", "-a", _bed.Folder.Target, files);
        _bed.Folder.Write("one", "the other instance went on");
        _bed.RunOnce();

        // The old disk again, with a change that no backup has.
        TestFolder.Run("rm", "-rf", _bed.Folder.Settings.StateDirectory, _bed.Folder.Target);
        TestFolder.Run("mv", state, _bed.Folder.Settings.StateDirectory);
        TestFolder.Run("mv", files, _bed.Folder.Target);
        _bed.Folder.Write("two", "only on the old disk");
        using RunningService role = _bed.Start();
        role.WaitForReady();

        Assert.Equal("the other instance went on", File.ReadAllText(Path.Combine(_bed.Folder.Target, "one")));
        string aside = TestFolder.Run("git", $"--git-dir={_bed.Place.Path}", "for-each-ref", "--format=%(refname:short)", "refs/heads/init/diverged").Trim();
        Assert.Equal("only on the old disk", TestFolder.Run("git", $"--git-dir={_bed.Place.Path}", "show", $"{aside}:t/two"));
    }

    [Fact]
    public void Role_WhenTheBranchIsOfALivingInstance_IsNotReadyAndSaysWhose()
    {
        _bed.Place.Owner = new LeaseText("0123456789abcdef", "other-host", 3);

        using RunningService role = _bed.Start();
        role.Wait(() => role.Parts is not null && File.Exists(role.Parts.SocketPath) && role.Status().Stage == Stages.WaitingForLease, "waiting for the lease");

        Assert.Contains("other-host", role.Status().Text);
        Assert.False(role.IsReady);
        Assert.DoesNotContain("push", _bed.Place.Calls);
    }

    [Fact]
    public void Role_WhenTheLocalStoreIsCorrupt_PutsItAsideAndRestoresFromTheRemote()
    {
        _bed.Folder.Write("one", "first");
        _bed.RunOnce();
        foreach (string pack in Directory.EnumerateFiles(Path.Combine(_bed.Folder.Settings.StorePath, "objects"), "*", SearchOption.AllDirectories))
        {
            File.Delete(pack); // Git's are read-only.
            File.WriteAllText(pack, "garbage");
        }

        using RunningService role = _bed.Start();
        role.WaitForReady();

        Assert.Contains(role.Said, line => line.Contains("it is kept as", StringComparison.Ordinal));
        Assert.Equal("first", File.ReadAllText(Path.Combine(_bed.Folder.Target, "one")));
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
    }

    [Fact]
    public void Role_WhenTheStateOutlivesTheFiles_RestoresInsteadOfDeletingEverything()
    {
        _bed.Folder.Write("bot/data", "precious");
        _bed.RunOnce();
        _bed.Folder.Wipe();
        _bed.Folder.Write("bot/default", "of the image");
        File.SetLastWriteTimeUtc(Path.Combine(_bed.Folder.Target, "bot/default"), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        using RunningService role = _bed.Start();
        role.WaitForReady();

        Assert.Equal("precious", File.ReadAllText(Path.Combine(_bed.Folder.Target, "bot/data")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Role_WhenItIsKilledWhileProgramsRun_PutsNothingUnderTheirFeet(bool isSameInit)
    {
        _bed.Folder.Write("one", "first");
        using (RunningService first = _bed.Start(ownInit: "init-1"))
        {
            first.WaitForReady();
            Assert.IsType<BackupAnswer.Done>(first.BackUpNow());
        }

        // As if the file had been deleted by a program that runs: what is on disk is meant.
        File.Delete(Path.Combine(_bed.Folder.Target, "one"));
        _bed.Folder.Write("two", "instead");
        using RunningService again = _bed.Start(ownInit: isSameInit ? "init-1" : "init-2");
        again.WaitForReady();

        Assert.Equal(!isSameInit, File.Exists(Path.Combine(_bed.Folder.Target, "one")));
    }

    [Fact]
    public void Target_WhenItVanishesAsAWhole_StaysInTheBackupAndIsSaid()
    {
        _bed.Folder.Write("one", "first");
        using RunningService role = _bed.Start();
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        _bed.Folder.Wipe();

        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());

        Assert.Contains("one", _bed.RemoteFiles());
        Assert.Contains(role.Status().Notes, note => note.Kind == nameof(NoteKind.TargetVanished));
        Assert.Equal(role.Status().Notes.Count, role.Status().NotesTotal);

        _bed.Folder.Write("one", "mounted again");
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());

        Assert.Empty(role.Status().Notes);
        Assert.Equal(0, role.Status().NotesTotal);
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
        _bed.Folder.Write("one", "first");
        using RunningService role = _bed.Start(options => options with { Watch = true, Quiet = TimeSpan.FromMilliseconds(200) });
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());

        _bed.Folder.Write("deep/er/two", "noticed");

        role.Wait(() => _bed.RemoteFiles().Contains("deep/er/two", StringComparison.Ordinal), "the change at the remote");
    }

    [Fact]
    public void Requests_WhenTheyComeInAStorm_AreFewRuns()
    {
        using RunningService role = _bed.Start();
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        lock (_bed.Place.Calls)
            _bed.Place.Calls.Clear();
        for (int i = 0; i < 100; i++)
        {
            _bed.Folder.Write("one", $"{i}");
            role.Service.Request();
        }

        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());

        Assert.Equal("99", TestFolder.Run("git", $"--git-dir={_bed.Place.Path}", "show", "main:t/one"));
        Assert.InRange(_bed.Place.Calls.Count(call => call == "push"), 1, 3);
    }

    [Fact]
    public void Configuration_WhenTheStateIsInATarget_IsRefused()
    {
        BackupSettings inside = new(_bed.Folder.Root, [BytePath.Of("state")], Path.Combine(_bed.Folder.Root, "state/backup"));
        Assert.Contains("move one of them", Assert.Throws<InvalidOperationException>(inside.Check).Message);
        Assert.Contains("write absolute paths", Assert.Throws<InvalidOperationException>((inside with { Base = "relative" }).Check).Message);
    }

    public void Dispose() => _bed.Dispose();
}
