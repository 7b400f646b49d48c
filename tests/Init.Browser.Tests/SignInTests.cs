using System.Text.Json.Nodes;
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

    [Fact]
    public async Task Panel_WhenNobodyIsSignedIn_ShowsTheSignInAndGetsNoDataAtAnyAddress()
    {
        string[] addresses =
        [
            "", "/", "/programs", "/programs?show=dependant", "/programs/web/logs", "/programs/web/logs/stderr", "/routes", "/backup", "/system", "/settings", "/nowhere",
            "/sign-in?then=//example.org/", "/sign-in?then=/settings",
        ];
        await using PanelPage visitor = await chromium.OpenAsync(panel.Address, Look.Desktop);
        List<string> answered = [];
        visitor.Page.Response += (_, answer) => answered.Add($"{answer.Status} {new Uri(answer.Url).AbsolutePath}");
        foreach (string address in addresses)
        {
            // A new document each time, as with a bookmark.
            await visitor.Page.GotoAsync("about:blank");
            await visitor.GoAsync(address);
            await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" })).ToBeVisibleAsync();
            await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Navigation)).ToHaveCountAsync(0);
            await visitor.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
            Assert.DoesNotContain("dependant", await visitor.Page.ContentAsync());
        }

        Assert.Contains("200 /admin/api/v1/session", answered);
        Assert.All(answered, answer => Assert.Matches("^(200|304) /admin/(ui/(|icon\\.svg|assets/[^/]+)|api/v1/session)$", answer));
        visitor.ExpectNoComplaints();
    }

    /// <summary>Whoever writes his own requests in the page gets as little as the page itself.</summary>
    [Fact]
    public async Task Interface_WhenNobodyIsSignedIn_RefusesEveryRequestThatIsDescribed()
    {
        using Colleague colleague = await Colleague.MeetAsync(panel);
        JsonNode described = await colleague.GetAsync("openapi.json");
        string[] requests =
        [
            .. from path in described["paths"]!.AsObject()
               from method in path.Value!.AsObject()
               where method.Key is "get" or "post" or "put" or "patch" or "delete"
               select $"{method.Key.ToUpperInvariant()} {path.Key}",
        ];
        Assert.InRange(requests.Length, 40, 200);

        await using PanelPage visitor = await chromium.OpenAsync(panel.Address, Look.Desktop);
        string[] answers = await visitor.Page.EvaluateAsync<string[]>("""
            async requests => {
              const answers = []
              for (const request of requests) {
                const [method, path] = request.split(' ')
                const answer = await fetch('/admin/api/v1' + path.replace(/\{[^}]+\}/g, 'web'), { method, headers: { 'X-Requested-With': 'init-panel', 'Content-Type': 'application/json' }, body: method === 'GET' ? undefined : '{}' })
                answers.push(`${request}: ${answer.status} ${(await answer.json().catch(() => ({}))).code ?? ''}`)
              }
              return answers
            }
            """, requests);

        Assert.Equal(requests.Length, answers.Length);
        Assert.All(answers.Where(answer => !answer.Contains("/session:", StringComparison.Ordinal)), answer => Assert.EndsWith(": 401 not_signed_in", answer));
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
