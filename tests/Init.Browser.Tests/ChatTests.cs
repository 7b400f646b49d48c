using System.Net.Sockets;
using System.Text.Json;
using Init.Browser.Tests.Harness;
using Init.Integration.Tests.Harness;
using Microsoft.Playwright;

namespace Init.Browser.Tests;

/// <summary>The Chat page in front of a real role, which has no provider and answers with its echo.</summary>
[Collection(BrowserCollection.Name)]
public sealed class ChatTests(Chromium chromium) : IDisposable
{
    private readonly int[] _ports = FreePorts.Take(2);
    private InitUnderTest? _init;

    [Fact]
    public async Task Page_WhenARoleRuns_ShowsWhatIsUsedAndMakesAndRevokesKeys()
    {
        Start();
        await SayAsync("10001", "hello");
        await SayAsync("<b>bold</b>", "你好");
        await using PanelPage visitor = await OpenAsync(Look.Desktop);
        IPage page = visitor.Page;
        await Assertions.Expect(page.GetByText("Only the built-in model “echo” answers")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("[data-call]")).ToHaveCountAsync(2);
        await Assertions.Expect(Card(page, "Users")).ToContainTextAsync("<b>bold</b>");
        await Assertions.Expect(Card(page, "Usage")).ToContainTextAsync("echo");
        await Assertions.Expect(Card(page, "Running now")).ToContainTextAsync("Nothing is being answered just now.");

        await page.GetByRole(AriaRole.Button, new() { Name = "Test: " }).ClickAsync();
        await Assertions.Expect(Card(page, "Providers")).ToContainTextAsync("Answered in");

        // A key is shown once, and works by the published door until it is revoked.
        await page.GetByRole(AriaRole.Button, new() { Name = "New API key" }).ClickAsync();
        ILocator dialog = page.Locator(".el-dialog:visible");
        await dialog.GetByLabel("Name").FillAsync("my bot");
        await dialog.GetByLabel("Requests per minute").FillAsync("none");
        await Assertions.Expect(dialog.GetByText("A number above 0.")).ToBeVisibleAsync();
        await Assertions.Expect(dialog.GetByRole(AriaRole.Button, new() { Name = "Create" })).ToBeDisabledAsync();
        await dialog.GetByLabel("Requests per minute").FillAsync("60");
        await visitor.ShootAsync("chat-key");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        string key = await page.Locator(".fresh__key").InnerTextAsync();
        await Assertions.Expect(page.Locator("[data-key]")).ToContainTextAsync("60 requests a minute");
        Assert.Equal(200, await AskWithAsync(key));
        await visitor.ShootAsync("chat-page");

        await page.GetByRole(AriaRole.Button, new() { Name = "Revoke key my bot" }).ClickAsync();
        await page.Locator(".confirm-box").GetByRole(AriaRole.Button, new() { Name = "Revoke" }).ClickAsync();
        await Assertions.Expect(page.Locator("[data-key]")).ToContainTextAsync("revoked");
        await Assertions.Expect(page.Locator(".fresh__key")).ToHaveCountAsync(0);
        Assert.Equal(401, await AskWithAsync(key));

        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("[data-key]")).ToContainTextAsync("revoked");
        Assert.DoesNotContain(key, await page.ContentAsync(), StringComparison.Ordinal);
        visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Log_WhenFilteredAndFollowed_ShowsWhatFitsAndWhatComes()
    {
        Start();
        await SayAsync("one", "hello");
        await SayAsync("two", "hello");
        await using PanelPage visitor = await OpenAsync(Look.Desktop);
        IPage page = visitor.Page;
        ILocator calls = page.Locator("[data-call]");
        await Assertions.Expect(calls).ToHaveCountAsync(2);

        await page.GetByLabel("Only this user").FillAsync("one");
        await Assertions.Expect(calls).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Switch, new() { Name = "Follow" }).PressAsync("Space");
        await SayAsync("two", "again");
        await SayAsync("one", "again");

