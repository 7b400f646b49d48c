using System.Collections.Immutable;
using System.Text;
using Init.Chat.Providers;
using Init.Chat.Store;

namespace Init.Chat.Generation;

/// <summary>
/// Tokens of a text whose provider says none: 0.3 for each character of a narrow script and 0.6 for each of a wide one, as DeepSeek's documentation estimates, and 4 for each message. It is a third off at times; it is marked
/// as an estimate wherever it is kept.
/// </summary>
internal static class TokenEstimate
{
    private const int TenthsOfNarrow = 3, TenthsOfWide = 6, OfMessage = 4;

    /// <summary>From CJK radicals on.</summary>
    private const int FirstWide = 0x2E80;

    public static TokenUsage Of(ImmutableArray<ChatMessage> messages, string content, string reasoning)
    {
        long prompt = messages.Where(ProviderRequest.IsSent).Sum(message => OfMessage + Of(message.Content));
        long completion = Of(content) + Of(reasoning);
        return new TokenUsage(prompt, completion, prompt + completion, 0, 0);
    }

    public static long Of(string text)
    {
        long tenths = 0;
        foreach (Rune rune in text.EnumerateRunes())
            tenths += rune.Value < FirstWide ? TenthsOfNarrow : TenthsOfWide;
        return (tenths + 9) / 10;
    }
}
