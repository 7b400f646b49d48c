using System.Net;
using System.Text.Json.Nodes;
using Init.Chat.Keys;
using Init.Chat.Providers;
using Init.Chat.Tests.OpenAi;

namespace Init.Chat.Tests.Keys;

/// <summary>The published door of the real server.</summary>
public sealed class KeyGateTests
{
    [Theory]
    [InlineData("/v1/models", "error")]
    [InlineData("/nobody/knows", "detail")]
    public async Task Gate_WhenThereIsNoKey_RefusesInTheFormOfTheEndpoint(string path, string form)
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m");
        using HttpResponseMessage response = await host.AskAsync(null, HttpMethod.Get, path);
        Assert.NotNull(JsonNode.Parse(await response.Content.ReadAsStringAsync())![form]);
        if (form == "error")
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Gate_WhenKeysAreWrong_TellsEachFromTheOthers()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m");
        NewApiKey good = await host.Accounts.Keys.CreateAsync("good", ApiKeyLimits.None, CancellationToken.None);
        NewApiKey old = await host.Accounts.Keys.CreateAsync("old", new ApiKeyLimits { Expires = DateTimeOffset.UtcNow.AddMinutes(-1) }, CancellationToken.None);
        NewApiKey gone = await host.Accounts.Keys.CreateAsync("gone", ApiKeyLimits.None, CancellationToken.None);
        Assert.True(await host.Accounts.Keys.RevokeAsync(gone.Stored.Id, CancellationToken.None));
        Assert.False(await host.Accounts.Keys.RevokeAsync(gone.Stored.Id, CancellationToken.None));
        await host.Store.PutApiKeyAsync(good.Stored with { Id = "0000000000", Hash = ApiKeyText.HashOf(good.Text), LimitsJson = """{"requests_per_moon":1}""" }, CancellationToken.None);

