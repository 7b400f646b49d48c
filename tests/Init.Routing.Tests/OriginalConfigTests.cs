using System.Text;
using Init.Routing.Json;
using Init.Routing.Matching;
using Init.Routing.Rules;

namespace Init.Routing.Tests;

public sealed class OriginalConfigTests
{
    /// <summary>What the original writes at its first start: one line, with its duplicate id.</summary>
    private const string AtItsFirstStart =
        """{"admin_password":"admin","default_backend":"http:\/\/127.0.0.1:6185","rules":["""
        + """{"id":"proxy-api-ws","priority":200,"action":"proxy","backend":"http:\/\/127.0.0.1:6099","match":{"path_prefix":"\/api\/ws\/"}},"""
        + """{"id":"proxy-referer-gemini","priority":195,"action":"proxy","backend":"http:\/\/127.0.0.1:8000","match":{"referer_substr":"gemini"}},"""
        + """{"id":"proxy-referer-webui","priority":195,"action":"proxy","backend":"http:\/\/127.0.0.1:6099","match":{"referer_substr":"webui"}},"""
        + """{"id":"redirect-webui-slash","priority":200,"action":"redirect","redirect_to":"\/webui\/","match":{"path_equal":"\/webui"}},"""
        + """{"id":"proxy-webui-referer","priority":190,"action":"proxy","backend":"http:\/\/127.0.0.1:6099","match":{"referer_substr":"\/webui\/"}},"""
        + """{"id":"proxy-webui","priority":180,"action":"proxy","backend":"http:\/\/127.0.0.1:6099","match":{"path_prefix":"\/webui\/"},"set_headers":[{"name":"X-Forwarded-Prefix","value":"\/webui"}]},"""
        + """{"id":"proxy-gemini","priority":180,"action":"proxy","backend":"http:\/\/127.0.0.1:8000","match":{"path_prefix":"\/gemini\/"},"set_headers":[{"name":"X-Forwarded-Prefix","value":"\/gemini"}]},"""
        + """{"id":"redirect-gemini-slash","priority":175,"action":"redirect","redirect_to":"\/gemini\/","match":{"path_equal":"\/gemini"}},"""
        + """{"id":"proxy-gemini","priority":170,"action":"proxy","backend":"http:\/\/127.0.0.1:8000","match":{"path_prefix":"\/gemini\/"}}]}""";

    [Fact]
    public void File_WhenItIsThatOfTheFirstStart_IsTakenOverWithItsPasswordAndOneNewName()
    {
        OriginalImport import = Read(AtItsFirstStart);

        Assert.Equal("admin", import.AdminPassword);
        Assert.Equal(["rules[8] \"proxy-gemini\": id: another rule has the same id (it is \"proxy-gemini-2\" now)"], import.Notes.Select(note => note.ToString()));
        Assert.Equal(9, import.Configuration.Rules.Length);
        Assert.Equal([new HeaderValue("X-Forwarded-Prefix", "/webui")], import.Configuration.Rules[5].SetHeaders.AsEnumerable());
        Assert.DoesNotContain("admin", Encoding.UTF8.GetString(import.WithoutPassword), StringComparison.Ordinal);
    }

    /// <summary>The consequences that are pinned for the original's default rules, its traps included: who imports them keeps them.</summary>
    [Theory]
    [InlineData("/", "https://x/gemini/webui", "proxy-referer-gemini")]
    [InlineData("/webui/", "https://x/gemini/", "proxy-referer-gemini")]
    [InlineData("/webui/x", "https://x/webui/", "proxy-referer-webui")]
    [InlineData("/webui/x", "", "proxy-webui")]
    [InlineData("/gemini", "https://x/webui/", "proxy-referer-webui")]
    [InlineData("/webui", "https://x/gemini/", "redirect-webui-slash")]
    [InlineData("/api/ws/x", "https://x/gemini/", "proxy-api-ws")]
    [InlineData("/gemini/x", "", "proxy-gemini")]
    [InlineData("/x", "https://gemini-bot.hf.space/", "proxy-referer-gemini")]
    [InlineData("/x", "", null)]
    public void Rules_WhenTheyAreImported_DoWhatTheyDid(string path, string referer, string? expected) =>
        Assert.Equal(expected, new RouteTable(Read(AtItsFirstStart).Configuration).Winner(Requests.Get(path, ("Referer", referer))));

