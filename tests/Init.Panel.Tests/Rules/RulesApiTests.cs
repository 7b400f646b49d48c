using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Init.Panel.Rules;
using Init.Routing.Rules;

namespace Init.Panel.Tests.Rules;

public sealed class RulesApiTests
{
    private const string Three =
        """{"version":1,"revision":7,"default_backend":"http://127.0.0.1:1","rules":[{"id":"a","match":{"path_prefix":"/a/"},"backend":"http://127.0.0.1:2"},{"id":"b/c","priority":5},{"id":"c","enabled":false}],"history":[]}""";

    [Fact]
    public async Task List_HasTheRulesAndTheRevision()
    {
        await using RulesServer server = await RulesServer.StartAsync(Three);

        Answer list = await server.AskAsync("GET", "");

        Assert.Equal("\"7\"", list.ETag);
        Assert.Equal(7, (int)list.Json["revision"]!);
        Assert.Equal("http://127.0.0.1:1", (string?)list.Json["default_backend"]);
        Assert.Equal(["a", "b/c", "c"], list.Json["rules"]!.AsArray().Select(rule => (string)rule!["id"]!));
        Assert.Equal(["nosniff"], list.Headers.GetValues("X-Content-Type-Options"));
        Assert.Equal("application/json", list.ContentHeaders.ContentType!.MediaType);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/effective")]
    [InlineData("/history")]
    [InlineData("/rules/a")]
    public async Task Get_WhenTheClientHasItAlready_Is304(string path)
    {
        await using RulesServer server = await RulesServer.StartAsync(Three);

        Answer same = await server.AskAsync("GET", path, null, "If-None-Match", "\"3\", W/\"7\"");
        Answer other = await server.AskAsync("GET", path, null, "If-None-Match", "\"6\"");

        Assert.Equal((HttpStatusCode.NotModified, "", "\"7\""), (same.Status, same.Text, same.ETag));
        Assert.Equal(HttpStatusCode.OK, other.Status);
    }

    [Fact]
    public async Task Statistics_AreNever304()
    {
        await using RulesServer server = await RulesServer.StartAsync(Three);

        Assert.Equal(HttpStatusCode.OK, (await server.AskAsync("GET", "/statistics", null, "If-None-Match", "\"7\"")).Status);
    }

    [Fact]
    public async Task OneRule_IsCreatedReadReplacedPatchedMovedAndDeleted()
    {
        await using RulesServer server = await RulesServer.StartAsync(Three);

        Answer created = await server.AskAsync("POST", "/rules?index=1", "{'id':'new one/ü','match':{'path_equal':'/x'}}", "If-Match", "\"7\"");
        Assert.Equal((HttpStatusCode.Created, "\"8\""), (created.Status, created.ETag));
        Assert.Equal("new one/ü", (string?)created.Json["rule"]!["id"]);
        string place = created.Headers.Location!.OriginalString;
        Assert.Equal("/api/v1/routes/rules/new%20one%2F%C3%BC", place);
        Assert.Equal("/x", (string?)(await server.AskAsync("GET", place["/api/v1/routes".Length..])).Json["match"]!["path_equal"]);

        Answer replaced = await server.AskAsync("PUT", "/rules/b%2Fc", "{'priority':9}");
        Assert.Equal((HttpStatusCode.OK, "b/c", 9), (replaced.Status, (string)replaced.Json["rule"]!["id"]!, (int)replaced.Json["rule"]!["priority"]!));
        Answer patched = await server.AskAsync("PATCH", "/rules/a", "{'match':{'path_prefix':null,'host':'x.example'}}");
        Assert.Equal("""{"host":"x.example"}""", patched.Json["rule"]!["match"]!.ToJsonString());
        Answer moved = await server.AskAsync("POST", "/rules/c/move", "{'index':0}");
        Assert.Equal("\"11\"", moved.ETag);
        Answer deleted = await server.AskAsync("DELETE", "/rules/a");
        Assert.Equal(HttpStatusCode.OK, deleted.Status);

        JsonNode list = (await server.AskAsync("GET", "")).Json;
        Assert.Equal(["c", "new one/ü", "b/c"], list["rules"]!.AsArray().Select(rule => (string)rule!["id"]!));
        Assert.Equal(12, (int)list["revision"]!);
    }

    [Fact]
    public async Task Order_AndDefaultBackend_AreSet()
    {
        await using RulesServer server = await RulesServer.StartAsync(Three);

        Assert.Equal("\"8\"", (await server.AskAsync("PUT", "/order", "{'ids':['c','b/c','a']}")).ETag);
        Assert.Equal("\"9\"", (await server.AskAsync("PUT", "/default-backend", "{'default_backend':null}")).ETag);

        JsonNode list = (await server.AskAsync("GET", "")).Json;
        Assert.True(list.AsObject().ContainsKey("default_backend"));
        Assert.Null(list["default_backend"]);
        Assert.Equal(["c", "b/c", "a"], list["rules"]!.AsArray().Select(rule => (string)rule!["id"]!));
    }

    [Fact]
    public async Task ReplaceAll_TakesWhatListGives()
    {
        await using RulesServer server = await RulesServer.StartAsync(Three);
        _ = await server.AskAsync("PUT", "/default-backend", "{'default_backend':null}");
        JsonObject list = (await server.AskAsync("GET", "")).Json.AsObject();
        list.Remove("revision");

        Answer same = await server.AskAsync("PUT", "", list.ToJsonString());
        Answer empty = await server.AskAsync("PUT", "", "{'rules':[]}");
        Answer without = await server.AskAsync("PUT", "", "{}");

        Assert.Equal((HttpStatusCode.OK, "\"8\""), (same.Status, same.ETag));
        Assert.Equal((HttpStatusCode.OK, "\"9\""), (empty.Status, empty.ETag));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, without.Status);
    }

