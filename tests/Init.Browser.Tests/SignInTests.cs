using Init.Browser.Tests.Harness;
using Microsoft.Playwright;

namespace Init.Browser.Tests;

[Collection(BrowserCollection.Name)]
public sealed class SignInTests(Chromium chromium, PanelUnderTest panel) : IClassFixture<PanelUnderTest>
{
    [Fact]
    public async Task Password_WhenItIsWrong_IsRefusedAndWhenItIsRightLetsIn()
    {
        await using PanelPage visitor = await chromium.OpenAsync(panel.Address, Look.Desktop);
        await visitor.Page.GetByLabel("Password", new() { Exact = true }).FillAsync("wrong");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("This is not the password.");
        await visitor.ShootAsync("sign-in-refused");

        await visitor.SignInAsync(PanelUnderTest.Password);

        await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Heading, new() { Name = "Programs" })).ToBeVisibleAsync();
        visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Session_WhenThePageIsReloaded_GoesOnAndEndsWithSigningOut()
    {
        await using PanelPage visitor = await chromium.OpenAsync(panel.Address, Look.Desktop);
        await visitor.SignInAsync(PanelUnderTest.Password);
        await visitor.Page.ReloadAsync();
        await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Navigation)).ToBeVisibleAsync();

        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();

        await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" })).ToBeVisibleAsync();
        await visitor.Page.GoBackAsync();
        await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" })).ToBeVisibleAsync();
        visitor.ExpectNoComplaints();
    }

    [Theory]
    [InlineData("/programs")]
    [InlineData("/programs/web/logs")]
    [InlineData("/routes")]
    [InlineData("/backup")]
    [InlineData("/system")]
    [InlineData("/settings")]
    public async Task Page_WhenNobodyIsSignedIn_ShowsNothing(string path)
    {
        await using PanelPage visitor = await chromium.OpenAsync(panel.Address, Look.Desktop);
        await visitor.GoAsync(path);

        await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" })).ToBeVisibleAsync();
        await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Navigation)).ToHaveCountAsync(0);
        Assert.DoesNotContain("dependant", await visitor.Page.ContentAsync());
        visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Address_WhenItWasAskedForBeforeSigningIn_IsWhereOneArrives()
    {
        await using PanelPage visitor = await chromium.OpenAsync(panel.Address, Look.Desktop);
        await visitor.GoAsync("/system");
        await visitor.SignInAsync(PanelUnderTest.Password);

        await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Heading, new() { Name = "System" })).ToBeVisibleAsync();
    }
}
