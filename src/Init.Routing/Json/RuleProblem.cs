namespace Init.Routing.Json;

/// <summary>One thing that is wrong with rules that somebody wants to save: where, what, and what to do about it.</summary>
/// <param name="RuleIndex">Counted from 0; null when it is not about one rule.</param>
/// <param name="RuleId">Null when the rule has none that can be read.</param>
/// <param name="Field">Such as "match.headers[1].regex"; "" for the whole.</param>
/// <param name="Message">What is wrong. Never a secret.</param>
/// <param name="Remedy">What to do.</param>
public sealed record RuleProblem(int? RuleIndex, string? RuleId, string Field, string Message, string Remedy)
{
    public override string ToString()
    {
        string rule = RuleIndex is { } index ? $"rules[{index}]" : "";
        string id = RuleId is null ? "" : $"\"{RuleId}\"";
        string place = ($"{rule} {id}".Trim(), Field) switch
        {
            ("", "") => "document",
            ("", var field) => field,
            (var name, "") => name,
            var (name, field) => $"{name}: {field}",
        };
        return $"{place}: {Message} ({Remedy})";
    }
}