        Assert.Equal((200, ""), await AskAsync(host, good.Text));
        Assert.Equal((401, "an API key is needed: Authorization: Bearer KEY, or X-API-Key: KEY"), await AskAsync(host, null));
        Assert.Equal((401, "this API key is mistyped or cut off: its checksum is wrong"), await AskAsync(host, good.Text[..^1]));
        Assert.Equal((401, "this API key is not known"), await AskAsync(host, "sk-123456"));
        Assert.Equal((401, "this API key is not known"), await AskAsync(host, ApiKeyText.MakeUp()));
        Assert.Equal((401, "this API key has been revoked"), await AskAsync(host, gone.Text));
        Assert.Equal((401, "this API key has expired"), await AskAsync(host, old.Text));
    }

    [Fact]
    public async Task Gate_WhenTheKeyIsInEitherHeader_TakesIt()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m");
        NewApiKey key = await host.Accounts.Keys.CreateAsync("k", ApiKeyLimits.None, CancellationToken.None);
        foreach ((string name, string value) in new[] { ("X-API-Key", key.Text), ("Authorization", "bearer " + key.Text) })
        {
            using HttpRequestMessage message = new(HttpMethod.Get, "/v1/models");
            _ = message.Headers.TryAddWithoutValidation(name, value);
            using HttpResponseMessage response = await host.Published.SendAsync(message);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Fact]
    public async Task Gate_WhenAStrangerTriesKeysWithoutEnd_SlowsHimAndNotTheOwner()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m");
        NewApiKey key = await host.Accounts.Keys.CreateAsync("k", ApiKeyLimits.None, CancellationToken.None);
        int refused = 0;
        for (int i = 0; i < 60; i++)
        {
            using HttpResponseMessage response = await host.AskAsync(ApiKeyText.MakeUp(), HttpMethod.Get, "/v1/models");
            if (response.StatusCode != HttpStatusCode.TooManyRequests)
                continue;
            refused++;
            Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 2);
        }

        Assert.InRange(refused, 25, 30);
        Assert.Equal((200, ""), await AskAsync(host, key.Text));
    }

    [Fact]
    public async Task Limits_WhenUsersAreNamed_HoldForPathsAndBodies()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m");
        NewApiKey key = await host.Accounts.Keys.CreateAsync("k", new ApiKeyLimits { Users = ["alice", "g_*"] }, CancellationToken.None);
        foreach ((string user, HttpStatusCode expected) in new[] { ("alice", HttpStatusCode.OK), ("g_7", HttpStatusCode.OK), ("bob", HttpStatusCode.Forbidden), ("..", HttpStatusCode.Forbidden) })
        {
            using HttpResponseMessage said = await host.AskAsync(key.Text, HttpMethod.Post, "/v1/chat/completions", OpenAiHost.Say("x", $$""","user":"{{user}}" """));
            Assert.Equal(expected, said.StatusCode);
        }
    }

    [Fact]
    public async Task Limits_WhenModelsAreNamed_HoldForRequestsAndTheList()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync(url => [OpenAiHost.Model(url, "a"), OpenAiHost.Model(url, "b", "reasoner")]);
        NewApiKey key = await host.Accounts.Keys.CreateAsync("k", new ApiKeyLimits { Models = ["reasoner"] }, CancellationToken.None);
        using HttpResponseMessage list = await host.AskAsync(key.Text, HttpMethod.Get, "/v1/models");
        Assert.Equal(["reasoner"], JsonNode.Parse(await list.Content.ReadAsStringAsync())!["data"]!.AsArray().Select(one => (string?)one!["id"]));
        using HttpResponseMessage other = await host.AskAsync(key.Text, HttpMethod.Post, "/v1/chat/completions", OpenAiHost.Say("x"));
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);
        using HttpResponseMessage mine = await host.AskAsync(key.Text, HttpMethod.Post, "/v1/chat/completions", OpenAiHost.Say("x").Replace("\"chat\"", "\"Reasoner\"", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, mine.StatusCode);
        Assert.Equal(key.Stored.Id, (await host.CallsAsync(1))[0].KeyId);
    }

    [Fact]
    public async Task Limits_WhenRequestsAreUsedUp_TellWhenToComeAgain()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m");
        NewApiKey key = await host.Accounts.Keys.CreateAsync("k", new ApiKeyLimits { RequestsPerMinute = 2 }, CancellationToken.None);
        Assert.Equal(200, (await AskAsync(host, key.Text)).Status);
        Assert.Equal(200, (await AskAsync(host, key.Text)).Status);
        using HttpResponseMessage third = await host.AskAsync(key.Text, HttpMethod.Get, "/v1/models");
        Assert.Equal((HttpStatusCode.TooManyRequests, "true"), (third.StatusCode, third.Headers.GetValues("x-should-retry").Single()));
        Assert.InRange(int.Parse(third.Headers.GetValues("retry-after-ms").Single()), 25_000, 30_100);

        // Other limits hold at once, and what was used stays used.
        Assert.True(await host.Accounts.Keys.LimitAsync(key.Stored.Id, null, new ApiKeyLimits { RequestsPerMinute = 1000 }, CancellationToken.None));
        Assert.Equal(200, (await AskAsync(host, key.Text)).Status);
    }

    [Fact]
    public async Task Budget_WhenItIsUsedUp_HoldsAlsoAfterARestart()
    {
        await using OpenAiHost host = await OpenAiHost.StartAsync("m", new ModelPrice(0, 0, 1_000_000));
        NewApiKey key = await host.Accounts.Keys.CreateAsync("k", new ApiKeyLimits { BudgetPerDay = 3 }, CancellationToken.None);
        using (HttpResponseMessage first = await host.AskAsync(key.Text, HttpMethod.Post, "/v1/chat/completions", OpenAiHost.Say("one two three")))
            Assert.Equal(HttpStatusCode.OK, first.StatusCode);

        await RefusedAsync(host, key.Text);
        _ = await host.CallsAsync(1);
        await using KeyRing restarted = await KeyRing.OpenAsync(host.Store, TimeProvider.System, host.Services.Log, CancellationToken.None);
        ApiKey again = restarted.Find(key.Text)!;
        Assert.Equal((6L, 3_000_000L, 3_000_000L), (again.Ledger.Used(Today).DayTokens, again.Ledger.Used(Today).DayCostMicros, again.Ledger.Used(Today).MonthCostMicros));
        Assert.Equal("insufficient_quota", again.Ledger.BeginCall(0, restarted.Now, DateTimeOffset.UtcNow)?.Code);

        static async Task RefusedAsync(OpenAiHost host, string key)
        {
            using HttpResponseMessage second = await host.AskAsync(key, HttpMethod.Post, "/v1/chat/completions", OpenAiHost.Say("four"));
            JsonNode error = JsonNode.Parse(await second.Content.ReadAsStringAsync())!["error"]!;
            Assert.Equal((HttpStatusCode.TooManyRequests, "insufficient_quota", "false"), (second.StatusCode, (string?)error["code"], second.Headers.GetValues("x-should-retry").Single()));
        }
    }

    private static DateOnly Today => DateOnly.FromDateTime(DateTime.UtcNow);

    private static async Task<(int Status, string Message)> AskAsync(OpenAiHost host, string? key)
    {
        using HttpResponseMessage response = await host.AskAsync(key, HttpMethod.Get, "/v1/models");
        string text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, response.IsSuccessStatusCode ? "" : (string)JsonNode.Parse(text)!["error"]!["message"]!);
    }
}
