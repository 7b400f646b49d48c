using System.Diagnostics;
using Init.Backup.Remote;
using Init.Backup.Service;
using Init.Backup.Tests.Harness;
using Init.Backup.Tests.Kill;
using Init.Backup.Tests.Remote;
using Init.Backup.Tests.Service;
using Init.Linux;

namespace Init.Backup.Tests.Faults;

/// <summary>Two machines, each with a disk and a role of its own, and one branch at a server. One dies, or is paused, or is only slow.</summary>
public sealed class TakeoverTests : IAsyncLifetime
{
    private const double LeaseSeconds = 4;

    private readonly TestFolder _first = new(), _second = new();
    private GitServer _server = null!;

    private string Url => _server.UrlOf("owner/repo.git");

    public async Task InitializeAsync()
    {
        _server = await GitServer.StartAsync(Directory.CreateTempSubdirectory("init-git-server-").FullName);
        _server.CreateRepository("owner/repo.git");
    }

    [Fact]
    public void Role_WhenTheOtherOneWasKilled_WaitsForTheLeaseTakesOverAndRestores()
    {
        using (RoleProcess killed = Start(_first))
        {
            Assert.True(killed.WaitForReady(), killed.Said);
            _first.Write("a", "of the first");
            Assert.IsType<BackupAnswer.Done>(killed.BackUpNow());
            killed.Kill(withGit: true);
        }

        long began = Stopwatch.GetTimestamp();
        using RoleProcess role = Start(_second);
        Assert.True(role.WaitForReady(), role.Said);

        Assert.True(Stopwatch.GetElapsedTime(began).TotalSeconds >= LeaseSeconds, "the lease was not waited for");
        Assert.Equal(_first.List(), _second.List());
        Assert.NotEqual(InstanceOf(_first), InstanceOf(_second));
        _second.Write("a", "of the second");
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        Assert.Equal("of the second", Git("show", "main:t/a"));
        role.EndInOrder();
    }

    [Fact]
    public void Role_WhenAnotherOneTookOverWhileItWasPaused_DoesNotWriteAndSaysWhose()
    {
        using RoleProcess paused = Start(_first);
        Assert.True(paused.WaitForReady(), paused.Said);
        _first.Write("a", "of the first");
        Assert.IsType<BackupAnswer.Done>(paused.BackUpNow());
        Signal(paused, Signals.SIGSTOP);
        using RoleProcess role = Start(_second);
        Assert.True(role.WaitForReady(), role.Said);
        _second.Write("b", "of the second");
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        string main = Git("rev-parse", "main");

        Signal(paused, Signals.SIGCONT);
        _first.Write("c", "of the first, afterwards");
        BackupAnswer refused = paused.BackUpNow()!;

        Assert.Contains("which lives", Assert.IsType<BackupAnswer.Refused>(refused).Message);
        Assert.True(paused.WaitFor("which lives", TimeSpan.FromSeconds(20)), paused.Said);
        Assert.Equal(main, Git("rev-parse", "main"));
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow()); // And the second one is not disturbed.

