using Init.Routing.Matching;
using Init.Routing.Rules;

namespace Init.Routing.Tests;

/// <summary>A page under /webui/ works with absolute URLs, whether or not the browser sends a Referer, and the rest of the origin stays what it is.</summary>
public sealed class AppScopeTests
{
    private const string Page = "https://space.example/webui/";

    private static readonly RouteTable Table = new(DefaultRules.Configuration);

    public static TheoryData<string, string, string, string?> Requested => new()
    {
        // What a page of the application asks for: path, headers (name=value, | between them), who takes it, why.
        { "its own path", "/webui/index.html", "", "proxy-webui" },
        { "fetch with a Referer", "/api/login", $"Referer={Page}", "proxy-webui" },
        { "fetch from a page whose address is encoded", "/api/login", "Referer=https://space.example/%77ebui/a%20b", "proxy-webui" },
        { "fetch without a Referer", "/api/login", "Sec-Fetch-Mode=cors|Sec-Fetch-Site=same-origin|Cookie=init_app=webui", "proxy-webui" },
        { "WebSocket: never a Referer", "/socket", "Sec-Fetch-Mode=websocket|Sec-Fetch-Site=same-origin|Upgrade=websocket|Cookie=a=b; init_app=webui", "proxy-webui" },
        { "WebSocket of an old browser", "/socket", "Upgrade=websocket|Cookie=init_app=webui", "proxy-webui" },
        { "module that a script imports", "/assets/chunk.js", "Referer=https://space.example/assets/index.js|Cookie=init_app=webui", "proxy-webui" },
        { "font that a style sheet wants", "/assets/a.woff2", "Referer=https://space.example/assets/index.css?v=1|Cookie=init_app=webui", "proxy-webui" },
        { "absolute link with a Referer", "/settings", $"Sec-Fetch-Mode=navigate|Sec-Fetch-Site=same-origin|Referer={Page}", "proxy-webui" },
        { "absolute link without a Referer", "/settings", "Sec-Fetch-Mode=navigate|Sec-Fetch-Site=same-origin|Cookie=init_app=webui", "proxy-webui" },
        { "from a page outside the prefix", "/api/x", "Referer=https://space.example/settings|Cookie=init_app=webui.8d8c256b", "proxy-webui" },

        // What is not the application's.
        { "curl", "/api/login", "", null },
        { "page of the main application, both are open", "/api/stat", "Referer=https://space.example/|Cookie=init_app=webui", null },
        { "another page of the main application", "/api/stat", "Referer=https://space.example/dashboard|Cookie=init_app=webui.8d8c256b", null },
        { "typed address", "/settings", "Sec-Fetch-Mode=navigate|Sec-Fetch-Site=none|Cookie=init_app=webui", null },
        { "typed address, old browser", "/settings", "Accept=text/html|Cookie=init_app=webui", null },
        { "link home", "/", $"Sec-Fetch-Mode=navigate|Sec-Fetch-Site=same-origin|Referer={Page}", null },
        { "link from another site", "/settings", "Sec-Fetch-Mode=navigate|Sec-Fetch-Site=cross-site|Cookie=init_app=webui", null },
        { "image on another site", "/x.png", "Sec-Fetch-Mode=no-cors|Sec-Fetch-Site=cross-site|Cookie=init_app=webui", null },
        { "another host's page of that path", "/api/x", "Referer=https://webui.example/webui/", null },
        { "another host's page of that path, with the cookie", "/api/x", "Referer=https://else.example/webui/|Cookie=init_app=webui", null },
        { "Referer that only contains the word", "/api/x", "Referer=https://space.example/about-webui/", null },
        { "Space named gemini-bot", "/api/x", "Referer=https://gemini-bot.hf.space/", null },
        { "cookie of an application that is gone", "/api/x", "Cookie=init_app=old", null },

        // The traps of the original.
        { "link from one application to the other", "/webui/", "Sec-Fetch-Mode=navigate|Sec-Fetch-Site=same-origin|Referer=https://space.example/gemini/", "proxy-webui" },
        { "slash of the other application", "/gemini", $"Referer={Page}", "proxy-webui" },
        { "level 200", "/api/ws/x", "Referer=https://space.example/gemini/", "proxy-api-ws" },
    };

