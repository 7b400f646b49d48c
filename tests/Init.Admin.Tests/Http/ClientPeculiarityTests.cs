using Init.Admin.Tests.Harness;

namespace Init.Admin.Tests.Http;

/// <summary>What real clients of supervisord send, and other servers stumble over.</summary>
public sealed class ClientPeculiarityTests
{
    [Fact]
    public async Task Request_WithEmptyHost_IsAnswered()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync();
        using RawConnection client = gateway.Connect();

        client.Send("GET /healthz HTTP/1.1\r\nHost: \r\nAccept-Encoding: chunked\r\nAccept: */*\r\nUser-agent: Supervisor HTTP Client\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 OK", await client.ReadUntilAsync("ok\n"));
    }

    [Fact]
    public async Task Request_AfterAnExtraLineEnd_IsTheNextOne()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync();
        using RawConnection client = gateway.Connect();

        client.Send("GET /healthz HTTP/1.1\r\nHost: \r\n\r\n\r\n");
        await client.ReadUntilAsync("ok\n");
        client.Send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Contains("HTTP/1.1 200 OK", await client.ReadUntilAsync("ok\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_OfHttp10WithKeepAlive_KeepsTheConnection()
    {
        await using GatewayUnderTest gateway = await GatewayUnderTest.StartAsync();
        using RawConnection client = gateway.Connect();

        client.Send("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        string first = await client.ReadUntilAsync("ok\n");
        client.Send("GET /healthz HTTP/1.0\r\n\r\n");
        string second = await client.ReadToEndAsync();

        Assert.Contains("Connection: keep-alive", first, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith("ok\n", second);
    }
}
