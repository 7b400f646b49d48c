namespace Init.Chat.Http;

/// <summary>The request is answered with an error. The pipeline writes it as <c>{"detail": ...}</c>.</summary>
/// <param name="status">400 to 599.</param>
/// <param name="detail">For people; no secret is in it.</param>
public sealed class RefusedException(int status, string detail) : Exception(detail)
{
    public int Status => status;

    /// <summary>For programs, where the form of the error has a place for it; null: the status says enough.</summary>
    public string? Code { get; init; }

    /// <summary>When it may be tried again; null: not said.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
