using Init.Backup.Service;
using Init.Backup.Tests.Kill;
using Init.Backup.Tests.Service;
using Init.Linux;

namespace Init.Backup.Tests.Faults;

/// <summary>Disks that are full at each step (a small tmpfs; root), clocks that are wrong, locks that were left behind, and people at the remote.</summary>
public sealed class DiskFaultTests : IDisposable
{
    private static readonly string[] Sizes = ["64k", "256k", "700k", "1500k"];

    private readonly TestFolder _folder = new();
    private readonly List<string> _mounts = [];

    private string Remote => Path.Combine(_folder.Root, "remote", "repo.git");

    public DiskFaultTests() => MakeRemote();

    [Theory]
    [InlineData("state")]
    [InlineData("remote")]
    public void Backup_WhenADiskIsFull_SaysSoAndGoesOnWhenItIsNot(string which)
    {
        if (Processes.GetUid() != 0)
            return;
        string place = which == "state" ? _folder.Settings.StateDirectory : Path.GetDirectoryName(Remote)!;
        Mount(place, "64m");
        if (which == "remote")
            MakeRemote();
        using RunningService role = Start(_folder);
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        byte[] content = new byte[2_000_000];
        foreach (string size in Sizes)
        {
            Random.Shared.NextBytes(content);
            _folder.Write("a", content);
            Fill(place, size);
            string said = Assert.IsType<BackupAnswer.Refused>(role.BackUpNow()).Message;
            Assert.True(said.Contains("full", StringComparison.Ordinal) || said.Contains("No space", StringComparison.Ordinal) || said.Contains("Out of diskspace", StringComparison.Ordinal), $"{size}: {said}");
            Assert.NotNull(role.Status().Problem);

            File.Delete(Path.Combine(place, "filler"));
            BackupAnswer answer = role.BackUpNow();
            Assert.True(answer is BackupAnswer.Done, $"{size}: {answer}; it said: {string.Join('\n', role.Said)}");
            AssertRestores($"{which}, {size}");
        }

        Assert.Empty(Directory.EnumerateDirectories(_folder.Settings.StateDirectory, "*.broken-*")); // Nothing was wrong with the store.
    }

