using System.Text.Json.Nodes;
using Init.Container.Tests.Harness;

namespace Init.Container.Tests;

/// <summary>The ways in which platforms run an image.</summary>
public sealed class VariantTests
{
    private static readonly Dictionary<string, string[]> Ways = new()
    {
        ["as a user without a passwd entry"] = ["--user", "12345"],
        ["as a user and a group that nobody knows"] = ["--user", "12345:12345"],
        ["on a read-only root"] = ["--read-only", "--tmpfs", "/tmp:rw,mode=1777", "--volume", "/home/user", "--volume", "/app"],
        ["without privileges"] = ["--cap-drop", "all", "--security-opt", "no-new-privileges"],
        ["with little memory"] = ["--memory", "256m"],
        ["below another init"] = ["--init", "--init-path", "/usr/bin/tini-static"],
        ["as a child of another process"] = ["--entrypoint", "[\"sh\", \"-c\", \"trap 'kill -TERM $child' TERM; /init run & child=$!; wait $child; wait $child\"]"],
    };

    public static TheoryData<string> Names => [.. Ways.Keys];

    [ContainerTheory]
    [MemberData(nameof(Names))]
    public async Task Image_InEveryWay_StartsServesBacksUpAndEnds(string way)
    {
        await using GitHubUnderTest github = await GitHubUnderTest.StartAsync();
        await using RunningContainer container = await RunningContainer.StartAsync(github.Options with { Flags = Ways[way] });

        await container.WaitForReadyAsync("backup", "napcat", "astrbot", "gemini-balance");
        Assert.Contains("<h1>AstrBot</h1>", (await container.Port.GetAsync("/"))!.Value.Body, StringComparison.Ordinal);
        Assert.Contains("<h1>NapCat</h1>", (await container.Port.GetAsync("/webui/"))!.Value.Body, StringComparison.Ordinal);
        await container.Port.PostAsync("/messages", "kept");
        await container.DoAsync("init", "backup", "now", "--wait");
        Assert.NotNull(await github.ShowAsync("app/.config/QQ/login"));
        Assert.Equal("healthy", (await container.DoAsync("/init", "health", "http://127.0.0.1:7860/healthz")).Trim());

        var (code, time) = await container.StopAsync();
        Assert.True(code == 0 && time < TimeSpan.FromSeconds(10), $"ended with {code} after {time}:\n{await container.LogAsync()}");
        Assert.Contains("all programs are down; exit code 0", await container.LogAsync(), StringComparison.Ordinal);
    }

    /// <summary>A backup at the end that does not fit into "docker stop" is given up, said, and costs nobody his end.</summary>
    [ContainerFact]
    public async Task Stop_WhenTheLastBackupCannotBeMade_SaysSoAndEndsInTime()
    {
        await using GitHubUnderTest github = await GitHubUnderTest.StartAsync();
        await using RunningContainer container = await RunningContainer.StartAsync(github.Options);
        await container.WaitForReadyAsync("backup", "astrbot");
        await container.DoAsync("init", "backup", "now", "--wait");
        await container.Port.PostAsync("/messages", "too late");
        github.Fake.Git.IsReachable = false;

        var (code, time) = await container.StopAsync();

        string log = await container.LogAsync();
        Assert.True(code == 0 && time < TimeSpan.FromSeconds(10), $"ended with {code} after {time}:\n{log}");
        string end = log[log.IndexOf("received SIGTERM", StringComparison.Ordinal)..];
        Assert.Contains("cannot", end, StringComparison.Ordinal);
        Assert.Contains("backup", end, StringComparison.Ordinal);
    }

