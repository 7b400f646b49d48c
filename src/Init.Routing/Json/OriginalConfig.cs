using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Init.Routing.Rules;

namespace Init.Routing.Json;

/// <summary>What an admin_config.json of the original came to. A class, not a record: nothing prints the password by accident.</summary>
/// <param name="configuration">The rules.</param>
/// <param name="adminPassword">In plain text, as the original stores it; null when there is none.</param>
/// <param name="withoutPassword">The file as it was, but for the password.</param>
/// <param name="notes">What could not be taken over as it was; the remedy says what was done.</param>
/// <param name="losesSomething">A rule, a header or a key that nobody knows is not there any more.</param>
public sealed class OriginalImport(RouteConfiguration configuration, string? adminPassword, byte[] withoutPassword, ImmutableArray<RuleProblem> notes, bool losesSomething)
{
    public RouteConfiguration Configuration { get; } = configuration;

    public string? AdminPassword { get; } = adminPassword;

    public byte[] WithoutPassword { get; } = withoutPassword;

    public ImmutableArray<RuleProblem> Notes { get; } = notes;

    public bool LosesSomething { get; } = losesSomething;
}

/// <summary>
/// Takes over an admin_config.json of the original, which checked nothing. Rules do what they did there: one that never matched is kept and not enabled, or left out when it
/// cannot be expressed.
/// </summary>
public static class OriginalConfig
{
    private static readonly string[] DocumentKeys = ["default_backend", "rules"];

    /// <param name="utf8">The file.</param>
    /// <param name="fallback">What is taken where the file has no default backend or no rules; null: the default rules.</param>
    /// <returns>Null with a problem only when it is no JSON object.</returns>
    public static (OriginalImport? Import, ImmutableArray<RuleProblem> Problems) Read(ReadOnlyMemory<byte> utf8, RouteConfiguration? fallback = null)
    {
        if (utf8.Length > RuleLimits.DocumentBytesMax)
            return (null, [new RuleProblem(null, null, "", $"the document has {utf8.Length} bytes", $"use at most {RuleLimits.DocumentBytesMax}")]);

        try
        {
            if (JsonNode.Parse(utf8.Span, documentOptions: RuleReader.Options) is not JsonObject root)
                return (null, [new RuleProblem(null, null, "", "is not an object", "write { … }")]);

            string? password = Text(root, "admin_password");
            root.Remove("admin_password");
            byte[] withoutPassword = Encoding.UTF8.GetBytes(root.ToJsonString());
            Notebook notes = new();
            RouteConfiguration configuration = new(DefaultBackend(root, notes, fallback), Rules(root, notes, fallback));
            bool losesSomething = notes.LosesSomething || root.Any(member => !DocumentKeys.Contains(member.Key));
            return (new OriginalImport(configuration, password, withoutPassword, [.. notes.All], losesSomething), []);
        }
        catch (JsonException exception)
        {
            return (null, [new RuleProblem(null, null, "", $"cannot read the JSON at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}", "correct it there")]);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            // What JsonNode finds only when it is looked at: a key that is there twice, or a text that is no Unicode.
            return (null, [new RuleProblem(null, null, "", "a key is there twice, or a text is not valid Unicode", "correct it")]);
        }
    }

    private static string? DefaultBackend(JsonObject root, Notebook notes, RouteConfiguration? fallback)
    {
        string? usual = (fallback ?? DefaultRules.Configuration).DefaultBackend;
        if (Text(root, "default_backend") is not { Length: > 0 } text)
            return usual;
        if (BackendUrl.TryParse(text, out _) is not { } problem)
            return text;

        notes.Lose(new RuleProblem(null, null, "default_backend", problem.Message, $"{usual ?? "none"} is used"));
        return usual;
    }

