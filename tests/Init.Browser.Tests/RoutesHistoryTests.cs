using System.Text.Json.Nodes;
using Init.Browser.Tests.Harness;
using Microsoft.Playwright;

namespace Init.Browser.Tests;

/// <summary>What was changed is seen and taken back; rules come and go as files.</summary>
[Collection(BrowserCollection.Name)]
public sealed class RoutesHistoryTests(Chromium chromium, RoutesUnderTest routes) : IClassFixture<RoutesUnderTest>
{
    /// <summary>As the original kept it, with its password and what means something else here.</summary>
    private const string OfTheOriginal = """
        {
          "admin_password": "hunter2-of-old",
          "default_backend": "http://127.0.0.1:6185",
          "rules": [
            { "id": "a", "action": "proxy", "comment": "<b>note</b>", "match": { "path_prefix": "/a/" }, "backend": "http://127.0.0.1:1" },
            { "id": "a", "match": { "path_prefix": "/b/" }, "backend": "http://127.0.0.1:2" }
          ]
        }
        """;

    [Fact]
    public async Task History_WhenChangesWereMade_ShowsThemAndTakesTheLastOneBack()
    {
        await using RoutesPage page = await routes.OpenAsync(chromium);
        await routes.Colleague.SendAsync(HttpMethod.Patch, "routes/rules/beta", new JsonObject { ["priority"] = 25.5 });
        await routes.Colleague.SendAsync(HttpMethod.Patch, "routes/rules/beta", new JsonObject { ["enabled"] = false });
        await page.Button("History").ClickAsync();
        ILocator newest = page.Drawer.Locator(".entries > li").First;
        await Assertions.Expect(newest).ToContainTextAsync(Colleague.TokenName);
        await newest.GetByRole(AriaRole.Button, new() { Name = "Show changes" }).ClickAsync();
        await Assertions.Expect(newest.Locator("dt").Filter(new() { HasText = "enabled" })).ToBeVisibleAsync();
        await Assertions.Expect(newest.Locator("ins")).ToContainTextAsync("false");

        await page.Drawer.GetByRole(AriaRole.Button, new() { Name = "Undo the last change" }).ClickAsync();

        await Assertions.Expect(page.Page.GetByRole(AriaRole.Switch, new() { Name = "Rule beta is on", IncludeHidden = true })).ToBeCheckedAsync();
        JsonNode beta = await routes.Colleague.RuleAsync("beta");
        Assert.Null(beta["enabled"]);
        Assert.Equal(25.5, (double)beta["priority"]!);
        page.Visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task History_WhenOneGoesBack_ShowsFirstWhatThatMeans()
    {
        await using RoutesPage page = await routes.OpenAsync(chromium);
        int revision = (int)(await routes.Colleague.GetAsync("routes"))["revision"]!;
        await routes.Colleague.SendAsync(HttpMethod.Delete, "routes/rules/alpha");
        await routes.Colleague.SendAsync(HttpMethod.Patch, "routes/rules/gamma", new JsonObject { ["priority"] = 50 });
        await page.ExpectOrderAsync("gamma", "beta");

        await page.Button("History").ClickAsync();
        await page.Drawer.GetByRole(AriaRole.Button, new() { Name = $"Back to this: Revision {revision}", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Dialog).ToContainTextAsync($"Back to revision {revision}?");
        await Assertions.Expect(page.Dialog.Locator("h3").Filter(new() { HasText = "alpha" })).ToContainTextAsync("added");
        await Assertions.Expect(page.Dialog.Locator("h3").Filter(new() { HasText = "gamma" })).ToContainTextAsync("changed");
        await page.Visitor.ShootAsync("routes-history");
        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Go back" }).ClickAsync();

        await page.ExpectOrderAsync("alpha", "beta", "gamma");
        Assert.Equal(["alpha", "beta", "gamma"], await routes.Colleague.IdsAsync());
        page.Visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Import_WhenItIsOfTheOriginal_ShowsNotesKeepsThePasswordAndCanBeUndone()
    {
        await using RoutesPage page = await routes.OpenAsync(chromium);
        List<string> sent = [];
        page.Page.Request += (_, request) => sent.Add(request.PostData ?? "");
        await page.MoreAsync("Import");
        await page.Dialog.Locator("input[type=file]").SetInputFilesAsync(new FilePayload { Name = "admin_config.json", MimeType = "application/json", Buffer = System.Text.Encoding.UTF8.GetBytes(OfTheOriginal) });

        await Assertions.Expect(page.Dialog).ToContainTextAsync("Rules that can be taken over: 2");
        await Assertions.Expect(page.Dialog.Locator(".notes li").First).ToContainTextAsync("the password in it is not sent and not taken over");
        await Assertions.Expect(page.Dialog.Locator(".notes li").Filter(new() { HasText = "comment" })).ToHaveCountAsync(1);
        await page.Visitor.ShootAsync("routes-import");
        Assert.Equal(["alpha", "beta", "gamma"], await routes.Colleague.IdsAsync());

        await page.Dialog.GetByRole(AriaRole.Button, new() { Name = "Replace the rules" }).ClickAsync();
        await Assertions.Expect(page.Rows).ToHaveCountAsync(2);
        string[] imported = await routes.Colleague.IdsAsync();
        Assert.Equal(2, imported.Distinct().Count());
        Assert.Equal("a", imported[0]);
        Assert.NotEmpty(sent);
        Assert.DoesNotContain(sent, body => body.Contains("hunter2", StringComparison.Ordinal));

        await page.LastChange.GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await page.ExpectOrderAsync("alpha", "beta", "gamma");
        page.Visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Export_WhenAskedFor_DownloadsWhatCanBeImported()
    {
        await using RoutesPage page = await routes.OpenAsync(chromium);
        IDownload download = await page.Page.RunAndWaitForDownloadAsync(() => page.MoreAsync("Export"));

        Assert.Equal("routes.json", download.SuggestedFilename);
        JsonNode document = JsonNode.Parse(await File.ReadAllTextAsync(await download.PathAsync()))!;
        Assert.Equal(["alpha", "beta", "gamma"], document["rules"]!.AsArray().Select(rule => (string)rule!["id"]!));
        JsonNode looked = await routes.Colleague.SendAsync(HttpMethod.Post, "routes/import?dry_run=1", document.DeepClone());
        Assert.Equal(3, (int)looked["rules"]!);
        Assert.Empty(looked["notes"]!.AsArray());
        page.Visitor.ExpectNoComplaints();
    }
}
