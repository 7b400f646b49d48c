using System.Net;
using System.Net.WebSockets;
using System.Text;
using Init.Browser.Tests.Harness;
using Init.Integration.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;

namespace Init.Browser.Tests;

/// <summary>
/// Applications under a path of their own whose pages ask for everything by absolute URLs, as NapCat's do, beside one at / that has the same URLs: each page has to get what is its own,
/// whatever the browser says about where a request comes from. docs/decisions/0013-routing-rules.md, "Who asks".
/// </summary>
[Collection(BrowserCollection.Name)]
public sealed class SubPathAppTests(Chromium chromium, SubPathApps apps) : IClassFixture<SubPathApps>
{
    /// <summary>With an address browsers say where a request comes from (Sec-Fetch-Site); with a name over plain http they do not.</summary>
    public static TheoryData<string, string> Visits()
    {
        TheoryData<string, string> visits = [];
        foreach (string host in new[] { "127.0.0.1", "bots.test" })
        {
            foreach (string policy in new[] { "", "no-referrer", "unsafe-url" })
                visits.Add(host, policy);
        }

        return visits;
    }

    [Theory]
    [MemberData(nameof(Visits))]
    public async Task Page_UnderAPath_GetsWhatIsItsOwn(string host, string policy)
    {
        await using IBrowserContext visitor = await chromium.NewVisitorAsync();
        foreach (string app in new[] { "webui", "gemini" })
        {
            IPage page = await visitor.NewPageAsync();
            await page.GotoAsync($"{apps.Address(host)}/{app}/?policy={policy}");
            await ExpectOwnAsync(page, app);

            // A link that says nothing of where it is looks like an address that was typed.
            if (host.EndsWith(".test", StringComparison.Ordinal) && policy == "no-referrer")
                continue;

            // A page of the application outside its path: what it links to, and what it leads to in turn.
            await page.GetByRole(AriaRole.Link, new() { Name = "further" }).ClickAsync();
            await ExpectOwnAsync(page, app);
            await page.ReloadAsync();
            await ExpectOwnAsync(page, app);
            await page.CloseAsync();
        }
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("bots.test")]
    public async Task Page_AtTheRoot_IsTheMainApplications_BeforeAndAfterwards(string host)
    {
        await using IBrowserContext visitor = await chromium.NewVisitorAsync();
        IPage page = await visitor.NewPageAsync();
        foreach (string path in new[] { "/", "/webui/", "/", "/gemini/", "/webui/", "/" })
        {
            await page.GotoAsync($"{apps.Address(host)}{path}?policy=");
            await ExpectOwnAsync(page, path.Length == 1 ? "main" : path.Trim('/'));
        }
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("bots.test")]
    public async Task Pages_InTwoTabs_AreBothAnswered_AsLongAsTheySayWhereTheyCome(string host)
    {
        await using IBrowserContext visitor = await chromium.NewVisitorAsync();
        IPage main = await visitor.NewPageAsync(), webui = await visitor.NewPageAsync();
        await main.GotoAsync($"{apps.Address(host)}/?policy=");
        await webui.GotoAsync($"{apps.Address(host)}/webui/?policy=");
        await ExpectOwnAsync(webui, "webui");

        Assert.Equal("main", await main.EvaluateAsync<string>("fetch('/api/who').then(answer => answer.text())"));
        Assert.Equal("webui", await webui.EvaluateAsync<string>("fetch('/api/who').then(answer => answer.text())"));
        Assert.Equal("main", await main.EvaluateAsync<string>("fetch('/api/who', { method: 'POST', body: 'x' }).then(answer => answer.text())"));
    }

    [Fact]
    public async Task Link_FromOneApplicationToTheOther_LeadsThere()
    {
        await using IBrowserContext visitor = await chromium.NewVisitorAsync();
        IPage page = await visitor.NewPageAsync();
        await page.GotoAsync($"{apps.Address("127.0.0.1")}/gemini/?policy=");
        await ExpectOwnAsync(page, "gemini");
        await page.GetByRole(AriaRole.Link, new() { Name = "webui" }).ClickAsync();
        await ExpectOwnAsync(page, "webui");
        await page.GoBackAsync();
        await ExpectOwnAsync(page, "gemini");
    }

    /// <summary>Every way in which a page asks: style sheet, script, module of a module, picture, fetch, WebSocket.</summary>
    private static async Task ExpectOwnAsync(IPage page, string app)
    {
        foreach (string part in new[] { "page", "script", "module", "fetch", "socket", "picture", "style" })
            await Assertions.Expect(page.Locator($"#{part}")).ToHaveTextAsync(app);
    }
}

/// <summary>Three applications that know nothing of each other, and the published binary in front of them.</summary>
public sealed class SubPathApps : IAsyncLifetime, IDisposable
{
    private readonly int[] _ports = FreePorts.Take(4);
    private readonly List<WebApplication> _servers = [];
    private InitUnderTest? _init;