        await Assertions.Expect(calls).ToHaveCountAsync(2, new() { Timeout = 15_000 });
        await Assertions.Expect(Card(page, "Call log")).Not.ToContainTextAsync("two");
        visitor.ExpectNoComplaints();
    }

    [Theory]
    [InlineData("en-GB", "No chat API is set up")]
    [InlineData("zh-CN", "尚未设置聊天接口")]
    public async Task Page_WithoutARole_SaysHowToGetOne(string language, string text)
    {
        Start(chat: "");
        await using PanelPage visitor = await OpenAsync(Look.Desktop with { Language = language });

        await Assertions.Expect(visitor.Page.GetByText(text)).ToBeVisibleAsync();
        await visitor.ShootAsync($"chat-none-{language}");
        visitor.ExpectNoComplaints();
    }

    [Fact]
    public async Task Page_WhenTheRoleIsStopped_SaysSo()
    {
        Start();
        await using PanelPage visitor = await OpenAsync(Look.Desktop);
        await Assertions.Expect(visitor.Page.GetByText("Providers").First).ToBeVisibleAsync();

        _init!.StopProgram("chat");

        await Assertions.Expect(visitor.Page.GetByText("The chat API does not answer. Its program (chat)")).ToBeVisibleAsync(new() { Timeout = 15_000 });
    }

    [Theory]
    [InlineData("en-GB", true, 1280)]
    [InlineData("zh-CN", false, 1280)]
    [InlineData("zh-CN", false, 360)]
    public async Task Page_WhateverTheLook_FitsAndIsAccessible(string language, bool isDark, int width)
    {
        Start();
        await SayAsync("10001", "hello");
        await using PanelPage visitor = await OpenAsync(new Look(language, isDark, width, width < 768 ? 740 : 860));
        IPage page = visitor.Page;
        string axe = await File.ReadAllTextAsync(Path.Combine(TestPaths.Repository, "web/node_modules/axe-core/axe.min.js"));
        await Assertions.Expect(page.Locator("[data-call]")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator(".chart")).ToBeVisibleAsync();
        List<string> problems = await LookAsync("page");
        await page.Locator(".panel-card__actions .el-button--primary").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
        problems.AddRange(await LookAsync("key"));

        Assert.Empty(problems);
        visitor.ExpectNoComplaints();

        async Task<List<string>> LookAsync(string name)
        {
            string shot = $"chat-{name}-{width}-{(isDark ? "dark" : "light")}-{language}";
            await visitor.ShootAsync(shot);
            int overflow = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            await page.EvaluateAsync(axe);
            JsonElement found = await page.EvaluateAsync<JsonElement>(
                "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'], rules: { 'label-content-name-mismatch': { enabled: true } } }).then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ': ' + n.target.join(' '))))");
            return [.. found.EnumerateArray().Select(each => $"{shot}: {each.GetString()}"), .. overflow > 0 ? [$"{shot}: {overflow} pixels too wide"] : Array.Empty<string>()];
        }
    }

    public void Dispose() => _init?.Dispose();

    private static ILocator Card(IPage page, string title) => page.Locator("section.panel-card").Filter(new() { Has = page.GetByRole(AriaRole.Heading, new() { Name = title, Exact = true }) });

    private async Task SayAsync(string user, string message)
    {
        using HttpClient client = new();
        using FormUrlEncodedContent form = new([KeyValuePair.Create("message", message)]);
        using HttpResponseMessage answer = await client.PostAsync($"http://127.0.0.1:{_ports[1]}/chat/completion/{Uri.EscapeDataString(user)}", form);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>By the socket that the gateway publishes.</summary>
    private async Task<int> AskWithAsync(string key)
    {
        using SocketsHttpHandler handler = new()
        {
            ConnectCallback = async (_, cancellation) =>
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(_init!.Directory, "state", "chat", "published.sock")), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using HttpClient client = new(handler);
        using HttpRequestMessage request = new(HttpMethod.Get, "http://chat/v1/models") { Headers = { { "Authorization", $"Bearer {key}" } } };
        using HttpResponseMessage answer = await client.SendAsync(request);
        return (int)answer.StatusCode;
    }

    /// <param name="chat">The role's part of the configuration; null: as usual.</param>
    private void Start(string? chat = null)
    {
        _init = InitUnderTest.Start(
            $$"""
            [init]
            state_dir = "${DIR}/state"
            secrets = ["ADMIN_PASSWORD"]

            [gateway.proxy]
            listen = ["127.0.0.1:{{_ports[0]}}"]

            """ + (chat ?? $$"""

            [chat]
            listen = "127.0.0.1:{{_ports[1]}}"
            publish = "/talk"
            data_dir = "${DIR}/data"

            [program.chat]
            builtin = "chat"
            """) + "\n",
            new InitOptions { Environment = [$"ADMIN_PASSWORD={PanelUnderTest.Password}"] });
        if (chat is null)
            _init.WaitForReady("chat");
    }

    private async Task<PanelPage> OpenAsync(Look look)
    {
        string address = $"http://127.0.0.1:{_ports[0]}/admin/ui/";
        using (HttpClient client = new())
        {
            _init!.WaitUntil(
                () =>
                {
                    try
                    {
                        using HttpResponseMessage answer = client.Send(new HttpRequestMessage(HttpMethod.Get, address));
                        return answer.IsSuccessStatusCode;
                    }
                    catch (HttpRequestException)
                    {
                        return false;
                    }
                },
                "the public port");
        }

        PanelPage visitor = await chromium.OpenAsync(address, look);
        await visitor.SignInAsync(PanelUnderTest.Password);
        await visitor.GoAsync("/chat");
        return visitor;
    }
}
