using Init.Chat.CallLog;
using Init.Chat.Generation;
using Init.Chat.Rendering;
using Init.Chat.Store;
using Init.Chat.Upstream;
using Init.Config;
using Microsoft.Extensions.Logging;

namespace Init.Chat.Http;

/// <summary>What the endpoints work with.</summary>
public sealed record ChatServices
{
    public required ChatOptions Options { get; init; }

    public required IChatStore Store { get; init; }

    public required IUpstream Upstream { get; init; }

    public required IGenerator Generator { get; init; }

    public required UserTexts Texts { get; init; }

    public required AdminKey AdminKey { get; init; }

    /// <summary>Null: nobody comes in by the published door.</summary>
    public IKeyGate? Gate { get; init; }

    public required IRenderer Renderer { get; init; }

    /// <summary>Keys, the log of calls, and what is counted.</summary>
    public required ChatAccounts Accounts { get; init; }

    public required ILogger Log { get; init; }

    /// <summary>Of this program, for people.</summary>
    public string Version { get; init; } = "";

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
