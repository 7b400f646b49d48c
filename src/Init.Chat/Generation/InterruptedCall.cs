using System.Collections.Immutable;
using Init.Chat.Providers;
using Init.Chat.Store;

namespace Init.Chat.Generation;

/// <summary>The call of a task whose process died: the provider has answered, so it has taken something, and nobody is left who knows how much.</summary>
internal static class InterruptedCall
{
    /// <param name="task">With the answer as it was kept last.</param>
    /// <param name="sent">What the provider was sent, as far as it is known: without the system prompt.</param>
    /// <param name="now">When it was found.</param>
    public static CallRecord Of(TaskInfo task, ImmutableArray<ChatMessage> sent, DateTimeOffset now)
    {
        TokenUsage usage = TokenEstimate.Of(sent, task.Content, task.Reasoning);
        return new CallRecord
        {
            Id = task.Id,
            Model = task.ModelType, // Which of its models answered has died with the process.
            ModelType = task.ModelType,
            UserId = task.User,
            KeyId = task.KeyId,
            TaskId = task.Id,
            TaskStartTime = Nanoseconds(task.Started),
            TaskEndTime = Nanoseconds(now),
            TotalTokens = usage.Total,
            PromptTokens = usage.Prompt,
            CompletionTokens = usage.Completion,
            Outcome = "interrupted",
            IsEstimated = true,
        };
    }

    private static long Nanoseconds(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks * 100;
}
