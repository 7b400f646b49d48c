namespace Init.Chat.Store;

/// <summary>A message of a context. The system prompt is none of them.</summary>
/// <param name="Role">"system", "user", "assistant", "tool".</param>
/// <param name="Content">May be "" only beside <see cref="ToolCalls"/> or <see cref="Reasoning"/>.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>OpenAI's name of who says it.</summary>
    public string? Name { get; init; }

    /// <summary><c>reasoning_content</c> of an assistant; "": none.</summary>
    public string Reasoning { get; init; } = "";

    /// <summary>The provider is to go on writing this message (DeepSeek's <c>prefix</c>).</summary>
    public bool IsPrefix { get; init; }

    /// <summary><c>tool_calls</c> of an assistant as a JSON array; null: none.</summary>
    public string? ToolCalls { get; init; }

    /// <summary><c>tool_call_id</c> of a tool's answer.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>The answer broke off: the process died, the provider fell silent, or it was cancelled. Written as <c>"interrupted": true</c>.</summary>
    public bool IsInterrupted { get; init; }
}
