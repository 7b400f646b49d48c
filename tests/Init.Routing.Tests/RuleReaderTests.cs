using Init.Routing.Json;
using Init.Routing.Rules;

namespace Init.Routing.Tests;

public sealed class RuleReaderTests
{
    /// <summary>The documented example of the original's README, with its redirect_to_prefix.</summary>
    private const string Documented = """
        {
          "default_backend": "http://127.0.0.1:6185",
          "rules": [
            {
              "id": "unique-rule-id", "action": "proxy", "priority": 100, "backend": "http://127.0.0.1:8000",
              "match": {
                "host": "example.com", "path_prefix": "/api/", "path_equal": "/exact/path", "referer_substr": "substring", "referer_regex": "regex", "method": "GET",
                "headers": [ { "name": "X-Custom-Header", "contains": "value", "regex": "pattern" } ]
              },
              "set_headers": [ { "name": "X-Forwarded-Prefix", "value": "/api" } ]
            },
            { "id": "redirect-rule", "action": "redirect", "priority": 90.5, "match": { "path_equal": "/old-path" }, "redirect_to": "/new-path" },
            { "id": "prefix", "action": "redirect", "match": { "path_prefix": "/old/" }, "redirect_to_prefix": "/new/" }
          ]
        }
        """;

    /// <summary>Every key of a proxy rule that the original does not have.</summary>
    private const string Additions = """
        {"rules":[{"id":"all","enabled":false,"priority":-0.0,"match":{"path_prefix":"/app/"},"app_scope":"app","strip_prefix":true,
          "backends":[{"url":"http://a:1/base","weight":3},{"url":"https://[::1]:2"}],"sticky":{"cookie":"stick"},
          "health":{"path":"/ok?x=1","interval":"5s","timeout":"500ms","failures":2,"successes":2,"retry_after":"1m"},
          "response_headers":[{"name":"X-A","value":"b"},{"name":"Server","remove":true}],
          "timeouts":{"connect":"2s","response":"1m30s","idle":"10m"},"body_limit":"10GB","allow":["10.0.0.0/8","::1"],"deny":["10.9.9.9"]}]}
        """;

    [Fact]
    public void Document_WhenItIsTheDocumentedOne_KeepsEveryField()
    {
        RouteConfiguration configuration = Read(Documented);

        Assert.Equal("http://127.0.0.1:6185", configuration.DefaultBackend);
        RouteRule first = configuration.Rules[0];
        Assert.Equal(("unique-rule-id", RuleAction.Proxy, 100.0), (first.Id, first.Action, first.Priority));
        Assert.Equal(
            ("example.com", "/api/", "/exact/path", "substring", "regex", "GET"),
            (first.Match.Host, first.Match.PathPrefix, first.Match.PathEqual, first.Match.RefererSubstring, first.Match.RefererRegex, first.Match.Method));
        Assert.Equal([new HeaderCondition("X-Custom-Header", "value", "pattern")], first.Match.Headers.AsEnumerable());
        Assert.Equal([new HeaderValue("X-Forwarded-Prefix", "/api")], first.SetHeaders.AsEnumerable());
        Assert.Equal([new RuleBackend("http://127.0.0.1:8000")], first.Backends.AsEnumerable());
        Assert.Equal((RuleAction.Redirect, 90.5, "/new-path", 301), (configuration.Rules[1].Action, configuration.Rules[1].Priority, configuration.Rules[1].RedirectTo, configuration.Rules[1].RedirectStatus));
        Assert.Equal("/new/", configuration.Rules[2].RedirectToPrefix);
    }

