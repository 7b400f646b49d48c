using System.Net;
using System.Text.Json.Nodes;
using Init.Container.Tests.Harness;

namespace Init.Container.Tests;

/// <summary>What the image is for, from the first start on an empty repository to the third container, with everything in between that happens to containers.</summary>
public sealed class StoryTests
{
    private const string NewPassword = "another horse battery";

    private static readonly string[] Applications = ["napcat", "astrbot", "gemini-balance"];

    [ContainerFact]
    public async Task Data_OfAContainerThatIsLost_IsBackInTheNextBeforeAnythingStarts()
    {
        await using GitHubUnderTest github = await GitHubUnderTest.StartAsync();
        string login;
        await using (RunningContainer first = await RunningContainer.StartAsync(github.Options))
        {
            await first.WaitForReadyAsync(["backup", "xvfb", .. Applications]);
            AssertGatesHeld(await first.LogAsync());
            await AssertAddressesAnswerAsync(first);

            await ChangeARouteAsync(first);
            login = await WriteDataAsync(first);
            await BackUpBySignalAsync(first, github);
            await first.SignalAsync("KILL");
        }

        // Nothing is left but the repository; and at first even that cannot be reached.
        github.Fake.Git.IsReachable = false;
        await using RunningContainer second = await RunningContainer.StartAsync(github.Options);
        await SeeTheWaitingPageAsync(second);
        github.Fake.Git.IsReachable = true;
        await second.WaitForReadyAsync(["backup", .. Applications]);
        await AssertEverythingIsBackAsync(second, login);

        await CrashEachProgramAsync(second);
        await CutGitHubAsync(second, github);

        await second.Port.PostAsync("/messages", "last words");
        var (code, time) = await second.StopAsync();
        Assert.Equal(0, code);
        Assert.True(time < TimeSpan.FromSeconds(10), $"it took {time} to stop");

        await using RunningContainer third = await RunningContainer.StartAsync(github.Options);
        await third.WaitForReadyAsync(Applications);
        Assert.Contains("last words", (await third.Port.GetAsync("/messages"))!.Value.Body, StringComparison.Ordinal);
    }

    private static void AssertGatesHeld(string log)
    {
        int ready = log.IndexOf("backup: ready", StringComparison.Ordinal);
        Assert.True(ready >= 0, log);
        foreach (string program in Applications)
            Assert.True(log.IndexOf($"{program}: WAITING -> STARTING", StringComparison.Ordinal) > ready, $"{program} did not wait:\n{log}");
        Assert.True(log.IndexOf("napcat: WAITING -> STARTING", StringComparison.Ordinal) > log.IndexOf("xvfb: ready", StringComparison.Ordinal), $"napcat did not wait for its display:\n{log}");
    }

