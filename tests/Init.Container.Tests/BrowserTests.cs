using Init.Container.Tests.Harness;
using Microsoft.Playwright;

namespace Init.Container.Tests;

/// <summary>What a person sees: Debian's Chromium in front of the container. Screenshots are in out/screenshots.</summary>
public sealed class BrowserTests
{
    [ContainerFact]
    public async Task Person_SeesTheWaitingPageThenTheBotAndChangesARouteInThePanel()
    {
        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = "/usr/bin/chromium", Args = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"] });
        await using IBrowserContext visitor = await browser.NewContextAsync(new() { Locale = "zh-CN", ViewportSize = new() { Width = 1280, Height = 860 } });
        visitor.SetDefaultTimeout(30_000);
        Assertions.SetDefaultExpectTimeout(30_000);
        await using GitHubUnderTest github = await GitHubUnderTest.StartAsync();
        github.Fake.Git.IsReachable = false;
        await using RunningContainer container = await RunningContainer.StartAsync(github.Options);
        _ = await container.Port.WaitForTextAsync("/", "the place where the backup is kept cannot be reached", container.LogAsync, ("Accept", "text/html"), ("Accept-Language", "en"));

        IPage page = await visitor.NewPageAsync();
        await page.GotoAsync(PublicPort.Address.ToString());
        await Assertions.Expect(page.GetByText("暂时无法访问")).ToBeVisibleAsync();
        await ShootAsync(page, "container-waiting");

        // The page comes back by itself.
        github.Fake.Git.IsReachable = true;
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "AstrBot" })).ToBeVisibleAsync(new() { Timeout = 60_000 });

        await using IBrowserContext owner = await browser.NewContextAsync(new() { Locale = "en-GB", ViewportSize = new() { Width = 1280, Height = 860 } });
        owner.SetDefaultTimeout(30_000);
        await ChangeARouteAsync(await owner.NewPageAsync());
        Assert.Contains("Gemini Balance", (await container.Port.GetAsync("/made/"))!.Value.Body, StringComparison.Ordinal);
    }

    private static async Task ChangeARouteAsync(IPage page)
    {
        string panel = new Uri(PublicPort.Address, "/admin/ui/").ToString();
        await page.GotoAsync(panel);
        await page.Locator("#password").FillAsync(RunningContainer.Password);
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Navigation)).ToBeVisibleAsync();
        foreach (string program in new[] { "astrbot", "napcat", "gemini-balance", "backup" })
            await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = program, Exact = true }).First).ToBeVisibleAsync();
        await ShootAsync(page, "container-programs");

        await page.GotoAsync(panel + "#/routes");
        await page.GetByRole(AriaRole.Button, new() { Name = "New rule", Exact = true }).ClickAsync();
        ILocator form = page.Locator(".routes-drawer");
        foreach (var (label, value) in new[] { ("Name", "made"), ("Path begins with", "/made/"), ("Backend", "http://127.0.0.1:8000") })
            await form.GetByLabel(label, new() { Exact = true }).And(form.Locator("input:not([type=radio]), textarea")).FillAsync(value);
        await form.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Assertions.Expect(form).ToHaveCountAsync(0);
        await ShootAsync(page, "container-routes");

        await page.GotoAsync(panel + "#/backup");
        await Assertions.Expect(page.Locator(".el-skeleton")).ToHaveCountAsync(0);
        await ShootAsync(page, "container-backup");
    }

    private static Task ShootAsync(IPage page, string name) =>
        page.ScreenshotAsync(new() { Path = Path.Combine(RunningContainer.Repository, "out", "screenshots", name + ".png") });
}