    [Fact]
    public void Rule_WhenItHasEveryAddition_KeepsThemAll()
    {
        RouteRule rule = Read(Additions).Rules.Single();

        Assert.False(rule.Enabled);
        Assert.Equal(("app", true), (rule.AppScope, rule.StripPrefix));
        Assert.Equal([new RuleBackend("http://a:1/base", 3), new RuleBackend("https://[::1]:2")], rule.Backends.AsEnumerable());
        Assert.Equal(new StickySessions("stick", null), rule.Sticky);
        Assert.Equal(
            new BackendHealthPolicy
            {
                Path = "/ok?x=1",
                Interval = TimeSpan.FromSeconds(5),
                Timeout = TimeSpan.FromMilliseconds(500),
                Failures = 2,
                Successes = 2,
                RetryAfter = TimeSpan.FromMinutes(1),
            },
            rule.Health);
        Assert.Equal([new ResponseHeaderEdit("X-A", "b"), new ResponseHeaderEdit("Server", null)], rule.ResponseHeaders.AsEnumerable());
        Assert.Equal(new RuleTimeouts(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(90), TimeSpan.FromMinutes(10)), rule.Timeouts);
        Assert.Equal(10_000_000_000, rule.BodyLimit);
        Assert.Equal(["10.0.0.0/8", "::1"], rule.Allow.Select(range => range.Text));
        Assert.Equal(["10.9.9.9"], rule.Deny.Select(range => range.Text));
    }

    [Theory]
    [InlineData(Documented)]
    [InlineData(Additions)]
    public void Document_WhenWrittenTwice_IsTheSameBytes(string text)
    {
        byte[] once = RuleWriter.ToUtf8(Read(text));

        Assert.Equal(once, RuleWriter.ToUtf8(Read(System.Text.Encoding.UTF8.GetString(once))));
    }

    [Fact]
    public void Rules_WhenSomeHaveNoId_GetIdsThatAreFree() =>
        Assert.Equal(["rule-2", "rule-1", "x", "rule-3"], Read("""{"rules":[{},{"id":"rule-1"},{"id":"x"},{"id":""}]}""").Rules.Select(rule => rule.Id));

    [Fact]
    public void Document_WhenItHasNoRules_KeepsThePresentOnes()
    {
        var (configuration, problems) = RuleReader.ReadConfiguration("{\"default_backend\":\"http://new\"}"u8.ToArray(), DefaultRules.Configuration);

        Assert.Empty(problems);
        Assert.Equal("http://new", configuration!.DefaultBackend);
        Assert.Equal(DefaultRules.Configuration.Rules.AsEnumerable(), configuration.Rules.AsEnumerable());
    }

    [Fact]
    public void Defaults_WhenWritten_AreValid() => Assert.Empty(RuleReader.ReadConfiguration(RuleWriter.ToUtf8(DefaultRules.Configuration), RouteConfiguration.Empty).Problems);

