using System.IO.Compression;
using System.Text.Json;
using Fake;

namespace Init.Chat.Tests.Http;

/// <summary>What was broken in the original, in the order of its description; each of these fails there.</summary>
public sealed class OriginalDefectTests
{
    [Fact]
    public async Task Reply_WhenItHasWordsInBraces_IsNotExpanded()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        Assert.Equal("{user_name} {nothing} {\"a\":1}", await host.SayAsync("u", @"\{user_name} \{nothing} \{""a"":1}"));
    }

    [Fact]
    public async Task Continue_WhenThereIsHistory_SendsItAndKeepsIt()
    {
        await using FakeProvider provider = await FakeProvider.StartAsync();
        await using ChatHost host = await ChatHost.StartAsync(ChatHost.ModelsOf(provider.Url));
        await host.SayAsync("u", "one");
        var (status, body) = await host.FormAsync("/chat/completion/u", ("continue_completion", "true"));
        Assert.True(status == 200, body);

        Assert.Equal(["user:one", "assistant:one"], Sent(provider.Requests.Last()));
        Assert.Equal("""[{"role":"user","content":"one"},{"role":"assistant","content":"one"},{"role":"assistant","content":"one"}]""", (await host.GetAsync("/userdata/context/get/u")).Body);
    }

    [Fact]
    public async Task Continue_WhenAMessageIsGiven_IsRefusedInTheOriginalsWords()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        Assert.Equal((400, """{"detail":"Cannot send message when continuing completion"}"""), await host.FormAsync("/chat/completion/u", ("continue_completion", "1"), ("message", "x")));
    }

    [Fact]
    public async Task RoleName_WhenGiven_IsSentAndKeptThroughLaterTurns()
    {
        await using FakeProvider provider = await FakeProvider.StartAsync();
        await using ChatHost host = await ChatHost.StartAsync(ChatHost.ModelsOf(provider.Url));
        await host.SayAsync("u", "one", ("role_name", "ann"));
        await host.SayAsync("u", "two");

        Assert.Contains("\"name\":\"ann\"", provider.Requests.First().Body, StringComparison.Ordinal);
        Assert.Contains("\"name\":\"ann\"", provider.Requests.Last().Body, StringComparison.Ordinal);
        Assert.StartsWith("""[{"role":"user","content":"one","name":"ann"}""", (await host.GetAsync("/userdata/context/get/u")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reference_WhenGiven_ReadsTheOtherAndAppendsOnlyTheNewTurnToTheCallers()
    {
        await using FakeProvider provider = await FakeProvider.StartAsync();
        await using ChatHost host = await ChatHost.StartAsync(ChatHost.ModelsOf(provider.Url));
        await host.FormAsync("/userdata/prompt/set/other", ("prompt", "other's prompt"));
        await host.SayAsync("other", "theirs");
        await host.SayAsync("u", "mine");
        await host.SayAsync("u", "new", ("reference_context_id", "other"), ("user_name", "Bob"));

        Assert.Equal(["system:other's prompt", "user:theirs", "assistant:theirs", "user:new"], Sent(provider.Requests.Last()));
        Assert.Equal(
            """[{"role":"user","content":"mine"},{"role":"assistant","content":"mine"},{"role":"user","content":"new","name":"Bob"},{"role":"assistant","content":"new"}]""",
            (await host.GetAsync("/userdata/context/get/u")).Body);
        Assert.Equal("""[{"role":"user","content":"theirs"},{"role":"assistant","content":"theirs"}]""", (await host.GetAsync("/userdata/context/get/other")).Body);
    }

    [Theory]
    [InlineData("m;usage=none")]
    [InlineData("m;words=1;join=9")]
    [InlineData("m;as=json")]
    public async Task Answer_WhenItHasNoUsageOrComesInOnePiece_IsTakenAndKept(string model)
    {
        await using FakeProvider provider = await FakeProvider.StartAsync();
        await using ChatHost host = await ChatHost.StartAsync(ChatHost.ModelsOf(provider.Url, model));
        Assert.Equal("one", await host.SayAsync("u", "one"));
        Assert.Equal(2, JsonDocument.Parse((await host.GetAsync("/userdata/context/get/u")).Body).RootElement.GetArrayLength());
        Assert.Equal(1, JsonDocument.Parse((await host.GetAsync("/calllog")).Body).RootElement.GetArrayLength());
    }

    [Fact]
    public async Task Role_WhenItIsNone_IsRefusedAndNotAFault()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        Assert.Equal(400, (await host.FormAsync("/chat/completion/u", ("message", "x"), ("role", "boss"))).Status);
    }

    [Fact]
    public async Task Provider_WhenItFails_IsToldInWordsAndLeavesTheContext()
    {
        await using FakeProvider provider = await FakeProvider.StartAsync();
        await using ChatHost host = await ChatHost.StartAsync(ChatHost.ModelsOf(provider.Url, "m;status=400"));
        var (status, body) = await host.FormAsync("/chat/completion/u", ("message", "x"));
        Assert.Equal(400, status);
        Assert.NotEmpty(JsonDocument.Parse(body).RootElement.GetProperty("detail").GetString()!);
        Assert.Equal("[]", (await host.GetAsync("/userdata/context/get/u")).Body);
    }

    [Fact]
    public async Task Branches_WhenTheUserIsUnknown_AreNoneAndMakeNobodyAUser()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        foreach (string kind in new[] { "context", "prompt", "config" })
        {
            Assert.Equal((200, "[]"), await host.GetAsync($"/userdata/{kind}/branch/nobody"));
            Assert.Equal((200, "default"), await host.GetAsync($"/userdata/{kind}/now_branch/nobody"));
            Assert.Equal((200, "[]"), await host.GetAsync($"/userdata/{kind}/userlist"));
        }
    }

    [Theory]
    [InlineData("context", "Context")]
    [InlineData("prompt", "Prompt")]
    [InlineData("config", "Config")]
    public async Task Change_WhenSaidInAnyForm_IsTaken(string kind, string word)
    {
        await using ChatHost host = await ChatHost.StartAsync();
        string path = $"/userdata/{kind}/change/u";
        Assert.Equal((200, $"{word} changed successfully"), await host.FormAsync(path, ("new_branch_id", "a")));
        Assert.Equal("a", (await host.GetAsync($"/userdata/{kind}/now_branch/u")).Body);
        Assert.Equal(200, (await host.FormAsync($"{path}?new_branch_id=b")).Status);
        Assert.Equal("b", (await host.GetAsync($"/userdata/{kind}/now_branch/u")).Body);
        Assert.Equal(200, (await host.JsonAsync(path, """{"new_branch_id":"c"}""")).Status);
        Assert.Equal("c", (await host.GetAsync($"/userdata/{kind}/now_branch/u")).Body);
        Assert.Equal(200, (await host.FormAsync(HttpMethod.Put, path, ("new_branch_id", "d"))).Status);
        Assert.Equal("d", (await host.GetAsync($"/userdata/{kind}/now_branch/u")).Body);
        Assert.Equal((422, """{"detail":[{"type":"missing","loc":["body","new_branch_id"],"msg":"Field required","input":null}]}"""), await host.FormAsync(path));
    }

    [Fact]
    public async Task Withdrawal_WhenAChatRuns_WaitsForItsTurn()
    {
        await using FakeProvider provider = await FakeProvider.StartAsync();
        await using ChatHost host = await ChatHost.StartAsync(ChatHost.ModelsOf(provider.Url, "m;wait=700"));
        Task<string> chat = host.SayAsync("u", "one");
        await UntilAsync(() => provider.Running == 1);
        Assert.Equal((200, """[{"role":"user","content":"one"}]"""), await host.FormAsync("/userdata/context/withdraw/u", ("index", "1")));
        Assert.True(chat.IsCompleted || await Task.WhenAny(chat, Task.Delay(TimeSpan.FromSeconds(5))) == chat);
        Assert.Equal("""[{"role":"user","content":"one"}]""", (await host.GetAsync("/userdata/context/get/u")).Body);
    }

    [Fact]
    public async Task Length_WhenAMessageHasThoughtsAndText_CountsBoth()
    {
        await using FakeProvider provider = await FakeProvider.StartAsync();
        await using ChatHost host = await ChatHost.StartAsync(ChatHost.ModelsOf(provider.Url));
        await host.FormAsync("/userdata/context/set/u", ("messages", """[{"role":"user","content":"😀a"},{"role":"assistant","content":"bc","reasoning_content":"def"}]"""));
        Assert.Equal("""{"total_context_length":7,"context_length":2,"average_content_length":3.5}""", (await host.GetAsync("/userdata/context/length/u")).Body);
    }

    [Fact]
    public async Task Rewrite_WhenThoughtsAreRefused_ChangesNothing()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        await host.SayAsync("u", "one");
        Assert.Equal((400, """{"detail":"Only assistant can have reasoning_content"}"""), await host.FormAsync("/userdata/context/rewrite/u", ("index", "0"), ("content", "x"), ("reasoning_content", "y")));
        Assert.Equal("""[{"role":"user","content":"one"},{"role":"assistant","content":"one"}]""", (await host.GetAsync("/userdata/context/get/u")).Body);
        Assert.Equal((400, """{"detail":"Index out of range"}"""), await host.FormAsync("/userdata/context/rewrite/u", ("index", "-1"), ("content", "x")));
        Assert.Equal((200, """[{"role":"user","content":"one"},{"role":"assistant","content":"new","reasoning_content":"why"}]"""), await host.FormAsync("/userdata/context/rewrite/u", ("index", "1"), ("content", "new"), ("reasoning_content", "why")));
    }

    [Fact]
    public async Task Config_WhenReadSetAndDeleted_Works()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        Assert.Equal((200, "{}"), await host.GetAsync("/userdata/config/get/u"));
        Assert.Equal((200, """{"temperature":0.5}"""), await host.FormAsync(HttpMethod.Put, "/userdata/config/set/u/float", ("key", "temperature"), ("value", "0.5")));
        Assert.Equal((200, """{"temperature":0.5,"a":false}"""), await host.FormAsync("/userdata/config/set/u/bool", ("key", "a"), ("value", "false")));
        Assert.Equal((200, """{"temperature":0.5,"a":[1,"x"]}"""), await host.FormAsync("/userdata/config/set/u/list", ("key", "a"), ("value", """[1,"x"]""")));
        Assert.Equal((200, """{"temperature":0.5,"a":{"b":1}}"""), await host.FormAsync("/userdata/config/set/u/dict", ("key", "a"), ("value", """{"b":1}""")));
        Assert.Equal((200, """{"temperature":0.5,"a":null}"""), await host.FormAsync("/userdata/config/set/u/null", ("key", "a")));
        Assert.Equal((200, """{"temperature":0.5}"""), await host.FormAsync("/userdata/config/delkey/u", ("key", "a")));
        Assert.Equal((400, """{"detail":"Key not found"}"""), await host.FormAsync("/userdata/config/delkey/u", ("key", "a")));
        Assert.Equal((200, """["default"]"""), await host.GetAsync("/userdata/config/branch/u"));
        Assert.Equal((200, "Config deleted successfully"), await host.SendAsync(new HttpRequestMessage(HttpMethod.Delete, "/userdata/config/delete/u")));
        Assert.Equal((200, "{}"), await host.GetAsync("/userdata/config/get/u"));
    }

    [Theory]
    [InlineData("int", "x", "a")]
    [InlineData("list", "abc", "a")]
    [InlineData("dict", "[]", "a")]
    [InlineData("bool", "maybe", "a")]
    [InlineData("float", "nan", "a")]
    [InlineData("set", "1", "a")]
    [InlineData("float", "2.5", "temperature")]
    [InlineData("string", "hot", "temperature")]
    [InlineData("int", "0", "max_tokens")]
    public async Task Config_WhenTheValueDoesNotFit_IsRefusedInWords(string type, string value, string key)
    {
        await using ChatHost host = await ChatHost.StartAsync();
        Assert.Equal(400, (await host.FormAsync($"/userdata/config/set/u/{type}", ("key", key), ("value", value))).Status);
        Assert.Equal("{}", (await host.GetAsync("/userdata/config/get/u")).Body);
    }

    [Fact]
    public async Task Config_WhenTheBranchChanges_IsThatOfTheNewBranchAtOnce()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        await host.FormAsync("/userdata/config/set/u/string", ("key", "a"), ("value", "old"));
        await host.FormAsync("/userdata/config/change/u", ("new_branch_id", "second"));
        Assert.Equal("{}", (await host.GetAsync("/userdata/config/get/u")).Body);
        await host.FormAsync("/userdata/config/set/u/string", ("key", "b"), ("value", "new"));
        Assert.Equal("""{"b":"new"}""", (await host.GetAsync("/userdata/config/get/u")).Body);
    }

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("%2e%2e")]
    [InlineData("a%2Fb")]
    [InlineData("..%2F..%2Fetc")]
    [InlineData("CON")]
    [InlineData("a%5Cb")]
    public async Task User_WhateverItIsCalled_IsAnotherOne(string user)
    {
        await using ChatHost host = await ChatHost.StartAsync();
        foreach (string other in new[] { "a_b", "con", "etc" })
            await host.FormAsync($"/userdata/prompt/set/{other}", ("prompt", "of " + other));
        Assert.EndsWith("Context changed successfully", await host.RawAsync($"POST /userdata/context/change/{user}?new_branch_id=x HTTP/1.1\r\nContent-Length: 0"), StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nx", await host.RawAsync($"GET /userdata/context/now_branch/{user} HTTP/1.1"), StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", await host.RawAsync($"GET /userdata/prompt/get/{user} HTTP/1.1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nicknames_WhenTheFileIsMissingWrongOrThere_DoNotBreakAChat()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        Assert.Equal("Bob", await host.SayAsync("u", "{user_name}", ("user_name", "Bob")));
        await File.WriteAllTextAsync(host.Options.NicknameFile, "no json");
        Assert.Equal("Bob", await host.SayAsync("u", "{user_name}", ("user_name", "Bob")));
        await File.WriteAllTextAsync(host.Options.NicknameFile, """{"Bob":"Robert","u":"by id"}""");
        File.SetLastWriteTimeUtc(host.Options.NicknameFile, DateTime.UtcNow.AddSeconds(5));
        Assert.Equal("Robert", await host.SayAsync("u", "{user_name}", ("user_name", "Bob")));
        Assert.Equal("by id", await host.SayAsync("u", "{user_name}", ("user_name", "Eve")));
    }

    [Fact]
    public async Task Reload_WhenTheFileHasChanged_ReplacesAndABadFileChangesNothing()
    {
        await using FakeProvider provider = await FakeProvider.StartAsync();
        await using ChatHost host = await ChatHost.StartAsync(ChatHost.ModelsOf("http://127.0.0.1:1/v1"));
        await File.WriteAllTextAsync(host.Options.ModelsFile, ChatHost.ModelsOf(provider.Url));
        Assert.Equal((200, """{"detail":"Apiinfo reloaded"}"""), await AdminAsync(host, "reload/apiinfo"));
        Assert.Equal("one", await host.SayAsync("u", "one"));

        await File.WriteAllTextAsync(host.Options.ModelsFile, """[{"Name":"x","URL":"nope","models":[{"Type":"chat"}]}]""");
        var (status, body) = await AdminAsync(host, "reload/apiinfo");
        Assert.Equal(400, status);
        Assert.Contains("[0].URL", body, StringComparison.Ordinal);
        Assert.Contains("[0].models[0].Id", body, StringComparison.Ordinal);
        Assert.Equal("two", await host.SayAsync("u", "two"));
    }

    [Fact]
    public async Task AdminKey_WhenRegenerated_IsReturnedOnceAndSurvivesARestart()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        Assert.Equal(422, (await host.FormAsync("/admin/regenerate/admin_key")).Status);
        Assert.Equal((401, """{"detail":"Invalid API key"}"""), await AdminAsync(host, "reload/apiinfo", "wrong"));
        var (status, body) = await AdminAsync(host, "regenerate/admin_key");
        Assert.Equal(200, status);
        string key = JsonDocument.Parse(body).RootElement.GetProperty("admin_key").GetString()!;

        Assert.Equal(401, (await AdminAsync(host, "reload/apiinfo")).Status);
        Assert.Equal(200, (await AdminAsync(host, "reload/apiinfo", key)).Status);
        await host.RestartAsync();
        Assert.Equal(401, (await AdminAsync(host, "reload/apiinfo")).Status);
        Assert.Equal(200, (await AdminAsync(host, "reload/apiinfo", key)).Status);
        Assert.DoesNotContain(key, await host.Services.Store.ValueAsync("admin_key", CancellationToken.None), StringComparison.Ordinal);

        const string later = "another-Key_0f-The-9env";
        await host.RestartAsync(options => options with { AdminKey = later });
        Assert.Equal(200, (await AdminAsync(host, "reload/apiinfo", later)).Status);
        Assert.Equal(401, (await AdminAsync(host, "reload/apiinfo", key)).Status);
    }

    [Fact]
    public async Task Archive_WhenFetched_HasTheOriginalsThreeFiles()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        await host.SayAsync("u", "你好");

        using ZipArchive archive = new(new MemoryStream(await host.Local.GetByteArrayAsync("/userdata/file/u.zip")));
        Assert.Equal(["user_context.json", "user_config.json", "user_prompt.json"], archive.Entries.Take(3).Select(entry => entry.FullName));
        using StreamReader reader = new(archive.GetEntry("user_context.json")!.Open());
        Assert.StartsWith("[\n    {\n        \"role\": \"user\",\n        \"content\": \"你好\"\n    },", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CallLog_WhenAChatFails_HasItAndTheLogCanBeFiltered()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        await host.SayAsync("a", "one");
        await host.SayAsync("b", "two");
        string[] lines = (await host.GetAsync("/calllog/stream?user=b")).Body.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        JsonElement record = JsonDocument.Parse(Assert.Single(lines)).RootElement;
        Assert.Equal("b", record.GetProperty("user_id").GetString());
        long seq = record.GetProperty("seq").GetInt64();
        Assert.Equal("[]", (await host.GetAsync($"/calllog?after={seq}")).Body);
        Assert.Equal(1, JsonDocument.Parse((await host.GetAsync("/calllog?limit=1")).Body).RootElement.GetArrayLength());
        Assert.Equal("[]", (await host.GetAsync("/calllog?until=2001-01-01")).Body);
    }

    private static Task<(int Status, string Body)> AdminAsync(ChatHost host, string what, string key = ChatHost.AdminKeyOfTests)
    {
        HttpRequestMessage request = new(HttpMethod.Post, "/admin/" + what);
        request.Headers.Add("X-Admin-API-Key", key);
        return host.SendAsync(request);
    }

    private static IEnumerable<string> Sent(FakeRequest request) =>
        JsonDocument.Parse(request.Body).RootElement.GetProperty("messages").EnumerateArray().Select(message => $"{message.GetProperty("role").GetString()}:{message.GetProperty("content").GetString()}");

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (int i = 0; !condition(); i++)
        {
            Assert.True(i < 1000, "it did not come to be within 10 s");
            await Task.Delay(10);
        }
    }
}