    [Theory]
    [MemberData(nameof(Requested))]
    public void Request_WhenItHasTheseSigns_GoesToWhoseItIs(string what, string path, string headers, string? rule) =>
        Assert.Equal((what, rule), (what, Table.Winner(Request(path, headers))));

    [Theory]
    [InlineData("/webui/", "", "init_app=webui; Path=/; HttpOnly; SameSite=Lax")]
    [InlineData("/webui/", "Cookie=init_app=gemini", "init_app=webui; Path=/; HttpOnly; SameSite=Lax")]
    [InlineData("/webui/", "Cookie=init_app=webui", null)]
    [InlineData("/webui/other", "Cookie=init_app=webui.8d8c256b", null)]
    [InlineData("/settings", "Sec-Fetch-Site=same-origin|Cookie=init_app=webui", "init_app=webui.8d8c256b; Path=/; HttpOnly; SameSite=Lax")]
    [InlineData("/settings", "Sec-Fetch-Site=same-origin|Cookie=init_app=webui.8d8c256b", null)]
    [InlineData("/", "Cookie=init_app=webui", "init_app=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")]
    [InlineData("/", "", null)]
    [InlineData("/webui", "", null)]
    [InlineData("/..", "Cookie=init_app=webui", null)]
    public void Cookie_WhenAPageIsOpened_RemembersWhoseItIs(string path, string headers, string? expected) => Assert.Equal(expected, Cookie(path, $"Sec-Fetch-Mode=navigate|{headers}"));

    [Fact]
    public void Form_WhenAnOldBrowserSendsItWithoutAReferer_GoesToTheApplicationAndItsPageIsRemembered()
    {
        RouteRequest request = Request("/settings", "Accept=text/html|Cookie=init_app=webui") with { Method = "POST" };

        Assert.Equal("proxy-webui", Table.Winner(request));
        Assert.StartsWith("init_app=webui.8d8c256b;", Table.Scopes.CookieFor(request, Table.Match(request), isSecure: false), StringComparison.Ordinal);
    }

    [Fact]
    public void Cookie_WhenNoPageIsOpened_StaysAsItIs() => Assert.Null(Cookie("/webui/app.js", "Sec-Fetch-Mode=no-cors"));

    [Fact]
    public void Cookie_WhenThePageIsSecure_WorksInAFrameOfAnotherSite()
    {
        RouteRequest request = Request("/webui/", "Sec-Fetch-Mode=navigate|Sec-Fetch-Dest=iframe");

        Assert.Equal("init_app=webui; Path=/; HttpOnly; SameSite=None; Secure; Partitioned", Table.Scopes.CookieFor(request, Table.Match(request), isSecure: true));
    }

    [Fact]
    public void Cookie_WhenManyPagesAreOpened_ForgetsTheOldest()
    {
        string cookie = "init_app=webui";
        for (int i = 0; i < AppScopeCookie.PagesMax + 1; i++)
            cookie = Cookie($"/page{i}", $"Sec-Fetch-Mode=navigate|Sec-Fetch-Site=same-origin|Cookie={cookie}")!.Split(';')[0];

        Assert.Null(Table.Winner(Request("/api", $"Referer=https://space.example/page0|Cookie={cookie}")));
        Assert.Equal("proxy-webui", Table.Winner(Request("/api", $"Referer=https://space.example/page1|Cookie={cookie}")));
    }

    private static string? Cookie(string path, string headers)
    {
        RouteRequest request = Request(path, headers);
        return Table.Scopes.CookieFor(request, Table.Match(request), isSecure: false);
    }

    private static RouteRequest Request(string path, string headers) =>
        Requests.Get(path, [.. headers.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(header => (header[..header.IndexOf('=')], header[(header.IndexOf('=') + 1)..]))]);
}
