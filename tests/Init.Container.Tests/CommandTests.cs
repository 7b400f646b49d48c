using Init.Container.Tests.Harness;

namespace Init.Container.Tests;

/// <summary>What the original's users have in their notes, typed in a shell of the container.</summary>
public sealed class CommandTests
{
    [ContainerFact]
    public async Task CommandsOfTheOriginalsReadme_Work()
    {
        await using GitHubUnderTest github = await GitHubUnderTest.StartAsync();
        await using RunningContainer container = await RunningContainer.StartAsync(github.Options);
        await container.WaitForReadyAsync("backup", "napcat", "astrbot", "gemini-balance");

        string status = await container.DoAsync("supervisorctl", "status");
        foreach (string program in new[] { "astrbot", "backup", "gemini-balance", "napcat", "xvfb" })
            Assert.Matches($"(?m)^{program} +RUNNING +pid ", status);
        foreach (string program in new[] { "astrbot", "napcat" })
        {
            int old = (int)(await container.StatusOfAsync(program))["pid"]!;
            await container.DoAsync("supervisorctl", "restart", program);
            await container.WaitForStateAsync("RUNNING", now => (int?)now["pid"] != old && (bool?)now["ready"] == true, program);
        }

        Assert.Contains("\"at\":", await container.DoAsync("cat", "/home/user/.astrbot-backup/.backup.ready"), StringComparison.Ordinal);
        Assert.NotEqual("", await container.ShellAsync("timeout 2 tail -f /home/user/synclogs/backup.log || test $? = 124"));
        Assert.Contains("AstrBot listens", await container.DoAsync("init", "tail", "astrbot"), StringComparison.Ordinal);
        Assert.Contains("AstrBot listens", await container.DoAsync("cat", "/home/user/logs/astrbot.log"), StringComparison.Ordinal);

        long before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await container.Port.PostAsync("/messages", "one more");
        await container.ShellAsync("kill -USR1 1");
        await Shell.WaitForAsync(async () => (long?)(await container.BackupStatusAsync())["acknowledged"]?["at"] >= before, async () => $"a backup; {await container.BackupStatusAsync()}");
        await container.DoAsync("init", "backup", "now", "--wait");
        await container.DoAsync("init", "backup", "list");
        await container.DoAsync("init", "backup", "doctor");

        // Restored by hand: not under programs that run, and then they start again.
        Said refused = await container.ExecAsync("backup_to_github.sh", "restore");
        Assert.True(refused.Code == 1 && (refused.Output + refused.Errors).Contains("astrbot", StringComparison.Ordinal), refused.ToString());
        await container.DoAsync("supervisorctl", "stop", "astrbot", "napcat", "gemini-balance", "xvfb");
        await container.ShellAsync("rm /app/.config/QQ/login");
        await container.DoAsync("backup_to_github.sh", "restore");
        await container.ShellAsync("test -s /app/.config/QQ/login");
        await container.DoAsync("supervisorctl", "start", "xvfb", "astrbot", "napcat", "gemini-balance");
    }
}
