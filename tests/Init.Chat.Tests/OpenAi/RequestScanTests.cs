using System.Text;
using System.Text.Json;
using Init.Chat.OpenAi;

namespace Init.Chat.Tests.OpenAi;

public sealed class RequestScanTests
{
    [Fact]
    public void Read_WhenTheBodyIsAsClientsWriteIt_FindsWhatIsNeeded()
    {
        Assert.Null(RequestScan.Read("""{"messages":[{"role":"user","content":"héllo 🙂"}],"model":"chat","stream":true,"user":"alice","stream_options":{"include_usage":true}}"""u8, out RequestFacts facts));
        Assert.Equal(("chat", true, true, "alice"), (facts.Model, facts.IsStream, facts.WantsUsage, facts.User));
        Assert.Equal(("userhéllo ".Length + 1, 1), (facts.Text.Length, facts.Text.Wide));
    }

    [Fact]
    public void Read_WhenNamesAreEscaped_FindsThemAllTheSame()
    {
        Assert.Null(RequestScan.Read("""{"mod\u0065l":"a\"b","str\u0065am":true}"""u8, out RequestFacts facts));
        Assert.Equal(("a\"b", true), (facts.Model, facts.IsStream));
    }

    [Fact]
    public void Read_WhenThereIsAPicture_DoesNotCountItAsText()
    {
        Assert.Null(RequestScan.Read("""{"model":"m","messages":[{"content":[{"image_url":{"url":"data:image/png;base64,AAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}]}]}"""u8, out RequestFacts facts));
        Assert.Equal(0, facts.Text.Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"model":""}""")]
    [InlineData("""{"model":5}""")]
    [InlineData("""{"model":"a","model":"b"}""")]
    [InlineData("""{"model":"a","mod\u0065l":"b"}""")]
    [InlineData("""{"model":"a","stream":true,"stream":false}""")]
    [InlineData("""{"model":"a","stream":"yes"}""")]
    [InlineData("""{"model":"a","stream_options":[]}""")]
    [InlineData("""{"model":"a"} x""")]
    [InlineData("""{"model":"a",}""")]
    [InlineData("""{"model":"a","x":"\ud800"}""")]
    [InlineData("""{"model":"a" """)]
    public void Read_WhenTheBodyIsWrong_SaysSo(string body) => Assert.NotNull(RequestScan.Read(Encoding.UTF8.GetBytes(body), out _));

    [Fact]
    public void Read_WhenTheBodyIsNestedDeeply_SaysSo() =>
        Assert.NotNull(RequestScan.Read(Encoding.UTF8.GetBytes($$"""{"model":"a","x":{{new string('[', 100_000)}}{{new string(']', 100_000)}}}"""), out _));

    /// <summary>Bodies that were damaged at random: it never throws, and what it accepts is JSON.</summary>
    [Fact]
    public void Read_WhenBodiesAreDamaged_NeverThrowsAndAcceptsOnlyJson()
    {
        byte[] whole = """{"model":"chat","stream":true,"messages":[{"role":"user","content":"a\u00e9\n\"b\""}],"stream_options":{"include_usage":false,"z":[1,2.5e3,null]},"user":"u","tools":[]}"""u8.ToArray();
        int seed = Random.Shared.Next();
        Random random = new(seed);
        for (int i = 0; i < 30_000; i++)
        {
            byte[] body = [.. whole];
            for (int hits = random.Next(1, 4); hits > 0; hits--)
                body[random.Next(body.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : whole[random.Next(whole.Length)];
            if (random.Next(4) == 0)
                body = body[..random.Next(body.Length)];

            if (RequestScan.Read(body, out RequestFacts facts) is not null)
                continue;
            try
            {
                using JsonDocument document = JsonDocument.Parse(body);
                Assert.Equal(facts.Model, document.RootElement.GetProperty("model").GetString());
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}: {Encoding.UTF8.GetString(body)}: {exception.Message}");
            }
        }
    }
}