        // It has ended: the first one goes on, and nothing of either is lost.
        role.EndInOrder();
        Assert.IsType<BackupAnswer.Done>(paused.BackUpNow());
        Git("merge-base", "--is-ancestor", main.Trim(), "main");
        Assert.Equal("of the first, afterwards", Git("show", "main:t/c"));
        paused.EndInOrder();
    }

    [Fact]
    public async Task Push_OfARoleThatWasPausedInIt_IsRefusedByTheServerAfterATakeover()
    {
        using RoleProcess paused = Start(_first);
        Assert.True(paused.WaitForReady(), paused.Said);
        _first.Write("a", "of the first");
        Assert.IsType<BackupAnswer.Done>(paused.BackUpNow());
        GitFault hang = new() { Where = "/git-receive-pack", HangRequestAt = 0, Times = 1 };
        _server.Misbehave(hang);
        _first.Write("a", "under way");
        Task<BackupAnswer?> late = Task.Run(paused.BackUpNow);
        await hang.Reached.WaitAsync(TimeSpan.FromSeconds(20));
        Signal(paused, Signals.SIGSTOP); // Its git is not, and goes on by itself.
        using RoleProcess role = Start(_second);
        Assert.True(role.WaitForReady(), role.Said);
        _second.Write("b", "of the second");
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        string main = Git("rev-parse", "main");

        hang.Release();
        Signal(paused, Signals.SIGCONT);

        Assert.Contains("which lives", Assert.IsType<BackupAnswer.Refused>(await late).Message);
        Assert.Equal(main, Git("rev-parse", "main"));
        Assert.Equal("of the first", Git("show", "main:t/a"));
    }

    [Fact]
    public void Role_WhileItRestoresLongerThanTheLease_KeepsIt()
    {
        byte[] content = new byte[400_000];
        Random.Shared.NextBytes(content);
        using (RoleProcess role = Start(_first))
        {
            Assert.True(role.WaitForReady(), role.Said);
            _first.Write("a", content);
            Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
            role.EndInOrder();
        }

        _server.Misbehave(new GitFault { Where = "/git-upload-pack", BytesPerSecond = 40_000 }); // Ten seconds.
        using RoleProcess slow = Start(_second);
        Assert.True(slow.WaitFor("fetching", TimeSpan.FromSeconds(20)), slow.Said);

        using Machine newcomer = new(new RemoteAddress(Url, GitServer.User, GitServer.Token), "another", RemoteBed.Quick with { LeaseTime = TimeSpan.FromSeconds(LeaseSeconds) });
        Assert.IsType<LeaseOutcome.HeldByOther>(newcomer.Remote.TakeLease(null, default));

        Assert.DoesNotContain("READY=1", slow.Said); // It was at it all the time.
        Assert.True(slow.WaitForReady(), slow.Said);
        Assert.Equal(content, File.ReadAllBytes(Path.Combine(_second.Target, "a")));
        Assert.IsType<BackupAnswer.Done>(slow.BackUpNow());
    }

    [Fact]
    public void Role_WhileItFetchesAHistoryLongerThanTheLease_KeepsIt()
    {
        // Fifty old backups, of which most are to go. Only the last one is on the new machine.
        byte[] content = new byte[20_000];
        for (int i = 0; i < 50; i++)
        {
            Random.Shared.NextBytes(content);
            _first.Write("a", content);
            _first.Backup(DateTimeOffset.UtcNow.AddYears(-3).AddHours(i));
        }

        File.WriteAllText(Path.Combine(_first.Settings.StateDirectory, "history-checked"), ""); // The first machine leaves its history as it is.
        using (RunningService old = new(RunningService.PartsOf(_first.Settings, Url, RoleProcess.Quick)))
        {
            old.WaitForReady();
            Assert.IsType<BackupAnswer.Done>(old.BackUpNow());
            old.EndInOrder();
        }

        string packs = Path.Combine(_second.Settings.StorePath, "objects", "pack");
        _server.Misbehave(new GitFault { Where = "/git-upload-pack", BytesPerSecond = 80_000 }); // A megabyte is some twelve seconds.
        using RunningService role = new(RunningService.PartsOf(_second.Settings, Url, options => RoleProcess.Quick(options) with
        {
            LeaseTime = TimeSpan.FromSeconds(LeaseSeconds),
            History = new Config.BackupHistory(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), options.History.MaxSize),
        }));
        role.WaitForReady();
        role.Wait(() => Directory.EnumerateFiles(packs, "tmp_pack_*").Any(file => new FileInfo(file) is { Exists: true, Length: > 100_000 }), "the history on its way");

        using Machine newcomer = new(new RemoteAddress(Url, GitServer.User, GitServer.Token), "another", RemoteBed.Quick with { LeaseTime = TimeSpan.FromSeconds(LeaseSeconds) });
        Assert.IsType<LeaseOutcome.HeldByOther>(newcomer.Remote.TakeLease(null, default));

        role.WaitForLine("commits now, as \"history\" says");
        Assert.True(int.Parse(Git("rev-list", "--count", "main")) <= 12);
        role.EndInOrder();
    }

    public async Task DisposeAsync()
    {
        string directory = Path.GetDirectoryName(Path.GetDirectoryName(_server.PathOf("owner/repo.git")))!;
        await _server.DisposeAsync();
        TestFolder.Run("rm", "-rf", directory);
        _first.Dispose();
        _second.Dispose();
    }

    private RoleProcess Start(TestFolder folder) => RoleProcess.Start(folder, Url, lease: LeaseSeconds);

    private static void Signal(RoleProcess role, int signal) => Assert.Equal(0, Processes.Kill(role.Pid, signal));

    private static string InstanceOf(TestFolder folder) => File.ReadAllText(Path.Combine(folder.Settings.StateDirectory, "instance"));

    private string Git(params string[] arguments) => TestFolder.Run("git", [$"--git-dir={_server.PathOf("owner/repo.git")}", .. arguments]);
}
