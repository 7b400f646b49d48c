using Init.Routing.Rules;
using Init.Routing.Store;

namespace Init.Routing.Tests;

/// <summary>Documents of whoever wrote them: through an import, and as the original's page saves them.</summary>
public sealed class AnyDocumentTests
{
    private static readonly RouteState Present = new(new RouteConfiguration("http://127.0.0.1:1", []), 4, []);

    /// <summary>As the original answers GET /admin/routes.json, with its doubled id and Lua's empty tables.</summary>
    private const string OfTheOriginal =
        "{'default_backend':'http://127.0.0.1:6185','rules':[{'id':'proxy-gemini','action':'proxy','priority':180,'match':{'path_prefix':'/gemini/'},'backend':'http://127.0.0.1:8000','set_headers':[{'name':'X-Forwarded-Prefix','value':'/gemini'}]},"
        + "{'id':'proxy-gemini','action':'proxy','priority':170,'match':{'path_prefix':'/gemini/','headers':{}},'backend':'http://127.0.0.1:8000','set_headers':{},'redirect_to':''}]}";

    [Fact]
    public void Save_OfWhatTheOriginalServes_IsTakenWithItsNotes()
    {
        var done = Done(new RouteCommand.SaveFromOriginal(Requests.Json(OfTheOriginal)));

        Assert.Equal(["proxy-gemini", "proxy-gemini-2"], done.State.Configuration.Rules.Select(rule => rule.Id));
        Assert.Equal("X-Forwarded-Prefix", done.State.Configuration.Rules[0].SetHeaders.Single().Name);
        Assert.Equal("rules[1] \"proxy-gemini\": id: another rule has the same id (it is \"proxy-gemini-2\" now)", done.Notes.Single().ToString());
    }

    [Theory]
    [InlineData("{'rules':{}}", "http://127.0.0.1:1")]
    [InlineData("{'rules':[],'default_backend':''}", "http://127.0.0.1:1")]
    [InlineData("{'rules':[],'default_backend':null}", "http://127.0.0.1:1")]
    [InlineData("{'rules':[{'id':'x','enabled':true}],'default_backend':''}", "http://127.0.0.1:1")]
    [InlineData("{'default_backend':'http://127.0.0.1:2'}", "http://127.0.0.1:2")]
    [InlineData("{}", "http://127.0.0.1:1")]
    public void Save_OfLittle_KeepsWhatIsMissing(string json, string defaultBackend) =>
        Assert.Equal(defaultBackend, Done(new RouteCommand.SaveFromOriginal(Requests.Json(json))).State.Configuration.DefaultBackend);

    /// <summary>The original drops each of these without a word, or takes a rule for every request.</summary>
    [Theory]
    [InlineData("{'rules':[{'id':'x','match':{'path_prefx':'/a/'}}]}", "rules[0] \"x\": match.path_prefx: unknown key (did you mean \"path_prefix\"?)")]
    [InlineData("{'rules':[{'id':'x','match':{'referer_regex':'('}}]}", "rules[0] \"x\": match.referer_regex: ")]
    [InlineData("{'rules':[{'id':'x','backend':'127.0.0.1:1'}]}", "rules[0] \"x\": backend: ")]
    [InlineData("{'rules':[7]}", "rules[0]: is a number, not an object")]
    [InlineData("{'rules':[],'default_backend':'nonsense'}", "default_backend: ")]
    [InlineData("{'rules':[{'id':'x','set_headers':[{'name':'Content-Length','value':'1'}]}]}", "rules[0] \"x\": set_headers[0].name: ")]
    [InlineData("{'rules':[{'id':'x','enabled':true},{'id':'x'}]}", "rules[1] \"x\": id: rules[0] has the same id")]
    [InlineData("{'rulez':[]}", "rulez: unknown key")]
    public void Save_OfWhatWouldLoseSomething_IsRefused(string json, string problem)
    {
        var invalid = Assert.IsType<RouteCommandResult.Invalid>(RouteStore.Apply(Present, new RouteCommand.SaveFromOriginal(Requests.Json(json)), new CommandContext("owner", DateTimeOffset.UnixEpoch)));

        Assert.StartsWith(problem, invalid.Problems[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Save_WithWhatOnlyWeKnow_KeepsIt()
    {
        var done = Done(new RouteCommand.SaveFromOriginal(Requests.Json("{'rules':[{'id':'x','enabled':false,'match':{'path_prefix':'/a/'},'app_scope':'a','backend':'http://127.0.0.1:1'}]}")));

        Assert.Equal((false, "a"), (done.State.Configuration.Rules[0].Enabled, done.State.Configuration.Rules[0].AppScope));
    }

    [Fact]
    public void Import_OfAFileOfTheOriginal_SaysWhatBecomesOfItAndNeverThePassword()
    {
        var done = Done(new RouteCommand.Import(Requests.Json("{'admin_password':'hunter2','rules':[{'id':'x','match':{'referer_regex':'('}},{'id':'y','priority':-2}]}")));

        Assert.Equal(["y"], done.State.Configuration.Rules.Select(rule => rule.Id));
        Assert.Equal(["admin_password", "match.referer_regex", "priority"], done.Notes.Select(note => note.Field));
        Assert.DoesNotContain(done.Notes, note => note.ToString().Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public void Import_OfOurOwnFile_TakesItsRules()
    {
        var done = Done(new RouteCommand.Import(RouteStateJson.ToUtf8(RouteState.Fresh)));

        Assert.Equal(DefaultRules.Configuration.Rules.Length, done.State.Configuration.Rules.Length);
        Assert.Equal(5, done.State.Revision);
    }

    private static RouteCommandResult.Done Done(RouteCommand command) => Assert.IsType<RouteCommandResult.Done>(RouteStore.Apply(Present, command, new CommandContext("owner", DateTimeOffset.UnixEpoch)));
}
