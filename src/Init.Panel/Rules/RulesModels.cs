using System.Text.Json;
using System.Text.Json.Serialization;
using Init.Routing.Json;
using Init.Routing.Rules;

namespace Init.Panel.Rules;

/// <summary>A rule as docs/reference/gateway-rules.md has it.</summary>
[JsonConverter(typeof(RuleBodyConverter))]
internal readonly record struct RuleBody(RouteRule Rule);

/// <summary>Rules are written by the one who writes the file; they are read from the bytes as they came.</summary>
internal sealed class RuleBodyConverter : JsonConverter<RuleBody>
{
    public override RuleBody Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

    public override void Write(Utf8JsonWriter writer, RuleBody value, JsonSerializerOptions options) => RuleWriter.Write(writer, value.Rule);
}

internal sealed record RouteDocument(long Revision, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? DefaultBackend, IReadOnlyList<RuleBody> Rules);

/// <param name="Rule">The one that was created or changed; left out for commands about several.</param>
/// <param name="Notes">What was changed on the way; left out when nothing was.</param>
internal sealed record ChangeReply(long Revision, RuleBody? Rule, IReadOnlyList<RuleProblemBody>? Notes);

/// <param name="Rules">How many there are now, or would be.</param>
internal sealed record ImportReply(long Revision, IReadOnlyList<RuleProblemBody> Notes, int Rules);

/// <param name="Rule">Its id.</param>
/// <param name="Index">Its place in the document, from 0.</param>
/// <param name="Field">Such as "match.headers[1].regex"; "" for the whole.</param>
internal sealed record RuleProblemBody(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Rule,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] int? Index,
    string Field,
    string Message,
    string Remedy);

/// <summary>Problem details (RFC 9457) of the rules.</summary>
internal sealed record RulesProblem
{
    public string Type { get; init; } = "about:blank";

    public required string Title { get; init; }

    public required int Status { get; init; }

    public required string Detail { get; init; }

    public string? Code { get; init; }

    /// <summary>The present one, when somebody was faster.</summary>
    public long? Revision { get; init; }

    public IReadOnlyList<RuleProblemBody>? Problems { get; init; }
}

internal sealed record ValidationReply(bool Valid, IReadOnlyList<RuleProblemBody> Problems);

internal sealed record OrderBody(IReadOnlyList<string> Ids);

internal sealed record MoveBody(int Index);

internal sealed record DefaultBackendBody
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required string? DefaultBackend { get; init; }
}

/// <param name="Revision">To what it was then; left out: to the one before.</param>
internal sealed record UndoBody(long? Revision = null);

internal sealed record EffectiveReply(long Revision, IReadOnlyList<EffectiveEntry> Entries);

internal sealed record EffectiveEntry(int Rank, string Id, int Index, bool ByScope, double Priority, int PathLength, int RefererLength, string Summary);

/// <param name="Url">"http://host/path?query", or "/path?query".</param>
/// <param name="Host">With <paramref name="Url"/> as a path.</param>
/// <param name="Client">Its address; left out: that of who asks.</param>
internal sealed record DryRunBody(string Url, string Method = "GET", string? Host = null, IReadOnlyList<HeaderBody>? Headers = null, string? Client = null);

internal sealed record HeaderBody(string Name, string Value);

internal sealed record DryRunReply
{
    public required string Outcome { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required string? Rule { get; init; }

    public required bool ByScope { get; init; }

    public required string Action { get; init; }

    public int? Status { get; init; }

    public string? Location { get; init; }

    public required IReadOnlyList<string> Upstream { get; init; }

    public IReadOnlyList<HeaderBody>? SetHeaders { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required string? Path { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required string? AskingScope { get; init; }

    public required IReadOnlyList<TrialBody> Trials { get; init; }
}

/// <param name="Condition">The key of the first condition that does not hold.</param>
internal sealed record TrialBody(
    string Rule, int Index, bool ByScope, string Outcome, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Condition, string Why);

internal sealed record HistoryReply(long Revision, IReadOnlyList<HistoryEntryBody> Entries);

/// <param name="Diff">Only when one entry is asked for.</param>
internal sealed record HistoryEntryBody(long Revision, long At, string Who, string What, DiffBody? Diff);

/// <param name="OrderBefore">Left out when it follows from the rest.</param>
internal sealed record DiffBody(DefaultBackendDiff? DefaultBackend, IReadOnlyList<RuleDiff> Rules, IReadOnlyList<string>? OrderBefore);

internal sealed record DefaultBackendDiff(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Before, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? After);

internal sealed record RuleDiff(
    string Id,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] int? IndexBefore,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] RuleBody? Before,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] RuleBody? After);

internal sealed record StatisticsReply(long Since, IReadOnlyList<RuleStatisticsBody> Rules, IReadOnlyList<BackendBody> Backends);

/// <param name="Id">Null: the default backend.</param>
internal sealed record RuleStatisticsBody(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Id,
    long Requests,
    long Failures,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] long? LastRequestAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] FailureBody? LastFailure);

internal sealed record FailureBody(long At, int Status, string Detail);

internal sealed record BackendBody(
    string Url,
    bool Healthy,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Program,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? State);
