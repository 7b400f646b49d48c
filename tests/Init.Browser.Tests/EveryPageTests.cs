using System.Text.Json;
using Init.Browser.Tests.Harness;
using Init.Integration.Tests.Harness;
using Microsoft.Playwright;

namespace Init.Browser.Tests;

/// <summary>What holds for every page, in every look.</summary>
[Collection(BrowserCollection.Name)]
public sealed class EveryPageTests(Chromium chromium, PanelUnderTest panel) : IClassFixture<PanelUnderTest>
{
    private static readonly View[] Views =
    [
        new("programs", "/programs", "Programs", "程序"),
        new("details", "/programs?show=dependant", "Programs", "程序", visitor => visitor.ExpectDrawerAsync()),
        new("log", "/programs/web/logs", "Log of web", "web 的日志", visitor => Assertions.Expect(visitor.Page.Locator(".line").First).ToBeVisibleAsync()),
        new("routes", "/routes", "Routes", "路由"),
        new("rule", "/routes", "Routes", "路由", async visitor =>
        {
            await visitor.Page.Locator("[data-rule] button.name").First.ClickAsync();
            await visitor.ExpectDrawerAsync();
        }),
        new("import", "/routes", "Routes", "路由", async visitor =>
        {
            await visitor.Page.Locator(".page-head .el-dropdown button").ClickAsync();
            ILocator import = visitor.Page.GetByRole(AriaRole.Menuitem, new() { Name = "Import", Exact = true });
            await import.Or(visitor.Page.GetByRole(AriaRole.Menuitem, new() { Name = "导入", Exact = true })).ClickAsync();
            await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        }),
        new("backup", "/backup", "Backup", "备份"),
        new("chat", "/chat", "Chat", "聊天"),
        new("system", "/system", "System", "系统"),
        new("settings", "/settings", "Settings", "设置"),
    ];

    [Theory]
    [InlineData("en-GB", false, 1280)]
    [InlineData("zh-CN", true, 1280)]
    [InlineData("zh-CN", false, 1280)]
    [InlineData("zh-CN", false, 360)]
    [InlineData("en-GB", true, 360)]
    public async Task Page_WhateverTheLook_FitsIsAccessibleAndKeepsThePolicy(string language, bool isDark, int width)
    {
        Look look = new(language, isDark, width, width < 768 ? 740 : 860);
        await using PanelPage visitor = await chromium.OpenAsync(panel.Address, look);
        string axe = await File.ReadAllTextAsync(Path.Combine(TestPaths.Repository, "web/node_modules/axe-core/axe.min.js"));
        List<string> problems = await LookAsync("sign-in", visitor, axe, look);
        await visitor.SignInAsync(PanelUnderTest.Password);
        foreach (View view in Views)
        {
            await visitor.GoAsync(view.Path);
            await visitor.ExpectPageAsync(view.Path, language == "zh-CN" ? view.Chinese : view.English);
            if (view.PrepareAsync is { } prepareAsync)
                await prepareAsync(visitor);
            problems.AddRange(await LookAsync(view.Name, visitor, axe, look));

            // Drawers and dialogs; nothing else on these pages minds it.
            await visitor.Page.Keyboard.PressAsync("Escape");
            await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
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
            "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'], rules: { 'label-content-name-mismatch': { enabled: true } } }).then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + n.target.join(' ') + ' ' + ((n.any[0] ?? n.all[0] ?? n.none[0])?.message ?? ''))))");
        problems.AddRange(found.EnumerateArray().Select(each => $"{shot}: {each.GetString()}"));
        return problems;
    }

    /// <param name="Name">Of its screenshots.</param>
    /// <param name="Path">The address.</param>
    /// <param name="English">The heading of the page.</param>
    /// <param name="Chinese">The same in Chinese.</param>
    /// <param name="PrepareAsync">Opens a drawer or a dialog, or waits for more than the page; null: there is nothing to do.</param>
    private sealed record View(string Name, string Path, string English, string Chinese, Func<PanelPage, Task>? PrepareAsync = null);
}
