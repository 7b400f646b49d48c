namespace Init.Chat.Tests.Kill;

public sealed class ConversationTests
{
    private static readonly Said Seen = new("one", "1 1", true, "t1"), Unseen = new("two", "2 2", false, null);

    [Theory]
    [InlineData("u:one a:1 1", true)]
    [InlineData("u:one a:1 1 u:two a:2 2", true)]
    [InlineData("u:one a:1 1 u:two", true)]
    [InlineData("u:one a:1 1 u:two b:2", true)]
    [InlineData("", false)]
    [InlineData("u:one", false)]
    [InlineData("u:one b:1 1", false)]
    [InlineData("u:one a:1", false)]
    [InlineData("u:two a:2 2 u:one a:1 1", false)]
    [InlineData("u:one a:1 1 u:two a:2", false)]
    [InlineData("u:one a:1 1 u:two b:3", false)]
    [InlineData("u:one a:1 1 a:2 2", false)]
    [InlineData("u:one a:1 1 u:one a:1 1", false)]
    public void Context_IsJudged(string kept, bool isRight)
    {
        string[] parts = [.. kept.Replace(" u:", "|u:").Replace(" a:", "|a:").Replace(" b:", "|b:").Split('|', StringSplitOptions.RemoveEmptyEntries)];
        Assert.Equal(isRight, Conversation.Problem([Seen, Unseen], [.. parts.Select(part => new Kept(part[0] == 'u' ? "user" : "assistant", part[2..], part[0] == 'b'))]) is null);
    }
}