    private static ImmutableArray<RouteRule> Rules(JsonObject root, Notebook notes, RouteConfiguration? fallback)
    {
        // An empty list is {} in Lua's JSON.
        if (root["rules"] is JsonObject { Count: 0 })
            return [];
        if (root["rules"] is not JsonArray items)
        {
            RuleProblem none = new(null, null, "rules", "there is no list of rules", fallback is null ? "the default rules are used" : "the rules stay as they are");
            if (root.ContainsKey("rules"))
                notes.Lose(none);
            else
                notes.Add(none);
            return (fallback ?? DefaultRules.Configuration).Rules;
        }

        HashSet<string> taken = [.. items.OfType<JsonObject>().Select(item => Text(item, "id")).OfType<string>()];
        HashSet<string> used = [];
        int freeNumber = 0;
        var rules = ImmutableArray.CreateBuilder<RouteRule>();
        for (int i = 0; i < items.Count && rules.Count < RuleLimits.RulesMax; i++)
        {
            string? id = items[i] is JsonObject named ? Text(named, "id") : null;
            RuleRepair repair = new(i, id, notes);
            if (items[i] is not JsonObject item)
            {
                repair.Lose("", "is not an object", "left out");
                continue;
            }

            if (repair.Repair(item) is not { } rule)
                continue;

            if (rule.Id.Length == 0)
                rule = rule with { Id = RuleReader.FreeId(taken, ref freeNumber) };
            else if (used.Contains(rule.Id))
                rule = rule with { Id = Renamed(rule.Id, taken, repair) };
            used.Add(rule.Id);
            rules.Add(rule);
        }

        if (rules.Count < items.Count && rules.Count == RuleLimits.RulesMax)
            notes.Lose(new RuleProblem(null, null, "rules", $"there are {items.Count} rules", $"those behind the first {RuleLimits.RulesMax} are left out"));
        return rules.ToImmutable();
    }

    private static string Renamed(string id, HashSet<string> taken, RuleRepair repair)
    {
        int number = 2;
        string name;
        do
        {
            string suffix = string.Create(CultureInfo.InvariantCulture, $"-{number++}");
            name = id[..Math.Min(id.Length, RuleLimits.NameMax - suffix.Length)] + suffix;
        }
        while (!taken.Add(name));

        repair.Note("id", "another rule has the same id", $"it is \"{name}\" now");
        return name;
    }

    private static string? Text(JsonObject from, string name) => RuleRepair.Text(from[name]);

    private sealed class Notebook
    {
        public List<RuleProblem> All { get; } = [];

        public bool LosesSomething { get; private set; }

        public void Add(RuleProblem note) => All.Add(note);

        /// <summary>Something that somebody wrote will not be there any more.</summary>
        public void Lose(RuleProblem note)
        {
            LosesSomething = true;
            All.Add(note);
        }
    }

    /// <summary>One rule on its way from the original's JSON to ours.</summary>
    private sealed class RuleRepair(int index, string? id, Notebook notes)
    {
        private static readonly string[] Keys = ["id", "action", "priority", "match", "backend", "set_headers", "redirect_to", "redirect_to_prefix"];
        private static readonly string[] Conditions = ["host", "path_equal", "path_prefix", "referer_substr", "referer_regex", "method"];

        public static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

        public void Note(string field, string message, string done) => notes.Add(Problem(field, message, done));

        public void Lose(string field, string message, string done) => notes.Lose(Problem(field, message, done));

        /// <summary>Null, with a note, when the rule cannot be expressed.</summary>
        public RouteRule? Repair(JsonObject rule)
        {
            foreach (string key in rule.Select(member => member.Key).ToArray())
            {
                if (!Keys.Contains(key))
                    DropUnknown(rule, key, "the original does not know it");
                else if (rule[key] is null)
                    rule.Remove(key);
            }

            RepairCommon(rule);
            if (rule["match"] is null or JsonArray { Count: 0 })
                rule["match"] = new JsonObject();
            JsonObject match = rule["match"] as JsonObject ?? []; // Anything else is refused below.
            RepairMatch(match);
            if (Text(rule["action"]) == "redirect")
                RepairRedirect(rule, match);
            else
                RepairProxy(rule);

            var (result, problems) = RuleReader.ReadRule(Encoding.UTF8.GetBytes(rule.ToJsonString()));
            foreach (RuleProblem problem in problems)
                Lose(problem.Field, problem.Message, "the rule is left out");
            return result;
        }

        private RuleProblem Problem(string field, string message, string done) =>
            new(index, id is { Length: > 0 and <= RuleLimits.NameMax } && !id.Any(char.IsControl) ? id : null, field, message, done);

        private void RepairCommon(JsonObject rule)
        {
            if (Text(rule["id"]) is not { Length: > 0 and <= RuleLimits.NameMax } name || name.Any(char.IsControl) || name is "." or "..")
                rule.Remove("id");
            if (Text(rule["action"]) is not ("proxy" or "redirect") && rule.ContainsKey("action"))
            {
                Note("action", "the original proxies whatever it does not know", "it is \"proxy\" now");
                rule.Remove("action");
            }

            // Lua's tonumber takes numbers in quotes.
            if (Text(rule["priority"]) is { } text && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number))
                rule["priority"] = number;
            else if (rule["priority"]?.GetValueKind() != JsonValueKind.Number)
                rule.Remove("priority");
            if (rule["priority"] is { } priority && priority.GetValue<double>() < -1)
                Disable(rule, "priority", "below -1 the original never tries it");
            if (rule["match"] is JsonObject match)
                DisableWhatNeverMatched(rule, match);
        }

