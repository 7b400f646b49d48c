using System.Text;
using Init.Admin.Tests.Harness;
using Init.Control;

namespace Init.Admin.Tests.Logs;

public sealed class LogTailTests
{
    [Theory]
    [InlineData("/logtail/web", "out")]
    [InlineData("/logtail/web/stdout", "out")]
    [InlineData("/logtail/web/stderr", "err")]
    [InlineData("/logtail/web:web/stderr", "err")]
    [InlineData("/logtail/group:one", "one")]
    [InlineData("/logtail/group%3Aone", "one")]
    public async Task Tail_WhenAsked_SendsTheLogOfThatName(string path, string expected)
    {
        await using GatewayUnderTest gateway = await StartAsync();
        using RawConnection client = gateway.Connect();

        client.Send($"GET {path} HTTP/1.1\r\nHost: \r\n\r\n\r\n");

        string header = await client.ReadUntilAsync("\r\n\r\n");
        Assert.Contains("Transfer-Encoding: chunked", header, StringComparison.Ordinal);
        Assert.Contains("Content-Type: text/plain;charset=utf-8", header, StringComparison.Ordinal);
        Assert.Contains("X-Accel-Buffering: no", header, StringComparison.Ordinal);
        Assert.Contains("Last-Modified: ", header, StringComparison.Ordinal);
        await client.ReadUntilAsync($"{expected}\r\n");
    }

    [Theory]
    [InlineData("/logtail/nobody")]
    [InlineData("/logtail/web/stdin")]
    [InlineData("/logtail/group:two")]
    [InlineData("/logtail/one")]
    [InlineData("/logtail")]
    [InlineData("/logtail/silent")]
    [InlineData("/logtail/never-started")]
    [InlineData("/mainlogtail")]
    public async Task Tail_WithoutALog_IsNotFound(string path)
    {
        await using GatewayUnderTest gateway = await StartAsync();

        using HttpResponseMessage response = await gateway.Client.GetAsync(path);

        Assert.Equal(System.Net.HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Tail_WhenTheLogGrowsIsRotatedAndTruncated_FollowsIt()
    {
        await using GatewayUnderTest gateway = await StartAsync();
        string log = Path.Combine(gateway.Directory, "out.log");
        await File.WriteAllTextAsync(log, new string('x', 2000) + "|");
        using RawConnection client = gateway.Connect();

        client.Send("GET /logtail/web HTTP/1.1\r\nHost: \r\n\r\n\r\n");
        await client.ReadUntilAsync("\r\n\r\n");
        Assert.Equal("400\r\n" + new string('x', 1023) + "|", await client.ReadUntilAsync("|"));

        await File.AppendAllTextAsync(log, "grown");
        await client.ReadUntilAsync("grown");

        await File.AppendAllTextAsync(log, "last words");
        File.Move(log, log + ".1");
        await File.WriteAllTextAsync(log, "successor");
        Assert.Contains("last words", await client.ReadUntilAsync("successor"), StringComparison.Ordinal);

        await File.WriteAllTextAsync(log, "new");
        await client.ReadUntilAsync("==> File truncated <==\n");
        await client.ReadUntilAsync("new");
    }

    [Fact]
    public async Task Tail_WhenACharacterIsWrittenInTwoHalves_SendsItWhole()
    {
        await using GatewayUnderTest gateway = await StartAsync();
        string log = Path.Combine(gateway.Directory, "out.log");
        byte[] euro = Encoding.UTF8.GetBytes("€");
        await File.WriteAllBytesAsync(log, [.. "price: "u8, euro[0]]);
        using RawConnection client = gateway.Connect();

        client.Send("GET /logtail/web HTTP/1.1\r\nHost: \r\n\r\n\r\n");
        await client.ReadUntilAsync("\r\n\r\n");
        Assert.Equal("7\r\nprice: \r\n", await client.ReadUntilAsync(": \r\n"));
        await using (FileStream file = new(log, FileMode.Append))
            await file.WriteAsync(euro.AsMemory(1));

        Assert.Equal("3\r\n" + Encoding.Latin1.GetString(euro), await client.ReadUntilAsync(Encoding.Latin1.GetString(euro)));
    }

    [Fact]
    public async Task MainTail_WhenTheMainLogIsAFile_SendsIt()
    {
        await using GatewayUnderTest gateway = await StartAsync();
        string log = Path.Combine(gateway.Directory, "out.log");
        gateway.Supervisor.OnAsk = (_, _, _) => Task.FromResult(FakeSupervisor.Done(new ControlResult.LogPart(default, 0, 0, log)));
        using RawConnection client = gateway.Connect();

        client.Send("GET /mainlogtail HTTP/1.1\r\nHost: \r\n\r\n\r\n");

        Assert.DoesNotContain("X-Accel", await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        await client.ReadUntilAsync("out");
    }

    [Fact]
    public async Task Tail_WhenTheGatewayEnds_EndsAtOnce()
    {
        GatewayUnderTest gateway = await StartAsync();
        using RawConnection client = gateway.Connect();
        client.Send("GET /logtail/web HTTP/1.1\r\nHost: \r\n\r\n\r\n");
        await client.ReadUntilAsync("out");

        await gateway.DisposeAsync();

        Assert.EndsWith("0\r\n\r\n", await client.ReadToEndAsync());
    }

    private static async Task<GatewayUnderTest> StartAsync()
    {
        GatewayUnderTest gateway = await GatewayUnderTest.StartAsync();
        foreach (string text in new[] { "out", "err", "one" })
            await File.WriteAllTextAsync(PathOf(text), text);

        gateway.Supervisor.Programs.AddRange(
        [
            FakeSupervisor.Program("web") with { StdoutLog = PathOf("out"), StderrLog = PathOf("err") },
            FakeSupervisor.Program("group:one") with { Group = "group", Process = "one", StdoutLog = PathOf("one") },
            FakeSupervisor.Program("silent"),
            FakeSupervisor.Program("never-started") with { StdoutLog = PathOf("nowhere") },
        ]);
        return gateway;

        string PathOf(string name) => Path.Combine(gateway.Directory, name + ".log");
    }
}
