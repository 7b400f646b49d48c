using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Init.Routing.Json;
using Init.Routing.Rules;

namespace Init.Routing.Store;

/// <summary>The state as the file has it.</summary>
internal static class RouteStateJson
{
    private const int Version = 1;

    public static byte[] ToUtf8(RouteState state) => RuleWriter.Written(writer =>
    {
        writer.WriteStartObject();
        writer.WriteNumber("version", Version);
        writer.WriteNumber("revision", state.Revision);
        RuleWriter.WriteMembers(writer, state.Configuration);
        writer.WriteStartArray("history");
        foreach (HistoryEntry entry in state.History)
            Write(writer, entry);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    public static int BytesOf(HistoryEntry entry) => RuleWriter.Written(writer => Write(writer, entry)).Length;

    /// <summary>Whether it is a file of ours, and not the original's.</summary>
    public static bool IsOurs(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8, RuleReader.Options);
            return document.RootElement.ValueKind != JsonValueKind.Object || document.RootElement.TryGetProperty("version", out _);
        }
        catch (JsonException)
        {
            return true; // Whoever reads it will say what is wrong.
        }
    }

    /// <returns>The state and what was wrong with its history; or no state and what is wrong.</returns>
    public static (RouteState? State, ImmutableArray<RuleProblem> Problems) Read(ReadOnlyMemory<byte> utf8)
    {
        List<RuleProblem> historyProblems = [];
        var (state, problems) = RuleReader.Parse<RouteState>(utf8, (root, problems) =>
        {
            if (ObjectReader.Of(root, "", RuleReader.Reporter(problems, null, null)) is not { } reader)
                return null;

            _ = reader.Integer("version", Version, Version);
            long? revision = reader.Long("revision", 1, long.MaxValue / 2);
            if (!reader.Has("revision") || !reader.Has("version") || !reader.Has("rules"))
                reader.Report("version", "version, revision or rules are missing", "the file is not complete");

            RouteConfiguration configuration = new(RuleReader.ReadDefaultBackend(reader), RuleReader.ReadRules(reader, problems) ?? []);
            ImmutableArray<HistoryEntry> history = reader.Element("history") is { } entries ? ReadHistory(entries, revision ?? 0, historyProblems) : [];
            reader.RefuseTheRest();
            return new RouteState(configuration, revision ?? 0, history);
        });
        if (state is not null && !LeadsBack(state))
        {
            historyProblems.Add(new RuleProblem(null, null, "history", "does not fit the rules", "the history is dropped"));
            state = state with { History = [] };
        }

        return (state, state is null ? problems : [.. historyProblems]);
    }

    /// <summary>Whether each earlier state has every id once.</summary>
    private static bool LeadsBack(RouteState state)
    {
        RouteConfiguration configuration = state.Configuration;
        foreach (HistoryEntry entry in state.History.Reverse())
        {
            if (entry.Diff.Rules.DistinctBy(change => change.Id).Count() != entry.Diff.Rules.Length || entry.Diff.OrderBefore.Distinct().Count() != entry.Diff.OrderBefore.Length)
                return false;

            configuration = entry.Diff.Revert(configuration);
            List<RuleProblem> problems = [];
            RuleReader.CheckUnique([.. configuration.Rules], problems);
            if (problems.Count > 0)
                return false;
        }

        return true;
    }

