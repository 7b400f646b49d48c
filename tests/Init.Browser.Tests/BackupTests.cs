using System.Text.Json;
using Init.Browser.Tests.Harness;
using Init.Integration.Tests.Harness;
using Microsoft.Playwright;

namespace Init.Browser.Tests;

/// <summary>The Backup page in front of a real role, with a repository beside the state directory.</summary>
[Collection(BrowserCollection.Name)]
public sealed class BackupTests(Chromium chromium) : IDisposable
{
    private readonly int _port = FreePorts.Take(1)[0];
    private InitUnderTest? _init;

    private string Data => Path.Combine(_init!.Directory, "data");

    [Fact]
    public async Task Page_WhenARoleRuns_ShowsItBacksUpBrowsesDownloadsAndRestores()
    {
        Start();
        await using PanelPage visitor = await OpenAsync(Look.Desktop);
        IPage page = visitor.Page;
        ILocator commits = page.Locator("[data-commit]");
        await Assertions.Expect(commits).ToHaveCountAsync(1);
        await Assertions.Expect(page.GetByText("Up to date")).ToBeVisibleAsync();

        await File.WriteAllTextAsync(Path.Combine(Data, "notes", "ä<b>.txt"), "the second state");
        await page.GetByRole(AriaRole.Button, new() { Name = "Back up now" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Done: the remote has everything.")).ToBeVisibleAsync();
        await Assertions.Expect(commits).ToHaveCountAsync(2);

        await commits.First.GetByRole(AriaRole.Button, new() { Name = "Changes" }).ClickAsync();
        await Assertions.Expect(commits.First.Locator(".changes")).ToContainTextAsync("ä<b>.txt");
        await visitor.ShootAsync("backup-page");

        // The first state comes back, and what no backup has is kept.
        await File.WriteAllTextAsync(Path.Combine(Data, "notes", "ä<b>.txt"), "the third state");
        await commits.Last.GetByRole(AriaRole.Button, new() { Name = "Files" }).ClickAsync();
        ILocator drawer = page.Locator(".backup-files");
        await EnterAsync(drawer, "notes");
        ILocator file = drawer.Locator("li").Filter(new() { HasText = "ä<b>.txt" });
        IDownload download = await page.RunAndWaitForDownloadAsync(() => file.GetByRole(AriaRole.Link).ClickAsync());
        Assert.Equal("the first state", await File.ReadAllTextAsync(await download.PathAsync()));
        await visitor.ShootAsync("backup-files");

        await file.GetByRole(AriaRole.Button, new() { Name = "Restore" }).ClickAsync();
        ILocator dialog = page.Locator(".el-dialog:visible");
        await Assertions.Expect(dialog).ToContainTextAsync("is not lost: it is in a backup already, or it is kept beside it");
        await visitor.ShootAsync("backup-restore");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Restore" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Restored: ")).ToBeVisibleAsync();

        Assert.Equal("the first state", await File.ReadAllTextAsync(Path.Combine(Data, "notes", "ä<b>.txt")));
        string kept = Directory.EnumerateFiles(Path.Combine(Data, "notes"), "*.local-*").Single();
        Assert.Equal("the third state", await File.ReadAllTextAsync(kept));
        await Assertions.Expect(page.Locator(".restore")).ToContainTextAsync(Path.GetFileName(kept));
        await visitor.ShootAsync("backup-restored");
        visitor.ExpectNoComplaints();
    }

    [Theory]
    [InlineData("en-GB", "Not restored yet:", "Restore while they run", "Restored: ")]
    [InlineData("zh-CN", "尚未恢复：", "在运行时恢复", "已恢复：")]
    public async Task Restore_WhileAProgramRuns_AsksOnceMore(string language, string refused, string insist, string restored)
    {
        Start("""

            [program.bot]
            command = ["sleep", "100000"]
            """);
        _init!.WaitForState("bot", "RUNNING");
        await using PanelPage visitor = await OpenAsync(Look.Desktop with { Language = language });
        IPage page = visitor.Page;
        await File.WriteAllTextAsync(Path.Combine(Data, "config.json"), "changed");
        await page.Locator("[data-commit]").Last.GetByRole(AriaRole.Button).Last.ClickAsync();
        ILocator drawer = page.Locator(".backup-files");
        await EnterAsync(drawer, "data");
        await drawer.Locator("li").Filter(new() { HasText = "config.json" }).GetByRole(AriaRole.Button).ClickAsync();
        await page.Locator(".el-dialog:visible .dialog-foot").GetByRole(AriaRole.Button).Last.ClickAsync();

        await Assertions.Expect(page.Locator(".restore")).ToContainTextAsync(refused);
        await Assertions.Expect(page.Locator(".restore")).ToContainTextAsync("bot is running");
        Assert.Equal("changed", await File.ReadAllTextAsync(Path.Combine(Data, "config.json")));
        await visitor.ShootAsync($"backup-refused-{language}");
        await page.Locator(".restore").GetByRole(AriaRole.Button, new() { Name = insist }).ClickAsync();

        await Assertions.Expect(page.Locator(".restore")).ToContainTextAsync(restored);
        Assert.Equal("{}", await File.ReadAllTextAsync(Path.Combine(Data, "config.json")));
        visitor.ExpectNoComplaints();
    }

