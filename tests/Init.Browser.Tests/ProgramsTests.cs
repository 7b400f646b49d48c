using Init.Browser.Tests.Harness;
using Init.Control;
using Microsoft.Playwright;

namespace Init.Browser.Tests;

[Collection(BrowserCollection.Name)]
public sealed class ProgramsTests(Chromium chromium, PanelUnderTest panel) : IClassFixture<PanelUnderTest>
{
    [Fact]
    public async Task Program_WhenStoppedAndStarted_IsShownSoAsItHappens()
    {
        await using PanelPage visitor = await OpenAsync(Look.Desktop);
        await Assertions.Expect(Row(visitor, "web")).ToContainTextAsync("Running");
        await Assertions.Expect(Row(visitor, "dependant")).ToContainTextAsync("waits for gate");
        await Assertions.Expect(Row(visitor, "absent")).ToContainTextAsync("Not installed");
        await visitor.ShootAsync("programs");

        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Stop: web" }).ClickAsync();
        await visitor.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Stop it" }).ClickAsync();
        await Assertions.Expect(Row(visitor, "web")).ToContainTextAsync("Stopped");
        Assert.Equal("STOPPED", panel.Supervisor.StatusOf("web").State);

        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Start: web" }).ClickAsync();
        await Assertions.Expect(Row(visitor, "web")).ToContainTextAsync("Running");
        visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Stop_WhenThePersonThinksBetterOfIt_DoesNothing()
    {
        await using PanelPage visitor = await OpenAsync(Look.Desktop);
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Stop: web" }).ClickAsync();
        await visitor.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();

        await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        Assert.Equal("RUNNING", panel.Supervisor.StatusOf("web").State);
    }

    [Fact]
    public async Task State_WhenItChangesByItself_IsShownWithoutAReload()
    {
        await using PanelPage visitor = await OpenAsync(Look.Desktop);
        await Assertions.Expect(Row(visitor, "web")).ToContainTextAsync("Running");

        panel.Supervisor.StopProgram("web");
        await Assertions.Expect(Row(visitor, "web")).ToContainTextAsync("Stopped");
        panel.Supervisor.StartProgram("web");
        await Assertions.Expect(Row(visitor, "web")).ToContainTextAsync("Running");
    }

    [Fact]
    public async Task Details_WhenAProgramWaits_SayForWhatAndAreReachedAndLeftByKeyboard()
    {
        await using PanelPage visitor = await OpenAsync(Look.Desktop);
        ILocator name = visitor.Page.GetByRole(AriaRole.Button, new() { Name = "dependant", Exact = true });
        await name.FocusAsync();
        await visitor.Page.Keyboard.PressAsync("Enter");

        ILocator drawer = visitor.Page.GetByRole(AriaRole.Dialog);
        await Assertions.Expect(drawer).ToContainTextAsync("Why is it in this state?");
        await Assertions.Expect(drawer.Locator(".waits")).ToContainTextAsync("gate");
        await visitor.ShootAsync("details");

        await visitor.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(drawer).ToHaveCountAsync(0);
        visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Figures_WhenAProgramRuns_ComeAndMove()
    {
        await using PanelPage visitor = await OpenAsync(Look.Desktop);

        await Assertions.Expect(Row(visitor, "web")).ToContainTextAsync("MiB");
        await Assertions.Expect(Row(visitor, "web")).ToContainTextAsync("%");
        await Assertions.Expect(Row(visitor, "web").Locator(".spark__line[d*='L']")).ToHaveCountAsync(2);
    }

    [Fact]
    public async Task Connection_WhenInitRestartsItsGateway_ComesBack()
    {
        await using PanelPage visitor = await OpenAsync(Look.Desktop);
        await Assertions.Expect(visitor.Page.GetByText("Live", new() { Exact = true })).ToBeVisibleAsync();

        ProgramStatus gateway = panel.Supervisor.Ask<ControlResult.Status>(new ControlRequest.Status(["init:gateway"])).Programs[0];
        panel.Supervisor.SignalInside(gateway.Pid!.Value, 9);

        await Assertions.Expect(visitor.Page.GetByText("Connection lost")).ToBeVisibleAsync();
        await Assertions.Expect(visitor.Page.GetByText("Live", new() { Exact = true })).ToBeVisibleAsync();
    }

    private static ILocator Row(PanelPage visitor, string name) =>
        visitor.Page.GetByRole(AriaRole.Row).Filter(new() { Has = visitor.Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true }) });

    private async Task<PanelPage> OpenAsync(Look look)
    {
        PanelPage visitor = await chromium.OpenAsync(panel.Address, look);
        await visitor.SignInAsync(PanelUnderTest.Password);
        return visitor;
    }
}