    [Theory]
    [InlineData("{'prority':1}", "prority: unknown key (did you mean \"priority\"?)")]
    [InlineData("{'match':{'path_prefx':'/a'}}", "match.path_prefx: unknown key (did you mean \"path_prefix\"?)")]
    [InlineData("{'match':{'headers':[{'name':'a','is':'b'}]}}", "match.headers[0].is: unknown key (remove it)")]
    [InlineData("{'priority':1,'priority':2}", "priority: is there twice (remove one of them)")]
    [InlineData("{'priority':'1'}", "priority: is a text, not a number (write a number)")]
    [InlineData("{'priority':1e10}", "priority: 1e10 is out of range (use a number from -1000000000 to 1000000000)")]
    [InlineData("{'priority':1e999}", "priority: 1e999 is out of range (use a number from -1000000000 to 1000000000)")]
    [InlineData("{'enabled':1}", "enabled: is a number, not true or false (write true or false without quotes)")]
    [InlineData("{'match':null}", "match: is null, not an object (leave the key out)")]
    [InlineData("{'id':'a\\nb'}", "id: has control characters (use visible characters)")]
    [InlineData("{'action':'redirct'}", "action: \"redirct\" is no action (did you mean \"redirect\"?)")]
    [InlineData("{'id':'..'}", "id: is a step in a path (use a name: it is part of the rule's URL)")]
    [InlineData("{'backend':'http://169.254.169.254'}", "backend: this address is where a machine asks its cloud for its passwords (name the program's own address)")]
    [InlineData("{'backend':'http://2852039166/latest'}", "backend: this address is where a machine asks its cloud for its passwords (name the program's own address)")]
    [InlineData("{'backend':'http://0xa9.0xfe.0xa9.0xfe:80'}", "backend: this address is where a machine asks its cloud for its passwords (name the program's own address)")]
    [InlineData("{'backend':'http://[fd00:ec2::254]:80/'}", "backend: this address is where a machine asks its cloud for its passwords (name the program's own address)")]
    [InlineData("{'backend':'http://[::ffff:169.254.169.254]'}", "backend: this address is where a machine asks its cloud for its passwords (name the program's own address)")]
    [InlineData("{'match':{'path_equal':''}}", "match.path_equal: is empty (leave the key out)")]
    [InlineData("{'match':{'path_prefix':'a/'}}", "match.path_prefix: is not valid (write the beginning of the decoded path, with its first \"/\")")]
    [InlineData("{'match':{'host':'a b'}}", "match.host: is not valid (write a host name or address, with or without a port)")]
    [InlineData("{'match':{'host':'http://a'}}", "match.host: is not valid (write a host name or address, with or without a port)")]
    [InlineData("{'match':{'method':'G T'}}", "match.method: is not valid (write one method, such as GET)")]
    [InlineData("{'match':{'referer_substr':'a\\u0000b'}}", "match.referer_substr: is not valid (leave out the control characters: no header has any)")]
    [InlineData("{'match':{'referer_regex':'(?=a)'}}", "match.referer_regex: it uses look-around, back-references, atomic groups or conditionals, which can take for ever, or needs more than 10000 states (write it without them, with smaller repeat counts, or as several rules)")]
    [InlineData("{'match':{'referer_regex':'(((a{100}){100}){100}){100}'}}", "match.referer_regex: it uses look-around, back-references, atomic groups or conditionals, which can take for ever, or needs more than 10000 states (write it without them, with smaller repeat counts, or as several rules)")]
    [InlineData("{'match':{'headers':[{'contains':'b'}]}}", "match.headers[0].name: is missing (name the header)")]
    [InlineData("{'match':{'headers':[{'name':'a b'}]}}", "match.headers[0].name: is no header name (use letters, digits and \"-\")")]
    [InlineData("{'backend':'127.0.0.1:80'}", "backend: a backend is an http://, https:// or h2c:// URL (write it like http://127.0.0.1:6185)")]
    [InlineData("{'backend':'ws://a'}", "backend: a backend is an http://, https:// or h2c:// URL (write http or https; WebSockets pass as they are)")]
    [InlineData("{'backend':'http://u:p@a'}", "backend: \"@\" at position 10 has no place in a backend's URL (write only scheme, host, port and path)")]
    [InlineData("{'backend':'http://a/b?c'}", "backend: \"?\" at position 10 has no place in a backend's URL (write only scheme, host, port and path)")]
    [InlineData("{'backend':'http://a\\r\\nX: y'}", "backend: character U+000D at position 8 has no place in a backend's URL (write only scheme, host, port and path)")]
    [InlineData("{'backend':'http://a:99999'}", "backend: host or port is not valid (write it like http://127.0.0.1:6185 or http://name:8000/path)")]
    [InlineData("{'backend':'http://a%2fb'}", "backend: host or port is not valid (write it like http://127.0.0.1:6185 or http://name:8000/path)")]
    [InlineData("{'backend':'h2c://a'}", "backend: host or port is not valid (write it like http://127.0.0.1:6185 or http://name:8000/path)")]
    [InlineData("{'program':''}", "program: is empty (leave the key out)")]
    [InlineData("{'program':'a b'}", "program: is not valid (write its name as in supervisor.toml, such as \"web\" or \"worker:0\")")]
    [InlineData("{'action':'redirect','redirect_to':'/x','program':'a'}", "program: a redirect does not have it (remove it, or write \"action\": \"proxy\")")]
    [InlineData("{'backend':'http://a:'}", "backend: host or port is not valid (write it like http://127.0.0.1:6185 or http://name:8000/path)")]
    [InlineData("{'match':{'host':'中.example'}}", "match.host: is not valid (write a host name or address, with or without a port)")]
    [InlineData("{'match':{'host':'*.example'}}", "match.host: is not valid (write a host name or address, with or without a port)")]
    [InlineData("{'action':'redirect','redirect_to_prefix':'/a','match':{'path_prefix':'/a'}}", "redirect_to_prefix: leads to itself (write another path)")]
    [InlineData("{'backend':'http:///x'}", "backend: host or port is not valid (write it like http://127.0.0.1:6185 or http://name:8000/path)")]
    [InlineData("{'backend':'http://a/x/../y'}", "backend: the path climbs with \"..\" (write the path it leads to)")]
    [InlineData("{'backend':'http://a','backends':[{'url':'http://b'}]}", "backends: there is a \"backend\", too (use one of the two)")]
    [InlineData("{'backends':[{'url':'http://b','weight':0}]}", "backends[0].weight: 0 is out of range (use a whole number from 1 to 1000)")]
    [InlineData("{'backends':[{'url':'http://b'},{'url':'http://b'}]}", "backends[1].url: is there twice (use the weight to give a backend more)")]
    [InlineData("{'backends':[{}]}", "backends[0].url: is missing (write it like http://127.0.0.1:6185)")]
    [InlineData("{'backend':'http://a','sticky':{'cookie':'a'}}", "sticky: has no effect with fewer than two backends (remove it, or list several backends)")]
    [InlineData("{'health':{}}", "health: has no effect without a backend of the rule's own (add a backend, or remove it)")]
    [InlineData("{'backend':'http://a','health':{'interval':'0s'}}", "health.interval: \"0s\" is not a duration from 1s to 1d (write it like \"10s\" or \"1m30s\")")]
    [InlineData("{'set_headers':[{'name':'X-A','value':'b\\r\\nEvil: c'}]}", "set_headers[0].value: is no header value (use visible ASCII without line breaks, and no blanks at the ends)")]
    [InlineData("{'set_headers':[{'name':'X-A\\r\\nEvil','value':''}]}", "set_headers[0].name: is no header name (use letters, digits and \"-\")")]
    [InlineData("{'set_headers':[{'name':'transfer-encoding','value':'x'}]}", "set_headers[0].name: transfer-encoding is the gateway's own: it belongs to the connection, not to the message (remove it)")]
    [InlineData("{'set_headers':[{'name':'X-A'}]}", "set_headers[0].value: is missing (write the value, or \"\")")]
    [InlineData("{'response_headers':[{'name':'X-A','value':'b\\n'}]}", "response_headers[0].value: is no header value (use visible ASCII without line breaks, and no blanks at the ends)")]
    [InlineData("{'response_headers':[{'name':'X-A'}]}", "response_headers[0].value: an edit has a value, or \"remove\": true (give one of the two)")]
    [InlineData("{'strip_prefix':true}", "strip_prefix: there is no match.path_prefix to strip (add one, or remove strip_prefix)")]
    [InlineData("{'app_scope':'x'}", "app_scope: needs a match.path_prefix such as \"/app/\", and no path_equal (say below which path the application lives)")]
    [InlineData("{'app_scope':'x;y','match':{'path_prefix':'/x/'}}", "app_scope: is no name (use letters, digits, \"-\" and \"_\")")]
    [InlineData("{'redirect_to':'/x'}", "redirect_to: only a redirect has it (remove it, or write \"action\": \"redirect\")")]
    [InlineData("{'body_limit':'much'}", "body_limit: is not a size (write a number of bytes, or a text like \"10MB\" or \"512KiB\")")]
    [InlineData("{'body_limit':-1}", "body_limit: is not a size (write a number of bytes, or a text like \"10MB\" or \"512KiB\")")]
    [InlineData("{'allow':['10.0.0.1/8']}", "allow[0]: is neither an address nor a network (write it like \"10.0.0.7\", \"10.0.0.0/8\" or \"fd00::/8\")")]
    [InlineData("{'deny':['10']}", "deny[0]: is neither an address nor a network (write it like \"10.0.0.7\", \"10.0.0.0/8\" or \"fd00::/8\")")]
    [InlineData("{'action':'redirect'}", "redirect_to: a redirect has exactly one of redirect_to and redirect_to_prefix (give one of the two)")]
    [InlineData("{'action':'redirect','redirect_to':'//evil.org'}", "redirect_to: \"//\" leads to another host (write one slash, or the URL with its scheme)")]
    [InlineData("{'action':'redirect','redirect_to':'/a\\r\\nSet-Cookie: b'}", "redirect_to: has characters that a URL cannot have (percent-encode them)")]
    [InlineData("{'action':'redirect','redirect_to':'javascript:alert(1)'}", "redirect_to: is neither a path nor an http(s) URL (begin with \"/\", \"http://\" or \"https://\")")]
    [InlineData("{'action':'redirect','redirect_to':'/\\\\evil.org'}", "redirect_to: has characters that a URL cannot have (percent-encode them)")]
    [InlineData("{'action':'redirect','redirect_to':'/a','status':303}", "status: 303 is not supported (use 301, 302, 307 or 308)")]
    [InlineData("{'action':'redirect','redirect_to':'/a','match':{'path_equal':'/a'}}", "redirect_to: leads to itself (write another path)")]
    [InlineData("{'action':'redirect','redirect_to_prefix':'/a'}", "redirect_to_prefix: there is no match.path_prefix whose place it could take (add one, or use redirect_to)")]
    [InlineData("{'action':'redirect','redirect_to':'/a','backend':'http://b'}", "backend: a redirect does not have it (remove it, or write \"action\": \"proxy\")")]
    public void Rule_WhenItHasOneMistake_IsRefusedWithPlaceAndRemedy(string rule, string expected)
    {
        var (configuration, problems) = RuleReader.ReadConfiguration(Requests.Json($"{{'rules':[{rule}]}}"), RouteConfiguration.Empty);

        Assert.Null(configuration);
        string problem = problems.Single().ToString();
        Assert.Equal(expected, problem[(problem.IndexOf(": ", StringComparison.Ordinal) + 2)..]);
    }