    [Theory]
    [InlineData("PUT", "", "{'rules':[]}")]
    [InlineData("POST", "/rules", "{}")]
    [InlineData("PUT", "/rules/a", "{}")]
    [InlineData("PATCH", "/rules/a", "{'priority':1}")]
    [InlineData("DELETE", "/rules/a", null)]
    [InlineData("POST", "/rules/a/move", "{'index':1}")]
    [InlineData("PUT", "/order", "{'ids':['c','b/c','a']}")]
    [InlineData("PUT", "/default-backend", "{'default_backend':null}")]
    [InlineData("POST", "/undo", "{}")]
    [InlineData("POST", "/import", "{'rules':[]}")]
    public async Task Change_DecidedByAnotherRevision_IsAConflictAndChangesNothing(string method, string path, string? body)
    {
        await using RulesServer server = await RulesServer.StartAsync(Three);

        foreach (string tag in new[] { "\"6\"", "W/\"7\"", "\"x\"", "nonsense" })
        {
            Answer late = await server.AskAsync(method, path, body, "If-Match", tag);
            Assert.Equal((HttpStatusCode.PreconditionFailed, "conflict", 7, "\"7\""), (late.Status, (string)late.Json["code"]!, (int)late.Json["revision"]!, late.ETag));
        }

        Assert.Equal(7, server.Services.Keeper.InForce.State.Revision);
        Assert.NotEqual(HttpStatusCode.PreconditionFailed, (await server.AskAsync(method, path, body, "If-Match", "\"3\", \"7\"")).Status);
        Assert.NotEqual(HttpStatusCode.PreconditionFailed, (await server.AskAsync(method, path, body, "If-Match", "*")).Status);
    }

