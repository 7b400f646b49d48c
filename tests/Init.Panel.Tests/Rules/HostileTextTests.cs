using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Init.Panel.Tests.Rules;

/// <summary>Whatever stands in a field of a rule is refused, or comes back as exactly that text, as data that no browser takes for a page.</summary>
public sealed class HostileTextTests
{
    private static readonly string[] Texts =
    [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'-alert(1)-'", "</script><!--", "javascript:alert(1)", "a\r\nSet-Cookie: x=1", "a\nb", "a\0b", "\u2028\u2029", "{{7*7}}${7*7}",
        "&lt;&#60;", "\u202Eevil", "\uFEFFx", "../../etc/passwd", "%0d%0aX: y", new string('x', 1024 * 1024),
    ];

    /// <summary>Rules with the text in one field each; "TEXT" is where it goes, behind what the field needs to be valid.</summary>
    private static readonly string[] Rules =
    [
        """{"id":"TEXT"}""", """{"match":{"host":"TEXT"}}""", """{"match":{"path_equal":"/TEXT"}}""", """{"match":{"path_prefix":"/TEXT"}}""", """{"match":{"method":"TEXT"}}""",
        """{"match":{"referer_substr":"TEXT"}}""", """{"match":{"referer_regex":"TEXT"}}""", """{"match":{"headers":[{"name":"TEXT"}]}}""", """{"match":{"headers":[{"name":"x","contains":"TEXT"}]}}""",
        """{"match":{"headers":[{"name":"x","regex":"TEXT"}]}}""", """{"backend":"http://x/TEXT"}""", """{"backends":[{"url":"http://TEXT"}]}""", """{"program":"TEXT"}""",
        """{"match":{"path_prefix":"/a/"},"app_scope":"TEXT"}""", """{"backends":[{"url":"http://a"},{"url":"http://b"}],"sticky":{"cookie":"TEXT"}}""",
        """{"backends":[{"url":"http://a"},{"url":"http://b"}],"sticky":{"header":"TEXT"}}""", """{"backend":"http://a","health":{"path":"/TEXT"}}""", """{"backend":"http://a","health":{"interval":"TEXT"}}""",
        """{"set_headers":[{"name":"x","value":"TEXT"}]}""", """{"set_headers":[{"name":"TEXT","value":""}]}""", """{"response_headers":[{"name":"x","value":"TEXT"}]}""",
        """{"response_headers":[{"name":"TEXT","remove":true}]}""", """{"action":"redirect","redirect_to":"/TEXT"}""", """{"action":"redirect","redirect_to":"TEXT"}""",
        """{"action":"redirect","match":{"path_prefix":"/a/"},"redirect_to_prefix":"/TEXT"}""", """{"timeouts":{"idle":"TEXT"}}""", """{"body_limit":"TEXT"}""", """{"allow":["TEXT"]}""", """{"deny":["TEXT"]}""",
        """{"action":"TEXT"}""", """{"TEXT":1}""",
    ];

    [Fact]
    public async Task EveryField_WithEveryText_IsRefusedOrComesBackAsItIs()
    {
        await using RulesServer server = await RulesServer.StartAsync("""{"version":1,"revision":1,"rules":[]}""");
        int taken = 0, refused = 0;
        foreach (string rule in Rules)
        {
            foreach (string text in Texts)
            {
                string body = rule.Replace("TEXT", JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString(), StringComparison.Ordinal);
                Answer answer = await server.AskExactlyAsync("POST", "/rules", body);
                AssertIsData(answer);
                if (answer.Status == HttpStatusCode.UnprocessableEntity)
                {
                    refused++;
                    Assert.True(answer.Text.Length < 40_000, "a refusal says back what was sent");
                    continue;
                }

                Assert.Equal(HttpStatusCode.Created, answer.Status);
                taken++;
                Assert.True(text.Length < 10_000, $"{text.Length} characters were taken by {rule}");
                Answer list = await server.AskAsync("GET", "");
                AssertIsData(list);
                string field = TextsIn(JsonNode.Parse(rule)!).Single(value => value.Contains("TEXT", StringComparison.Ordinal));
                Assert.Contains(field.Replace("TEXT", text, StringComparison.Ordinal), TextsIn(list.Json["rules"]![0]!));
                Answer deleted = await server.AskExactlyAsync("PUT", "", """{"rules":[]}""");
                Assert.Equal(HttpStatusCode.OK, deleted.Status);
            }
        }

        Assert.True(taken > 50 && refused > 200, $"{taken} taken, {refused} refused");
    }

    [Fact]
    public async Task Json_ThatIsDeepOrDoubledOrBroken_IsRefused()
    {
        await using RulesServer server = await RulesServer.StartAsync("""{"version":1,"revision":1,"rules":[]}""");
        string deep = string.Concat(Enumerable.Repeat("{\"match\":", 100_000)) + "1" + new string('}', 100_000);
        foreach (string body in new[] { deep, new string('[', 1_000_000), "{\"id\":\"\\ud800\"}", "{\"id\":\"a\",\"id\":\"b\"}", "{\"\\ud800\":1}", "\u0001", "{\"id\":\"a\"} {\"id\":\"b\"}" })
        {
            foreach (string path in new[] { "/rules", "/import", "/validation", "/dry-run", "/undo" })
            {
                Answer answer = await server.AskExactlyAsync("POST", path, body);
                AssertIsData(answer);
                if (path == "/validation")
                    Assert.False((bool)answer.Json["valid"]!);
                else
                    Assert.InRange((int)answer.Status, 400, 422);
            }
        }

        Assert.Equal(1, server.Services.Keeper.InForce.State.Revision);
    }

    private static void AssertIsData(Answer answer)
    {
        Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
        Assert.Contains(answer.ContentHeaders.ContentType!.MediaType, new[] { "application/json", "application/problem+json" });
        Assert.DoesNotContain("<script", answer.Text, StringComparison.OrdinalIgnoreCase);
    }

    private static IEnumerable<string> TextsIn(JsonNode node) => node switch
    {
        JsonObject inner => inner.SelectMany(member => member.Value is null ? [] : TextsIn(member.Value)),
        JsonArray items => items.SelectMany(item => item is null ? [] : TextsIn(item)),
        JsonValue value when value.TryGetValue(out string? text) => [text],
        _ => [],
    };
}
