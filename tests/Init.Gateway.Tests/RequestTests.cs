using Init.Gateway.Tests.Harness;

namespace Init.Gateway.Tests;

/// <summary>What reaches a backend, byte for byte, and what does not.</summary>
public sealed class RequestTests
{
    [Theory]
    [InlineData("/a%2f..%2fadmin?x=%20&y=a+b")]
    [InlineData("/@scope%2Fname//two///three")]
    [InlineData("/a/./b/../c")]
    [InlineData("//evil.example/x")]
    [InlineData("/%E4%BD%A0?q=[1]|{2}\"")]
    [InlineData("/plain")]
    public async Task Target_ReachesTheBackend_AsItWasWritten(string target)
    {
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);

        Assert.EndsWith("ok", await gateway.GetAsync(target), StringComparison.Ordinal);

        Assert.Equal($"GET {target} HTTP/1.1", backend.Last.Line);
    }

    [Fact]
    public async Task Prefix_WhenTheRuleStripsIt_LeavesTheRestAsItWasWritten()
    {
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await PublicGateway.StartAsync(
            $$"""{"rules":[{"id":"a","match":{"path_prefix":"/app/"},"backend":"{{backend.Url}}/base","strip_prefix":true}]}""");

        await gateway.GetAsync("/app/x%2Fy?z=%2F");

        Assert.Equal("GET /base/x%2Fy?z=%2F HTTP/1.1", backend.Last.Line);
    }

    [Theory]
    [InlineData("X-Hop, Host")]
    [InlineData("x-hop")]
    [InlineData("foo, X-Hop, Transfer-Encoding")]
    public async Task Headers_NamedInConnection_StayBehind(string connection)
    {
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);

        await gateway.SendAsync($"GET / HTTP/1.1\r\nHost: x\r\nConnection: {connection}\r\nX-Hop: 1\r\nX-End: 2\r\nKeep-Alive: 5\r\nTE: trailers\r\n\r\nGET /end HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        BackendRequest request = backend.Requests.First();
        Assert.Null(request.Header("X-Hop"));
        Assert.Null(request.Header("Keep-Alive"));
        Assert.Equal("2", request.Header("X-End"));
        Assert.Equal("x", request.Header("Host"));
    }

    [Fact]
    public async Task Headers_WithAnUnderscore_StayBehind()
    {
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);

        await gateway.GetAsync("/", "X_Forwarded_For: 6.6.6.6\r\nX_Real_IP: 6.6.6.6\r\nUpgrade-Insecure-Requests: 1\r\n");

        Assert.DoesNotContain("6.6.6.6", backend.Last.Head, StringComparison.Ordinal);
        Assert.Equal("1", backend.Last.Header("Upgrade-Insecure-Requests"));
    }

    [Fact]
    public async Task Forwarded_FromATrustedProxy_IsPassedOnAndContinued()
    {
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);

        await gateway.GetAsync("/", "X-Forwarded-For: 203.0.113.9, 10.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: me.hf.space\r\nX-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n");

        BackendRequest request = backend.Last;
        Assert.Equal("203.0.113.9, 10.0.0.1, 127.0.0.1", request.Header("X-Forwarded-For"));
        Assert.Equal(("https", "me.hf.space", "443"), (request.Header("X-Forwarded-Proto"), request.Header("X-Forwarded-Host"), request.Header("X-Forwarded-Port")));
        Assert.Equal(("203.0.113.9", "me.hf.space", null), (request.Header("X-Real-IP"), request.Header("Host"), request.Header("Forwarded")));
    }

    [Fact]
    public async Task Forwarded_FromAStranger_IsReplaced()
    {
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url, options => options with { TrustedProxies = [] });

        await gateway.GetAsync("/", "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Port: 1\r\n");

        BackendRequest request = backend.Last;
        Assert.Equal(("127.0.0.1", "127.0.0.1"), (request.Header("X-Forwarded-For"), request.Header("X-Real-IP")));
        Assert.Equal(("http", "bots.example:7860", "7860"), (request.Header("X-Forwarded-Proto"), request.Header("X-Forwarded-Host"), request.Header("X-Forwarded-Port")));
        Assert.Equal("bots.example:7860", request.Header("Host"));
    }

    [Fact]
    public async Task Rule_SetsHeaders_AlsoThoseThatTheGatewaySets()
    {
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await PublicGateway.StartAsync(
            $$"""{"rules":[{"id":"a","backend":"{{backend.Url}}","set_headers":[{"name":"Host","value":"inner"},{"name":"X-Forwarded-Prefix","value":"/webui"},{"name":"X-Real-IP","value":"::2"}]}]}""");

        await gateway.GetAsync("/", "X-Forwarded-Prefix: /evil\r\n");

        Assert.Equal(("inner", "/webui", "::2"), (backend.Last.Header("Host"), backend.Last.Header("X-Forwarded-Prefix"), backend.Last.Header("X-Real-IP")));
    }

    [Fact]
    public async Task Cookies_OfTheGateway_StayBehind()
    {
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await PublicGateway.StartAsync(
            $$"""{"rules":[{"id":"a","backends":[{"url":"{{backend.Url}}"},{"url":"{{backend.Url}}/"}],"sticky":{"cookie":"stick"} }]}""");

        string answer = await gateway.GetAsync("/", "Cookie: a=1; init_app=webui; b=init_app; __Host-init_session=s; init_session=s; stick=zz; __Host-init_device=d; init_device =d; init_sessions=4; c=3\r\n");

        Assert.Equal("a=1; b=init_app; init_sessions=4; c=3", backend.Last.Header("Cookie"));
        Assert.Contains("\r\nSet-Cookie: stick=", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text/html; charset=utf-8", true)]
    [InlineData("application/zip", false)]
    public async Task Page_OfAnApplicationUnderAPrefix_IsRemembered_AndADownloadIsNot(string type, bool isRemembered)
    {
        await using RecordingBackend backend = new(request => request.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: 0\r\n\r\n"));
        await using PublicGateway gateway = await PublicGateway.StartAsync(
            $$"""{"default_backend":"http://127.0.0.1:1","rules":[{"id":"a","match":{"path_prefix":"/webui/"},"app_scope":"webui","backend":"{{backend.Url}}"}]}""");

        string answer = await gateway.GetAsync("/webui/", "Sec-Fetch-Mode: navigate\r\n");
        string asked = await gateway.GetAsync("/api/login", "Sec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\nCookie: init_app=webui\r\n");

        Assert.Equal(isRemembered, answer.Contains("\r\nSet-Cookie: init_app=webui; Path=/; HttpOnly; SameSite=Lax\r\n", StringComparison.Ordinal));
        Assert.StartsWith("HTTP/1.1 200 ", asked, StringComparison.Ordinal);
        Assert.Null(backend.Last.Header("Cookie"));
    }

    [Fact]
    public async Task Bytes_InHeaders_ThatAreNoAscii_PassUnchanged()
    {
        await using RecordingBackend backend = new(request => request.SendAsync("HTTP/1.1 200 OK\r\nX-Back: \u00e4\u00bd\u00a0\r\nContent-Length: 0\r\n\r\n"));
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);

        string answer = await gateway.GetAsync("/", "X-Name: \u00e4\u00bd\u00a0\u00ff\r\n");

        Assert.Equal("\u00e4\u00bd\u00a0\u00ff", backend.Last.Header("X-Name"));
        Assert.Contains("X-Back: \u00e4\u00bd\u00a0\r\n", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n")]
    [InlineData("Content-Length: 4\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("Content-Length : 5\r\n\r\nhello")]
    [InlineData("Host: other\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("X-A: 1\r\n folded\r\nContent-Length: 0\r\n\r\n")]
    public async Task Smuggling_IsRefused_AndTheConnectionClosed(string rest)
    {
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);

        string answer = await gateway.SendAsync($"POST /one HTTP/1.1\r\nHost: x\r\n{rest}GET /two HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Equal(1, answer.Split("HTTP/1.1 ").Length - 1);
        Assert.Empty(backend.Requests);
    }

    [Fact]
    public async Task Coding_OfAVersionThatHasNone_IsRefused()
    {
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);

        Assert.StartsWith("HTTP/1.1 400 ", await gateway.SendAsync("POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), StringComparison.Ordinal);
        Assert.Empty(backend.Requests);
    }

    [Theory]
    [InlineData("GET /%zz HTTP/1.1\r\n")]
    [InlineData("GET /../x HTTP/1.1\r\n")]
    [InlineData("OPTIONS * HTTP/1.1\r\n")]
    [InlineData("CONNECT other.example:443 HTTP/1.1\r\n")]
    public async Task Target_ThatIsNoPath_IsRefused(string line)
    {
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);

        string host = line.StartsWith("CONNECT", StringComparison.Ordinal) ? "other.example:443" : "x";
        string answer = await gateway.SendAsync($"{line}Host: {host}\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Empty(backend.Requests);
    }

    [Fact]
    public async Task Redirect_KeepsTheQuery()
    {
        await using PublicGateway gateway = await PublicGateway.StartAsync(
            """{"rules":[{"id":"a","action":"redirect","match":{"path_equal":"/webui"},"redirect_to":"/webui/","status":308}]}""");

        string answer = await gateway.GetAsync("/webui?token=1");

        Assert.StartsWith("HTTP/1.1 308 ", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nLocation: /webui/?token=1\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Address_ThatARuleDenies_IsForbidden_WhateverItClaims()
    {
        await using RecordingBackend backend = new();
        string rules = $$"""{"rules":[{"id":"a","backend":"{{backend.Url}}","deny":["127.0.0.0/8"]}]}""";
        await using PublicGateway untrusting = await PublicGateway.StartAsync(rules, options => options with { TrustedProxies = [] });
        await using PublicGateway trusting = await PublicGateway.StartAsync(rules);

        Assert.StartsWith("HTTP/1.1 403 ", await untrusting.GetAsync("/", "X-Forwarded-For: 8.8.8.8\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", await trusting.GetAsync("/", "X-Forwarded-For: 8.8.8.8\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 403 ", await trusting.GetAsync("/"), StringComparison.Ordinal);
    }
}
