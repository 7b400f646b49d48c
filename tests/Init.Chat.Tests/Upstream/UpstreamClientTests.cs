using System.Net;
using System.Net.Sockets;
using System.Text;
using Fake;
using Init.Chat.Providers;
using Init.Chat.Upstream;

namespace Init.Chat.Tests.Upstream;

public sealed class UpstreamClientTests
{
    [Theory]
    [InlineData("m")]
    [InlineData("m;cut=1")]
    [InlineData("m;cut=1;crlf;comments;usage=each")]
    [InlineData("m;join=7;usage=none")]
    [InlineData("m;undone;comments")]
    [InlineData("m;as=json")]
    [InlineData("m;wait=50;reasoning=3")]
    public async Task Answer_HoweverItComes_IsTheSame(string model)
    {
        await using UpstreamBench bench = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, model, "A")]);

        Assert.Equal("你好 😀 wörld", await bench.SayAsync("你好 😀 wörld"));
        Assert.Equal("你好 😀 wörld", await bench.SayAsync("你好 😀 wörld", isStream: false));
        Assert.Equal([UpstreamBench.KeyOf("A")], bench.Provider.CountsByKey.Keys);
        Assert.All(bench.Provider.Requests, request => Assert.Equal(model, request.Model));
    }

    /// <summary>What the key A does, whether B answers then, and why A rests.</summary>
    [Theory]
    [InlineData(";status=401;body=quotes-key", true, "refused")]
    [InlineData(";status=403", true, "refused")]
    [InlineData(";status=402", true, "refused")]
    [InlineData(";status=400;body=google-key", true, "refused")]
    [InlineData(";status=429", true, "rate")]
    [InlineData(";status=429;retry=60", true, "rate")]
    [InlineData(";status=429;body=quota-minute;retry=60", true, "rate")]
    [InlineData(";status=429;body=quota-day", true, "quota")]
    [InlineData(";status=429;body=insufficient_quota", true, "quota")]
    [InlineData(";status=500", true, null)]
    [InlineData(";status=502;body=html", true, null)]
    [InlineData(";status=503;retry=60", true, "rate")]
    [InlineData(";status=200;body=empty;as=events", true, null)]
    [InlineData(";status=200;body=empty", true, null)]
    [InlineData(";status=200;body=html", true, null)]
    [InlineData(";status=200;body=error;code=429", true, "rate")]
    [InlineData(";status=200;body=error", true, null)]
    [InlineData(";error=0", true, null)]
    [InlineData(";error=1;comments", true, null)]
    [InlineData(";error=1;code=invalid_api_key", true, "refused")]
    [InlineData(";reset=0", true, null)]
    [InlineData(";reset=1", true, null)]
    [InlineData(";redirect=http://127.0.0.1:1/", true, null)]
    [InlineData(";status=400", false, null)]
    [InlineData(";status=413", false, null)]
    [InlineData(";status=422", false, null)]
    [InlineData(";status=200;body=error;code=invalid_request_error", false, null)]
    public async Task Failure_OfOneKey_IsMadeGoodByAnotherUnlessTheRequestIsAtFault(string script, bool isMadeGood, string? reason)
    {
        await using UpstreamBench bench = await UpstreamBench.StartAsync(
            url => [UpstreamBench.Model(url, "m", "A", "B")],
            request => request.Key == UpstreamBench.KeyOf("A") ? script : null);

        if (isMadeGood)
            Assert.Equal("hello", await bench.SayAsync("hello"));
        else
            Assert.Equal("invalid_request", (await Assert.ThrowsAsync<UpstreamException>(() => bench.SayAsync("hello"))).Code);

        Assert.Equal(1, bench.Provider.CountsByKey[UpstreamBench.KeyOf("A")]);
        Assert.Equal(isMadeGood ? 1 : 0, bench.Provider.CountsByKey.GetValueOrDefault(UpstreamBench.KeyOf("B")));
        KeyHealth health = bench.Client.Health.Single(one => one.Entry.KeyVariable == "A");
        Assert.Equal(reason, health.Reason);
        Assert.Equal(reason is not null, health.RestsFor > TimeSpan.Zero);
        Assert.Equal(isMadeGood ? 1 : 0, health.Failures);
    }

    [Theory]
    [InlineData(";status=400", 400, "invalid_request", "provider \"fake\" answers with status 400: refused with 400", true)]
    [InlineData(";status=404", 404, "model_not_found", "provider \"fake\" answers with status 404: refused with 404", true)]
    [InlineData(";status=413", 413, "invalid_request", "provider \"fake\" answers with status 413: refused with 413", true)]
    [InlineData(";status=422", 422, "invalid_request", "provider \"fake\" answers with status 422: refused with 422", true)]
    [InlineData(";status=401", 502, "upstream_error", "provider \"fake\" refuses its key: refused with 401", false)]
    [InlineData(";status=500", 502, "upstream_error", "provider \"fake\" answers with status 500: refused with 500", false)]
    [InlineData(";status=504", 504, "upstream_timeout", "provider \"fake\" answers with status 504: refused with 504", false)]
    [InlineData(";status=502;body=html", 502, "upstream_error", "provider \"fake\" answers with status 502", false)]
    [InlineData(";redirect=http://127.0.0.1:1/", 502, "upstream_error", "provider \"fake\" sends callers to another address (status 307), where its key is not taken to; put the right address into the list of models", false)]
    [InlineData(";late=60000", 504, "upstream_timeout", "provider \"fake\" has not begun to answer within 1.5 s", false)]
    [InlineData(";wait=60000", 504, "upstream_timeout", "provider \"fake\" has not begun to answer within 1.5 s", false)]
    [InlineData(";status=200;body=html", 502, "upstream_error", "provider \"fake\": the provider sent what is no JSON object", false)]
    [InlineData(";status=200;body=empty;as=events", 502, "upstream_error", "provider \"fake\": the answer is empty", false)]
    public async Task Failure_OfTheOnlyKey_IsTold(string script, int status, string code, string message, bool hasBody)
    {
        await using UpstreamBench bench = await UpstreamBench.StartAsync(
            url => [UpstreamBench.Model(url, "m", "A")], _ => script, UpstreamBench.Quick with { FirstByte = TimeSpan.FromSeconds(script.Contains("60000", StringComparison.Ordinal) ? 1.5 : 30) });

        UpstreamException problem = await Assert.ThrowsAsync<UpstreamException>(() => bench.SayAsync("hello"));

        Assert.Equal((status, code, message), (problem.Status, problem.Code, problem.Message));
        Assert.Equal(hasBody, problem.ProviderBody is not null);
    }

    [Fact]
    public async Task Provider_ThatIsNotThere_IsToldWithoutTheKey()
    {
        using TcpListener free = new(IPAddress.Loopback, 0);
        free.Start();
        string url = $"http://{free.LocalEndpoint}/v1";
        free.Stop();
        await using UpstreamBench bench = await UpstreamBench.StartAsync(_ => [UpstreamBench.Model(url, "m", "A")]);

        UpstreamException problem = await Assert.ThrowsAsync<UpstreamException>(() => bench.SayAsync("hello"));

        Assert.Equal((502, "cannot reach provider \"fake\": no connection"), (problem.Status, problem.Message));
    }

    [Theory]
    [InlineData(";status=429;retry=1")]
    [InlineData(";status=429;retry-ms=300")]
    [InlineData(";status=429;body=quota-minute")]
    public async Task OnlyKey_WhenItsRestIsShort_IsWaitedFor(string script)
    {
        int calls = 0;
        await using UpstreamBench bench = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, "m", "A")], _ => Interlocked.Increment(ref calls) == 1 ? script : null);

        Assert.Equal("hello", await bench.SayAsync("hello"));
        Assert.Equal(2, calls);
    }

    [Theory]
    [InlineData(";status=429;retry=30", 429, 30)]
    [InlineData(";status=429;retry=date:40", 429, 40)]
    [InlineData(";status=429;retry-ms=20000;retry=1", 429, 20)]
    [InlineData(";status=429", 429, 65)]
    [InlineData(";status=429;body=quota-day", 429, 86400)]
    [InlineData(";status=401", 503, 3600)]
    public async Task OnlyKey_WhenItRestsForLong_IsNotAskedAgain(string script, int status, int seconds)
    {
        await using UpstreamBench bench = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, "m", "A")], _ => script);

        await Assert.ThrowsAsync<UpstreamException>(() => bench.SayAsync("hello"));
        UpstreamException problem = await Assert.ThrowsAsync<UpstreamException>(() => bench.SayAsync("hello"));

        Assert.Equal(status, problem.Status);
        Assert.InRange(problem.RetryAfter!.Value.TotalSeconds, seconds - 5, seconds);
        Assert.Single(bench.Provider.Requests);
    }

    [Fact]
    public async Task Rest_IsForAKeyAndAModel()
    {
        await using UpstreamBench bench = await UpstreamBench.StartAsync(
            url => [UpstreamBench.Model(url, "m1", "A", "B"), UpstreamBench.Model(url, "m2", "A") with { Type = "other" }],
            request => request.Key == UpstreamBench.KeyOf("A") && request.Model == "m1" ? ";status=429;retry=60" : null);

        for (int i = 0; i < 6; i++)
            Assert.Equal("x", await bench.SayAsync("x"));
        Assert.Equal("y", await bench.SayAsync("y", "other"));

        Assert.Equal(1, bench.Provider.Requests.Count(request => request.Key == UpstreamBench.KeyOf("A") && request.Model == "m1"));
        Assert.Equal(1, bench.Provider.Requests.Count(request => request.Model == "m2"));
    }

    [Fact]
    public async Task Models_OfATypeTakeTurnsByWeight()
    {
        await using UpstreamBench bench = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, "m1", "A") with { Weight = 3 }, UpstreamBench.Model(url, "m2", "B"), UpstreamBench.Model(url, "m3", "NONE")]);

        for (int i = 0; i < 8; i++)
            await bench.SayAsync("x");

        Assert.Equal((6, 2), (bench.Provider.CountsByKey[UpstreamBench.KeyOf("A")], bench.Provider.CountsByKey[UpstreamBench.KeyOf("B")]));
        Assert.Equal(("missing", TimeSpan.MaxValue), bench.Client.Health.Where(one => one.Entry.KeyVariable == "NONE").Select(one => (one.Reason, one.RestsFor)).Single());
        Assert.Equal("m3", Assert.Single(bench.Client.Models, model => model.KeyVariables.Contains("NONE")).Id);
    }

    [Fact]
    public async Task Model_WhoseKeysAreNotSet_IsToldAndLogged()
    {
        await using UpstreamBench bench = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, "m", "NOT_SET")]);

        Assert.Equal(503, (await Assert.ThrowsAsync<UpstreamException>(() => bench.SayAsync("x"))).Status);
        Assert.Contains("NOT_SET", Assert.Single(bench.Log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Breakdown_ThatPasses_IsTriedAgainWithTheSameKey()
    {
        int calls = 0;
        await using UpstreamBench bench = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, "m", "A")], _ => Interlocked.Increment(ref calls) == 1 ? ";status=500" : null);

        Assert.Equal("hello", await bench.SayAsync("hello"));
    }

    [Fact]
    public async Task Tries_OfOneRequestAreLimited()
    {
        await using UpstreamBench bench = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, "m", [.. Enumerable.Range(0, 20).Select(i => $"K{i}")])], _ => ";status=500");

        await Assert.ThrowsAsync<UpstreamException>(() => bench.SayAsync("x"));

        Assert.Equal(bench.Provider.Requests.Count, UpstreamBench.Quick.TriesMax);
    }

    [Fact]
    public async Task Error_AfterTheAnswerHasBegun_IsNotTriedAgain()
    {
        await using UpstreamBench bench = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, "m;error=3", "A", "B")]);

        Assert.Equal("a b[it went wrong in the middle]", await bench.SayAsync("a b c"));
        Assert.Single(bench.Provider.Requests);
    }

    [Fact]
    public async Task Reload_ChangesWhatIsAskedAndKeepsRests()
    {
        await using UpstreamBench bench = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, "m", "A", "B")], request => request.Key == UpstreamBench.KeyOf("A") ? ";status=401" : null);
        for (int i = 0; i < 4; i++)
            await bench.SayAsync("x");

        bench.Client.Replace([UpstreamBench.Model(bench.Provider.Url, "m", "A", "C"), UpstreamBench.Model(bench.Provider.Url, "n", "D") with { Type = "new" }]);
        for (int i = 0; i < 4; i++)
            await bench.SayAsync("x");

        Assert.Equal((1, 4), (bench.Provider.CountsByKey[UpstreamBench.KeyOf("A")], bench.Provider.CountsByKey[UpstreamBench.KeyOf("C")]));
        Assert.True(bench.Client.Knows("NEW") && bench.Client.Knows("n") && !bench.Client.Knows("N") && !bench.Client.Knows("nothing"));
    }

    [Fact]
    public async Task Model_ThatNobodyHas_IsToldSo()
    {
        await using UpstreamBench bench = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, "m", "A")]);

        UpstreamException problem = await Assert.ThrowsAsync<UpstreamException>(() => bench.SayAsync("x", "nothing"));

        Assert.Equal((404, "model_not_found"), (problem.Status, problem.Code));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(null, false)]
    [InlineData(false, false)]
    public async Task Usage_IsAskedForWhereTheProviderTakesIt(bool? takes, bool isAsked)
    {
        await using UpstreamBench bench = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, "m", "A") with { TakesStreamOptions = takes }]);

        await using (UpstreamAnswer answer = await bench.Client.CallAsync(UpstreamBench.Ask("x") with { AsksUsage = true }, CancellationToken.None))
            await UpstreamBench.ReadAsync(answer);

        Assert.Equal(isAsked, bench.Provider.Requests.Single().Body.Contains("\"stream_options\":{\"include_usage\":true}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Answer_ThatIsTooLongOrSilent_EndsWithItsReason()
    {
        await using UpstreamBench bench = await UpstreamBench.StartAsync(
            url => [UpstreamBench.Model(url, "m;silence=3", "A"), UpstreamBench.Model(url, "m;words=5000", "A") with { Type = "long" }],
            options: UpstreamBench.Quick with { Silence = TimeSpan.FromMilliseconds(200), StreamBytesMax = 100_000 });

        Assert.Equal(StreamProblem.Silent, (await Assert.ThrowsAsync<StreamException>(() => bench.SayAsync("a b c d"))).Problem);
        Assert.Equal(StreamProblem.TooLong, (await Assert.ThrowsAsync<StreamException>(() => bench.SayAsync("abc", "long"))).Problem);
    }

    [Fact]
    public async Task Answer_ThatIsNoStreamAndTooLong_IsNotRead()
    {
        await using UpstreamBench bench = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, "m;words=5000", "A")], options: UpstreamBench.Quick with { BodyBytesMax = 10_000 });

        UpstreamException problem = await Assert.ThrowsAsync<UpstreamException>(() => bench.SayAsync("abc", isStream: false));

        Assert.Equal((502, "provider \"fake\": the provider's answer is longer than 10000 bytes"), (problem.Status, problem.Message));
    }

    [Fact]
    public async Task Redirect_IsNotFollowedWithTheKey()
    {
        await using FakeProvider other = await FakeProvider.StartAsync();
        await using UpstreamBench bench = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, "m", "A")], _ => $";redirect={other.Url}/chat/completions");

        await Assert.ThrowsAsync<UpstreamException>(() => bench.SayAsync("abc"));

        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task Answer_ThatGoesOnForTooLong_IsOverdue()
    {
        await using UpstreamBench bench = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, "m;words=500;rate=50", "A")], options: UpstreamBench.Quick with { Total = TimeSpan.FromMilliseconds(400) });

        Assert.Equal(StreamProblem.Overdue, (await Assert.ThrowsAsync<StreamException>(() => bench.SayAsync("a b c d"))).Problem);
    }

    [Fact]
    public async Task Key_IsInNoErrorAndNoLogLine()
    {
        string[] scripts = [";status=401;body=quotes-key", ";status=400;body=quotes-key", ";status=404;body=quotes-key", ";status=429;body=quotes-key", ";status=500;body=quotes-key", ";status=200;body=quotes-key", ";status=200;body=quotes-key;as=events"];
        string text = "";
        foreach (string script in scripts)
        {
            await using UpstreamBench bench = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, "m", "A")], _ => script);
            UpstreamException problem = await Assert.ThrowsAsync<UpstreamException>(() => bench.SayAsync("x"));
            text += $"{problem}\n{problem.ProviderBody}\n{string.Join('\n', bench.Log.Lines)}\n{string.Join(',', bench.Client.Health)}\n";
        }

        Assert.Contains("[key]", text, StringComparison.Ordinal);
        Assert.DoesNotContain("zq7Xw2", text, StringComparison.Ordinal);
        Assert.DoesNotContain("key-of-A", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoList_AnswersWithTheLastMessage()
    {
        using UpstreamClient client = new([], UpstreamBench.Key, UpstreamBench.Quick, TimeProvider.System, new LinesLogger());

        Assert.Equal(("init", "echo", "chat"), (client.Models.Single().Provider, client.Models.Single().Id, client.Models.Single().Type));
        Assert.True(client.Knows("echo") && client.Knows("Chat") && !client.Knows("gpt"));
        foreach (bool isStream in new[] { true, false })
        {
            UpstreamAnswer answer = await client.CallAsync(UpstreamBench.Ask("你好,  world!\\n 3", isStream: isStream), CancellationToken.None);
            Assert.Equal(isStream ? "text/event-stream" : "application/json", answer.ContentType);
            Assert.Equal("你好,  world!\n 3", await UpstreamBench.ReadAsync(answer));
        }

        await using UpstreamAnswer raw = await client.CallAsync(UpstreamBench.Ask("a b"), CancellationToken.None);
        using StreamReader reader = new(raw.Body, Encoding.UTF8);
        string events = await reader.ReadToEndAsync();
        Assert.Equal(4, events.Split("data: ").Length - 1);
        Assert.EndsWith("data: [DONE]\n\n", events, StringComparison.Ordinal);
    }
}
