using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Init.Gateway.Forwarding;
using Init.Gateway.Tests.Harness;

namespace Init.Gateway.Tests;

/// <summary>What clients are told while the program behind an address is not there.</summary>
public sealed class SituationTests
{
    private readonly string _dead = $"http://127.0.0.1:{PublicGateway.FreePort()}";

    [Theory]
    [InlineData("FATAL", "bot is FATAL: it has failed too often and is not tried again by itself")]
    [InlineData("STOPPED", "bot is stopped")]
    [InlineData("ABSENT", "bot is not installed (ABSENT)")]
    [InlineData("BACKOFF", "bot is BACKOFF: tries again in 3 s")]
    public async Task Program_ThatIsDown_IsNamedWithItsState(string state, string words)
    {
        FakeSupervisor supervisor = new(FakeSupervisor.InState("bot", state) with { NextTrySeconds = state == "BACKOFF" ? 2.4 : null, Problem = "hunter2", LastExit = "exit code 7" }) { ByPort = FakeSupervisor.At(_dead, "bot") };
        await using PublicGateway gateway = await PublicGateway.StartAsync(Default(_dead), supervisor: supervisor);

        string page = await gateway.GetAsync("/", "Accept: text/html\r\n");
        JsonElement json = Body(await gateway.GetAsync("/"), 502);

        Assert.StartsWith("HTTP/1.1 502 ", page, StringComparison.Ordinal);
        Assert.Contains($"<p>{words}</p>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http-equiv", page, StringComparison.Ordinal);
        Assert.Equal(("bot", state), (json.GetProperty("program").GetString(), json.GetProperty("state").GetString()));
        Assert.EndsWith(words, json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", page + json, StringComparison.Ordinal);
        Assert.DoesNotContain("code 7", page + json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_ThatWaits_SaysForWhatAndHowFarThatIs()
    {
        FakeSupervisor supervisor = new(
            FakeSupervisor.InState("bot", "WAITING") with { WaitingFor = ["db"] },
            FakeSupervisor.InState("db", "WAITING") with { WaitingFor = ["backup"] },
            FakeSupervisor.InState("backup", "STARTING") with { StatusText = "restores 3 of 7 <files>" });
        await using PublicGateway gateway = await PublicGateway.StartAsync($$"""{"rules":[{"id":"a","program":"bot","backend":"{{_dead}}"}]}""", supervisor: supervisor);

        string english = await gateway.GetAsync("/", "Accept: text/html\r\nAccept-Language: de, en;q=0.8, zh;q=0.5\r\n");
        string chinese = await gateway.GetAsync("/", "Accept: text/html\r\nAccept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\n");
        string answer = await gateway.GetAsync("/");
        JsonElement json = Body(answer, 503);

        Assert.StartsWith("HTTP/1.1 503 ", english, StringComparison.Ordinal);
        Assert.Contains("\r\nRetry-After: 3\r\n", english, StringComparison.Ordinal);
        Assert.Contains("<meta http-equiv=\"refresh\" content=\"3\">", english, StringComparison.Ordinal);
        Assert.Contains("<p>bot is WAITING for db</p><p>restores 3 of 7 &lt;files&gt;</p>", english, StringComparison.Ordinal);
        Assert.Contains("<html lang=\"zh\">", chinese, StringComparison.Ordinal);
        Assert.Contains("正在等待（WAITING）：db", Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(chinese)), StringComparison.Ordinal);
        Assert.DoesNotContain("<script", english + chinese, StringComparison.Ordinal);
        Assert.Contains("\r\nRetry-After: 3\r\n", answer, StringComparison.Ordinal);
        Assert.Equal(
            "bot WAITING [\"db\"] restores 3 of 7 <files> 3",
            $"{json.GetProperty("program")} {json.GetProperty("state")} {json.GetProperty("waiting_for")} {json.GetProperty("status_text")} {json.GetProperty("retry_after")}");
        Assert.Equal(503, gateway.Rules.Statistics.Of("a").LastFailure!.Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WebSocket_OfAProgramThatIsNotUp_IsToldWithinASecond(bool somethingListens)
    {
        using TcpListener silent = new(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        string url = somethingListens ? $"http://{silent.LocalEndpoint}" : _dead;
        FakeSupervisor supervisor = new(FakeSupervisor.InState("bot", "WAITING") with { WaitingFor = ["backup"] }) { ByPort = FakeSupervisor.At(url, "bot") };
        await using PublicGateway gateway = await PublicGateway.StartAsync(Default(url), supervisor: supervisor);

        Task<string> answer = gateway.SendAsync(
            "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            + "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 503 ", await answer.WaitAsync(TimeSpan.FromSeconds(5)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Program_ThatAnswers_IsNotAskedAbout()
    {
        await using RecordingBackend backend = new();
        FakeSupervisor supervisor = new(FakeSupervisor.InState("bot", "STARTING")) { ByPort = FakeSupervisor.At(backend.Url, "bot") };
        await using PublicGateway gateway = await PublicGateway.StartAsync(Default(backend.Url), supervisor: supervisor);

        Assert.StartsWith("HTTP/1.1 200 ", await gateway.GetAsync("/"), StringComparison.Ordinal);

        Assert.Equal(0, supervisor.Questions);
    }

    [Fact]
    public async Task Supervisor_ThatDoesNotAnswer_KeepsNobodyWaiting()
    {
        FakeSupervisor supervisor = new() { ByPort = FakeSupervisor.At(_dead, "bot"), IsStuck = true };
        await using PublicGateway gateway = await PublicGateway.StartAsync(Default(_dead), supervisor: supervisor);

        Assert.StartsWith("HTTP/1.1 502 ", await gateway.GetAsync("/").WaitAsync(TimeSpan.FromSeconds(10)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_IsOk_WhateverTheRulesSay()
    {
        await using PublicGateway gateway = await PublicGateway.StartAsync("""{"rules":[{"id":"a","action":"redirect","priority":1000,"redirect_to":"/elsewhere","match":{"path_prefix":"/"} }]}""");

        string get = await gateway.GetAsync("/healthz");
        string head = await gateway.SendAsync("HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 ", get, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nok\n", get, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200 ", head, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", head, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 405 ", await gateway.SendAsync("POST /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("zh-CN,zh;q=0.9,en;q=0.8", true)]
    [InlineData("en-US,en;q=0.9,zh;q=0.8", false)]
    [InlineData("de, zh;q=0.1", true)]
    [InlineData("zh;q=0", false)]
    [InlineData("en, zh", false)]
    [InlineData("zh, en", true)]
    [InlineData("zh;q=banana, en;q=0.1", false)]
    public void Language_IsTheOneThatIsLikedBetter(string accepted, bool isChinese) => Assert.Equal(isChinese, ErrorPage.IsChinese(accepted));

    private static string Default(string backend) => $$"""{"default_backend":"{{backend}}","rules":[]}""";

    private static JsonElement Body(string answer, int status)
    {
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        return JsonDocument.Parse(answer[answer.IndexOf("\r\n\r\n", StringComparison.Ordinal)..]).RootElement;
    }
}
