namespace Init.Control;

/// <summary>Version and limits that both ends know. What the server alone limits is in its own file.</summary>
public static class ControlProtocol
{
    /// <summary>The <c>v</c> of every request. It grows when an old client would misread a reply.</summary>
    public const int Version = 1;

    /// <summary>A request's line, the newline included.</summary>
    public const int RequestBytesMax = 64 * 1024;

    /// <summary>A reply's line, the newline included. A server answers with an error rather than exceed it; a client takes no more.</summary>
    public const int ReplyBytesMax = 8 * 1024 * 1024;

    /// <summary>Names in one request.</summary>
    public const int NamesMax = 1024;

    /// <summary>A name's length in characters; longer ones are refused before they are looked up.</summary>
    public const int NameLengthMax = 256;

    /// <summary>What <c>tail</c> sends of the past at most.</summary>
    public const int TailBytesMax = 1024 * 1024;

    /// <summary>What one <c>read-log</c> answers at most: written as JSON it still fits into <see cref="ReplyBytesMax"/>, whatever bytes it holds.</summary>
    public const int ReadLogBytesMax = 1024 * 1024;

    /// <summary>The lines of <c>tail</c> when the request says neither lines nor bytes.</summary>
    public const int TailLinesDefault = 20;

    /// <summary>The size that a handler should keep a <see cref="ControlItem.LogChunk"/> within.</summary>
    public const int LogChunkBytes = 32 * 1024;
}
