using System.Text;
using Init.Chat.Store;

namespace Init.Chat.Tests.Store;

public sealed class MessageJsonTests
{
    [Fact]
    public void Message_WithEverything_IsWrittenInOrderAndReadAgain()
    {
        ChatMessage message = new("assistant", "漢 😀 </b>")
        {
            Name = "n",
            IsPrefix = true,
            Reasoning = "r",
            ToolCalls = """[{"id":"1"}]""",
            ToolCallId = "t",
            IsInterrupted = true,
        };
        const string json = """{"role":"assistant","content":"漢 😀 </b>","name":"n","prefix":true,"reasoning_content":"r","tool_calls":[{"id":"1"}],"tool_call_id":"t","interrupted":true}""";
        Assert.Equal(json, MessageJson.ToText(message));
        Assert.Equal(message, MessageJson.Read(json));
        Assert.Equal("""[{"role":"user","content":""}]""", MessageJson.ToText([new ChatMessage("user", "")]));
    }

    [Theory]
    [InlineData("\u0000\u001f\n\r\t\b\f\"\\/", """ "\u0000\u001f\n\r\t\b\f\"\\/" """)]
    [InlineData("</b>&'+ \u007f\u2028漢😀😀x", "\"</b>&'+ \u007f\u2028漢😀😀x\"")]
    public void Text_IsWrittenAsItIs_ButForWhatJsonDemands(string text, string json) =>
        Assert.Equal($$"""{"role":"user","content":{{json.Trim()}}}""", MessageJson.ToText(new ChatMessage("user", text)));

    [Fact]
    public void Text_WithHalfASurrogatePair_IsWrittenWithoutIt()
    {
        // Not as data of a theory: attributes are UTF-8.
        Assert.Equal("a\ufffd\"", MessageJson.Read(MessageJson.ToText(new ChatMessage("user", "a\ud83d\""))).Content);
        Assert.Equal("\ufffd😀\ufffd", MessageJson.Read(MessageJson.ToText(new ChatMessage("user", "\ude00😀\ud83d"))).Content);
    }

    [Theory]
    [InlineData("""[{"content":"a","role":"user","weight":1,"x":{"role":"tool","y":[{}]},"name":null,"prefix":false}]""")]
    [InlineData(""" [ { "role" : "tool", "role" : "user", "content" : "a" } ] """)]
    public void Array_WithFieldsThatAreNotKnown_IsReadWithoutThem(string json) => Assert.Equal([new ChatMessage("user", "a")], MessageJson.ReadArray(json).ToArray());

    [Fact]
    public void Content_WhenNull_IsAllowedBesideToolCalls() =>
        Assert.Equal(new ChatMessage("assistant", "") { ToolCalls = "[ 1 ]" }, MessageJson.Read("""{"role":"assistant","content":null,"tool_calls":[ 1 ]}"""));

    [Theory]
    [InlineData("""{}""", "must be an array")]
    [InlineData("""[{"role":"user","content":"a"},1]""", "[1]: must be an object")]
    [InlineData("""[{"role":"robot","content":"a"}]""", "[0].role: must be one of")]
    [InlineData("""[{"role":1,"content":"a"}]""", "[0].role: must be a string")]
    [InlineData("""[{"content":"a"}]""", "[0].role: is missing")]
    [InlineData("""[{"role":"user"}]""", "[0].content: must be a string")]
    [InlineData("""[{"role":"user","content":null}]""", "[0].content: must be a string")]
    [InlineData("""[{"role":"user","content":[{"type":"text"}]}]""", "[0].content: must be a string")]
    [InlineData("""[{"role":"user","content":"a","prefix":1}]""", "[0].prefix: must be true or false")]
    [InlineData("""[{"role":"user","content":"a","tool_calls":{}}]""", "[0].tool_calls: must be an array")]
    [InlineData("""[{"role":"user","content":"\ud800"}]""", "[0].content: has half a surrogate pair")]
    [InlineData("""[{"role":"user","content":"a"}""", "[1]: is no JSON")]
    [InlineData("""[{"role":"user","content":"a"}] []""", "is no JSON")]
    [InlineData("", "[0]: is no JSON")]
    public void Array_ThatIsWrong_SaysWhere(string json, string start)
    {
        MessageJsonException wrong = Assert.Throws<MessageJsonException>(() => MessageJson.ReadArray(json));
        Assert.Contains(start, wrong.Message);
    }

    [Fact]
    public void Bytes_ThatAreNoUtf8_AreRefused()
    {
        byte[] json = Encoding.Latin1.GetBytes("""[{"role":"user","content":"ÿ"}]""");
        Assert.StartsWith("[0].content: ", Assert.Throws<MessageJsonException>(() => MessageJson.ReadArray(json)).Message);
    }
}