        private void DisableWhatNeverMatched(JsonObject rule, JsonObject match)
        {
            if (Text(match["host"]) is { } host && (host.Any(char.IsAsciiLetterUpper) || HostName.Split(host, out _).Length != host.Length))
                Disable(rule, "match.host", "with upper case or a port the original never matches it");
            if (Text(match["method"]) is { } method && method.Any(char.IsAsciiLetterLower))
                Disable(rule, "match.method", "in lower case the original never matches it");
        }

        private void Disable(JsonObject rule, string field, string message)
        {
            rule["enabled"] = false;
            Note(field, message, "the rule is kept and not enabled");
        }

        private void Drop(JsonObject from, string key, string message)
        {
            from.Remove(key);
            Note(key, message, "the key is dropped");
        }

        private void DropUnknown(JsonObject from, string key, string message, string prefix = "")
        {
            from.Remove(key);
            Lose(prefix + key, message, "the key is dropped");
        }

        private void RepairMatch(JsonObject match)
        {
            foreach (string key in match.Select(member => member.Key).ToArray())
            {
                if (key != "headers" && (!Conditions.Contains(key) || Text(match[key]) is null))
                    DropUnknown(match, key, "the original does not look at it", "match.");
            }

            if (Text(match["path_prefix"]) == "")
                match.Remove("path_prefix"); // Every path begins with nothing.
            bool anyReferer = Text(match["referer_substr"]) == "" || Text(match["referer_regex"]) == "";
            foreach (string key in new[] { "referer_substr", "referer_regex" })
            {
                if (Text(match[key]) == "")
                    match.Remove(key);
            }

            // What is left of them is that there is a Referer.
            if (anyReferer && !match.ContainsKey("referer_substr") && !match.ContainsKey("referer_regex"))
                match["referer_regex"] = ".";

            JsonArray conditions = [];
            foreach (JsonObject condition in (match["headers"] as JsonArray ?? []).OfType<JsonObject>().Where(condition => Text(condition["name"]) is not null))
            {
                JsonObject kept = new() { ["name"] = Text(condition["name"]) };
                foreach (string key in new[] { "contains", "regex" })
                {
                    // Without text they hold for every value.
                    if (Text(condition[key]) is { Length: > 0 } text)
                        kept[key] = text;
                }

                conditions.Add((JsonNode)kept);
            }

            match["headers"] = conditions;
        }

        private void RepairRedirect(JsonObject rule, JsonObject match)
        {
            foreach (string key in new[] { "backend", "set_headers" })
            {
                if (rule.ContainsKey(key))
                    Drop(rule, key, "it has no effect on a redirect");
            }

            bool hasTarget = Text(rule["redirect_to"]) is { Length: > 0 };
            bool hasPrefix = Text(rule["redirect_to_prefix"]) is { Length: > 0 } && match.ContainsKey("path_prefix");
            if (!hasTarget)
                rule.Remove("redirect_to");
            if (hasTarget || !hasPrefix)
                rule.Remove("redirect_to_prefix");
            if (!hasTarget && !hasPrefix)
            {
                rule["redirect_to"] = "/";
                Note("redirect_to", "there is no target", "it is \"/\" now, as the original does it");
            }
        }

        private void RepairProxy(JsonObject rule)
        {
            foreach (string key in new[] { "redirect_to", "redirect_to_prefix" })
            {
                if (!rule.ContainsKey(key))
                    continue;
                if (Text(rule[key]) is { Length: > 0 })
                    Drop(rule, key, "only a redirect has it");
                else
                    rule.Remove(key);
            }

            if (rule.ContainsKey("backend") && Text(rule["backend"]) is not { Length: > 0 })
                Drop(rule, "backend", "it is empty");

            JsonArray headers = [];
            foreach (JsonObject header in (rule["set_headers"] as JsonArray ?? []).OfType<JsonObject>())
            {
                if (Text(header["name"]) is { } name && Text(header["value"]) is { } value && HeaderRules.IsName(name) && !HeaderRules.IsFraming(name) && HeaderRules.IsValue(value))
                    headers.Add((JsonNode)new JsonObject { ["name"] = name, ["value"] = value });
                else
                    Lose("set_headers", "a header has no valid name or value, or belongs to the connection", "that header is dropped");
            }

            rule["set_headers"] = headers;
        }
    }
}