    [Theory]
    [InlineData("en-GB", true, 1280)]
    [InlineData("zh-CN", false, 360)]
    public async Task Page_WhateverTheLook_FitsAndIsAccessible(string language, bool isDark, int width)
    {
        Start();
        Look look = new(language, isDark, width, width < 768 ? 740 : 860);
        await using PanelPage visitor = await OpenAsync(look);
        IPage page = visitor.Page;
        string axe = await File.ReadAllTextAsync(Path.Combine(TestPaths.Repository, "web/node_modules/axe-core/axe.min.js"));
        ILocator commit = page.Locator("[data-commit]").First;
        await commit.GetByRole(AriaRole.Button).First.ClickAsync();
        await Assertions.Expect(commit.Locator(".changes")).ToBeVisibleAsync();
        List<string> problems = await LookAsync("page");

        await commit.GetByRole(AriaRole.Button).Last.ClickAsync();
        await Assertions.Expect(page.Locator(".backup-files .rows li").First).ToBeVisibleAsync();
        problems.AddRange(await LookAsync("files"));
        await page.Locator(".backup-files .rows li").First.GetByRole(AriaRole.Button).Last.ClickAsync();
        await page.Locator(".el-dialog:visible input[value=elsewhere]").CheckAsync();
        await Assertions.Expect(page.Locator("#restore-to")).ToBeVisibleAsync();
        problems.AddRange(await LookAsync("restore"));

        Assert.Empty(problems);
        visitor.ExpectNoComplaints();

        async Task<List<string>> LookAsync(string name)
        {
            string shot = $"backup-{name}-{width}-{(isDark ? "dark" : "light")}-{language}";
            await visitor.ShootAsync(shot);
            int overflow = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            await page.EvaluateAsync(axe);
            JsonElement found = await page.EvaluateAsync<JsonElement>(
                "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'], rules: { 'label-content-name-mismatch': { enabled: true } } }).then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + n.target.join(' '))))");
            return [.. found.EnumerateArray().Select(each => $"{shot}: {each.GetString()}"), .. overflow > 0 ? [$"{shot}: {overflow} pixels too wide"] : Array.Empty<string>()];
        }
    }

    public void Dispose() => _init?.Dispose();

    /// <summary>Down to a directory, through those that have one entry each.</summary>
    private static async Task EnterAsync(ILocator drawer, string name)
    {
        ILocator target = drawer.Locator(".name").GetByText(name, new() { Exact = true });
        while (true)
        {
            await Assertions.Expect(drawer.Locator(".el-skeleton")).ToHaveCountAsync(0);
            await Assertions.Expect(drawer.Locator(".rows li").First).ToBeVisibleAsync();
            bool isThere = await target.CountAsync() > 0;
            ILocator next = isThere ? target : drawer.Locator(".name").First;
            string path = await next.InnerTextAsync();
            await next.ClickAsync();
            await Assertions.Expect(drawer.Locator("nav [aria-current]")).ToHaveTextAsync(path);
            if (isThere)
                return;
        }
    }

    /// <param name="programs">More of the configuration.</param>
    private void Start(string programs = "")
    {
        _init = InitUnderTest.Start(
            $$"""
            [init]
            state_dir = "${DIR}/state"
            secrets = ["ADMIN_PASSWORD"]

            [gateway.proxy]
            listen = ["127.0.0.1:{{_port}}"]

            [backup]
            targets = ["${DIR}/data"]
            base = "${DIR}"
            watch = false

            [program.backup]
            builtin = "backup"
            """ + "\n" + programs,
            new InitOptions
            {
                Environment = [$"ADMIN_PASSWORD={PanelUnderTest.Password}"],
                Files = new Dictionary<string, string> { ["data/notes/ä<b>.txt"] = "the first state", ["data/config.json"] = "{}" },
            });
        _init.WaitForReady("backup");
    }

    private async Task<PanelPage> OpenAsync(Look look)
    {
        string address = $"http://127.0.0.1:{_port}/admin/ui/";
        using (HttpClient client = new())
        {
            _init!.WaitUntil(
                () =>
                {
                    try
                    {
                        using HttpResponseMessage answer = client.Send(new HttpRequestMessage(HttpMethod.Get, address));
                        return answer.IsSuccessStatusCode;
                    }
                    catch (HttpRequestException)
                    {
                        return false;
                    }
                },
                "the public port");
        }

        PanelPage visitor = await chromium.OpenAsync(address, look);
        await visitor.SignInAsync(PanelUnderTest.Password);
        await visitor.GoAsync("/backup");
        await Assertions.Expect(visitor.Page.Locator("[data-commit]").First).ToBeVisibleAsync();
        return visitor;
    }
}