    [Fact]
    public void Rules_WhenSeveralAreWrong_AreRefusedWithAllProblemsAndWhereTheyAre()
    {
        var (configuration, problems) = RuleReader.ReadConfiguration(
            Requests.Json("{'default_backend':'x','rules':[{'id':'a'},{'id':'b','match':{'referer_regex':'('},'backend':'y'},{'id':'a'},7]}"), RouteConfiguration.Empty);

        Assert.Null(configuration);
        Assert.Equal(
            [
                "default_backend: a backend is an http://, https:// or h2c:// URL (write it like http://127.0.0.1:6185)",
                "rules[1] \"b\": match.referer_regex: cannot read the regular expression: InsufficientClosingParentheses at position 1 "
                    + "(see learn.microsoft.com/dotnet/standard/base-types/regular-expression-language-quick-reference)",
                "rules[1] \"b\": backend: a backend is an http://, https:// or h2c:// URL (write it like http://127.0.0.1:6185)",
                "rules[3]: is a number, not an object (write { … })",
                "rules[2] \"a\": id: rules[0] has the same id (give each rule an id of its own)",
            ],
            problems.Select(problem => problem.ToString()));
    }

    [Theory]
    [InlineData("http://my_app:8000")]
    [InlineData("HTTP://Name.example")]
    [InlineData("https://[fd00::1]:8443/a%20b/")]
    public void Backend_WhenItsUrlIsUnusualAndValid_IsTaken(string url) => Assert.Equal(url, Read($"{{\"rules\":[{{\"backend\":\"{url}\"}}]}}").Rules[0].Backends[0].Url);

    [Theory]
    [InlineData("", "document: cannot read the JSON at line 1, byte 1 (correct it there)")]
    [InlineData("{\n'rules':[}", "document: cannot read the JSON at line 2, byte 10 (correct it there)")]
    [InlineData("[]", "document: is an array, not an object (write { … })")]
    [InlineData("{'rules':{}}", "rules: is an object, not an array (write an array)")]
    [InlineData("{'ruls':[]}", "ruls: unknown key (did you mean \"rules\"?)")]
    [InlineData("[[[[[[[[[[[[[[[[[[", "document: cannot read the JSON at line 1, byte 17 (correct it there)")]
    public void Document_WhenItIsNone_IsRefused(string text, string expected) =>
        Assert.Equal(expected, RuleReader.ReadConfiguration(Requests.Json(text), RouteConfiguration.Empty).Problems.Single().ToString());

    private static RouteConfiguration Read(string text)
    {
        var (configuration, problems) = RuleReader.ReadConfiguration(System.Text.Encoding.UTF8.GetBytes(text), RouteConfiguration.Empty);
        Assert.Empty(problems);
        return configuration!;
    }
}
