using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace Init.Browser.Tests.Harness;

/// <summary>An Init with two backends and somebody who edits rules beside the panel.</summary>
public sealed class RoutesUnderTest : IAsyncLifetime
{
    private Colleague? _colleague;

    public PanelUnderTest Panel { get; } = new();

    internal EchoBackend One { get; } = new("one");

    internal EchoBackend Two { get; } = new("two");

    internal Colleague Colleague => _colleague!;

    public async Task InitializeAsync() => _colleague = await Colleague.MeetAsync(Panel);

    public Task DisposeAsync()
    {
        _colleague?.Dispose();
        One.Dispose();
        Two.Dispose();
        Panel.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>A rule for everything below /ID/.</summary>
    internal JsonObject Rule(string id, double priority) => new()
    {
        ["id"] = id,
        ["action"] = "proxy",
        ["priority"] = priority,
        ["match"] = new JsonObject { ["path_prefix"] = $"/{id}/" },
        ["backend"] = One.Address,
    };

    /// <summary>The rules alpha, beta and gamma with the priorities 30, 20 and 10, and the page that shows them.</summary>
    internal async Task<RoutesPage> OpenAsync(Chromium chromium, Look? look = null)
    {
        await Colleague.SetRulesAsync(Rule("alpha", 30), Rule("beta", 20), Rule("gamma", 10));
        return await RoutesPage.OpenAsync(chromium, Panel, look ?? Look.Desktop);
    }
}

/// <summary>The Routes page in front of a visitor.</summary>
internal sealed class RoutesPage(PanelPage visitor) : IAsyncDisposable
{
    public PanelPage Visitor => visitor;

    public IPage Page => visitor.Page;

    /// <summary>The form, the dry run, the history or the whole document: one of them at a time.</summary>
    public ILocator Drawer => Page.Locator(".routes-drawer");

    public ILocator Dialog => Page.Locator(".el-dialog:visible");

    public ILocator Rows => Page.Locator("[data-rule]");

    /// <summary>The last change that was made here, with its button to take it back.</summary>
    public ILocator LastChange => Page.Locator(".last");

    public static async Task<RoutesPage> OpenAsync(Chromium chromium, PanelUnderTest panel, Look look)
    {
        PanelPage visitor = await chromium.OpenAsync(panel.Address, look);
        await visitor.SignInAsync(PanelUnderTest.Password);
        await visitor.GoAsync("/routes");
        RoutesPage page = new(visitor);
        await Assertions.Expect(page.Rows.First).ToBeVisibleAsync();
        return page;
    }

    public ILocator Row(string id) => Page.Locator("tr").Filter(new() { Has = NameOf(id) });

    public ILocator NameOf(string id) => Page.GetByRole(AriaRole.Button, new() { Name = id, Exact = true });

    public ILocator Handle(string id) => Page.GetByRole(AriaRole.Button, new() { Name = $"Move {id}:" });

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public Task ExpectOrderAsync(params string[] ids) => Assertions.Expect(Page.Locator("[data-rule] button.name")).ToHaveTextAsync(ids);

    /// <summary>A field of the form in the drawer.</summary>
    public ILocator Field(string label) => Drawer.GetByLabel(label, new() { Exact = true }).And(Drawer.Locator("input:not([type=radio]), textarea"));

    /// <summary>The field with its hint and what is wrong with it.</summary>
    public ILocator Around(string label) => Drawer.Locator(".field").Filter(new() { Has = Drawer.Page.Locator($"xpath=./label[normalize-space()='{label}']") });

    public Task ChooseAsync(string radio) => Drawer.GetByText(radio, new() { Exact = true }).ClickAsync();

    public Task SaveAsync() => Drawer.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();

    public Task ExpectClosedAsync() => Assertions.Expect(Drawer).ToHaveCountAsync(0);

    /// <summary>From the menu "More".</summary>
    public async Task MoreAsync(string entry)
    {
        await Button("More").ClickAsync();
        await Page.GetByRole(AriaRole.Menuitem, new() { Name = entry, Exact = true }).ClickAsync();
    }

    public ValueTask DisposeAsync() => visitor.DisposeAsync();
}
