namespace Init.Panel.SignIn;

/// <summary>What became of a new API token.</summary>
internal abstract record TokenResult
{
    private TokenResult()
    {
    }

    public sealed record Added : TokenResult;

    /// <param name="Detail">For people.</param>
    public sealed record Refused(string Detail) : TokenResult;

    /// <param name="Problem">For people; nothing was changed.</param>
    public sealed record NotSaved(string Problem) : TokenResult;
}
