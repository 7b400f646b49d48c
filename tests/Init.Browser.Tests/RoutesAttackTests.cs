using System.Text.Json.Nodes;
using Init.Browser.Tests.Harness;
using Microsoft.Playwright;

namespace Init.Browser.Tests;

/// <summary>Rules, and files with rules, are written by others: whatever is in them is text to the page.</summary>
[Collection(BrowserCollection.Name)]
public sealed class RoutesAttackTests(Chromium chromium, RoutesUnderTest routes) : IClassFixture<RoutesUnderTest>
{
    private const string Id = "\"'><img src=x onerror=alert(1)>{{7*7}}";
    private const string Script = "</code></textarea><script>alert(2)</script><svg onload=alert(3)>";

    [Fact]
    public async Task Rule_WhenItHoldsHtml_IsTextOnEveryPartOfThePage()
    {
        await using RoutesPage page = await routes.OpenAsync(chromium);
        await routes.Colleague.SetRulesAsync(Hostile(), routes.Rule("beta", 20));
        await Assertions.Expect(page.NameOf(Id)).ToBeVisibleAsync();
        await Assertions.Expect(page.Row(Id)).ToContainTextAsync(Script);
        await ExpectTextAsync(page);

        await page.Page.GetByRole(AriaRole.Switch, new() { Name = $"Rule {Id} is on" }).PressAsync("Space");
        await Assertions.Expect(page.LastChange).ToContainTextAsync(Id);
        await page.LastChange.GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await Assertions.Expect(page.LastChange).ToHaveCountAsync(0);

        await page.NameOf(Id).ClickAsync();
        await Assertions.Expect(page.Field("Referer contains")).ToHaveValueAsync(Script);
        await Assertions.Expect(page.Drawer.GetByLabel("Value of header 1").First).ToHaveValueAsync(Script);
        await ExpectTextAsync(page);
        await page.ChooseAsync("JSON");
        Assert.Contains("onerror", await page.Drawer.Locator("textarea").InputValueAsync());
        await ExpectTextAsync(page);
        await page.Page.Keyboard.PressAsync("Escape");
        await page.ExpectClosedAsync();

        await page.Button("Try a request").ClickAsync();
        await page.Drawer.GetByLabel("Address or path").FillAsync("/<script>alert(4)</script>/x");
        await page.Drawer.GetByRole(AriaRole.Button, new() { Name = "Try it" }).ClickAsync();
        await Assertions.Expect(page.Drawer.Locator(".trials")).ToContainTextAsync(Id);
        await ExpectTextAsync(page);
        await page.Drawer.Locator(".trials").GetByRole(AriaRole.Button, new() { Name = Id, Exact = true }).ClickAsync();
        await page.ExpectClosedAsync();
        await Assertions.Expect(page.NameOf(Id)).ToBeFocusedAsync();

        await page.Button("History").ClickAsync();
        ILocator entry = page.Drawer.Locator(".entries > li").Filter(new() { HasText = Id }).First;
        await entry.GetByRole(AriaRole.Button, new() { Name = "Show changes" }).ClickAsync();
        await Assertions.Expect(entry.Locator(".changes")).ToContainTextAsync(Id);
        await ExpectTextAsync(page);
        await page.Page.Keyboard.PressAsync("Escape");
        await page.ExpectClosedAsync();

        await page.Page.GetByRole(AriaRole.Button, new() { Name = $"Actions for {Id}" }).ClickAsync();
        await page.Page.GetByRole(AriaRole.Menuitem, new() { Name = "Delete" }).ClickAsync();
        await Assertions.Expect(page.Page.Locator(".el-message-box")).ToContainTextAsync(Id);
        await ExpectTextAsync(page);
        await page.Page.Locator(".el-message-box").GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await page.ExpectOrderAsync("beta");
        page.Visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Import_WhenTheFileHoldsHtml_ShowsNotesAndProblemsAsText()
    {
        await using RoutesPage page = await routes.OpenAsync(chromium);
        await page.MoreAsync("Import");
        JsonObject rule = Hostile();
        rule[Script] = "an unknown key";
        await page.Dialog.Locator("textarea").FillAsync(new JsonObject { ["admin_password"] = "x", ["rules"] = new JsonArray(rule) }.ToJsonString());
        await page.Button("Check").ClickAsync();
        await Assertions.Expect(page.Dialog.Locator(".notes")).ToContainTextAsync(Id);
        await ExpectTextAsync(page);

        rule["match"]!["referer_regex"] = "(" + Script;
        await page.Dialog.Locator("textarea").FillAsync(new JsonObject { ["rules"] = new JsonArray(rule.DeepClone()) }.ToJsonString());
        await page.Button("Check").ClickAsync();
        await Assertions.Expect(page.Dialog.Locator(".notes--bad")).ToContainTextAsync(Id);
        await ExpectTextAsync(page);
        page.Visitor.ExpectNoComplaints();
    }

    private JsonObject Hostile()
    {
        JsonObject rule = routes.Rule("x", 50);
        rule["id"] = Id;
        rule["match"] = new JsonObject
        {
            ["path_prefix"] = "/<script>alert(4)</script>/",
            ["referer_substr"] = Script,
            ["headers"] = new JsonArray(new JsonObject { ["name"] = "X-A", ["contains"] = Script }),
        };
        rule["set_headers"] = new JsonArray(new JsonObject { ["name"] = "X-B", ["value"] = Script });
        rule["response_headers"] = new JsonArray(new JsonObject { ["name"] = "X-C", ["value"] = Script });
        return rule;
    }

    /// <summary>Nothing of it has become an element; dialogs and violations of the policy are complaints of the page.</summary>
    private static async Task ExpectTextAsync(RoutesPage page)
    {
        Assert.Empty(await page.Page.Locator("img:not([src$='/admin/ui/icon.svg']), body script, svg[onload], [onerror]").EvaluateAllAsync<string[]>("all => all.map(each => each.outerHTML)"));
        Assert.DoesNotContain("onerror=alert(1)>49", await page.Page.Locator("body").InnerTextAsync());
    }
}