    /// <summary>A full disk stops backups and edits, with a reason, and nothing else; when there is room again, everything goes on.</summary>
    [ContainerFact]
    public async Task Disk_WhenItIsFull_StopsNothingThatRuns()
    {
        await using GitHubUnderTest github = await GitHubUnderTest.StartAsync();
        await using RunningContainer container = await RunningContainer.StartAsync(github.Options with { Flags = ["--tmpfs", "/home/user/.local:rw,size=24m,mode=1777"] });
        await container.WaitForReadyAsync("backup", "napcat", "astrbot", "gemini-balance");
        await container.DoAsync("init", "backup", "now", "--wait");

        await container.ShellAsync("head -c 6000000 /dev/urandom > /home/user/AstrBot/data/new; cat /dev/zero > /home/user/.local/filler 2>/dev/null || true");
        Said full = await container.ExecAsync("init", "backup", "now", "--wait");
        Assert.True(full.Code == 1, $"a backup onto a full disk: {full}");
        Assert.NotNull((string?)(await container.BackupStatusAsync())["problem"]);
        foreach (string program in new[] { "napcat", "astrbot", "gemini-balance" })
            Assert.Equal("RUNNING", (string?)(await container.StatusOfAsync(program))["state"]);
        Assert.Contains("<h1>AstrBot</h1>", (await container.Port.GetAsync("/"))!.Value.Body, StringComparison.Ordinal);
        Assert.Equal(0, (await container.ExecAsync("init", "restart", "astrbot")).Code);

        await container.ShellAsync("rm /home/user/.local/filler");
        await Shell.WaitForAsync(
            async () => (await container.ExecAsync("init", "backup", "now", "--wait")).Code == 0,
            async () => $"a backup, now that there is room; {await container.BackupStatusAsync()}\n{await container.LogAsync()}");
        Assert.Equal(0, (await container.StopAsync()).Code);
    }

    /// <summary>A secret is in the environment of those who need it, and in no file, log or command line.</summary>
    [ContainerFact]
    public async Task Secrets_AreSeenByNobodyElse()
    {
        await using GitHubUnderTest github = await GitHubUnderTest.StartAsync();
        await using RunningContainer container = await RunningContainer.StartAsync(github.Options);
        await container.WaitForReadyAsync("backup", "napcat", "astrbot", "gemini-balance");
        await container.DoAsync("init", "backup", "now", "--wait");

        foreach (string secret in new[] { Init.Backup.Tests.Harness.GitServer.Token, RunningContainer.Password })
        {
            Assert.DoesNotContain(secret, await container.LogAsync(), StringComparison.Ordinal);
            Assert.Equal("", await container.ShellAsync($"grep -rlF '{secret}' /home /app /etc /tmp 2>/dev/null; for p in /proc/[0-9]*; do [ $p = /proc/$$ ] || tr '\\0' ' ' < $p/cmdline 2>/dev/null | grep -vF 'grep -' | grep -F '{secret}'; done; true"));
            foreach (string program in new[] { "xvfb", "napcat", "astrbot", "gemini-balance" })
            {
                string environment = await container.ShellAsync($"cat /proc/$(init pid {program})/environ");
                Assert.Contains("PATH=", environment, StringComparison.Ordinal); // It could be read.
                Assert.DoesNotContain(secret, environment, StringComparison.Ordinal);
            }
        }
    }

    [ContainerFact]
    public async Task HealthCheck_OfTheImage_FollowsTheTruth()
    {
        await using GitHubUnderTest github = await GitHubUnderTest.StartAsync();
        await using RunningContainer container = await RunningContainer.StartAsync(github.Options);
        await container.WaitForReadyAsync("backup", "astrbot");
        string[] check = [.. JsonNode.Parse((await Shell.PodmanAsync("image", "inspect", "--format", "{{json .HealthCheck.Test}}", Images.Stack)).Output)!.AsArray().Skip(1).Select(word => (string)word!)];

        Assert.Equal(0, (await container.ExecAsync(check)).Code);
        await container.ShellAsync("kill -STOP $(grep -lxz gatewa[y] /proc/[0-9]*/cmdline | cut -d/ -f3)");
        Said ill = await container.ExecAsync(check);
        Assert.True(ill.Code == 1 && ill.Errors.Contains("no answer within", StringComparison.Ordinal), ill.ToString());
        await container.ShellAsync("kill -CONT $(grep -lxz gatewa[y] /proc/[0-9]*/cmdline | cut -d/ -f3)");
        await Shell.WaitForAsync(async () => (await container.ExecAsync(check)).Code == 0, () => Task.FromResult("the health check to succeed again"));
    }
}
