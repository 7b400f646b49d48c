using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Init.Chat.Providers;
using Init.Chat.Store;

namespace Init.Chat.Tests.OpenAi;

/// <summary>/v1 through the real server, before a provider that misbehaves.</summary>
public sealed class OpenAiTests
{
    [Fact]
    public async Task Whole_WhenAsked_IsTheProvidersAnswerAndIsCountedOnce()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m;cache=1", new ModelPrice(2, 1, 10));
        using HttpResponseMessage response = await host.Local.PostAsync("/v1/chat/completions", OpenAiHost.Json(OpenAiHost.Say("one two three", ""","user":"alice","vendor":{"x":[1.50]}""")));

        JsonNode answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal("one two three", (string?)answer["choices"]![0]!["message"]!["content"]);
        Assert.StartsWith("req_", response.Headers.GetValues("x-request-id").Single());
        JsonNode asked = JsonNode.Parse(host.Provider.Requests.Single().Body)!;
        Assert.Equal(("m;cache=1", "[1.50]"), ((string?)asked["model"], asked["vendor"]!["x"]!.ToJsonString()));

        CallRecord call = Assert.Single(await host.CallsAsync(1));
        Assert.Equal(("alice", "done", 3L, 3L, 6L, 1L, false), (call.UserId, call.Outcome, call.PromptTokens, call.CompletionTokens, call.TotalTokens, call.CacheHitCount, call.IsEstimated));
        Assert.Equal((2 * 2) + 1 + (3 * 10), call.CostMicros);
        Assert.Equal((13L, false, "fake", "chat", (string?)null), (call.NewContentLength, call.Stream, call.Provider, call.ModelType, call.KeyId));
    }

    /// <summary>What a client gets is what the provider has written, however that was cut on its way.</summary>
    [Theory]
    [InlineData("m;words=40")]
    [InlineData("m;words=40;cut=1")]
    [InlineData("m;words=40;cut=7;crlf;comments")]
    [InlineData("m;words=40;usage=each;join=5")]
    [InlineData("m;words=40;usage=none;reasoning=3")]
    [InlineData("m;words=40;tools")]
    [InlineData("m;words=40;undone")]
    [InlineData("m;words=40;as=json")]
    public async Task Stream_HoweverItComes_HasTheSameText(string id)
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync(id);
        List<string> events = await StreamAsync(host, OpenAiHost.Say("é 🙂 z", ""","stream":true"""));

        Assert.Equal("[DONE]", events[^1]);
        List<JsonNode> chunks = [.. events[..^1].Select(one => JsonNode.Parse(one)!)];
        Assert.All(chunks, chunk => Assert.NotEmpty(chunk["choices"]!.AsArray())); // Nobody has asked for usage.
        if (!id.Contains("tools", StringComparison.Ordinal))
            Assert.Equal(string.Join(' ', Enumerable.Range(0, 40).Select(i => "é 🙂 z".Split(' ')[i % 3])), string.Concat(chunks.Select(chunk => (string?)chunk["choices"]![0]!["delta"]!["content"])));
        else
            Assert.Equal("{\"at\":\"sky\"}", string.Concat(chunks.Select(chunk => (string?)chunk["choices"]![0]!["delta"]!["tool_calls"]?[0]!["function"]!["arguments"])));
        if (id.Contains("reasoning", StringComparison.Ordinal))
            Assert.Equal("hm hm hm ", string.Concat(chunks.Select(chunk => (string?)chunk["choices"]![0]!["delta"]!["reasoning_content"])));

        CallRecord call = Assert.Single(await host.CallsAsync(1));
        Assert.Equal(("done", true, id.Contains("usage=none", StringComparison.Ordinal)), (call.Outcome, call.Stream, call.IsEstimated));
        if (!call.IsEstimated)
            Assert.Equal(43, call.TotalTokens);
    }

    [Theory]
    [InlineData("m;words=9", 9)]
    [InlineData("m;words=9;usage=each", 9)]
    [InlineData("m;words=9;usage=none", null)]
    [InlineData("m;words=9;usage=none;undone", null)]
    [InlineData("m;words=9;as=json", 9)]
    public async Task Stream_WhenTheClientWantsUsage_EndsWithIt(string id, int? completion)
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync(id);
        List<string> events = await StreamAsync(host, OpenAiHost.Say("word", ""","stream":true,"stream_options":{"include_usage":true}"""));

        Assert.Equal("[DONE]", events[^1]);
        JsonNode usage = JsonNode.Parse(events[^2])!["usage"]!;
        long said = (long)usage["completion_tokens"]!;
        Assert.Equal(completion ?? (((44 * 3) + 9) / 10), said);
        Assert.Equal(said, (await host.CallsAsync(1))[0].CompletionTokens);
    }

    [Theory]
    [InlineData("m;words=9;error=5", "it went wrong in the middle")]
    [InlineData("m;words=9;reset=5;rate=50", "the connection to the provider has ended in the middle of its answer")]
    public async Task Stream_WhenItBreaksOff_EndsWithAnErrorAndIsCounted(string id, string message)
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync(id);
        List<string> events = await StreamAsync(host, OpenAiHost.Say("word", ""","stream":true"""));

        Assert.Equal(message, (string?)JsonNode.Parse(events[^1])!["error"]!["message"]);
        CallRecord call = Assert.Single(await host.CallsAsync(1));
        Assert.Equal(("failed", true), (call.Outcome, call.IsEstimated));
        Assert.InRange(call.CompletionTokens, 5, 6); // "word word word word": 19 characters; what was under way when the connection broke is lost.
    }

    [Fact]
    public async Task Stream_WhenTheClientGoesAway_IsReadOnForItsUsage()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m;words=50;rate=100", new ModelPrice(0, 0, 1));
        using (HttpResponseMessage response = await PostAsync(host, OpenAiHost.Say("word", ""","stream":true""")))
        {
            Stream body = await response.Content.ReadAsStreamAsync();
            Assert.NotEqual(0, await body.ReadAsync(new byte[10]));
        }

        CallRecord call = Assert.Single(await host.CallsAsync(1));
        Assert.Equal(("cancelled", 50L, false, 50L), (call.Outcome, call.CompletionTokens, call.IsEstimated, call.CostMicros));
        await Task.Delay(400);
        Assert.Single(await host.CallsAsync(1));
    }

    [Fact]
    public async Task Whole_WhenTheClientGoesAway_IsReadOnForItsUsage()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m;late=700");
        using CancellationTokenSource leave = new(300);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Local.PostAsync("/v1/chat/completions", OpenAiHost.Json(OpenAiHost.Say("a b c")), leave.Token));

        CallRecord call = Assert.Single(await host.CallsAsync(1));
        Assert.Equal(("cancelled", 6L, false), (call.Outcome, call.TotalTokens, call.IsEstimated));
    }

    [Theory]
    [InlineData("m;status=429;retry-ms=90000", 429, "rate_limited", "rate_limit_error", "true")]
    [InlineData("m;status=500", 502, "upstream_error", "server_error", null)]
    [InlineData("m;status=400", 400, null, "fake_error", null)]
    public async Task Error_WhenTheProviderRefuses_HasOpenAisForm(string id, int status, string? code, string type, string? shouldRetry)
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync(id);
        foreach (string more in new[] { "", ""","stream":true""" })
        {
            using HttpResponseMessage response = await PostAsync(host, OpenAiHost.Say("word", more));
            JsonNode error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
            Assert.Equal((status, code, type), (response.StatusCode == HttpStatusCode.ServiceUnavailable ? 502 : (int)response.StatusCode, (string?)error["code"], (string?)error["type"])); // 503: the key rests by then.
            Assert.Equal(shouldRetry, response.Headers.TryGetValues("x-should-retry", out var values) ? values.Single() : null);
            Assert.True(status != 429 || (response.Headers.Contains("retry-after") && response.Headers.Contains("retry-after-ms")));
        }
    }

    [Theory]
    [InlineData("""{"model":"nobody","messages":[]}""", 404, "model_not_found")]
    [InlineData("""{"messages":[]}""", 400, "invalid_request")]
    [InlineData("""oops""", 400, "invalid_request")]
    public async Task Error_WhenTheRequestIsWrong_SaysWhatIs(string body, int status, string code)
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m");
        using HttpResponseMessage response = await PostAsync(host, body);
        Assert.Equal((status, code), ((int)response.StatusCode, (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["code"]));
        using HttpResponseMessage missing = await host.Local.GetAsync("/v1/nothing");
        Assert.Equal("Not Found", (string?)JsonNode.Parse(await missing.Content.ReadAsStringAsync())!["error"]!["message"]);
    }

    [Fact]
    public async Task Models_WhenListed_AreTypesAndIds()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync(url => [OpenAiHost.Model(url, "a/1"), OpenAiHost.Model(url, "b", "reasoner"), OpenAiHost.Model(url, "c")]);
        JsonNode list = JsonNode.Parse(await host.Local.GetStringAsync("/v1/models"))!;
        Assert.Equal(["chat", "reasoner", "a/1", "b", "c"], list["data"]!.AsArray().Select(one => (string?)one!["id"]));
        Assert.Equal("a/1", (string?)JsonNode.Parse(await host.Local.GetStringAsync("/v1/models/a%2F1"))!["id"]);
        using HttpResponseMessage missing = await host.Local.GetAsync("/v1/models/zzz");
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    [Fact]
    public async Task Embeddings_WhenAsked_ArePassedThrough()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m");
        using HttpResponseMessage response = await host.Local.PostAsync("/v1/embeddings", OpenAiHost.Json("""{"model":"chat","input":"x"}"""));
        Assert.Equal([0.25, -1, 3e-7], JsonNode.Parse(await response.Content.ReadAsStringAsync())!["data"]![0]!["embedding"]!.AsArray().Select(one => (double)one!));
        Assert.Equal(1, (await host.CallsAsync(1))[0].TotalTokens);
    }

    [Fact]
    public async Task Stream_WhenThereIsSilence_HasComments()
    {
        // The heartbeat is tried on the writer alone elsewhere; here, that a late first event does not keep the answer from being one.
        await using OpenAiHost host = await OpenAiHost.StartAsync("m;wait=500");
        Assert.Equal("[DONE]", (await StreamAsync(host, OpenAiHost.Say("a", ""","stream":true""")))[^1]);
    }

    [Fact]
    public async Task Requests_WhenTooManyRun_AreToldToComeAgain()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m;words=100;rate=50", change: options => options with { Concurrency = 1 });
        using HttpResponseMessage first = await PostAsync(host, OpenAiHost.Say("a", ""","stream":true"""));
        using HttpResponseMessage second = await PostAsync(host, OpenAiHost.Say("a"));
        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(1)), (second.StatusCode, second.Headers.RetryAfter!.Delta));
    }

    private static async Task<HttpResponseMessage> PostAsync(OpenAiHost host, string body)
    {
        HttpRequestMessage message = new(HttpMethod.Post, "/v1/chat/completions") { Content = OpenAiHost.Json(body) };
        return await host.Local.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
    }

    private static async Task<List<string>> StreamAsync(OpenAiHost host, string body)
    {
        using HttpResponseMessage response = await PostAsync(host, body);
        Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        string text = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync());
        return [.. text.ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(one => one.StartsWith("data: ", StringComparison.Ordinal)).Select(one => one["data: ".Length..])];
    }
}
