namespace Init.Base;

/// <summary>One thing that is wrong in a configuration file: where, which key, what, and what to do about it.</summary>
public sealed record ConfigProblem(SourcePosition At, string Key, string Message, string? Hint = null)
{
    public override string ToString() =>
        Hint is null ? $"{At}: {Key}: {Message}" : $"{At}: {Key}: {Message} ({Hint})";
}
