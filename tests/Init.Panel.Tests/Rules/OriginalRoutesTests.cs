using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Init.Panel.Tests.Rules;

/// <summary>What the original's page and people's scripts rely on. The password is the gate's affair.</summary>
public sealed class OriginalRoutesTests
{
    private const string Path = "/admin/routes.json";

    [Fact]
    public async Task Get_HasAllKeysAndAnEmptyListIsAList()
    {
        await using RulesServer server = await RulesServer.StartAsync("""{"version":1,"revision":1,"rules":[{"id":"x","enabled":false,"match":{"path_prefix":"/a/"},"app_scope":"a"}]}""");

        Answer list = await server.AskAsync("GET", Path);
        Assert.Equal("""{"default_backend":"","rules":[{"id":"x","enabled":false,"action":"proxy","priority":0,"match":{"path_prefix":"/a/"},"app_scope":"a"}]}""" + "\n", list.Text);
        Assert.Equal("application/json; charset=utf-8", list.ContentHeaders.ContentType!.ToString());

        // As it is, with all that only we know.
        Assert.Equal("{\"ok\":true}\n", (await server.AskAsync("POST", Path, list.Text)).Text);
        Assert.Equal(1, server.Services.Keeper.InForce.State.Revision);

        Assert.Equal("{\"ok\":true}\n", (await server.AskAsync("POST", Path, "{'rules':[]}")).Text);
        Assert.Equal("{\"default_backend\":\"\",\"rules\":[]}\n", (await server.AskAsync("GET", Path)).Text);
    }

    [Theory]
    [InlineData("", "{\"error\":\"invalid json\"}\n")]
    [InlineData("{", "{\"error\":\"invalid json\"}\n")]
    [InlineData("7", "{\"error\":\"invalid json\"}\n")]
    [InlineData("null", "{\"error\":\"invalid json\"}\n")]
    [InlineData("{'rules':null,'default_backend':'http://127.0.0.1:9'}", "{\"error\":\"rules must be array\"}\n")]
    [InlineData("{'rules':{'x':1}}", "{\"error\":\"rules must be array\"}\n")]
    public async Task Post_OfNoDocument_IsRefusedInTheOriginalsWordsAndChangesNothing(string body, string expected)
    {
        await using RulesServer server = await RulesServer.StartAsync();

        Answer refused = await server.AskAsync("POST", Path, body);

        Assert.Equal((HttpStatusCode.BadRequest, expected), (refused.Status, refused.Text));
        Assert.Equal(1, server.Services.Keeper.InForce.State.Revision);
    }

    [Fact]
    public async Task Post_OfWhatWouldBeLost_IsRefusedWithThePlaceInTheText()
    {
        await using RulesServer server = await RulesServer.StartAsync();

        Answer refused = await server.AskAsync("POST", Path, "{'default_backend':'http://127.0.0.1:9','rules':[{'id':'x','match':{'referer_regex':'('}}]}");

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.StartsWith("nothing was changed: rules[0] \"x\": match.referer_regex: ", (string?)refused.Json["error"], StringComparison.Ordinal);
        Assert.Equal("match.referer_regex", (string?)refused.Json["problems"]![0]!["field"]);
        Assert.Equal(1, server.Services.Keeper.InForce.State.Revision);
    }

    [Fact]
    public async Task Post_OfTheOriginalsDoubledId_IsTakenWithANote()
    {
        await using RulesServer server = await RulesServer.StartAsync();

        Answer taken = await server.AskAsync("POST", Path, "{'default_backend':'','rules':[{'id':'proxy-gemini','set_headers':{}},{'id':'proxy-gemini'}]}");

        Assert.Equal((HttpStatusCode.OK, true, "id"), (taken.Status, (bool)taken.Json["ok"]!, (string)taken.Json["notes"]![0]!["field"]!));
        Assert.Equal("http://127.0.0.1:6185", server.Services.Keeper.InForce.State.Configuration.DefaultBackend);
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    [InlineData("PATCH")]
    public async Task AnotherMethod_Is405WithAllow(string method)
    {
        await using RulesServer server = await RulesServer.StartAsync();

        Answer answer = await server.AskAsync(method, Path);

        Assert.Equal((HttpStatusCode.MethodNotAllowed, "{\"error\":\"method not allowed\"}\n"), (answer.Status, answer.Text));
        Assert.Equal(["GET", "POST"], answer.ContentHeaders.Allow);
    }

    [Fact]
    public async Task Post_OfALargeDocument_IsTaken()
    {
        // Beyond 16 KB the original answers "invalid json".
        await using RulesServer server = await RulesServer.StartAsync();
        JsonArray rules = [.. Enumerable.Range(0, 3000).Select(i => new JsonObject { ["id"] = $"rule-{i}", ["backend"] = "http://127.0.0.1:8000", ["match"] = new JsonObject { ["path_prefix"] = $"/{new string('x', 500)}-{i}/" } })];
        string body = new JsonObject { ["rules"] = rules }.ToJsonString();
        Assert.True(Encoding.UTF8.GetByteCount(body) > 1_500_000);

        Assert.Equal("{\"ok\":true}\n", (await server.AskAsync("POST", Path, body)).Text);
        Assert.Equal(3000, server.Services.Keeper.InForce.State.Configuration.Rules.Length);
    }

    [Fact]
    public async Task Post_ThatCannotBeWritten_Is507()
    {
        await using RulesServer server = await RulesServer.StartAsync();
        Directory.CreateDirectory(server.FilePath + ".new");

        Answer answer = await server.AskAsync("POST", Path, "{'rules':[]}");

        Assert.Equal(507, (int)answer.Status);
        Assert.StartsWith("nothing was changed: cannot write ", (string?)answer.Json["error"], StringComparison.Ordinal);
        Assert.NotEmpty(server.Services.Keeper.InForce.State.Configuration.Rules);
    }
}
