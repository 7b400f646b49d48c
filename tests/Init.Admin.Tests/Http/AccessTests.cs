using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Init.Admin.Http.Access;
using Init.Admin.Tests.Harness;
using Init.Config;

namespace Init.Admin.Tests.Http;

public sealed class AccessTests
{
    private const string Token = "a-token-of-some-length";

    private static readonly HttpEndpoint Guarded = new() { Username = "ann", Password = "p:w", Token = Token };

    [Theory]
    [InlineData("ann", "p:w", HttpStatusCode.NotFound)]
    [InlineData("ann", "p:W", HttpStatusCode.Unauthorized)]
    [InlineData("ann", "", HttpStatusCode.Unauthorized)]
    [InlineData("Ann", "p:w", HttpStatusCode.Unauthorized)]
    [InlineData("", "", HttpStatusCode.Unauthorized)]
    public async Task Basic_WhenChecked_LetsInTheOneUser(string user, string password, HttpStatusCode expected)
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(Guarded);

        using HttpResponseMessage response = await SendAsync(gateway, HttpMethod.Get, "/nothing", request => request.Headers.Authorization = Basic(user, password));

        Assert.Equal(expected, response.StatusCode);
    }

    [Theory]
    [InlineData("{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d", HttpStatusCode.NotFound)]
    [InlineData("{SHA}82AB876D1387BFAFE46CC1C8A2EF074EAE50CB1D", HttpStatusCode.NotFound)]
    [InlineData("{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1e", HttpStatusCode.Unauthorized)]
    [InlineData("82ab876d1387bfafe46cc1c8a2ef074eae50cb1d", HttpStatusCode.Unauthorized)]
    public async Task Basic_WithASha1OfThePassword_IsCompared(string configured, HttpStatusCode expected)
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(new HttpEndpoint { Username = "thepassword", Password = configured });

        using HttpResponseMessage response = await SendAsync(gateway, HttpMethod.Get, "/nothing", request => request.Headers.Authorization = Basic("thepassword", "thepassword"));

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Refusal_WhenNobodyIsNamed_IsAsSupervisordHasIt()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(Guarded);

        using HttpResponseMessage response = await SendAsync(gateway, HttpMethod.Post, "/RPC2");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Basic realm=\"default\"", response.Headers.WwwAuthenticate.ToString());
        Assert.True(response.Headers.ConnectionClose);
        Assert.Equal("text/html", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains("<p>Error code 401.", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>supervisord looks at the first five characters only; here a path is made of segments.</summary>
    [Theory]
    [InlineData("/RPC2", true)]
    [InlineData("/RPC2/", true)]
    [InlineData("/RPC2/and/more", true)]
    [InlineData("/RPC2x", false)]
    [InlineData("/RPC", false)]
    [InlineData("/x/RPC2", false)]
    public async Task XmlRpc_OfAPath_IsThereAndBelow(string path, bool expected)
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(new HttpEndpoint());

        using HttpResponseMessage response = await SendAsync(gateway, HttpMethod.Post, path);

        Assert.Equal(expected, response.StatusCode != HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Refusal_OfTheRestInterface_IsAProblem()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(Guarded);

        using HttpResponseMessage response = await SendAsync(gateway, HttpMethod.Get, "/api/v1/programs");

        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains("\"status\":401", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Basic !!!", HttpStatusCode.BadRequest)]
    [InlineData("Basic", HttpStatusCode.BadRequest)]
    [InlineData("Basic YW5u", HttpStatusCode.BadRequest)]
    [InlineData("Digest x", HttpStatusCode.Unauthorized)]
    [InlineData("Bearer", HttpStatusCode.Unauthorized)]
    [InlineData("Bearer wrong", HttpStatusCode.Unauthorized)]
    [InlineData("bearer " + Token, HttpStatusCode.NotFound)]
    [InlineData("Bearer " + Token, HttpStatusCode.NotFound)]
    public async Task Header_OfAnyKind_GetsItsAnswer(string header, HttpStatusCode expected)
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(Guarded);

        using HttpResponseMessage response = await SendAsync(gateway, HttpMethod.Get, "/nothing", request => request.Headers.TryAddWithoutValidation("Authorization", header));

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Healthz_WhenAPasswordIsNeeded_NeedsNone()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(Guarded);

        Assert.Equal("ok\n", await gateway.Client.GetStringAsync("/healthz"));
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site", false)]
    [InlineData("Sec-Fetch-Site", "same-site", false)]
    [InlineData("Sec-Fetch-Site", "same-origin", true)]
    [InlineData("Sec-Fetch-Site", "none", true)]
    [InlineData("Origin", "http://evil.example", false)]
    [InlineData("Origin", "null", false)]
    [InlineData("Origin", "http://localhost", true)]
    [InlineData("X-Other", "1", true)]
    public async Task Change_FromAnotherSitesPage_IsRefused(string header, string value, bool passes)
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync();

        using HttpResponseMessage response = await SendAsync(gateway, HttpMethod.Post, "/nothing", request => request.Headers.TryAddWithoutValidation(header, value));

        Assert.Equal(passes ? HttpStatusCode.NotFound : HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Theory]
    [InlineData("text/plain", null, HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/x-www-form-urlencoded", null, HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json; charset=utf-8", null, HttpStatusCode.NotFound)]
    [InlineData("text/plain", Token, HttpStatusCode.NotFound)]
    public async Task Change_ThatAFormCouldSend_IsRefusedByTheRestInterface(string type, string? token, HttpStatusCode expected)
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync(Guarded);

        using HttpResponseMessage response = await SendAsync(gateway, HttpMethod.Post, "/api/v1/nothing", request =>
        {
            request.Headers.Authorization = token is null ? Basic("ann", "p:w") : new AuthenticationHeaderValue("Bearer", token);
            request.Content = new StringContent("{}");
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        });

        Assert.Equal(expected, response.StatusCode);
    }

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("127.0.0.1:9001", true)]
    [InlineData("[::1]:9001", true)]
    [InlineData("", true)]
    [InlineData("evil.example", false)]
    [InlineData("127.0.0.1.evil.example", false)]
    public async Task Request_ByANameThatIsNotOurs_IsRefusedWhereThereIsNoPassword(string host, bool passes)
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync();
        using RawConnection client = gateway.Connect();

        client.Send($"GET /nothing HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");

        Assert.StartsWith(passes ? "HTTP/1.1 404" : "HTTP/1.1 403", await client.ReadToEndAsync());
    }

    [Fact]
    public void Credentials_WithoutAPassword_KnowNoUser() =>
        Assert.Equal(Verdict.Unknown, new Credentials(new HttpEndpoint { Token = Token }).Check(Basic("", "").ToString()));

    private static AuthenticationHeaderValue Basic(string user, string password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    private static async Task<HttpResponseMessage> SendAsync(GatewayUnderTest gateway, HttpMethod method, string path, Action<HttpRequestMessage>? prepare = null)
    {
        using HttpRequestMessage request = new(method, path);
        prepare?.Invoke(request);
        return await gateway.Client.SendAsync(request);
    }
}
