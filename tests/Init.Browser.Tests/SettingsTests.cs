using System.Net;
using System.Net.Http.Headers;
using Init.Browser.Tests.Harness;
using Microsoft.Playwright;

namespace Init.Browser.Tests;

/// <summary>A panel for each test: these change the password.</summary>
[Collection(BrowserCollection.Name)]
public sealed class SettingsTests(Chromium chromium) : IDisposable
{
    private readonly PanelUnderTest _panel = new();

    public void Dispose() => _panel.Dispose();

    [Fact]
    public async Task Password_WhenChanged_EndsOtherSessionsAndIsTheNewOne()
    {
        await using PanelPage other = await OpenAsync();
        await using PanelPage visitor = await OpenAsync();
        await visitor.GoAsync("/settings");
        await visitor.Page.GetByLabel("Present password").FillAsync("wrong one");
        await visitor.Page.GetByLabel("New password", new() { Exact = true }).FillAsync("new password 1");
        await visitor.Page.GetByLabel("New password again").FillAsync("new password 1");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Change password" }).ClickAsync();
        await Assertions.Expect(visitor.Page.GetByText("This is not the present password.")).ToBeVisibleAsync();

        await visitor.Page.GetByLabel("Present password").FillAsync(PanelUnderTest.Password);
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Change password" }).ClickAsync();

        await Assertions.Expect(visitor.Page.GetByText("The password is changed.")).ToBeVisibleAsync();
        await Assertions.Expect(other.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" })).ToBeVisibleAsync();
        await other.SignInAsync("new password 1");
        visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Token_WhenCreated_IsShownOnceAndWorksUntilItIsDeleted()
    {
        await using PanelPage visitor = await OpenAsync();
        await visitor.GoAsync("/settings");
        await visitor.Page.GetByLabel("What is it for?").FillAsync("<b>deploy</b>");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Create token" }).ClickAsync();
        string token = await visitor.Page.Locator(".fresh__token").InnerTextAsync();
        await visitor.ShootAsync("settings");
        Assert.Equal(HttpStatusCode.OK, await AskAsync(token));

        await visitor.Page.ReloadAsync();
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Delete token <b>deploy</b>" }).ClickAsync();
        Assert.DoesNotContain(token, await visitor.Page.ContentAsync());
        await visitor.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();

        await Assertions.Expect(visitor.Page.GetByText("There are no tokens.")).ToBeVisibleAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(token));
        visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Configuration_WhenTheFileHasChanged_IsComparedAndApplied()
    {
        await using PanelPage visitor = await OpenAsync();
        _panel.Supervisor.WriteConfig(_panel.Configuration("""
            [program.newcomer]
            command = ["sleep", "100000"]
            """));
        await visitor.GoAsync("/system");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Check for changes" }).ClickAsync();
        await Assertions.Expect(visitor.Page.GetByText("program.newcomer")).ToBeVisibleAsync();
        await visitor.ShootAsync("system");

        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Apply changes" }).ClickAsync();
        await visitor.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Apply changes" }).ClickAsync();

        await Assertions.Expect(visitor.Page.GetByText("The changes are applied.")).ToBeVisibleAsync();
        Assert.Equal("RUNNING", _panel.Supervisor.WaitForState("newcomer", "RUNNING").State);
        visitor.ExpectNoComplaints();
    }

    private async Task<HttpStatusCode> AskAsync(string token)
    {
        using HttpClient client = new();
        using HttpRequestMessage request = new(HttpMethod.Get, _panel.Api + "programs");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage answer = await client.SendAsync(request);
        return answer.StatusCode;
    }

    private async Task<PanelPage> OpenAsync()
    {
        PanelPage visitor = await chromium.OpenAsync(_panel.Address, Look.Desktop);
        await visitor.SignInAsync(PanelUnderTest.Password);
        return visitor;
    }
}
