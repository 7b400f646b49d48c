using System.Net;
using Init.Browser.Tests.Harness;
using Init.Control;
using Microsoft.Playwright;

namespace Init.Browser.Tests;

/// <summary>Rules are made and changed on the page, and the next request goes by them.</summary>
[Collection(BrowserCollection.Name)]
public sealed class RoutesTests(Chromium chromium, RoutesUnderTest routes) : IClassFixture<RoutesUnderTest>
{
    [Theory]
    [InlineData("en-GB", "Routes", "Rules: 3", "path begins with /alpha/")]
    [InlineData("zh-CN", "路由", "3 条规则", "/alpha/")]
    public async Task Page_InEitherLanguage_ShowsTheRulesInTheirOrder(string language, string title, string summary, string condition)
    {
        await using RoutesPage page = await routes.OpenAsync(chromium, new Look(language));

        await Assertions.Expect(page.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(title);
        await Assertions.Expect(page.Page.GetByText(summary)).ToBeVisibleAsync();
        await page.ExpectOrderAsync("alpha", "beta", "gamma");
        await Assertions.Expect(page.Row("alpha")).ToContainTextAsync(condition);
        await Assertions.Expect(page.Row("alpha")).ToContainTextAsync(routes.One.Address);
        page.Visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Rule_WhenItIsMadeInTheForm_IsInForceForTheNextRequest()
    {
        await using RoutesPage page = await routes.OpenAsync(chromium);
        await page.Button("New rule").ClickAsync();
        await page.Field("Name").FillAsync("made");
        await page.Field("Priority").FillAsync("40");
        await page.Field("Path begins with").FillAsync("/made/");
        await page.Field("Backend").FillAsync(routes.Two.Address);
        await page.Drawer.GetByText("Paths and headers").ClickAsync();
        await page.Drawer.GetByRole(AriaRole.Switch, new() { Name = "Strip the prefix" }).PressAsync("Space");
        await page.Drawer.GetByRole(AriaRole.Group, new() { Name = "Set on the request" }).GetByRole(AriaRole.Button, new() { Name = "Add a header" }).ClickAsync();
        await page.Drawer.GetByLabel("Name of header 1").FillAsync("X-Forwarded-Prefix");
        await page.Drawer.GetByLabel("Value of header 1").FillAsync("/made");
        await Assertions.Expect(page.Drawer).ToContainTextAsync("It is tried as number 1 of 4.");
        await page.SaveAsync();

        await page.ExpectClosedAsync();
        await page.ExpectOrderAsync("made", "alpha", "beta", "gamma");
        await Assertions.Expect(page.LastChange).ToContainTextAsync("made is added.");
        string answer = (await routes.Colleague.VisitAsync("/made/x?q=1")).Body;
        Assert.StartsWith("two /x?q=1\n", answer);
        Assert.Contains("X-Forwarded-Prefix: /made\n", answer);
        page.Visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Redirect_WhenItIsMadeInTheForm_SendsTheBrowserOn()
    {
        await using RoutesPage page = await routes.OpenAsync(chromium);
        await page.Button("New rule").ClickAsync();
        await page.Field("Name").FillAsync("moved");
        await page.Field("Path begins with").FillAsync("/old/");
        await page.ChooseAsync("Redirect the browser");
        await page.ChooseAsync("another prefix, the rest of the path stays");
        await page.Field("New prefix").FillAsync("/new/");
        await page.Around("Status").Locator(".el-select__wrapper").ClickAsync();
        await page.Page.GetByRole(AriaRole.Option, new() { Name = "307 – for now, method kept" }).ClickAsync();
        await page.SaveAsync();

        await page.ExpectClosedAsync();
        await Assertions.Expect(page.Row("moved")).ToContainTextAsync("redirects to /new/… and the rest of the path (307)");
        var (status, location, _) = await routes.Colleague.VisitAsync("/old/page?q=1");
        Assert.Equal(HttpStatusCode.TemporaryRedirect, status);
        Assert.EndsWith("/new/page?q=1", location);
        page.Visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Value_WhenTheServerRefusesIt_IsExplainedAtItsFieldAndNothingChanges()
    {
        await using RoutesPage page = await routes.OpenAsync(chromium);
        string[] before = await routes.Colleague.IdsAsync();
        await page.Button("New rule").ClickAsync();
        await page.Field("Name").FillAsync("beta");
        await page.Field("Path begins with").FillAsync("no-slash");
        await page.Field("Backend").FillAsync("http://169.254.169.254/");
        await page.Drawer.GetByText("More conditions").ClickAsync();
        await page.Field("Referer matches").FillAsync("(?=ahead)");
        await page.SaveAsync();

        foreach (string label in (string[])["Name", "Path begins with", "Backend", "Referer matches"])
        {
            await Assertions.Expect(page.Around(label).Locator(".field__problem")).ToBeVisibleAsync();
            await Assertions.Expect(page.Field(label)).ToHaveAttributeAsync("aria-invalid", "true");
            string described = await page.Field(label).GetAttributeAsync("aria-describedby") ?? "";
            string problem = await page.Around(label).Locator(".field__problem").GetAttributeAsync("id") ?? "";
            Assert.Contains(problem, described.Split(' '));
        }

        await Assertions.Expect(page.Around("Priority").Locator(".field__problem")).ToHaveCountAsync(0);
        await page.Visitor.ShootAsync("routes-refused");
        Assert.Equal(before, await routes.Colleague.IdsAsync());
        page.Visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Priority_WhenAFractionIsTyped_MovesTheRuleAndAWordIsRefused()
    {
        await using RoutesPage page = await routes.OpenAsync(chromium);
        ILocator priority = page.Page.GetByLabel("Priority of gamma");
        await priority.FillAsync("20,5");
        await priority.PressAsync("Enter");
        await page.ExpectOrderAsync("alpha", "gamma", "beta");
        await Assertions.Expect(priority).ToHaveValueAsync("20.5");
        Assert.Equal(20.5, (double)(await routes.Colleague.RuleAsync("gamma"))["priority"]!);

        await priority.FillAsync("high");
        await priority.PressAsync("Enter");
        await Assertions.Expect(page.Page.Locator(".el-message").Filter(new() { HasText = "priority" })).ToBeVisibleAsync();
        await Assertions.Expect(priority).ToHaveValueAsync("20.5");
        Assert.Equal(20.5, (double)(await routes.Colleague.RuleAsync("gamma"))["priority"]!);
        page.Visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Switch_WhenTurnedOff_TakesTheRuleOutAndUndoBringsItBack()
    {
        await using RoutesPage page = await routes.OpenAsync(chromium);
        Assert.Equal(HttpStatusCode.OK, (await routes.Colleague.VisitAsync("/beta/")).Status);
        ILocator toggle = page.Page.GetByRole(AriaRole.Switch, new() { Name = "Rule beta is on" });
        await toggle.FocusAsync();
        await page.Page.Keyboard.PressAsync("Space");
        await Assertions.Expect(page.LastChange).ToContainTextAsync("beta is off.");
        await Assertions.Expect(toggle).Not.ToBeCheckedAsync();
        Assert.NotEqual(HttpStatusCode.OK, (await routes.Colleague.VisitAsync("/beta/")).Status);

        await page.LastChange.GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await Assertions.Expect(toggle).ToBeCheckedAsync();
        Assert.Equal(HttpStatusCode.OK, (await routes.Colleague.VisitAsync("/beta/")).Status);
        page.Visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Row_WhenMovedByKeyboard_ChangesItsPlaceAndKeepsTheFocus()
    {
        await using RoutesPage page = await routes.OpenAsync(chromium);
        await page.Handle("gamma").FocusAsync();
        await page.Page.Keyboard.PressAsync("ArrowUp");
        await page.ExpectOrderAsync("alpha", "gamma", "beta");
        await Assertions.Expect(page.Handle("gamma")).ToBeFocusedAsync();
        Assert.InRange((double)(await routes.Colleague.RuleAsync("gamma"))["priority"]!, 20.001, 29.999);

        await page.Page.GetByText("As listed", new() { Exact = true }).ClickAsync();
        await page.ExpectOrderAsync("alpha", "beta", "gamma");
        await page.Handle("alpha").FocusAsync();
        await page.Page.Keyboard.PressAsync("ArrowDown");
        await page.ExpectOrderAsync("beta", "alpha", "gamma");
        await Assertions.Expect(page.Handle("alpha")).ToBeFocusedAsync();
        Assert.Equal(["beta", "alpha", "gamma"], await routes.Colleague.IdsAsync());
        page.Visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task DryRun_WhenARequestIsTried_NamesTheWinnerAndWhyTheOthersLose()
    {
        await using RoutesPage page = await routes.OpenAsync(chromium);
        await page.Button("Try a request").ClickAsync();
        await page.Drawer.GetByText("Paste a curl command").ClickAsync();
        await page.Drawer.Locator("details textarea").FillAsync("curl 'https://example.org/beta/login?x=1' -H 'Referer: https://example.org/alpha/' --data-raw '{}'");
        await page.Drawer.GetByRole(AriaRole.Button, new() { Name = "Take it over" }).ClickAsync();

        await Assertions.Expect(page.Drawer.GetByRole(AriaRole.Heading, new() { Name = "beta decides" })).ToBeVisibleAsync();
        await Assertions.Expect(page.Drawer.Locator(".verdict")).ToContainTextAsync(routes.One.Address);
        await Assertions.Expect(page.Drawer.Locator(".trial--wins")).ToContainTextAsync("beta");
        await Assertions.Expect(page.Drawer.Locator(".trial--fails")).ToContainTextAsync(["alpha", "gamma"]);
        await page.Visitor.ShootAsync("routes-dry-run");

        await page.Drawer.GetByRole(AriaRole.Button, new() { Name = "Show the rule" }).ClickAsync();
        await page.ExpectClosedAsync();
        await Assertions.Expect(page.NameOf("beta")).ToBeFocusedAsync();
        page.Visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Edit_WhenTheGatewayIsKilledAfterwards_IsStillInForce()
    {
        await using RoutesPage page = await routes.OpenAsync(chromium);
        await page.NameOf("beta").ClickAsync();
        await page.Field("Path begins with").FillAsync("/kept/");
        await page.SaveAsync();
        await page.ExpectClosedAsync();

        ProgramStatus gateway = routes.Panel.Supervisor.Ask<ControlResult.Status>(new ControlRequest.Status(["init:gateway"])).Programs[0];
        routes.Panel.Supervisor.SignalInside(gateway.Pid!.Value, 9);
        await Assertions.Expect(page.Page.GetByText("Connection lost")).ToBeVisibleAsync();
        await Assertions.Expect(page.Page.GetByText("Live", new() { Exact = true })).ToBeVisibleAsync();

        await page.Page.ReloadAsync();
        await Assertions.Expect(page.Row("beta")).ToContainTextAsync("path begins with /kept/");
        Assert.StartsWith("one /kept/x\n", (await routes.Colleague.VisitAsync("/kept/x")).Body);
        page.Visitor.ExpectNoComplaints();
    }
}
