using Init.Backup.Service;
using Init.Backup.Tests.Harness;
using Init.Backup.Tests.Kill;
using Init.Backup.Tests.Service;

namespace Init.Backup.Tests.Faults;

/// <summary>The connection is cut at each request of a backup and of a boot, before and after the server has done what it was asked to.</summary>
public sealed class NetworkFaultTests : IAsyncLifetime
{
    /// <summary>More requests than a backup or a boot has; the test sees to it that all of them had a fault.</summary>
    private const int RequestsMax = 40;

    private readonly TestFolder _folder = new();
    private GitServer _server = null!;

    private string Url => _server.UrlOf("owner/repo.git");

    public async Task InitializeAsync()
    {
        _server = await GitServer.StartAsync(Path.Combine(_folder.Root, "server"));
        _server.CreateRepository("owner/repo.git");
    }

    [Theory]
    [InlineData("before")]
    [InlineData("after")]
    [InlineData("in between")]
    [InlineData("503")]
    public void Backup_WhenAnyRequestFails_IsWholeAtTheNextTime(string when)
    {
        using RunningService role = Start(_folder);
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        int step = 0;
        for (bool hasShown = true; hasShown; step++)
        {
            Assert.True(step < RequestsMax, "a backup has no end");
            GitFault fault = FaultOf(when, step);
            _server.Misbehave(fault);
            _folder.Write("a", $"content {step}");
            BackupAnswer answer = role.BackUpNow();
            hasShown = fault.Reached.IsCompleted;
            _server.Misbehave();
            if (answer is BackupAnswer.Done)
                Assert.Equal($"content {step}", AtServer("a")); // Acknowledged is there, whatever was cut.
            Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
            Assert.Equal($"content {step}", AtServer("a"));
        }

        Assert.True(step > 3, $"only {step} requests had a fault");
    }

    [Theory]
    [InlineData("before")]
    [InlineData("in between")]
    public void Boot_WhenAnyRequestFails_RestoresAllTheSame(string when)
    {
        using (RunningService role = Start(_folder))
        {
            _folder.Write("a", new string('x', 100_000));
            role.WaitForReady();
            Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
            role.EndInOrder();
        }

        string before = _folder.List();
        int step = 0;
        for (bool hasShown = true; hasShown; step++)
        {
            Assert.True(step < RequestsMax, "a boot has no end");
            using TestFolder fresh = new();
            Directory.Delete(fresh.Target);
            GitFault fault = FaultOf(when, step);
            _server.Misbehave(fault);
            using RunningService role = Start(fresh);
            role.WaitForReady();
            hasShown = fault.Reached.IsCompleted;
            _server.Misbehave();
            Assert.Equal(before, fresh.List());
            role.EndInOrder();
        }

        Assert.True(step > 3, $"only {step} requests had a fault");
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    private static GitFault FaultOf(string when, int step) => when switch
    {
        "before" => new GitFault { After = step, Times = 1, CutRequestAt = 0, CutAnswerAt = 1 },
        "after" => new GitFault { After = step, Times = 1, CutAnswerAt = 0 },
        "in between" => new GitFault { After = step, Times = 1, CutAnswerAt = 20 },
        _ => new GitFault { After = step, Times = 1, Status = 503 },
    };

    /// <summary>The lease is not looked at in between: each request is one of the backup.</summary>
    private RunningService Start(TestFolder folder) =>
        new(RunningService.PartsOf(folder.Settings, Url, options => RoleProcess.Quick(options) with { LeaseTime = TimeSpan.FromMinutes(10) }));

    private string AtServer(string file) => TestFolder.Run("git", $"--git-dir={_server.PathOf("owner/repo.git")}", "show", $"main:t/{file}");
}