    public string Address(string host) => $"http://{host}:{_ports[3]}";

    public async Task InitializeAsync()
    {
        string[] names = ["main", "webui", "gemini"];
        for (int i = 0; i < names.Length; i++)
            _servers.Add(await StartAsync(names[i], _ports[i]));

        string Rule(string name, int port) =>
            $$"""{"id":"{{name}}","priority":180,"match":{"path_prefix":"/{{name}}/"},"backend":"http://127.0.0.1:{{port}}","app_scope":"{{name}}"}""";
        string rules = $$"""{"version":1,"revision":1,"default_backend":"http://127.0.0.1:{{_ports[0]}}","rules":[{{Rule("webui", _ports[1])}},{{Rule("gemini", _ports[2])}}]}""";
        _init = InitUnderTest.Start(
            $$"""
            [init]
            state_dir = "${DIR}/state"

            [gateway.proxy]
            listen = ["127.0.0.1:{{_ports[3]}}"]
            rules = "${DIR}/routes.json"
            """,
            new InitOptions { Files = new Dictionary<string, string> { ["routes.json"] = rules } });
        using HttpClient client = new();
        _init.WaitUntil(() => Answers(client), "the public port");
    }

    public async Task DisposeAsync()
    {
        foreach (WebApplication server in _servers)
            await server.DisposeAsync();
    }

    public void Dispose() => _init?.Dispose();

    private bool Answers(HttpClient client)
    {
        try
        {
            using HttpResponseMessage answer = client.Send(new HttpRequestMessage(HttpMethod.Get, Address("127.0.0.1") + "/healthz"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task<WebApplication> StartAsync(string name, int port)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        WebApplication server = builder.Build();
        server.UseWebSockets();
        server.Run(context => AnswerAsync(context, name));
        await server.StartAsync();
        return server;
    }

    private static Task AnswerAsync(HttpContext context, string name) => context.Request.Path.Value switch
    {
        "/api/who" => SendAsync(context, "text/plain", name),
        "/api/socket" => GreetAsync(context, name),
        "/assets/index.js" => SendAsync(context, "text/javascript", $"import module from '/assets/module.js'; document.querySelector('#script').textContent = '{name}'; module();"),
        "/assets/module.js" => SendAsync(context, "text/javascript", Module(name)),
        "/assets/style.css" => SendAsync(context, "text/css", $"#style::after {{ content: '{name}' }} #page {{ --app: {name} }}"),
        "/assets/picture-main.svg" or "/assets/picture-webui.svg" or "/assets/picture-gemini.svg" => SendAsync(context, "image/svg+xml", $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{name.Length}\" height=\"1\"/>"),
        _ => SendAsync(context, "text/html; charset=utf-8", Page(name, context.Request.Query["policy"].ToString())),
    };

    private static string Page(string name, string policy) => $"""
        <!doctype html>
        <html><head><meta charset="utf-8"><title>{name}</title>
        {(policy.Length == 0 ? "" : $"<meta name=\"referrer\" content=\"{WebUtility.HtmlEncode(policy)}\">")}
        <link rel="stylesheet" href="/assets/style.css">
        </head><body>
        <p id="page">{name}</p><p id="script"></p><p id="module"></p><p id="fetch"></p><p id="socket"></p><p id="picture"></p><p id="style"></p>
        <img src="/assets/picture-{name}.svg" alt="">
        <a href="/further/page?policy={WebUtility.UrlEncode(policy)}">further</a>
        <a href="/webui/?policy=">webui</a>
        <script type="module" src="/assets/index.js"></script>
        </body></html>
        """;

    /// <summary>Writes down who has answered each kind of request; a picture shows by its width, a style sheet by a property.</summary>
    private static string Module(string name) => $$"""
        const write = (part, text) => document.querySelector('#' + part).textContent = text;
        const names = { 4: 'main', 5: 'webui', 6: 'gemini' };
        export default () => {
          write('module', '{{name}}');
          fetch('/api/who').then(answer => answer.text()).then(text => write('fetch', text));
          const socket = new WebSocket(`ws://${location.host}/api/socket`);
          socket.onmessage = message => write('socket', message.data);
          const picture = document.querySelector('img');
          picture.decode().then(() => write('picture', names[picture.naturalWidth]));
          write('style', getComputedStyle(document.querySelector('#page')).getPropertyValue('--app').trim());
        };
        """;

    private static Task SendAsync(HttpContext context, string type, string text)
    {
        context.Response.ContentType = type;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(text);
    }

    private static async Task GreetAsync(HttpContext context, string name)
    {
        using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
        await socket.SendAsync(Encoding.UTF8.GetBytes(name), WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted);
        _ = await socket.ReceiveAsync(new byte[10], context.RequestAborted);
    }
}
