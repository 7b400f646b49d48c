using System.Text.Json;
using Init.Chat.Generation;
using Init.Chat.OpenAi;

namespace Init.Chat.Tests.OpenAi;

public sealed class TextSizeTests
{
    /// <summary>The same text is estimated the same by whichever door it comes.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("你好，世界 and é")]
    [InlineData("🙂 \"quoted\"\n")]
    public void Tokens_WhenEstimated_AreThoseOfTheGenerator(string text)
    {
        byte[] json = System.Text.Encoding.UTF8.GetBytes("\"" + JsonEncodedText.Encode(text) + "\"");
        Utf8JsonReader reader = new(json);
        Assert.True(reader.Read());
        Assert.Equal(TokenEstimate.Of(text), TextSize.Of(ref reader).Tokens);
    }
}
