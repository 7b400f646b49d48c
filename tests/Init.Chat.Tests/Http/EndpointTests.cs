using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Fake;

namespace Init.Chat.Tests.Http;

/// <summary>What the original does not have, and what requests may be like.</summary>
public sealed class EndpointTests
{
    [Fact]
    public async Task Inputs_WhenTheyComeInAnyForm_AreTheSame()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        const string path = "/userdata/variable/expand/u";
        Assert.Equal((200, "hi Bob"), await host.FormAsync(path, ("username", "Bob"), ("text", "hi {user_name}")));
        Assert.Equal((200, "hi Bob"), await host.FormAsync($"{path}?username=Bob&text=hi%20%7Buser_name%7D"));
        Assert.Equal((200, "hi Bob"), await host.JsonAsync(path, """{"username":"Bob","text":"hi {user_name}"}"""));
        using MultipartFormDataContent parts = new() { { new StringContent("Bob"), "username" }, { new StringContent("hi {user_name}"), "text" } };
        Assert.Equal((200, "hi Bob"), await host.SendAsync(new HttpRequestMessage(HttpMethod.Put, path) { Content = parts }));
    }

    [Theory]
    [InlineData("application/json", "[1]", 400)]
    [InlineData("application/json", "{", 400)]
    [InlineData("application/json", """{"text":"\ud800"}""", 400)]
    [InlineData("application/x-www-form-urlencoded", "text=a%00b", 400)]
    [InlineData("text/plain", "hello", 415)]
    [InlineData("multipart/form-data; boundary=x", "no parts", 400)]
    [InlineData("application/x-www-form-urlencoded", "text=", 422)]
    public async Task Body_WhenItCannotBeRead_IsRefusedAndNotAFault(string type, string body, int status)
    {
        await using ChatHost host = await ChatHost.StartAsync();
        ByteArrayContent content = new(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        var (answered, text) = await host.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/userdata/variable/expand/u") { Content = content });
        Assert.True(status == answered, $"{answered}: {text}");
        Assert.StartsWith("{\"detail\":", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_WhenItIsTooMuch_IsRefused()
    {
        await using ChatHost host = await ChatHost.StartAsync(change: options => options with { BodyLimit = new Base.ByteSize(64 << 10) });
        Assert.Equal(413, (await host.FormAsync("/userdata/prompt/set/u", ("prompt", new string('a', 70_000)))).Status);
        Assert.Equal(400, (await host.FormAsync("/userdata/prompt/set/u", [.. Enumerable.Range(0, 200).Select(i => ($"f{i}", "x"))])).Status);
        Assert.Equal(400, (await host.FormAsync("/userdata/prompt/set/" + new string('u', 600), ("prompt", "x"))).Status);
    }

    [Fact]
    public async Task Index_WhenMissingOrNoNumber_IsToldAsTheOriginalsFrameworkDoes()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        Assert.Equal((422, """{"detail":[{"type":"missing","loc":["body","index"],"msg":"Field required","input":null}]}"""), await host.FormAsync("/userdata/context/withdraw/u"));
        Assert.Equal(
            (422, """{"detail":[{"type":"int_parsing","loc":["body","index"],"msg":"Input should be a valid integer, unable to parse string as an integer","input":"x"}]}"""),
            await host.FormAsync("/userdata/context/withdraw/u", ("index", "x")));
    }

    [Fact]
    public async Task Withdrawal_WhenByPairs_TakesWholeTurnsFromTheEnd()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        await host.SayAsync("u", "one");
        await host.SayAsync("u", "two");
        await host.FormAsync("/userdata/context/inject/u", ("role", "assistant"), ("content", "unfinished"), ("reasoning_content", "why"));
        Assert.Equal((200, """[{"role":"user","content":"one"},{"role":"assistant","content":"one"}]"""), await host.FormAsync("/userdata/context/withdraw/u", ("context_pair_num", "1")));
        Assert.Equal((400, """{"detail":"Index out of range"}"""), await host.FormAsync("/userdata/context/withdraw/u", ("context_pair_num", "2")));
        Assert.Equal((200, "[]"), await host.FormAsync("/userdata/context/withdraw/u", ("context_pair_num", "1")));
    }

    [Fact]
    public async Task Change_WhenItWasWorkedOutFromAnOlderContext_IsRefused()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        await host.SayAsync("u", "one");
        using HttpResponseMessage read = await host.Local.GetAsync("/userdata/context/get/u");
        string revision = Assert.Single(read.Headers.GetValues("X-Context-Revision"));
        Assert.Equal(200, (await host.FormAsync("/userdata/context/rewrite/u", ("index", "0"), ("content", "x"), ("revision", revision))).Status);
        Assert.Equal(409, (await host.FormAsync("/userdata/context/rewrite/u", ("index", "0"), ("content", "y"), ("revision", revision))).Status);
        Assert.StartsWith("""[{"role":"user","content":"x"}""", (await host.GetAsync("/userdata/context/get/u")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Branch_WhenItHasPromptAndModelOfItsOwn_UsesThemUntilChanged()
    {
        await using FakeProvider provider = await FakeProvider.StartAsync();
        await using ChatHost host = await ChatHost.StartAsync($$"""[{"Name":"Fake","ApiKeyEnv":"FAKE_KEY","URL":"{{provider.Url}}","models":[{"Name":"a","Id":"a","Type":"chat"},{"Name":"b","Id":"b","Type":"reasoner"}]}]""");
        await host.FormAsync("/userdata/prompt/set/u", ("prompt", "the user's"));
        Assert.Equal((200, """{"prompt":"the branch's","model_type":"reasoner"}"""), await host.FormAsync("/userdata/context/settings/u", ("prompt", "the branch's"), ("model_type", "reasoner")));
        await host.SayAsync("u", "one");
        Assert.Contains("the branch's", provider.Requests.Last().Body, StringComparison.Ordinal);
        Assert.Equal("b", provider.Requests.Last().Model);
        Assert.Equal((400, """{"detail":"API group not found for model type: none"}"""), await host.FormAsync("/chat/completion/u", ("message", "x"), ("model_type", "none")));

        await host.FormAsync("/userdata/context/change/u", ("new_branch_id", "other"));
        await host.SayAsync("u", "two");
        Assert.Contains("the user's", provider.Requests.Last().Body, StringComparison.Ordinal);
        Assert.Equal("a", provider.Requests.Last().Model);
    }

    [Fact]
    public async Task Branches_WhenClonedRenamedAndDeleted_AreThat()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        await host.SayAsync("u", "one");
        Assert.Equal((200, "Context cloned successfully"), await host.FormAsync("/userdata/context/clone/u", ("new_branch_id", "b")));
        Assert.Equal(409, (await host.FormAsync("/userdata/context/clone/u", ("new_branch_id", "b"))).Status);
        Assert.Equal(404, (await host.FormAsync("/userdata/context/clone/u", ("branch_id", "none"), ("new_branch_id", "c"))).Status);
        Assert.Equal((200, "Context renamed successfully"), await host.FormAsync("/userdata/context/rename/u", ("branch_id", "b"), ("new_branch_id", "c")));
        Assert.Equal((200, """["c","default"]"""), await host.GetAsync("/userdata/context/branch/u"));
        Assert.Equal(2, JsonDocument.Parse((await host.GetAsync("/userdata/context/get/u?branch_id=c")).Body).RootElement.GetArrayLength());
        Assert.Equal((200, "Context deleted successfully"), await host.SendAsync(new HttpRequestMessage(HttpMethod.Delete, "/userdata/context/delete/u?branch_id=c")));
        Assert.Equal("default", JsonDocument.Parse((await host.GetAsync("/userdata/context/info/u")).Body).RootElement[0].GetProperty("branch_id").GetString());
    }

    [Fact]
    public async Task Preset_WhenChosenByName_IsExpandedAndIsNoWayOut()
    {
        await using FakeProvider provider = await FakeProvider.StartAsync();
        await using ChatHost host = await ChatHost.StartAsync(ChatHost.ModelsOf(provider.Url));
        Directory.CreateDirectory(host.Options.PromptDirectory);
        await File.WriteAllTextAsync(Path.Combine(host.Options.PromptDirectory, "default.txt"), "You serve {user_name}.\n\n\n\nWell.");
        await File.WriteAllTextAsync(Path.Combine(host.Options.DataDirectory, "secret.txt"), "SECRET");
        await host.SayAsync("u", "one", ("user_name", "Bob"));
        Assert.Contains("""You serve Bob.\n\nWell.""", provider.Requests.Last().Body, StringComparison.Ordinal);
        await host.FormAsync("/userdata/config/set/u/string", ("key", "parset_prompt_name"), ("value", "../secret"));
        await host.SayAsync("u", "two");
        Assert.DoesNotContain("SECRET", provider.Requests.Last().Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Config_WhenSetAsJson_KeepsItsTypeAndReachesTheProvider()
    {
        await using FakeProvider provider = await FakeProvider.StartAsync();
        await using ChatHost host = await ChatHost.StartAsync(ChatHost.ModelsOf(provider.Url));
        Assert.Equal((200, """{"stop":["a","b"]}"""), await host.JsonAsync("/userdata/config/set/u", """{"key":"stop","value":{"type":"list","value":["a","b"]}}"""));
        Assert.Equal((200, """{"stop":["a","b"],"temperature":0.25}"""), await host.JsonAsync("/userdata/config/set/u", """{"key":"temperature","value":0.25}"""));
        Assert.Equal(200, (await host.FormAsync("/userdata/config/set/u/dict", ("config", """{"max_tokens":9}"""))).Status);
        await host.SayAsync("u", "one");
        JsonElement sent = JsonDocument.Parse(provider.Requests.Last().Body).RootElement;
        Assert.Equal((0.25, 9, 2), (sent.GetProperty("temperature").GetDouble(), sent.GetProperty("max_tokens").GetInt32(), sent.GetProperty("stop").GetArrayLength()));
    }

    [Fact]
    public async Task PublishedDoor_WhenThereIsNoKey_TellsOnlyWhatIsNoSecret()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        using HttpClient published = ChatHost.Over(host.Options.PublishedSocket);
        foreach (string path in new[] { "/userdata/context/get/u", "/userdata/context/userlist", "/calllog", "/chat/tasks", "/v1/models" })
            Assert.Equal(401, (int)(await published.GetAsync(path)).StatusCode);
        foreach (string path in new[] { "/healthz", "/docs", "/openapi.json", "/readme.md" })
            Assert.Equal(200, (int)(await published.GetAsync(path)).StatusCode);
        Assert.Equal(404, (int)(await published.GetAsync("/file/render/00000000-0000-0000-0000-000000000000.png")).StatusCode);
    }

    [Fact]
    public async Task Documents_WhenFetched_NameEveryPathAndTheFaviconIsNone()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        JsonElement document = JsonDocument.Parse((await host.GetAsync("/openapi.json")).Body).RootElement;
        Assert.Equal("RepeaterChatBackend", document.GetProperty("info").GetProperty("title").GetString());
        string markdown = (await host.GetAsync("/readme.md")).Body, page = (await host.GetAsync("/docs")).Body;
        foreach (JsonProperty path in document.GetProperty("paths").EnumerateObject())
        {
            Assert.Contains($"`{path.Name}`", markdown, StringComparison.Ordinal);
            Assert.Contains(path.Name, page, StringComparison.Ordinal);
            foreach (JsonProperty method in path.Value.EnumerateObject())
                Assert.IsType<Chat.Http.RouteMatch.Found>(Chat.Http.ChatRoutes.Create().Find(method.Name.ToUpperInvariant(), path.Name));
        }

        Assert.Equal((404, """{"detail":"File not found"}"""), await host.GetAsync("/favicon.ico"));
    }

    [Fact]
    public async Task Context_WhenItIsFull_IsNotCutButRefused()
    {
        await using ChatHost host = await ChatHost.StartAsync(change: options => options with { ContextMessages = 3 });
        await host.SayAsync("u", "one");
        Assert.Equal(413, (await host.FormAsync("/chat/completion/u", ("message", "two"))).Status);
        Assert.Equal(2, JsonDocument.Parse((await host.GetAsync("/userdata/context/get/u")).Body).RootElement.GetArrayLength());
        Assert.Equal(200, (await host.FormAsync("/userdata/context/withdraw/u", ("index", "0"))).Status); // No turn was left behind.
    }
}
