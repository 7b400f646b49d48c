using System.Text;
using Init.Chat.OpenAi;
using Init.Chat.Providers;

namespace Init.Chat.Tests.OpenAi;

public sealed class AnswerScanTests
{
    [Fact]
    public void Read_WhenTheAnswerIsWhole_FindsUsageAndLengths()
    {
        AnswerFacts facts = new();
        Assert.True(AnswerScan.Read(
            """
            {"id":"c1","object":"chat.completion","created":1700000000,"model":"m","x":{"usage":{"prompt_tokens":999}},
             "choices":[{"index":0,"message":{"role":"assistant","content":"h\u00e9🙂","reasoning_content":"abc","tool_calls":[{"id":"t","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}],
             "usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4}}}
            """u8,
            facts,
            out bool hasChoices,
            out bool hasUsage));

        Assert.True(hasChoices && hasUsage && facts.HasFinished && !facts.HasError);
        Assert.Equal(("c1", 1700000000L, 5L, 3L), (facts.Id, facts.Created, facts.Content.Length, facts.Reasoning.Length));
        Assert.Equal(new TokenUsage(10, 5, 15, 4, 6), facts.Usage);
    }

    [Fact]
    public void Read_WhenChunksCome_AddsThemUp()
    {
        AnswerFacts facts = new();
        Assert.True(AnswerScan.Read("""{"id":"c","choices":[{"delta":{"role":"assistant","content":null},"finish_reason":null}],"usage":null}"""u8, facts, out bool hasChoices, out bool hasUsage));
        Assert.True(hasChoices && !hasUsage);
        Assert.True(AnswerScan.Read("""{"id":"d","choices":[{"delta":{"content":"ab"}},{"delta":{"content":"c"}}]}"""u8, facts, out _, out _));
        Assert.True(AnswerScan.Read("""{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"""u8, facts, out hasChoices, out hasUsage));
        Assert.True(!hasChoices && hasUsage);
        Assert.Equal(("c", 3L, 3L, 2L, 3L), (facts.Id, facts.Content.Length, facts.Usage!.Total, facts.EmptyChunks, facts.Chunks));
    }

    [Theory]
    [InlineData("""{"error":{"message":"x"}}""", true, true)]
    [InlineData("""{"error":null,"choices":[]}""", true, false)]
    [InlineData("""{"choices":"x","usage":[1],"id":5,"created":"y"}""", true, false)]
    [InlineData("""{"choices":[1,null,[2],{"delta":3,"message":[],"finish_reason":{}}],"usage":{"prompt_tokens":"x","prompt_tokens_details":7}}""", true, false)]
    [InlineData("""[1]""", false, false)]
    [InlineData("""{"choices":""", false, false)]
    [InlineData("""oops""", false, false)]
    public void Read_WhenShapesAreOdd_TakesWhatThereIs(string json, bool isObject, bool hasError)
    {
        AnswerFacts facts = new();
        Assert.Equal(isObject, AnswerScan.Read(Encoding.UTF8.GetBytes(json), facts, out _, out _));
        Assert.Equal(hasError, facts.HasError);
    }
}