    private static async Task AssertAddressesAnswerAsync(RunningContainer container)
    {
        foreach (var (path, text) in new[]
        {
            ("/", "<h1>AstrBot</h1>"), ("/webui/", "<h1>NapCat</h1><p>path /webui/ prefix /webui</p>"), ("/gemini/", "<h1>Gemini Balance</h1><p>path /gemini/ prefix /gemini</p>"),
            ("/admin/ui/", "<div id=\"app\">"), ("/healthz", "ok"),
        })
        {
            var answer = await container.Port.GetAsync(path);
            Assert.True(answer is { Status: HttpStatusCode.OK } && answer.Value.Body.Contains(text, StringComparison.Ordinal), $"{path}: {answer}");
        }

        Assert.Equal("/webui/", (await container.Port.GetAsync("/webui"))!.Value.Location);
        Assert.Contains("NapCat", (await container.Port.GetAsync("/assets/app.js", ("Referer", "http://127.0.0.1:7860/webui/")))!.Value.Body, StringComparison.Ordinal);
        Assert.Contains("\"default_backend\":\"http://127.0.0.1:6185\"", (await container.Port.GetAsync("/admin/routes.json", ("X-Admin-Password", RunningContainer.Password)))!.Value.Body.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal("你好", await PublicPort.EchoAsync("/api/ws/onebot", "你好"));
        Assert.Equal("hello", await PublicPort.EchoAsync("/some/socket", "hello"));
    }

    private static async Task ChangeARouteAsync(RunningContainer container)
    {
        Assert.Contains("AstrBot", (await container.Port.GetAsync("/notes/"))!.Value.Body, StringComparison.Ordinal);
        await container.Port.PanelAsync(HttpMethod.Post, "routes/rules", new JsonObject { ["id"] = "notes", ["match"] = new JsonObject { ["path_prefix"] = "/notes/" }, ["backend"] = "http://127.0.0.1:8000" });
        Assert.Contains("Gemini Balance", (await container.Port.GetAsync("/notes/"))!.Value.Body, StringComparison.Ordinal);
        await container.Port.PanelAsync(HttpMethod.Post, "password", new JsonObject { ["current"] = RunningContainer.Password, ["new"] = NewPassword });
    }

    /// <returns>What NapCat has written: who is signed in.</returns>
    private static async Task<string> WriteDataAsync(RunningContainer container)
    {
        foreach (string text in new[] { "hello", "消息" })
        {
            await container.Port.PostAsync("/messages", text);
            await container.Port.PostAsync("/gemini/messages", text);
        }

        await container.ShellAsync("mkdir -p /home/user/AstrBot/data/plugins/one/.git '/home/user/AstrBot/data/空 目录' && echo ref > /home/user/AstrBot/data/plugins/one/.git/HEAD && ln -s HEAD /home/user/AstrBot/data/plugins/one/.git/link");
        return await container.ShellAsync("cat /app/.config/QQ/login");
    }

    private static async Task BackUpBySignalAsync(RunningContainer container, GitHubUnderTest github)
    {
        long before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await container.SignalAsync("USR1");
        await Shell.WaitForAsync(
            async () => (long?)(await container.BackupStatusAsync())["acknowledged"]?["at"] >= before,
            async () => $"a backup after SIGUSR1; {await container.BackupStatusAsync()}\n{await container.LogAsync()}");
        Assert.Contains("notes", await github.ShowAsync("home/user/nginx/admin_config.json"), StringComparison.Ordinal);
        Assert.DoesNotContain(NewPassword, await github.ShowAsync("home/user/nginx/admin.json"), StringComparison.Ordinal);
    }

    private static async Task SeeTheWaitingPageAsync(RunningContainer container)
    {
        string english = await container.Port.WaitForTextAsync("/", "astrbot", container.LogAsync, ("Accept", "text/html"), ("Accept-Language", "en"));
        Assert.Contains("http-equiv=\"refresh\"", english, StringComparison.Ordinal);
        _ = await container.Port.WaitForTextAsync("/", "the place where the backup is kept cannot be reached", container.LogAsync, ("Accept", "text/html"), ("Accept-Language", "en"));
        _ = await container.Port.WaitForTextAsync("/webui/", "暂时无法访问", container.LogAsync, ("Accept", "text/html"), ("Accept-Language", "zh-CN"));
        Assert.Equal(HttpStatusCode.OK, (await container.Port.GetAsync("/admin/ui/"))!.Value.Status);
        Assert.Equal("WAITING", (string?)(await container.StatusOfAsync("astrbot"))["state"]);
        Assert.NotEqual(0, (await container.ExecAsync("test", "-e", "/home/user/.astrbot-backup/.backup.ready")).Code);
        Assert.Equal(0, (await container.ExecAsync("/init", "health", "http://127.0.0.1:7860/healthz")).Code);
    }

    private static async Task AssertEverythingIsBackAsync(RunningContainer container, string login)
    {
        string log = await container.LogAsync();
        AssertGatesHeld(log);
        Assert.Contains("NapCat: still signed in", log, StringComparison.Ordinal);
        Assert.Contains("AstrBot: found its configuration", log, StringComparison.Ordinal);
        Assert.Equal(login, await container.ShellAsync("cat /app/.config/QQ/login"));
        foreach (string path in new[] { "/messages", "/gemini/messages" })
            Assert.Equal(["hello", "消息"], JsonNode.Parse((await container.Port.GetAsync(path))!.Value.Body)!.AsArray().Select(text => (string?)text));
        await container.ShellAsync("cd /home/user/AstrBot/data && test -d '空 目录' && test \"$(readlink plugins/one/.git/link)\" = HEAD && test \"$(cat plugins/one/.git/HEAD)\" = ref");
        Assert.Contains("\"commit\"", await container.ShellAsync("cat /home/user/.astrbot-backup/.backup.ready"), StringComparison.Ordinal);

        // Rules and password came back after the gateway had started with its own.
        _ = await container.Port.WaitForTextAsync("/notes/", "Gemini Balance", container.LogAsync);
        JsonNode? routes = await container.Port.PanelAsync(HttpMethod.Get, "routes", password: NewPassword);
        Assert.Contains("notes", routes!.ToJsonString(), StringComparison.Ordinal);
    }

    private static async Task CrashEachProgramAsync(RunningContainer container)
    {
        foreach (string program in (string[])["xvfb", .. Applications, "backup"])
        {
            int old = (int)(await container.StatusOfAsync(program))["pid"]!;
            await container.DoAsync("sh", "-c", $"kill -KILL {old}");
            await container.WaitForStateAsync("RUNNING", status => (bool?)status["ready"] == true && (int?)status["pid"] != old, program);
        }

        // The gateway is Init's own: in no list, and started again like the others.
        await container.ShellAsync("kill -KILL $(grep -lxz gatewa[y] /proc/[0-9]*/cmdline | cut -d/ -f3)");
        await container.WaitForReadyAsync(Applications); // NapCat went down with its display.
        _ = await container.Port.WaitForTextAsync("/notes/", "Gemini Balance", container.LogAsync);
    }

    private static async Task CutGitHubAsync(RunningContainer container, GitHubUnderTest github)
    {
        github.Fake.Git.IsReachable = false;
        await container.Port.PostAsync("/messages", "written while GitHub was away");
        Said now = await container.ExecAsync("init", "backup", "now", "--wait");
        Assert.True(now.Code == 1, $"a backup without GitHub: {now}");
        Assert.NotNull((string?)(await container.BackupStatusAsync())["problem"]);
        Assert.Contains("AstrBot", (await container.Port.GetAsync("/"))!.Value.Body, StringComparison.Ordinal);

        github.Fake.Git.IsReachable = true;
        await Shell.WaitForAsync(
            async () => (await container.ExecAsync("init", "backup", "now", "--wait")).Code == 0,
            async () => $"a backup, now that GitHub is back; {await container.BackupStatusAsync()}");
        Assert.Null((string?)(await container.BackupStatusAsync())["problem"]);
    }
}