    [Fact]
    public async Task Change_ThatIsNotValid_NamesRuleFieldAndRemedy()
    {
        await using RulesServer server = await RulesServer.StartAsync(Three);

        Answer refused = await server.AskAsync("PUT", "", "{'rules':[{'id':'ok'},{'id':'bad','match':{'path_prefx':'/a'}},{'backend':'ftp://x'}]}");

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "application/problem+json"), (refused.Status, refused.ContentHeaders.ContentType!.MediaType));
        Assert.Equal("invalid_rules", (string?)refused.Json["code"]);
        JsonArray problems = refused.Json["problems"]!.AsArray();
        Assert.Equal("""{"rule":"bad","index":1,"field":"match.path_prefx","message":"unknown key","remedy":"did you mean \"path_prefix\"?"}""", problems[0]!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        Assert.Null(problems[1]!["rule"]);
        Assert.Equal((2, "backend"), ((int)problems[1]!["index"]!, (string)problems[1]!["field"]!));
        Assert.Equal(7, server.Services.Keeper.InForce.State.Revision);

        Answer validated = await server.AskAsync("POST", "/validation", "{'rules':[{'backend':'ftp://x'}]}");
        Assert.Equal((HttpStatusCode.OK, false, 1), (validated.Status, (bool)validated.Json["valid"]!, validated.Json["problems"]!.AsArray().Count));
        Assert.Equal("""{"valid":true,"problems":[]}""", (await server.AskAsync("POST", "/validation", "{'rules':[]}")).Text);
    }

    [Theory]
    [InlineData("GET", "/rules/x", null, 404)]
    [InlineData("PUT", "/rules/x", "{}", 404)]
    [InlineData("DELETE", "/rules/x", null, 404)]
    [InlineData("GET", "/history/99", null, 404)]
    [InlineData("GET", "/history/x", null, 404)]
    [InlineData("POST", "/rules?index=x", "{}", 400)]
    [InlineData("POST", "/rules?index=4", "{}", 422)]
    [InlineData("POST", "/rules", "{", 422)]
    [InlineData("POST", "/rules", "", 422)]
    [InlineData("POST", "/rules/a/move", "{}", 400)]
    [InlineData("POST", "/rules/a/move", "null", 400)]
    [InlineData("POST", "/rules/a/move", "{'index':0,'x':1}", 400)]
    [InlineData("PUT", "/order", "{'ids':[null]}", 422)]
    [InlineData("PUT", "/order", "{'ids':['a']}", 422)]
    [InlineData("PUT", "/default-backend", "{}", 400)]
    [InlineData("POST", "/undo", "{'revision':99}", 422)]
    [InlineData("POST", "/dry-run", "{'url':'x'}", 400)]
    [InlineData("POST", "/dry-run", "{'url':'/','client':'x'}", 400)]
    [InlineData("DELETE", "", null, 405)]
    public async Task Mistake_IsAnsweredWithAProblem(string method, string path, string? body, int status)
    {
        await using RulesServer server = await RulesServer.StartAsync(Three);

        Answer answer = await server.AskAsync(method, path, body);

        Assert.Equal((status, "application/problem+json"), ((int)answer.Status, answer.ContentHeaders.ContentType?.MediaType));
        Assert.Equal(status, (int)answer.Json["status"]!);
        Assert.Equal(7, server.Services.Keeper.InForce.State.Revision);
    }

    [Fact]
    public async Task Change_ThatCannotBeWritten_Is507()
    {
        await using RulesServer server = await RulesServer.StartAsync(Three);
        Directory.CreateDirectory(server.FilePath + ".new");

        Answer answer = await server.AskAsync("DELETE", "/rules/a");

        Assert.Equal((507, "not_saved"), ((int)answer.Status, (string)answer.Json["code"]!));
        Assert.Equal(HttpStatusCode.OK, (await server.AskAsync("GET", "/rules/a")).Status);
    }

    [Theory]
    [InlineData("/rules", 4 * 1024 * 1024)]
    [InlineData("/dry-run", 64 * 1024)]
    [InlineData("/import", RuleLimits.DocumentBytesMax)]
    public async Task Body_BeyondTheLimit_Is413(string path, int bytesMax)
    {
        await using RulesServer server = await RulesServer.StartAsync(Three);

        using StringContent body = new(new string(' ', bytesMax + 1), Encoding.UTF8, "application/json");
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/v1/routes" + path) { Content = body };
        request.Headers.ExpectContinue = true; // Or the server's early answer breaks off what is still being sent.
        using HttpResponseMessage response = await server.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task ReplaceAll_WithTenThousandRules_IsTaken()
    {
        await using RulesServer server = await RulesServer.StartAsync(Three);
        string rules = string.Join(',', Enumerable.Range(0, 10_000).Select(i => $$"""{"id":"rule number {{i}}","match":{"path_prefix":"/application-{{i}}/"},"backend":"http://127.0.0.1:8000"}"""));

        Answer answer = await server.AskAsync("PUT", "", $$"""{"rules":[{{rules}}]}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(10_000, (await server.AskAsync("GET", "/effective")).Json["entries"]!.AsArray().Count);
    }

    [Fact]
    public async Task History_TellsWhoDidWhat_AndUndoGoesBack()
    {
        await using RulesServer server = await RulesServer.StartAsync(Three);
        _ = await server.AskAsync("PATCH", "/rules/a", "{'priority':3}");
        _ = await server.AskAsync("DELETE", "/rules/c");
        _ = await server.AskAsync("PUT", "/default-backend", "{'default_backend':'http://127.0.0.1:9'}");

        JsonNode history = (await server.AskAsync("GET", "/history")).Json;
        Assert.Equal([10, 9, 8], history["entries"]!.AsArray().Select(entry => (int)entry!["revision"]!));
        Assert.Equal(("panel", "deleted rule \"c\""), ((string)history["entries"]![1]!["who"]!, (string)history["entries"]![1]!["what"]!));
        Assert.InRange((long)history["entries"]![0]!["at"]!, 1_700_000_000_000, 9_000_000_000_000);

        JsonNode deleted = (await server.AskAsync("GET", "/history/9")).Json["diff"]!;
        Assert.Equal(("c", 2), ((string)deleted["rules"]![0]!["id"]!, (int)deleted["rules"]![0]!["index_before"]!));
        Assert.False((bool)deleted["rules"]![0]!["before"]!["enabled"]!);
        Assert.Null(deleted["rules"]![0]!["after"]);
        JsonNode backend = (await server.AskAsync("GET", "/history/10")).Json["diff"]!["default_backend"]!;
        Assert.Equal("""{"before":"http://127.0.0.1:1","after":"http://127.0.0.1:9"}""", backend.ToJsonString());

        Assert.Equal("\"11\"", (await server.AskAsync("POST", "/undo")).ETag);
        Assert.Equal("http://127.0.0.1:1", (string?)(await server.AskAsync("GET", "")).Json["default_backend"]);
        Assert.Equal("\"12\"", (await server.AskAsync("POST", "/undo", "{'revision':7}")).ETag);
        Assert.Equal(HttpStatusCode.OK, (await server.AskAsync("GET", "/rules/c")).Status);
    }

    [Fact]
    public async Task ExportAndImport_GoRound()
    {
        await using RulesServer server = await RulesServer.StartAsync(Three);
        Answer export = await server.AskAsync("GET", "/export");
        Assert.Equal("attachment; filename=\"routes.json\"", export.ContentHeaders.ContentDisposition!.ToString());
        _ = await server.AskAsync("PUT", "", "{'rules':[]}");

        Answer dry = await server.AskAsync("POST", "/import?dry_run=1", export.Text);
        Assert.Equal("""{"revision":8,"notes":[],"rules":3}""", dry.Text);
        Assert.Empty((await server.AskAsync("GET", "")).Json["rules"]!.AsArray());
        Assert.Equal("""{"revision":9,"notes":[],"rules":3}""", (await server.AskAsync("POST", "/import", export.Text)).Text);

        Assert.Equal(export.Text, (await server.AskAsync("GET", "/export")).Text);
        Answer original = await server.AskAsync("POST", "/import", "{'admin_password':'hunter2','rules':[{'id':'x','priority':-3}]}");
        Assert.Equal(["admin_password", "priority"], original.Json["notes"]!.AsArray().Select(note => (string)note!["field"]!));
        Assert.DoesNotContain("hunter2", original.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Effective_IsTheOrderInWhichRulesAreTried()
    {
        await using RulesServer server = await RulesServer.StartAsync(Three);

        JsonArray entries = (await server.AskAsync("GET", "/effective")).Json["entries"]!.AsArray();

        Assert.Equal(["b/c", "a"], entries.Select(entry => (string)entry!["id"]!));
        Assert.Equal("""{"rank":1,"id":"a","index":0,"by_scope":false,"priority":0,"path_length":3,"referer_length":0,"summary":"path begins with /a/"}""", entries[1]!.ToJsonString());
    }

    [Fact]
    public async Task DryRun_SaysWhatWouldHappenAndWhy()
    {
        await using RulesServer server = await RulesServer.StartAsync(
            """{"version":1,"revision":1,"rules":[{"id":"a","match":{"path_prefix":"/a/","headers":[{"name":"X-Y"}]},"backend":"http://127.0.0.1:2","set_headers":[{"name":"X-Set","value":"1"}]},{"id":"go","match":{"path_equal":"/old"},"action":"redirect","redirect_to":"/new"},{"id":"closed","match":{"path_prefix":"/c"},"allow":["192.0.2.0/24"]},{"id":"off","enabled":false}]}""");

        JsonNode proxied = (await server.AskAsync("POST", "/dry-run", "{'url':'http://x.example/a/b%20c?q=1','headers':[{'name':'x-y','value':''}]}")).Json;
        Assert.Equal(("rule", "a", "proxy", "http://127.0.0.1:2/a/b%20c?q=1", "/a/b c"), Facts(proxied));
        Assert.Equal("""[{"name":"X-Set","value":"1"}]""", proxied["set_headers"]!.ToJsonString());
        Assert.Equal(["wins", "fails", "fails", "disabled"], proxied["trials"]!.AsArray().OrderBy(trial => (int)trial!["index"]!).Select(trial => (string)trial!["outcome"]!));

        JsonNode missing = (await server.AskAsync("POST", "/dry-run", "{'url':'/a/'}")).Json;
        JsonNode trial = missing["trials"]!.AsArray().Single(trial => (string?)trial!["rule"] == "a")!;
        Assert.Equal(("default", "headers", "there is no header X-Y"), ((string)missing["outcome"]!, (string)trial["condition"]!, (string)trial["why"]!));
        Assert.Equal(404, (int)missing["status"]!);

        JsonNode redirect = (await server.AskAsync("POST", "/dry-run", "{'url':'/old?x=1','host':'x.example:7860','method':'POST'}")).Json;
        Assert.Equal(("redirect", 301, "/new?x=1"), ((string)redirect["action"]!, (int)redirect["status"]!, (string)redirect["location"]!));
        Assert.Equal("denied", (string?)(await server.AskAsync("POST", "/dry-run", "{'url':'/c'}")).Json["outcome"]);
        Assert.Equal("rule", (string?)(await server.AskAsync("POST", "/dry-run", "{'url':'/c','client':'192.0.2.9'}")).Json["outcome"]);
        Assert.Equal("bad_path", (string?)(await server.AskAsync("POST", "/dry-run", "{'url':'/%00'}")).Json["outcome"]);
        Assert.Equal("own", (string?)(await server.AskAsync("POST", "/dry-run", "{'url':'/x/../admin/ui/'}")).Json["outcome"]);

        static (string, string, string, string, string) Facts(JsonNode report) =>
            ((string)report["outcome"]!, (string)report["rule"]!, (string)report["action"]!, (string)report["upstream"]![0]!, (string)report["path"]!);
    }

    [Fact]
    public async Task Statistics_CountByRule()
    {
        await using RulesServer server = await RulesServer.StartAsync(Three, services => services with { Backends = () => Task.FromResult<IReadOnlyList<BackendSight>>([new("http://127.0.0.1:2", false, "web", "BACKOFF")]) });
        server.Services.Statistics.CountRequest("a");
        server.Services.Statistics.CountFailure("a", 502, "cannot be reached");
        server.Services.Statistics.CountRequest(null);

        JsonNode statistics = (await server.AskAsync("GET", "/statistics")).Json;

        JsonArray rules = statistics["rules"]!.AsArray();
        Assert.Equal(["a", "b/c", "c", null], rules.Select(rule => (string?)rule!["id"]));
        Assert.Equal([1, 0, 0, 1], rules.Select(rule => (int)rule!["requests"]!));
        Assert.Equal((502, "cannot be reached"), ((int)rules[0]!["last_failure"]!["status"]!, (string)rules[0]!["last_failure"]!["detail"]!));
        Assert.True(rules[1]!.AsObject().ContainsKey("last_request_at"));
        Assert.Equal("""[{"url":"http://127.0.0.1:2","healthy":false,"program":"web","state":"BACKOFF"}]""", statistics["backends"]!.ToJsonString());
    }
}
