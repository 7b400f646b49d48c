using System.Collections.Immutable;

namespace Init.Chat.Tests.Kill;

/// <param name="Text">What was said. No two say the same.</param>
/// <param name="Answer">What the provider says to it.</param>
/// <param name="IsAcknowledged">The client has seen the end of it.</param>
/// <param name="TaskId">Null: the client did not get to know it.</param>
internal sealed record Said(string Text, string Answer, bool IsAcknowledged, string? TaskId);

/// <param name="Role">"user", "assistant".</param>
/// <param name="IsInterrupted">It is marked as broken off.</param>
internal sealed record Kept(string Role, string Content, bool IsInterrupted);

/// <summary>What a context may look like after what was said to it.</summary>
internal static class Conversation
{
    /// <summary>What was acknowledged is whole and in order; what was not is there whole, or as far as it came and marked, or without an answer, or not at all. Nothing else is there.</summary>
    /// <returns>Null: so it is.</returns>
    public static string? Problem(IEnumerable<Said> said, ImmutableArray<Kept> kept)
    {
        int at = 0;
        foreach (Said one in said)
        {
            if (at == kept.Length || kept[at].Role != "user" || kept[at].Content != one.Text)
            {
                if (one.IsAcknowledged)
                    return $"\"{one.Text}\" was acknowledged and is not there: at {at} of {kept.Length} is {(at < kept.Length ? kept[at] : "the end")}";
                continue;
            }

            at++;
            Kept? answer = at < kept.Length && kept[at].Role == "assistant" ? kept[at++] : null;
            bool isRight = answer switch
            {
                null => !one.IsAcknowledged,
                { IsInterrupted: false } => answer.Content == one.Answer,
                _ => !one.IsAcknowledged && answer.Content.Length > 0 && one.Answer.StartsWith(answer.Content, StringComparison.Ordinal),
            };
            if (!isRight)
                return $"the answer to \"{one.Text}\" ({(one.IsAcknowledged ? "acknowledged" : "not acknowledged")}) is {answer}";
        }

        return at == kept.Length ? null : $"nobody has said what is at {at}: {kept[at]}";
    }
}
