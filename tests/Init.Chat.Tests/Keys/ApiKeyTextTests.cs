using Init.Chat.Keys;

namespace Init.Chat.Tests.Keys;

public sealed class ApiKeyTextTests
{
    [Fact]
    public void Key_WhenMadeUp_IsWholeAndMatchesItsHash()
    {
        string key = ApiKeyText.MakeUp();

        Assert.Equal(KeyShape.Whole, ApiKeyText.ShapeOf(key));
        Assert.True(ApiKeyText.IsId(ApiKeyText.IdOf(key).ToString()));
        Assert.True(ApiKeyText.Matches(key, Convert.FromHexString(ApiKeyText.HashOf(key))));
        Assert.False(ApiKeyText.Matches(ApiKeyText.MakeUp(), Convert.FromHexString(ApiKeyText.HashOf(key))));
    }

    [Fact]
    public void Key_WhenManyAreMadeUp_NoneComesTwice() => Assert.Equal(10_000, Enumerable.Range(0, 10_000).Select(_ => ApiKeyText.MakeUp()).Distinct().Count());

    [Fact]
    public void Shape_WhenAnyCharacterIsAnother_IsMistyped()
    {
        string key = ApiKeyText.MakeUp();
        for (int i = ApiKeyText.Prefix.Length; i < key.Length; i++)
        {
            foreach (char other in "0az.-é")
            {
                if (key[i] != other)
                    Assert.Equal(KeyShape.Mistyped, ApiKeyText.ShapeOf(key[..i] + other + key[(i + 1)..]));
            }
        }
    }

    [Fact]
    public void Shape_WhenItIsCut_IsMistyped()
    {
        string key = ApiKeyText.MakeUp();
        for (int length = ApiKeyText.Prefix.Length; length < key.Length; length++)
            Assert.Equal(KeyShape.Mistyped, ApiKeyText.ShapeOf(key.AsSpan(0, length)));
        Assert.Equal(KeyShape.Mistyped, ApiKeyText.ShapeOf(key + "a"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("sk-123456")]
    [InlineData("INIT-0123456789.0")]
    public void Shape_WhenItIsNoneOfOurs_IsForeign(string text) => Assert.Equal(KeyShape.Foreign, ApiKeyText.ShapeOf(text));

    /// <summary>Keys that were given out must stay valid for ever: the form is pinned.</summary>
    [Fact]
    public void Shape_WhenTheKeyIsOfTheFirstVersion_IsWhole()
    {
        const string Given = "init-0123456789.abcdefghjkmnpqrstvwxyz0123fnrmkq";
        Assert.Equal(KeyShape.Whole, ApiKeyText.ShapeOf(Given));
        Assert.Equal("0123456789", ApiKeyText.IdOf(Given).ToString());
    }
}
