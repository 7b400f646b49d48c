using System.Text.Json;
using Init.Browser.Tests.Harness;
using Init.Integration.Tests.Harness;
using Microsoft.Playwright;

namespace Init.Browser.Tests;

/// <summary>What holds for every page, in every look.</summary>
[Collection(BrowserCollection.Name)]
public sealed class EveryPageTests(Chromium chromium, PanelUnderTest panel) : IClassFixture<PanelUnderTest>
{
    private static readonly (string Path, string Name)[] Pages =
        [("/programs", "programs"), ("/programs?show=dependant", "details"), ("/programs/web/logs", "log"), ("/routes", "routes"), ("/backup", "backup"), ("/system", "system"), ("/settings", "settings")];

    [Theory]
    [InlineData("en-GB", false, 1280)]
    [InlineData("zh-CN", true, 1280)]
    [InlineData("zh-CN", false, 360)]
    [InlineData("en-GB", true, 360)]
    public async Task Page_WhateverTheLook_FitsIsAccessibleAndKeepsThePolicy(string language, bool isDark, int width)
    {
        Look look = new(language, isDark, width, width < 768 ? 740 : 860);
        await using PanelPage visitor = await chromium.OpenAsync(panel.Address, look);
        string axe = await File.ReadAllTextAsync(Path.Combine(TestPaths.Repository, "web/node_modules/axe-core/axe.min.js"));
        List<string> problems = await LookAsync("sign-in", visitor, axe, look);
        await visitor.SignInAsync(PanelUnderTest.Password);
        foreach (var (path, name) in Pages)
        {
            await visitor.GoAsync(path);
            await Assertions.Expect(visitor.Page.Locator("h1, .el-drawer__title").First).ToBeVisibleAsync();
            await Assertions.Expect(visitor.Page.Locator(".el-skeleton")).ToHaveCountAsync(0);
            problems.AddRange(await LookAsync(name, visitor, axe, look));
        }

        Assert.Empty(problems);
        visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Language_WhenChosen_IsKept()
    {
        await using PanelPage visitor = await chromium.OpenAsync(panel.Address, new Look("zh-TW"));
        await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Button, new() { Name = "登录" })).ToBeVisibleAsync();
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "语言" }).ClickAsync();
        await visitor.Page.GetByRole(AriaRole.Menuitem, new() { Name = "English" }).ClickAsync();
        await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" })).ToBeVisibleAsync();

        await visitor.Page.ReloadAsync();

        await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" })).ToBeVisibleAsync();
        await Assertions.Expect(visitor.Page.Locator("html")).ToHaveAttributeAsync("lang", "en");
    }

    [Fact]
    public async Task Theme_WhenTheSystemIsDark_IsDarkUntilTheOtherIsChosen()
    {
        await using PanelPage visitor = await chromium.OpenAsync(panel.Address, new Look(IsDark: true));
        await Assertions.Expect(visitor.Page.Locator("html")).ToHaveClassAsync("dark");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Appearance" }).ClickAsync();
        await visitor.Page.GetByRole(AriaRole.Menuitem, new() { Name = "Light" }).ClickAsync();

        await Assertions.Expect(visitor.Page.Locator("html")).Not.ToHaveClassAsync("dark");
    }

    private static async Task<List<string>> LookAsync(string name, PanelPage visitor, string axe, Look look)
    {
        string shot = $"{name}-{look.Width}-{(look.IsDark ? "dark" : "light")}-{look.Language}";
        await visitor.ShootAsync(shot);
        List<string> problems = [];
        int overflow = await visitor.Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        if (overflow > 0)
            problems.Add($"{shot}: {overflow} pixels too wide");

        await visitor.Page.EvaluateAsync(axe);
        JsonElement found = await visitor.Page.EvaluateAsync<JsonElement>(
            "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }).then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + n.target.join(' ') + ' ' + (n.any[0]?.message ?? ''))))");
        problems.AddRange(found.EnumerateArray().Select(each => $"{shot}: {each.GetString()}"));
        return problems;
    }
}
