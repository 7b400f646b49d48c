using System.Net.Sockets;
using Init.Gateway.Tests.Harness;
using Init.Routing.Statistics;

namespace Init.Gateway.Tests;

/// <summary>Backends that fail: who is tried instead, who is left out and for how long, and what is counted.</summary>
public sealed class BackendTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Nobody listens there.</summary>
    private static string Dead => $"http://127.0.0.1:{PublicGateway.FreePort()}";

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("PATCH / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello")]
    public async Task Backend_ThatRefuses_IsPassedOver_WhateverTheMethod(string request)
    {
        await using RecordingBackend alive = new();
        await using PublicGateway gateway = await PublicGateway.StartAsync(Rule($$"""{"url":"{{Dead}}","weight":1000},{"url":"{{alive.Url}}"}"""));

        for (int i = 0; i < 5; i++)
            Assert.StartsWith("HTTP/1.1 200 ", await gateway.SendAsync(request), StringComparison.Ordinal);

        Assert.Equal(5, alive.Requests.Count);
    }

    [Fact]
    public async Task Backends_ThatAllRefuse_AreTriedThreeTimesAtMost()
    {
        string[] dead = [Dead, Dead, Dead, Dead];
        await using PublicGateway gateway = await PublicGateway.StartAsync(Rule(string.Join(',', dead.Select(url => $$"""{"url":"{{url}}"}""")), """, "health":{"failures":1}"""));

        Assert.StartsWith("HTTP/1.1 502 ", await gateway.GetAsync("/"), StringComparison.Ordinal);

        Assert.Equal(3, (await gateway.Rules.Backends()).Count(sight => !sight.Healthy));
        Assert.Equal((1, 1, 502), (gateway.Rules.Statistics.Of("a").Requests, gateway.Rules.Statistics.Of("a").Failures, gateway.Rules.Statistics.Of("a").LastFailure!.Status));
    }

    /// <summary>What may be repeated by its nature (RFC 9110, section 9.2.2) the HTTP client sends to the same backend again, three times; anything else it must not.</summary>
    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 4)]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 1)]
    [InlineData("PATCH / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 1)]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 1)]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", 1)]
    public async Task Request_ThatABackendHasSeen_GoesToNoOther(string request, int sent)
    {
        await using RecordingBackend broken = new(seen =>
        {
            seen.Stream.Close();
            return Task.CompletedTask;
        });
        await using RecordingBackend other = new();
        await using PublicGateway gateway = await PublicGateway.StartAsync(Rule($$"""{"url":"{{broken.Url}}","weight":1000},{"url":"{{other.Url}}"}"""));
        int failed = 0;
        for (int i = 0; i < 3; i++)
            failed += (await gateway.SendAsync(request)).StartsWith("HTTP/1.1 502 ", StringComparison.Ordinal) ? 1 : 0;

        Assert.Equal(3, failed + other.Requests.Count);
        Assert.Equal(failed * sent, broken.Requests.Count);
    }

    [Fact]
    public async Task Backend_AfterFailuresInARow_IsLeftOut_AndTriedAgainAfterItsTime()
    {
        bool isBroken = true;
        await using RecordingBackend moody = new(async request =>
        {
            if (Volatile.Read(ref isBroken))
                request.Stream.Close();
            else
                await request.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nmoody");
        });
        await using RecordingBackend calm = new();
        await using PublicGateway gateway = await PublicGateway.StartAsync(
            Rule($$"""{"url":"{{moody.Url}}","weight":1000},{"url":"{{calm.Url}}"}""", """, "health":{"failures":2,"retry_after":"1s"}"""));

        await UntilAsync(async () =>
        {
            await gateway.GetAsync("/");
            return !await gateway.IsHealthyAsync(moody.Url);
        });
        int before = moody.Requests.Count;
        for (int i = 0; i < 10; i++)
            Assert.EndsWith("ok", await gateway.GetAsync("/"), StringComparison.Ordinal);
        Assert.Equal(before, moody.Requests.Count);

        Volatile.Write(ref isBroken, false);
        await UntilAsync(async () => (await gateway.GetAsync("/")).EndsWith("moody", StringComparison.Ordinal));
        Assert.True(await gateway.IsHealthyAsync(moody.Url));
    }

    [Fact]
    public async Task Probes_TakeABackendOut_AndBringItBack_AndEndWithTheRule()
    {
        string status = "500 No";
        await using RecordingBackend probed = new(request => request.SendAsync(
            request.Line.Contains("/ready", StringComparison.Ordinal) ? $"HTTP/1.1 {Volatile.Read(ref status)}\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nprobed"));
        await using RecordingBackend other = new();
        const string Health = """, "health":{"path":"/ready","interval":"1s","failures":1,"successes":1}""";
        string rules = Rule($$"""{"url":"{{probed.Url}}","weight":1000},{"url":"{{other.Url}}"}""", Health);
        await using PublicGateway gateway = await PublicGateway.StartAsync(rules);

        await UntilAsync(async () => !await gateway.IsHealthyAsync(probed.Url));
        Assert.EndsWith("ok", await gateway.GetAsync("/"), StringComparison.Ordinal);

        // What is known outlives an edit: nothing but the id and the URL says which backend it is.
        await gateway.EditAsync(rules.Replace("\"rules\"", "\"default_backend\":\"http://127.0.0.1:1\",\"rules\"", StringComparison.Ordinal));
        Assert.False(await gateway.IsHealthyAsync(probed.Url));

        // A redirect is a sign of life, and is not followed.
        Volatile.Write(ref status, "302 Found");
        await UntilAsync(() => gateway.IsHealthyAsync(probed.Url));
        Assert.DoesNotContain(probed.Requests, request => request.Line.Contains("elsewhere", StringComparison.Ordinal));

        await gateway.EditAsync("""{"rules":[]}""");
        int probes = probed.Requests.Count;
        await Task.Delay(1500);
        Assert.InRange(probed.Requests.Count, probes, probes + 1); // One may have been under way.
    }

    [Fact]
    public async Task Counts_AreByRule_AndDoNotBlameBackendsForTheirClients()
    {
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await PublicGateway.StartAsync(
            $$"""{"default_backend":"{{backend.Url}}","rules":[{"id":"no","match":{"path_prefix":"/no"},"deny":["127.0.0.1"],"backend":"{{backend.Url}}"},{"id":"small","match":{"path_prefix":"/small"},"body_limit":1,"backend":"{{backend.Url}}"}]}""");

        await gateway.GetAsync("/");
        await gateway.GetAsync("/no");
        await gateway.SendAsync("POST /small HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab");
        await using (NetworkStream client = await gateway.ConnectAsync())
            await client.WriteAsync("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n"u8.ToArray());
        await UntilAsync(() => Task.FromResult(gateway.Rules.Statistics.Of("small").Requests == 2));

        Assert.Equal((1, 0), Count(gateway.Rules.Statistics.Of(null)));
        Assert.Equal((1, 1), Count(gateway.Rules.Statistics.Of("no")));
        Assert.Equal((2, 1), Count(gateway.Rules.Statistics.Of("small")));
        Assert.Equal(413, gateway.Rules.Statistics.Of("small").LastFailure!.Status);

        static (long, long) Count(RuleStatistics of) => (of.Requests, of.Failures);
    }

    private static string Rule(string backends, string more = "") => $$"""{"rules":[{"id":"a","backends":[{{backends}}]{{more}}}]}""";

    private static async Task UntilAsync(Func<Task<bool>> isTrue)
    {
        using CancellationTokenSource patience = new(Patience);
        while (!await isTrue())
            await Task.Delay(20, patience.Token);
    }
}
