using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Init.Chat.Generation;
using Init.Chat.Providers;
using Init.Chat.Store;
using Init.Chat.Tests.OpenAi;

namespace Init.Chat.Tests.Manage;

/// <summary>/manage and /metrics through the socket of administration.</summary>
public sealed class ManageTests
{
    [Fact]
    public async Task Manage_WhenAskedByAnotherDoor_IsNotThere()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m");
        string key = (string)(await SendAsync(host, HttpMethod.Post, "/manage/keys", """{"name":"k"}"""))["key"]!;
        foreach (string path in new[] { "/manage/keys", "/manage/usage", "/manage/calls", "/manage/tasks" })
        {
            using HttpResponseMessage local = await host.Local.GetAsync(path);
            using HttpResponseMessage published = await host.AskAsync(key, HttpMethod.Get, path);
            Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (local.StatusCode, published.StatusCode));
        }

        using HttpResponseMessage metrics = await host.AskAsync(key, HttpMethod.Get, "/metrics");
        Assert.Equal(HttpStatusCode.NotFound, metrics.StatusCode);
    }

    [Fact]
    public async Task Keys_WhenMadeChangedAndRevoked_AreListedAndWorkAccordingly()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m");
        JsonNode made = await SendAsync(host, HttpMethod.Post, "/manage/keys", """{"name":" bot ","limits":{"users":["alice"],"tokens_per_day":1000,"budget_per_month":2.5}}""", HttpStatusCode.Created);
        string key = (string)made["key"]!, id = (string)made["id"]!;
        Assert.Equal("bot", (string?)made["name"]);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, key));

        string listed = (await SendAsync(host, HttpMethod.Get, "/manage/keys")).ToJsonString();
        Assert.DoesNotContain(key, listed, StringComparison.Ordinal);
        Assert.DoesNotContain(key.Split('.')[1], listed, StringComparison.Ordinal);
        Assert.Contains("\"users\":[\"alice\"]", listed, StringComparison.Ordinal);

        JsonNode changed = await SendAsync(host, HttpMethod.Post, $"/manage/keys/{id}", """{"limits":{"requests_per_minute":1}}""");
        Assert.Equal("""{"users":[],"models":[],"requests_per_minute":1}""", changed["keys"]![0]!["limits"]!.ToJsonString());
        Assert.Equal("bot", (string?)changed["keys"]![0]!["name"]);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, key));
        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync(host, key));

        Assert.Equal("revoked", (string?)(await SendAsync(host, HttpMethod.Delete, $"/manage/keys/{id}"))["keys"]![0]!["state"]);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(host, key));
        _ = await SendAsync(host, HttpMethod.Post, $"/manage/keys/{id}", """{"name":"x"}""", HttpStatusCode.Conflict);
        _ = await SendAsync(host, HttpMethod.Delete, "/manage/keys/zzzzzzzzzz", expected: HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("""{}""", "name")]
    [InlineData("""{"name":""}""", "name")]
    [InlineData("""{"name":"a\nb"}""", "name")]
    [InlineData("""{"name":"a","limits":{"requests_per_minute":0}}""", "limits.requests_per_minute")]
    [InlineData("""{"name":"a","limits":{"requests_per_moon":1}}""", "$")]
    [InlineData("""oops""", "$")]
    public async Task Keys_WhenTheOrderIsWrong_SayWhere(string body, string place)
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m");
        JsonNode refused = await SendAsync(host, HttpMethod.Post, "/manage/keys", body, HttpStatusCode.BadRequest);
        Assert.StartsWith(place, (string?)refused["detail"], StringComparison.Ordinal);
        Assert.Empty((await SendAsync(host, HttpMethod.Get, "/manage/keys"))["keys"]!.AsArray());
    }

    [Fact]
    public async Task Providers_WhenAKeyRests_SayWhyAndNeverTheKey()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync(url => [OpenAiHost.Model(url, "m;status=429;retry=500"), OpenAiHost.Model(url, "other", "other") with { KeyVariables = ["NOT_SET"] }]);
        using (HttpResponseMessage refused = await host.Local.PostAsync("/v1/chat/completions", OpenAiHost.Json(OpenAiHost.Say("x"))))
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);

        JsonNode providers = await SendAsync(host, HttpMethod.Get, "/manage/providers");
        JsonNode resting = providers["keys"]!.AsArray().Single(key => (string?)key!["key_variable"] == "KEY")!;
        Assert.Equal(("resting", "rate", 1L, 1L), ((string?)resting["state"], (string?)resting["reason"], (long)resting["calls"]!, (long)resting["failures"]!));
        Assert.InRange((double)resting["rests_for_seconds"]!, 480, 500);
        Assert.Equal("missing", (string?)providers["keys"]!.AsArray().Single(key => (string?)key!["key_variable"] == "NOT_SET")!["state"]);
        Assert.DoesNotContain(OpenAiHost.ProviderKey, providers.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("m", true, null)]
    [InlineData("m;status=401;body=quotes-key", false, "refuses its key")]
    public async Task Test_WhenAModelIsAsked_SaysHowItWent(string id, bool ok, string? problem)
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync(id);
        JsonNode result = await SendAsync(host, HttpMethod.Post, "/manage/test", """{"model":"chat"}""");
        Assert.Equal((ok, ok ? "Say OK." : null), ((bool)result["ok"]!, (string?)result["answer"]));
        Assert.Contains(problem ?? "", (string?)result["problem"] ?? "", StringComparison.Ordinal);
        Assert.DoesNotContain(OpenAiHost.ProviderKey, result.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Usage_WhenDivided_HasTheSumsOfTheCalls()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m", new ModelPrice(1, 1, 2));
        string key = (string)(await SendAsync(host, HttpMethod.Post, "/manage/keys", """{"name":"k"}"""))["key"]!;
        for (int i = 0; i < 3; i++)
        {
            using HttpResponseMessage said = await host.AskAsync(key, HttpMethod.Post, "/v1/chat/completions", OpenAiHost.Say("a b", $$""","user":"u{{i % 2}}" """));
            Assert.Equal(HttpStatusCode.OK, said.StatusCode);
        }

        _ = await host.CallsAsync(3);
        JsonNode byUser = await SendAsync(host, HttpMethod.Get, "/manage/usage?by=user");
        Assert.Equal(
            """[{"user":"u0","calls":2,"failures":0,"prompt_tokens":4,"completion_tokens":4,"total_tokens":8,"cost":0.000012},{"user":"u1","calls":1,"failures":0,"prompt_tokens":2,"completion_tokens":2,"total_tokens":4,"cost":0.000006}]""",
            byUser["usage"]!.ToJsonString());
        Assert.Equal(12L, (long)(await SendAsync(host, HttpMethod.Get, "/manage/usage?by=day"))["usage"]![0]!["total_tokens"]!);
        JsonNode used = (await SendAsync(host, HttpMethod.Get, "/manage/keys"))["keys"]![0]!["used"]!;
        Assert.Equal((12L, 0.000018m), ((long)used["day_tokens"]!, (decimal)used["month_cost"]!));
        _ = await SendAsync(host, HttpMethod.Get, "/manage/usage?by=moon", expected: HttpStatusCode.BadRequest);
        _ = await SendAsync(host, HttpMethod.Get, "/manage/usage?since=yesterday", expected: HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Users_WhenListed_ComeInPages()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m");
        foreach (string user in new[] { "a", "b", "c" })
            await host.Store.PutDocumentAsync(new ItemKey(ItemKind.Prompt, user, "default"), "be kind", CancellationToken.None);
        JsonNode first = await SendAsync(host, HttpMethod.Get, "/manage/users?limit=2");
        Assert.Equal((3, "b", """["prompt"]"""), ((int)first["total"]!, (string?)first["after"], first["users"]![0]!["has"]!.ToJsonString()));
        JsonNode second = await SendAsync(host, HttpMethod.Get, "/manage/users?limit=2&after=b");
        Assert.Equal(["c"], second["users"]!.AsArray().Select(user => (string?)user!["id"]));
        Assert.Null(second["after"]);
    }

    [Fact]
    public async Task Tasks_WhenOneRuns_IsListedAndCanBeCancelled()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m;words=200;rate=20");
        IGeneration generation = await host.Services.Generator.StartAsync(
            new GenerationRequest { User = "alice", Branch = null, Messages = [new ChatMessage("user", "word")], Said = [], ModelType = "chat" }, CancellationToken.None);
        JsonNode task = (await SendAsync(host, HttpMethod.Get, "/manage/tasks"))["tasks"]!.AsArray().Single()!;
        Assert.Equal((generation.TaskId, "alice", "running", true), ((string?)task["id"], (string?)task["user"], (string?)task["state"], (bool)task["is_here"]!));

        JsonNode cancelled = (await SendAsync(host, HttpMethod.Delete, $"/manage/tasks/{generation.TaskId}"))["tasks"]![0]!;
        Assert.Equal("cancelled", (string?)cancelled["state"]);
        Assert.Empty((await SendAsync(host, HttpMethod.Get, "/manage/tasks"))["tasks"]!.AsArray());
        Assert.Single((await SendAsync(host, HttpMethod.Get, "/manage/tasks?state=all"))["tasks"]!.AsArray());
        _ = await SendAsync(host, HttpMethod.Delete, "/manage/tasks/nothing", expected: HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Calls_WhenFollowed_ComeAsTheyHappen()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m");
        await AskAsync("before");
        _ = await host.CallsAsync(1);
        using HttpResponseMessage response = await host.Administration.GetAsync("/manage/calls?follow=true", HttpCompletionOption.ResponseHeadersRead);
        using StreamReader lines = new(await response.Content.ReadAsStreamAsync());
        Assert.Equal(": follows", await lines.ReadLineAsync());
        await AskAsync("after");
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(10));
        string? data = null;
        while (data?.StartsWith("data: ", StringComparison.Ordinal) != true)
            data = await lines.ReadLineAsync(limit.Token);
        Assert.Equal("after", (string?)JsonNode.Parse(data["data: ".Length..])!["user_id"]);

        JsonNode list = await SendAsync(host, HttpMethod.Get, "/manage/calls?user=before");
        Assert.Equal("before", (string?)list["calls"]!.AsArray().Single()!["user_id"]);

        async Task AskAsync(string user)
        {
            using HttpResponseMessage said = await host.Local.PostAsync("/v1/chat/completions", OpenAiHost.Json(OpenAiHost.Say("x", $$""","user":"{{user}}" """)));
            Assert.Equal(HttpStatusCode.OK, said.StatusCode);
        }
    }

    [Fact]
    public async Task Metrics_WhenCallsWereMade_CountThem()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m\"x", new ModelPrice(0, 0, 500_000));
        string id = (string)(await SendAsync(host, HttpMethod.Post, "/manage/keys", """{"name":"k"}"""))["id"]!;
        foreach (string more in new[] { "", ""","stream":true""" })
        {
            using HttpResponseMessage said = await host.Local.PostAsync("/v1/chat/completions", OpenAiHost.Json(OpenAiHost.Say("a b", more)));
            _ = await said.Content.ReadAsStringAsync();
        }

        string text = await host.Local.GetStringAsync("/metrics");
        foreach (string line in new[]
        {
            """init_chat_calls_total{model="m\"x",outcome="done"} 2""", """init_chat_tokens_total{model="m\"x",key="",kind="completion"} 4""", """init_chat_cost_total{model="m\"x",key=""} 2""",
            "init_chat_first_token_seconds_count 1", "init_chat_tasks_running 0", "init_chat_api_keys 1", "init_chat_v1_running 0",
        })
            Assert.Contains(line + "\n", text, StringComparison.Ordinal);
        Assert.Contains("init_chat_provider_key_available{provider=\"fake\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain(id, text, StringComparison.Ordinal);
        Assert.EndsWith("# EOF\n", Encoding.UTF8.GetString(await OpenMetricsAsync(host)), StringComparison.Ordinal);
    }

    private static async Task<byte[]> OpenMetricsAsync(OpenAiHost host)
    {
        using HttpRequestMessage message = new(HttpMethod.Get, "/metrics");
        message.Headers.Add("Accept", "application/openmetrics-text");
        using HttpResponseMessage response = await host.Administration.SendAsync(message);
        return await response.Content.ReadAsByteArrayAsync();
    }

    private static async Task<HttpStatusCode> StatusAsync(OpenAiHost host, string key)
    {
        using HttpResponseMessage response = await host.AskAsync(key, HttpMethod.Get, "/v1/models");
        return response.StatusCode;
    }

    private static async Task<JsonNode> SendAsync(OpenAiHost host, HttpMethod method, string path, string? body = null, HttpStatusCode? expected = null)
    {
        using HttpRequestMessage message = new(method, path) { Content = body is null ? null : OpenAiHost.Json(body) };
        using HttpResponseMessage response = await host.Administration.SendAsync(message);
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(expected is null ? response.IsSuccessStatusCode : response.StatusCode == expected, $"{path}: {(int)response.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }
}
