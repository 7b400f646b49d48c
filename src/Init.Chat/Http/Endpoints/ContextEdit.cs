using System.Collections.Immutable;
using Init.Chat.Store;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http.Endpoints;

/// <summary>Changes of a context that clients ask for, worked out without a store.</summary>
internal static class ContextEdit
{
    /// <summary>Takes one message away, by its place from 0 on.</summary>
    public static ImmutableArray<ChatMessage> Withdraw(ImmutableArray<ChatMessage> messages, long index) => messages.RemoveAt(Checked(messages, index));

    /// <summary>Takes whole turns away from the end: each is a message of the user with everything behind it.</summary>
    public static ImmutableArray<ChatMessage> WithdrawPairs(ImmutableArray<ChatMessage> messages, long pairs)
    {
        int end = messages.Length;
        for (long left = pairs; left > 0; left--)
        {
            do
                end--;
            while (end >= 0 && messages[end].Role != "user");
            if (end < 0)
                throw OutOfRange();
        }

        return pairs < 1 ? throw OutOfRange() : messages[..end];
    }

    /// <summary>"" leaves a text as it is.</summary>
    public static ImmutableArray<ChatMessage> Rewrite(ImmutableArray<ChatMessage> messages, long index, string content, string reasoning)
    {
        int at = Checked(messages, index);
        ChatMessage message = messages[at];
        if (reasoning.Length > 0 && message.Role != "assistant")
            throw new RefusedException(StatusCodes.Status400BadRequest, "Only assistant can have reasoning_content");
        return messages.SetItem(at, message with { Content = content.Length > 0 ? content : message.Content, Reasoning = reasoning.Length > 0 ? reasoning : message.Reasoning });
    }

    /// <param name="messages">All there are.</param>
    /// <param name="index">Before which it comes; null: to the end.</param>
    /// <param name="message">The new one.</param>
    public static ImmutableArray<ChatMessage> Inject(ImmutableArray<ChatMessage> messages, long? index, ChatMessage message) =>
        index == messages.Length || index is null ? messages.Add(message) : messages.Insert(Checked(messages, index.Value), message);

    private static int Checked(ImmutableArray<ChatMessage> messages, long index) => index >= 0 && index < messages.Length ? (int)index : throw OutOfRange();

    private static RefusedException OutOfRange() => new(StatusCodes.Status400BadRequest, "Index out of range");
}
