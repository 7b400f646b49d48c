using System.Text;
using Init.Gateway.Tests.Harness;

namespace Init.Gateway.Tests;

/// <summary>The panel as the public port has it: in front of the rules, and with the client as the trusted proxies say.</summary>
public sealed class PanelTests
{
    private const string Password = "correct horse";

    [Fact]
    public async Task Panel_WhenItIsSwitchedOff_LeavesItsPathsToTheRules()
    {
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url, proxy => proxy with { Panel = null });

        foreach (string path in new[] { "/admin/ui/", "/admin/api/v1/programs", "/admin/routes.json", "/admin/password" })
        {
            _ = await gateway.GetAsync(path);
            Assert.Equal($"GET {path} HTTP/1.1", backend.Last.Line);
        }
    }

    [Fact]
    public async Task Cookies_AreThoseOfTheSchemeThatTheClientHas()
    {
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url, proxy => proxy with { Panel = proxy.Panel! with { GivenPassword = Password } });
        await using PublicGateway wary = await PublicGateway.InFrontOfAsync(backend.Url, proxy => proxy with { TrustedProxies = [], Panel = proxy.Panel! with { GivenPassword = Password } });

        Assert.Contains("Set-Cookie: init_session=", await SignInAsync(gateway, ""), StringComparison.Ordinal);
        string secure = await SignInAsync(gateway, "X-Forwarded-Proto: https\r\nX-Forwarded-Host: bots.hf.space\r\nOrigin: https://bots.hf.space\r\n");
        Assert.Contains("Set-Cookie: __Host-init_session=", secure, StringComparison.Ordinal);
        Assert.Contains("; HttpOnly; Secure; SameSite=None; Partitioned", secure, StringComparison.Ordinal);
        Assert.Contains(" 403 ", await SignInAsync(gateway, "X-Forwarded-Proto: https\r\nX-Forwarded-Host: bots.hf.space\r\nOrigin: https://bots.example:7860\r\n"), StringComparison.Ordinal);
        Assert.Contains("Set-Cookie: init_session=", await SignInAsync(wary, "X-Forwarded-Proto: https\r\n"), StringComparison.Ordinal);
        Assert.Empty(backend.Requests);
    }

    [Fact]
    public async Task Programs_WithoutASignIn_AreNotShown()
    {
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await PublicGateway.InFrontOfAsync(backend.Url);

        Assert.Contains("\"code\":\"not_signed_in\"", await gateway.GetAsync("/admin/api/v1/programs"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 403 ", await gateway.GetAsync("/admin/routes.json", "X-Admin-Password: admin\r\n"), StringComparison.Ordinal);
    }

    private static Task<string> SignInAsync(PublicGateway gateway, string headers)
    {
        string body = $"{{\"password\":\"{Password}\"}}";
        return gateway.SendAsync(
            $"POST /admin/api/v1/session HTTP/1.1\r\nHost: bots.example:7860\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{headers}\r\n{body}");
    }
}
