using System.Text;
using Init.Chat.Generation;
using Init.Chat.Store;

namespace Init.Chat.Tests.Generation;

public sealed class ProviderRequestTests
{
    private static readonly ChatMessage Thought = new("assistant", "yes") { Reasoning = "hm" };

    [Fact]
    public void Request_SendsWhatIsSaidAndNothingElse() => Assert.Equal(
        """{"stream":true,"messages":[{"role":"system","content":"be \"kind\"\n你好"},{"role":"user","content":"a","name":"Ann"},{"role":"user","content":"b"},{"role":"assistant","content":"yes"}]}""",
        Write([new("system", "be \"kind\"\n你好"), new("user", "a") { Name = "Ann" }, new("user", "b"), new("user", ""), Thought, new("assistant", "") { Reasoning = "only" }], new ModelParameters()));

    [Fact]
    public void Parameters_AreSentWhenTheyAreSet() => Assert.Equal(
        """{"temperature":0.5,"top_p":1,"frequency_penalty":-2,"presence_penalty":0,"max_tokens":7,"max_completion_tokens":8,"stop":["\n","x"],"stream":false,"messages":[]}""",
        Write([], new ModelParameters { Temperature = 0.5, TopP = 1, FrequencyPenalty = -2, PresencePenalty = 0, MaxTokens = 7, MaxCompletionTokens = 8, Stop = ["\n", "x"], Stream = false }));

    [Fact]
    public void Parameters_ThatAreNoNumbersOfJson_AreNotSent() =>
        Assert.Equal("""{"stream":true,"messages":[]}""", Write([], new ModelParameters { Temperature = double.NaN, TopP = double.PositiveInfinity }));

    [Fact]
    public void Thoughts_AreSentWhenTheyAreWantedOrAnAnswerIsContinued()
    {
        const string Expected = """{"stream":true,"messages":[{"role":"assistant","content":"yes","reasoning_content":"hm"}]}""";
        Assert.Equal(Expected, Write([Thought], new ModelParameters { SendReasoning = true }));
        Assert.Equal(
            """{"stream":true,"messages":[{"role":"assistant","content":"yes","reasoning_content":"hm"},{"role":"assistant","content":"and","prefix":true}]}""",
            Write([Thought, new("assistant", "and") { IsPrefix = true }], new ModelParameters()));
    }

    [Fact]
    public void Tools_AreSentAsTheyWereWritten() => Assert.Equal(
        """{"stream":true,"messages":[{"role":"assistant","content":null,"tool_calls":[{"id": "c"}]},{"role":"tool","content":"42","tool_call_id":"c"}]}""",
        Write([new("assistant", "") { ToolCalls = """[{"id": "c"}]""" }, new("tool", "42") { ToolCallId = "c" }], new ModelParameters()));

    [Fact]
    public void HalfACharacter_IsNoFailure() => Assert.Contains("\"content\":\"a", Write([new("user", "a\ud83d")], new ModelParameters()), StringComparison.Ordinal);

    [Theory]
    [InlineData("", 0)]
    [InlineData("0123456789", 3)]
    [InlineData("你好你好你", 3)]
    [InlineData("a", 1)]
    public void Estimate_IsByScript(string text, long tokens) => Assert.Equal(tokens, TokenEstimate.Of(text));

    private static string Write(IEnumerable<ChatMessage> messages, ModelParameters parameters) => Encoding.UTF8.GetString(ProviderRequest.Write([.. messages], parameters));
}