    [Theory]
    [InlineData("{'id':'a','priority':-2}", "id=a off", "priority: below -1 the original never tries it (the rule is kept and not enabled)")]
    [InlineData("{'id':'a','priority':'7.5'}", "id=a 7.5", null)]
    [InlineData("{'id':'a','priority':{}}", "id=a", null)]
    [InlineData("{'id':7}", "id=rule-1", null)]
    [InlineData("{'id':'a','action':'allow'}", "id=a", "action: the original proxies whatever it does not know (it is \"proxy\" now)")]
    [InlineData("{'id':'a','extra':1,'match':{}}", "id=a", "extra: the original does not know it (the key is dropped)")]
    [InlineData("{'id':'a','match':{'path_prefx':'/x'}}", "id=a", "match.path_prefx: the original does not look at it (the key is dropped)")]
    [InlineData("{'id':'a','match':{'host':'A.example'}}", "id=a off", "match.host: with upper case or a port the original never matches it (the rule is kept and not enabled)")]
    [InlineData("{'id':'a','match':{'host':'a.example:80'}}", "id=a off", "match.host: with upper case or a port the original never matches it (the rule is kept and not enabled)")]
    [InlineData("{'id':'a','match':{'method':'get'}}", "id=a off", "match.method: in lower case the original never matches it (the rule is kept and not enabled)")]
    [InlineData("{'id':'a','match':{'path_prefix':''}}", "id=a", null)]
    [InlineData("{'id':'a','match':{'path_equal':''}}", "", "match.path_equal: is empty (the rule is left out)")]
    [InlineData("{'id':'a','match':'x'}", "", "match: is a text, not an object (the rule is left out)")]
    [InlineData("{'id':'a','match':{'headers':{}},'set_headers':{}}", "id=a", null)]
    [InlineData("{'id':'a','match':{'headers':[{'name':'X','contains':'','regex':''},{'contains':'x'}]}}", "id=a headers=X", null)]
    [InlineData("{'id':'a','match':{'referer_substr':''}}", "id=a referer=.", null)]
    [InlineData("{'id':'a','match':{'referer_regex':'(?<=x)y'}}", "", "match.referer_regex: it uses look-around, back-references, atomic groups or conditionals, which can take for ever, or needs more than 10000 states (the rule is left out)")]
    [InlineData("{'id':'a','backend':''}", "id=a", "backend: it is empty (the key is dropped)")]
    [InlineData("{'id':'a','backend':'127.0.0.1:80'}", "", "backend: a backend is an http://, https:// or h2c:// URL (the rule is left out)")]
    [InlineData("{'id':'a','action':'redirect','backend':'http://b','redirect_to':'/x','redirect_to_prefix':'/y'}", "id=a to=/x", "backend: it has no effect on a redirect (the key is dropped)")]
    [InlineData("{'id':'a','action':'redirect'}", "id=a to=/", "redirect_to: there is no target (it is \"/\" now, as the original does it)")]
    [InlineData("{'id':'a','action':'redirect','redirect_to_prefix':'/y'}", "id=a to=/", "redirect_to: there is no target (it is \"/\" now, as the original does it)")]
    [InlineData("{'id':'a','action':'redirect','redirect_to_prefix':'/y','match':{'path_prefix':'/x'}}", "id=a prefix=/y", null)]
    [InlineData("{'id':'a','redirect_to':'','set_headers':[{'name':'Connection','value':'close'}]}", "id=a", "set_headers: a header has no valid name or value, or belongs to the connection (that header is dropped)")]
    [InlineData("7", "", "is not an object (left out)")]
    [InlineData("null", "", "is not an object (left out)")]
    public void Rule_WhenTheOriginalTookIt_DoesWhatItDid(string rule, string expected, string? note)
    {
        OriginalImport import = Read($"{{'rules':[{rule}]}}".Replace('\'', '"'));

        Assert.Equal(expected, string.Join(' ', import.Configuration.Rules.Select(Shown)));
        Assert.Equal(note, import.Notes.SingleOrDefault()?.ToString() is { } text ? text[(text.IndexOf(": ", StringComparison.Ordinal) + 2)..] : null);
    }

    [Theory]
    [InlineData("{}", 5, 1)]
    [InlineData("{'rules':{}}", 0, 0)]
    [InlineData("{'rules':'x','default_backend':'y'}", 5, 2)]
    public void Document_WhenPartsAreMissing_HasTheDefaults(string text, int rules, int notes)
    {
        OriginalImport import = Read(text.Replace('\'', '"'));

        Assert.Equal((rules, notes, "http://127.0.0.1:6185"), (import.Configuration.Rules.Length, import.Notes.Length, import.Configuration.DefaultBackend));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"rules\":[")]
    [InlineData("{\"rules\":[],\"rules\":[]}")]
    [InlineData("{\"rules\":[{\"id\":\"\\ud800\"}]}")]
    public void Document_WhenItIsBroken_IsRefused(string text)
    {
        var (import, problems) = OriginalConfig.Read(Encoding.UTF8.GetBytes(text));

        Assert.Null(import);
        Assert.Single(problems);
    }

    private static string Shown(RouteRule rule) => string.Join(' ', new[]
    {
        $"id={rule.Id}",
        rule.Enabled ? null : "off",
        rule.Priority > 0 ? rule.Priority.ToString(System.Globalization.CultureInfo.InvariantCulture) : null,
        rule.Match.Headers.IsEmpty ? null : $"headers={string.Join(',', rule.Match.Headers.Select(header => header.Name + header.Contains + header.Regex))}",
        rule.Match.RefererRegex is null ? null : $"referer={rule.Match.RefererRegex}",
        rule.RedirectTo is null ? null : $"to={rule.RedirectTo}",
        rule.RedirectToPrefix is null ? null : $"prefix={rule.RedirectToPrefix}",
    }.OfType<string>());

    private static OriginalImport Read(string text)
    {
        var (import, problems) = OriginalConfig.Read(Encoding.UTF8.GetBytes(text));
        Assert.Empty(problems);
        return import!;
    }
}
