using System.Text.Json.Nodes;
using Init.Browser.Tests.Harness;
using Microsoft.Playwright;

namespace Init.Browser.Tests;

/// <summary>Two people change the rules: nobody's work is overwritten unseen.</summary>
[Collection(BrowserCollection.Name)]
public sealed class RoutesMeanwhileTests(Chromium chromium, RoutesUnderTest routes) : IClassFixture<RoutesUnderTest>
{
    [Fact]
    public async Task Table_WhenSomebodyElseChangesTheRules_FollowsWithoutAReload()
    {
        await using RoutesPage page = await routes.OpenAsync(chromium);
        await routes.Colleague.SendAsync(HttpMethod.Patch, "routes/rules/gamma", new JsonObject { ["priority"] = 99 });
        await page.ExpectOrderAsync("gamma", "alpha", "beta");

        await routes.Colleague.SendAsync(HttpMethod.Delete, "routes/rules/alpha");
        await page.ExpectOrderAsync("gamma", "beta");
        page.Visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Form_WhenTheRuleIsChangedMeanwhile_SaysSoAndPutsBothTogether()
    {
        await using RoutesPage page = await routes.OpenAsync(chromium);
        await page.NameOf("beta").ClickAsync();
        await page.Field("Priority").FillAsync("77");
        await routes.Colleague.SendAsync(HttpMethod.Patch, "routes/rules/beta", new JsonObject { ["backend"] = routes.Two.Address });
        await Assertions.Expect(page.Drawer.GetByText("Somebody has changed this rule since you opened it")).ToBeVisibleAsync();
        await page.Drawer.GetByRole(AriaRole.Button, new() { Name = "Show what changed" }).ClickAsync();
        await Assertions.Expect(page.Drawer.Locator("ins").Filter(new() { HasText = routes.Two.Address })).ToBeVisibleAsync();

        await page.SaveAsync();
        await Assertions.Expect(page.Dialog).ToContainTextAsync("Somebody was faster");
        await Assertions.Expect(page.Dialog).ToContainTextAsync(Colleague.TokenName);
        await Assertions.Expect(page.Dialog.Locator("ins").Filter(new() { HasText = routes.Two.Address })).ToBeVisibleAsync();
        await page.Visitor.ShootAsync("routes-conflict");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Put mine on top" }).ClickAsync();

        await page.ExpectClosedAsync();
        await page.ExpectOrderAsync("beta", "alpha", "gamma");
        JsonNode beta = await routes.Colleague.RuleAsync("beta");
        Assert.Equal(77, (double)beta["priority"]!);
        Assert.Equal(routes.Two.Address, ((string)beta["backend"]!).TrimEnd('/'));
        page.Visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Form_WhenMineIsDropped_LeavesWhatTheOtherOneMade()
    {
        await using RoutesPage page = await routes.OpenAsync(chromium);
        await page.NameOf("beta").ClickAsync();
        await page.Field("Path begins with").FillAsync("/mine/");
        await routes.Colleague.SendAsync(HttpMethod.Patch, "routes/rules/beta", new JsonObject { ["match"] = new JsonObject { ["path_prefix"] = "/theirs/" } });
        await Assertions.Expect(page.Drawer.GetByText("Somebody has changed this rule since you opened it")).ToBeVisibleAsync();

        await page.SaveAsync();
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Drop mine" }).ClickAsync();

        await page.ExpectClosedAsync();
        await Assertions.Expect(page.Row("beta")).ToContainTextAsync("path begins with /theirs/");
        Assert.Equal("/theirs/", (string)(await routes.Colleague.RuleAsync("beta"))["match"]!["path_prefix"]!);
        page.Visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Document_WhenTheRulesAreChangedMeanwhile_IsPutTogetherRuleByRule()
    {
        await using RoutesPage page = await routes.OpenAsync(chromium);
        await page.MoreAsync("All as JSON");
        ILocator text = page.Drawer.Locator("textarea");
        await text.FillAsync((await text.InputValueAsync()).Replace("\"/gamma/\"", "\"/delta/\"", StringComparison.Ordinal));
        await routes.Colleague.SendAsync(HttpMethod.Patch, "routes/rules/alpha", new JsonObject { ["priority"] = 222 });
        await Assertions.Expect(page.Drawer.GetByText("Somebody has changed the rules since you opened this.")).ToBeVisibleAsync();

        await page.SaveAsync();
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Put mine on top" }).ClickAsync();

        await page.ExpectClosedAsync();
        await Assertions.Expect(page.Row("gamma")).ToContainTextAsync("path begins with /delta/");
        Assert.Equal(222, (double)(await routes.Colleague.RuleAsync("alpha"))["priority"]!);
        page.Visitor.ExpectNoComplaints();
    }
}
