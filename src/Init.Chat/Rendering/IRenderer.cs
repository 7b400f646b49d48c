namespace Init.Chat.Rendering;

/// <summary>Makes pictures of Markdown. Several may be asked for at a time.</summary>
public interface IRenderer : IAsyncDisposable
{
    /// <summary>Makes one and keeps it for a while.</summary>
    /// <exception cref="RenderException">There is none, and why.</exception>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    Task<RenderedPicture> RenderAsync(RenderRequest request, CancellationToken cancellation);

    /// <summary>The file of a picture that has not expired; null: there is none, also when <paramref name="fileId"/> is no UUID.</summary>
    string? Find(string fileId);
}

/// <summary>What a picture is made of.</summary>
public sealed record RenderRequest
{
    /// <summary>Markdown.</summary>
    public required string Content { get; init; }

    /// <summary>Markdown; stands before the content as a quotation. Empty: there is none.</summary>
    public string Reasoning { get; init; } = "";

    /// <summary>A name of <see cref="RenderStyle.All"/> in any case; null, or unknown: the default.</summary>
    public string? Style { get; init; }

    /// <summary>How long the picture can be fetched; null: as the options say. Brought into <see cref="RenderOptions.KeptMin"/> to <see cref="RenderOptions.KeptMax"/>.</summary>
    public TimeSpan? Kept { get; init; }
}

/// <param name="FileId">A UUID in lower case, with hyphens.</param>
/// <param name="Path">Of the file.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Style">That was taken.</param>
/// <param name="Kept">How long it can be fetched.</param>
/// <param name="Created">The wall clock.</param>
/// <param name="Elapsed">From the request to the file, waiting included.</param>
/// <param name="IsCut">It was too long, and says so at its end.</param>
public sealed record RenderedPicture(string FileId, string Path, long Size, string Style, TimeSpan Kept, DateTimeOffset Created, TimeSpan Elapsed, bool IsCut);

/// <summary>There is no picture.</summary>
/// <param name="status">What a client is told: 413 (too much text), 429 (too many wait), 500, 501 (there is no browser), 504 (too slow).</param>
/// <param name="code">For programs: "render_too_large", "render_busy", "render_failed", "render_unavailable", "render_timeout".</param>
/// <param name="message">For people, with the remedy.</param>
/// <param name="inner">Null: there is none.</param>
public sealed class RenderException(int status, string code, string message, Exception? inner = null) : Exception(message, inner)
{
    public int Status => status;

    public string Code => code;
}