    [Fact]
    public void Restore_WhenTheDiskIsFull_KeepsTheGateClosedAndGoesOnWhenItIsNot()
    {
        if (Processes.GetUid() != 0)
            return;
        byte[] content = new byte[700_000];
        for (int i = 0; i < 4; i++)
        {
            Random.Shared.NextBytes(content);
            _folder.Write($"{i}", content);
        }

        BackUpOnce();
        using TestFolder fresh = new();
        Mount(fresh.Target, "1m");
        using RunningService role = Start(fresh);
        role.WaitForLine("cannot restore");
        Assert.False(role.IsReady);
        Assert.Contains(role.Said, line => line.Contains("No space left", StringComparison.OrdinalIgnoreCase) || line.Contains("full", StringComparison.Ordinal));
        TestFolder.Run("mount", "-o", "remount,size=64m", fresh.Target);

        role.WaitForReady();
        for (int i = 0; i < 4; i++)
            Assert.Equal(File.ReadAllBytes(Path.Combine(_folder.Target, $"{i}")), File.ReadAllBytes(Path.Combine(fresh.Target, $"{i}")));
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(fresh.Target), path => path.Contains(".local-", StringComparison.Ordinal));
        role.EndInOrder();
        Unmount();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Backups_WhenTheClockWasWrongByADay_AreMadeAndFoundAllTheSame(int days)
    {
        DateTimeOffset wrong = DateTimeOffset.UtcNow.AddDays(days);
        _folder.Write("a", "then");
        File.SetLastWriteTimeUtc(Path.Combine(_folder.Target, "a"), wrong.UtcDateTime);
        for (int i = 0; i < 3; i++)
        {
            _folder.Write("b", $"{i}");
            _folder.Backup(wrong.AddSeconds(i));
        }

        using (RunningService role = Start(_folder))
        {
            role.WaitForReady();
            _folder.Write("a", "also"); // As long as before.
            Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
            role.EndInOrder();
        }

        Assert.Equal("also", Git("show", "main:t/a"));
        Assert.Equal(4, Git("rev-list", "main").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        AssertRestores("clock");
    }

    [Theory]
    [InlineData("refs/heads/main.lock")]
    [InlineData("refs/init/lease/main.lock")]
    [InlineData("packed-refs.lock")]
    public void Boot_WhenAKilledGitLeftItsLockAtTheRemote_GoesOn(string name)
    {
        BackUpOnce();
        Git("pack-refs", "--all");
        string path = Path.Combine(Remote, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "");
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(-2));

        using RunningService role = Start(_folder);
        role.WaitForReady();
        _folder.Write("a", "after the lock");
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        Assert.Equal("after the lock", Git("show", "main:t/a"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Remote_WhenAPersonRewritesIt_LosesNothingOfEitherSide(bool whileRunning)
    {
        _folder.Write("a", "ours");
        RunningService? role = whileRunning ? Start(_folder) : null;
        if (role is null)
            BackUpOnce();
        else
            Assert.IsType<BackupAnswer.Done>(WhenReady(role).BackUpNow());
        string theirs = TestFolder.Run("sh", "-c", $"""
            cd {Remote} && blob=$(echo theirs | git hash-object -w --stdin) && sub=$(printf '100644 blob %s\tb\n' $blob | git mktree) && tree=$(printf '040000 tree %s\tt\n' $sub | git mktree) &&
            commit=$(git -c user.name=p -c user.email=p@q commit-tree -m rewritten $tree) && git update-ref refs/heads/main $commit && echo $commit
            """).Trim();
        _folder.Write("c", "ours, later");

        role ??= Start(_folder);
        using (role)
            Assert.IsType<BackupAnswer.Done>(WhenReady(role).BackUpNow());

        Git("merge-base", "--is-ancestor", theirs, "main");
        string kept = whileRunning ? "main" : Git("for-each-ref", "--format=%(refname)", "refs/heads/init/diverged").Trim();
        Assert.Equal("ours", Git("show", $"{kept}:t/a"));
        Assert.Equal("ours, later", Git("show", $"{kept}:t/c"));
    }

    [Fact]
    public void Instances_WhenThereAreTwo_TheSecondWaitsAndTakesOverFromAKilledOne()
    {
        using TestFolder other = new();
        RoleProcess first = RoleProcess.Start(_folder, Remote, lease: 3);
        Assert.True(first.WaitForReady(), first.Said);
        _folder.Write("a", "of the first");
        Assert.IsType<BackupAnswer.Done>(first.BackUpNow());

        using RoleProcess second = RoleProcess.Start(other, Remote, lease: 3);
        second.WaitFor("which lives", TimeSpan.FromSeconds(60));
        _folder.Write("a", "still of the first");
        Assert.IsType<BackupAnswer.Done>(first.BackUpNow());
        Assert.DoesNotContain("READY=1", second.Said);
        Assert.False(File.Exists(Path.Combine(other.Target, "a")));
        first.Kill(withGit: true);

        Assert.True(second.WaitForReady(), second.Said);
        Assert.Equal("still of the first", File.ReadAllText(Path.Combine(other.Target, "a")));

        // It comes back: its branch is the second's now, and it must not write.
        using RoleProcess back = RoleProcess.Start(_folder, Remote, lease: 3);
        back.WaitFor("which lives", TimeSpan.FromSeconds(60));
        other.Write("a", "of the second");
        Assert.IsType<BackupAnswer.Done>(second.BackUpNow());
        Assert.Equal("of the second", Git("show", "main:t/a"));
        first.Dispose();
    }

    public void Dispose()
    {
        Unmount();
        _folder.Dispose();
    }

    private void Unmount()
    {
        foreach (string mount in _mounts)
            TestFolder.Run("umount", "-l", mount);
        _mounts.Clear();
    }

    private static RunningService WhenReady(RunningService role)
    {
        role.WaitForReady();
        return role;
    }

    private RunningService Start(TestFolder folder) => new(RunningService.PartsOf(folder.Settings, Remote, RoleProcess.Quick));

    private void BackUpOnce()
    {
        using RunningService role = Start(_folder);
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        role.EndInOrder();
    }

    /// <summary>A plain clone, so that the role's lease is left alone.</summary>
    private void AssertRestores(string place)
    {
        string into = Path.Combine(_folder.Root, Guid.NewGuid().ToString("N"));
        Assert.True(_folder.RestoreFrom(Remote, into).IsComplete, place);
        Assert.Equal(_folder.List(), _folder.List(Path.Combine(into, "t")));
        Directory.Delete(into, recursive: true);
    }

    private void MakeRemote()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Remote)!);
        TestFolder.Run("git", "init", "--quiet", "--bare", "--initial-branch=main", Remote);
    }

    private void Mount(string path, string size)
    {
        Directory.CreateDirectory(path);
        TestFolder.Run("mount", "-t", "tmpfs", "-o", $"size={size},mode=700", "tmpfs", path);
        _mounts.Add(path);
    }

    /// <summary>Leaves so much.</summary>
    private static void Fill(string place, string left)
    {
        long free = new DriveInfo(place).AvailableFreeSpace - (long.Parse(left.TrimEnd('k'), System.Globalization.CultureInfo.InvariantCulture) * 1024);
        TestFolder.Run("fallocate", "-l", $"{free}", Path.Combine(place, "filler"));
    }

    private string Git(params string[] arguments) => TestFolder.Run("git", [$"--git-dir={Remote}", .. arguments]);
}
