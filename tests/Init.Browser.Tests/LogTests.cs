using Init.Browser.Tests.Harness;
using Microsoft.Playwright;

namespace Init.Browser.Tests;

[Collection(BrowserCollection.Name)]
public sealed class LogTests(Chromium chromium, PanelUnderTest panel) : IClassFixture<PanelUnderTest>
{
    [Fact]
    public async Task Log_WhenItHoldsHtml_IsText()
    {
        await using PanelPage visitor = await OpenAsync();
        ILocator log = visitor.Page.GetByRole(AriaRole.Region, new() { Name = "Lines of the log" });

        await Assertions.Expect(log).ToContainTextAsync("<script>document.title=\"attacked\"</script><img src=x onerror=alert(1)>");
        await Assertions.Expect(log.Locator("img, script")).ToHaveCountAsync(0);
        await Assertions.Expect(log.Locator(".ansi-red")).ToHaveTextAsync("ERROR");
        await Assertions.Expect(log).ToContainTextAsync("收到消息");
        Assert.DoesNotContain("attacked", await visitor.Page.TitleAsync());
        await visitor.ShootAsync("log");
        visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Log_WhenTheProgramWrites_GoesOn()
    {
        await using PanelPage visitor = await OpenAsync();
        ILocator lines = visitor.Page.Locator(".line");
        await Assertions.Expect(lines.First).ToBeVisibleAsync();
        int before = await lines.CountAsync();

        await Assertions.Expect(lines.Nth(before + 1)).ToContainTextAsync("of the web program");
    }

    [Fact]
    public async Task Search_WhenSomethingIsFound_MarksItAndGoesFromOneToTheNext()
    {
        await using PanelPage visitor = await OpenAsync();
        await Assertions.Expect(visitor.Page.Locator(".line").First).ToBeVisibleAsync();
        await visitor.Page.GetByRole(AriaRole.Textbox, new() { Name = "Search" }).FillAsync("error");

        await Assertions.Expect(visitor.Page.Locator("mark")).ToHaveCountAsync(2);
        await Assertions.Expect(visitor.Page.Locator("mark.now")).ToHaveTextAsync("ERROR");
        await Assertions.Expect(visitor.Page.GetByText("2 of 2")).ToBeVisibleAsync();
        await visitor.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(visitor.Page.GetByText("1 of 2")).ToBeVisibleAsync();
        visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Download_WhenAskedFor_HasTheWholeLog()
    {
        await using PanelPage visitor = await OpenAsync();
        IDownload download = await visitor.Page.RunAndWaitForDownloadAsync(() => visitor.Page.GetByLabel("Download").ClickAsync());

        Assert.Equal("web.stdout.log", download.SuggestedFilename);
        Assert.Contains("line 1 of the web program", await File.ReadAllTextAsync(await download.PathAsync()));
    }

    private async Task<PanelPage> OpenAsync()
    {
        PanelPage visitor = await chromium.OpenAsync(panel.Address, Look.Desktop);
        await visitor.SignInAsync(PanelUnderTest.Password);
        await visitor.GoAsync("/programs/web/logs");
        return visitor;
    }
}
