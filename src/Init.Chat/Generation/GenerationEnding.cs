using System.Collections.Immutable;
using Init.Chat.Store;

namespace Init.Chat.Generation;

/// <summary>What is kept of a generation that ends.</summary>
internal static class GenerationEnding
{
    /// <summary>
    /// What is appended to the context, if it is saved; the store keeps the answer with the task in any case. A failure or a cancellation without an answer leaves it as it was: the client says it again. An answer that broke off is kept and marked. What was said to a process that ended is
    /// kept in any case, as after a crash.
    /// </summary>
    public static ImmutableArray<ChatMessage> Append(GenerationRequest request, TaskState state, string content, string reasoning)
    {
        bool isAnswer = content.Length > 0 || reasoning.Length > 0;
        if (!isAnswer && state is (TaskState.Failed or TaskState.Cancelled))
            return [];
        IEnumerable<ChatMessage> said = request.Said.Where(message => ProviderRequest.IsSent(message) || message.Reasoning.Length > 0);
        return isAnswer ? [.. said, new ChatMessage("assistant", content) { Reasoning = reasoning, IsInterrupted = state != TaskState.Done }] : [.. said];
    }
}
