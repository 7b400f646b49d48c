using System.Text;
using Init.Chat.Providers;
using Init.Chat.Upstream;

namespace Init.Chat.Tests.Upstream;

public sealed class UpstreamPartsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 2, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("3", null, 3.0)]
    [InlineData(" 1.5 ", null, 1.5)]
    [InlineData("9", "250", 0.25)]
    [InlineData("9", "x", 9.0)]
    [InlineData("Sun, 22 Nov 2026 02:01:00 GMT", null, 60.0)]
    [InlineData("Sunday, 22-Nov-26 02:01:00 GMT", null, 60.0)]
    [InlineData("Sun, 22 Nov 2026 01:59:00 GMT", null, null)]
    [InlineData("-1", null, null)]
    [InlineData("0", "", null)]
    [InlineData("1e3", null, null)]
    [InlineData("soon", null, null)]
    [InlineData(null, null, null)]
    public void RetryAfter_IsRead(string? header, string? milliseconds, double? seconds) => Assert.Equal(seconds, RetryAfter.Of(header, milliseconds, Now)?.TotalSeconds);

    [Fact]
    public void Body_GetsItsModelAndKeepsTheRest()
    {
        const string Body = """ {"mod\u0065l":"theirs", "messages":[{"role":"user","content":"{\"model\":1}"}] ,"model":{"x":[1]},"temperature":1.50,"名":"é","stream_options":null}""";
        ModelInfo model = new("p", "n", "a\"b", "chat", "https://api.openai.com/v1", []);

        string made = Encoding.UTF8.GetString(RequestBody.For(model, new UpstreamRequest("chat", "/chat/completions", Encoding.UTF8.GetBytes(Body), true) { AsksUsage = true }));

        Assert.Equal("""{"model":"a\"b","messages":[{"role":"user","content":"{\"model\":1}"}],"temperature":1.50,"名":"é","stream_options":{"include_usage":true}}""", made);
    }

    [Theory]
    [InlineData("""{"stream_options":{"include_usage":false}}""", """{"model":"m","stream_options":{"include_usage":false}}""")]
    [InlineData("{}", """{"model":"m","stream_options":{"include_usage":true}}""")]
    public void StreamOptions_OfTheClientComeFirst(string body, string expected)
    {
        ModelInfo model = new("p", "n", "m", "chat", "https://elsewhere.example/v1", []) { TakesStreamOptions = true };

        Assert.Equal(expected, Encoding.UTF8.GetString(RequestBody.For(model, new UpstreamRequest("chat", "/chat/completions", Encoding.UTF8.GetBytes(body), true) { AsksUsage = true })));
    }

    [Theory]
    [InlineData(400, "", "RequestRefused", 400)]
    [InlineData(400, "{\"error\":{\"message\":\"messages[0]: 'API key not valid, API_KEY_INVALID, per day' is no text\"}}", "RequestRefused", 400)]
    [InlineData(402, "{\"error\":{\"message\":\"This request requires more credits, or fewer max_tokens.\"}}", "RequestRefused", 400)]
    [InlineData(403, "{\"error\":{\"message\":\"requires moderation\",\"metadata\":{\"flagged_input\":\"x\"}}}", "RequestRefused", 400)]
    [InlineData(429, "{\"error\":{\"message\":\"Request too large for gpt-4o on tokens per min (TPM)\"}}", "RequestRefused", 413)]
    [InlineData(429, "{\"error\":{\"message\":\"Limit 200 / day. Requests per day (RPD)\"}}", "QuotaSpent", 429)]
    [InlineData(200, "{\"error\":{\"message\":\"the user says: rate_limit, invalid_api_key\"}}", "Broken", 502)]
    [InlineData(200, "{\"error\":{\"message\":\"slow down\",\"type\":\"rate_limit_error\"}}", "RateLimited", 429)]
    [InlineData(529, "", "Broken", 502)]
    [InlineData(418, "", "RequestRefused", 400)]
    public void Refusal_ThatAUserCanBringAbout_RestsNoKey(int status, string body, string outcome, int told)
    {
        ProviderError error = ProviderError.Read(body);
        ProviderVerdict verdict = status == 200 ? ProviderVerdict.OfAccepted(error) : ProviderVerdict.Of(status, null, error);

        Assert.Equal((outcome, told), (verdict.Outcome.GetType().Name, verdict.Status));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"a\":1")]
    [InlineData("{\"a\":}")]
    [InlineData("{} {}")]
    [InlineData("null")]
    public void Body_ThatIsNoObject_IsRefused(string body)
    {
        ModelInfo model = new("p", "n", "m", "chat", "https://x/v1", []);

        Assert.Equal(400, Assert.Throws<UpstreamException>(() => RequestBody.For(model, new UpstreamRequest("chat", "/x", Encoding.UTF8.GetBytes(body), true))).Status);
    }

    [Theory]
    [InlineData(": hello\n\n", "Unknown")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\r\n\r\n", "Unknown")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n", "Unknown")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n", "Begun")]
    [InlineData("data:{\"choices\":[{\"delta\":\rdata:{\"reasoning_content\":\"x\"}}]}\r\r", "Begun")]
    [InlineData("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n", "Begun")]
    [InlineData(": a\r\n\r\ndata: {\"error\":{\"message\":\"no\"}}\r\n\r\n", "Failed")]
    [InlineData("event: error\ndata: {\"message\":\"no\"}\n\n", "Failed")]
    [InlineData("data: [DONE]\n\n", "Begun")]
    public void Opening_CutAnywhere_IsJudgedWhenItIsThere(string text, string expected)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Assert.Equal(expected, StreamOpening.Of(bytes).GetType().Name);
        for (int length = 0; length < bytes.Length - 1; length++)
            Assert.IsType<StreamOpening.Unknown>(StreamOpening.Of(bytes.AsSpan(0, length)));
    }

    [Theory]
    [InlineData("Incorrect API key provided: secret-0123456789.", "Incorrect API key provided: [key].")]
    [InlineData("key secret-0***6789", "key [key]")]
    [InlineData("\"sk-proj-abcdefgh\", AIzaSyA1234", "\"[key]\", [key]")]
    [InlineData("nothing to see: 你好", "nothing to see: 你好")]
    [InlineData("sk-8", "sk-8")]
    public void Words_LoseKeysAndPiecesOfKeys(string text, string expected) => Assert.Equal(expected, new KeyScrubber(["secret-0123456789", "b7"]).Clean(text));

    [Fact]
    public void Cost_IsByKindOfToken() =>
        Assert.Equal((100 * 2) + 50 + (10 * 8), new ModelPrice(2, 0.5m, 8).Of(new TokenUsage(200, 10, 210, 100, 100)));

    [Theory]
    [InlineData("https://x.example/v1", true)]
    [InlineData("http://127.0.0.1:8000/v1", true)]
    [InlineData("http://10.1.2.3", true)]
    [InlineData("http://172.31.0.1", true)]
    [InlineData("http://192.168.1.1", true)]
    [InlineData("http://[::1]:1/v1", true)]
    [InlineData("http://[fd00::1]/v1", true)]
    [InlineData("http://ollama:11434/v1", true)]
    [InlineData("http://nas.lan/v1", true)]
    [InlineData("http://172.32.0.1", false)]
    [InlineData("http://169.254.169.254/latest", false)]
    [InlineData("http://[::ffff:8.8.8.8]/v1", false)]
    [InlineData("http://api.example.com/v1", false)]
    [InlineData("ftp://x/v1", false)]
    [InlineData("file:///etc/passwd", false)]
    [InlineData("https://me:secret@x.example/v1", false)]
    public void Address_OverPlainHttp_IsANearOne(string url, bool isTaken) => Assert.Equal(isTaken, ModelAddress.Problem(url, allowsPlainHttp: false) is null);
}