    private static void Write(Utf8JsonWriter writer, HistoryEntry entry)
    {
        writer.WriteStartObject();
        writer.WriteNumber("revision", entry.Revision);
        writer.WriteString("at", entry.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        writer.WriteString("who", entry.Who);
        writer.WriteString("what", entry.What);
        if (entry.Diff.DefaultBackend is { } backend)
        {
            writer.WriteStartObject("default_backend");
            if (backend.Before is not null)
                writer.WriteString("before", backend.Before);
            if (backend.After is not null)
                writer.WriteString("after", backend.After);
            writer.WriteEndObject();
        }

        if (!entry.Diff.OrderBefore.IsEmpty)
        {
            writer.WriteStartArray("order_before");
            foreach (string id in entry.Diff.OrderBefore)
                writer.WriteStringValue(id);
            writer.WriteEndArray();
        }

        writer.WriteStartArray("rules");
        foreach (RuleChange change in entry.Diff.Rules)
        {
            writer.WriteStartObject();
            writer.WriteString("id", change.Id);
            if (change.IndexBefore is { } index)
                writer.WriteNumber("index", index);
            Write(writer, "before", change.Before);
            Write(writer, "after", change.After);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string name, RouteRule? rule)
    {
        if (rule is null)
            return;

        writer.WritePropertyName(name);
        RuleWriter.Write(writer, rule);
    }

    /// <summary>Empty when anything is wrong with it: half a history would lead back to something that never was.</summary>
    private static ImmutableArray<HistoryEntry> ReadHistory(JsonElement entries, long revision, List<RuleProblem> problems)
    {
        if (entries.ValueKind != JsonValueKind.Array || entries.GetArrayLength() > RouteState.HistoryMax)
        {
            problems.Add(new RuleProblem(null, null, "history", "is no array of the right length", "the history is dropped"));
            return [];
        }

        var history = ImmutableArray.CreateBuilder<HistoryEntry>();
        long expected = revision - entries.GetArrayLength();
        foreach (JsonElement element in entries.EnumerateArray())
        {
            HistoryEntry? entry = ReadEntry(element, problems);
            if (entry?.Revision != ++expected)
                problems.Add(new RuleProblem(null, null, "history", $"the entry of revision {expected} is not there", "the history is dropped"));
            if (problems.Count > 0)
                return [];
            history.Add(entry!);
        }

        return history.ToImmutable();
    }

    private static HistoryEntry? ReadEntry(JsonElement element, List<RuleProblem> problems)
    {
        if (ObjectReader.Of(element, "history.", RuleReader.Reporter(problems, null, null)) is not { } reader)
            return null;

        long revision = reader.Long("revision", 1, long.MaxValue / 2) ?? 0;
        if (!DateTimeOffset.TryParseExact(reader.Text("at", 64), "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset at))
            reader.Report("at", "is no time", "the history is dropped");

        string who = reader.Text("who", RouteState.WhoMax) ?? "";
        string what = reader.Text("what", RuleLimits.TextMax) ?? "";
        DefaultBackendChange? backend = null;
        if (reader.Object("default_backend") is { } change)
        {
            backend = new DefaultBackendChange(change.Text("before", RuleLimits.TextMax), change.Text("after", RuleLimits.TextMax));
            change.RefuseTheRest();
        }

        ImmutableArray<string> order = [.. reader.Texts("order_before", RuleLimits.RulesMax, RuleLimits.NameMax)];
        var rules = ImmutableArray.CreateBuilder<RuleChange>();
        foreach (var (item, name) in reader.Items("rules", 2 * RuleLimits.RulesMax))
        {
            if (reader.ObjectItem(item, name) is not { } part)
                continue;

            string id = part.Text("id", RuleLimits.NameMax) ?? "";
            int? index = part.Integer("index", 0, RuleLimits.RulesMax);
            RuleChange ruleChange = new(id, index, ReadRule(part, "before", problems), ReadRule(part, "after", problems));
            string? named = (ruleChange.Before ?? ruleChange.After)?.Id;
            if (named != id || (ruleChange.After?.Id ?? named) != id || ruleChange.Before is null != index is null)
                part.Report("before", "is not complete, or another rule", "the history is dropped");
            part.RefuseTheRest();
            rules.Add(ruleChange);
        }

        reader.RefuseTheRest();
        return new HistoryEntry(revision, at, who, what, new ConfigurationDiff(rules.ToImmutable(), backend, order));
    }

    private static RouteRule? ReadRule(ObjectReader reader, string name, List<RuleProblem> problems) =>
        reader.Element(name) is { } element ? RuleReader.ReadRule(element, null, problems) : null;
}
