using System.Collections.Immutable;
using System.Text.Json;
using Init.Base;
using Init.Routing.Rules;

namespace Init.Routing.Json;

/// <summary>Reads rules strictly: every problem is reported, and with one problem there is no result.</summary>
public static class RuleReader
{
    internal static readonly JsonDocumentOptions Options = new() { MaxDepth = 16 };

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>
    /// Reads <c>{"default_backend": …, "rules": […]}</c>. A rule without an id gets one ("rule-1", …).
    /// </summary>
    /// <param name="utf8">The document.</param>
    /// <param name="present">What a key that is missing keeps; null: the document is the whole, the rules must be there, and without a default backend there is none.</param>
    public static (RouteConfiguration? Configuration, ImmutableArray<RuleProblem> Problems) ReadConfiguration(ReadOnlyMemory<byte> utf8, RouteConfiguration? present) =>
        Parse(utf8, (root, problems) =>
        {
            if (ObjectReader.Of(root, "", Reporter(problems, null, null)) is not { } reader)
                return null;
            if (present is null && !reader.Has("rules"))
                reader.Report("rules", "are missing", "write all of them; [] for none");

            string? defaultBackend = reader.Has("default_backend") ? ReadDefaultBackend(reader) : present?.DefaultBackend;
            ImmutableArray<RouteRule> rules = ReadRules(reader, problems) ?? present?.Rules ?? [];
            reader.MarkKnown("default_backend");
            reader.RefuseTheRest();
            return new RouteConfiguration(defaultBackend, rules);
        });

    /// <summary>Reads one rule; its id may be missing and is "" then.</summary>
    public static (RouteRule? Rule, ImmutableArray<RuleProblem> Problems) ReadRule(ReadOnlyMemory<byte> utf8) =>
        Parse(utf8, (root, problems) => ReadRule(root, null, problems));

    internal static string? ReadDefaultBackend(ObjectReader reader)
    {
        // As it is answered when there is none.
        if (reader.Element("default_backend") is { ValueKind: JsonValueKind.Null })
            return null;

        string? text = reader.Text("default_backend", RuleLimits.TextMax);
        if (text is not null && BackendUrl.TryParse(text, out _) is { } problem)
            reader.Report("default_backend", problem.Message, problem.Remedy);
        return text;
    }

    /// <summary>Null when there is no such key, or it is not an array.</summary>
    internal static ImmutableArray<RouteRule>? ReadRules(ObjectReader reader, List<RuleProblem> problems)
    {
        if (!reader.Has("rules"))
        {
            _ = reader.Items("rules", 0);
            return null;
        }

        List<RouteRule> rules = [];
        foreach (var (item, _) in reader.Items("rules", RuleLimits.RulesMax))
            rules.Add(ReadRule(item, rules.Count, problems) ?? new RouteRule { Id = "" });

        CheckUnique(rules, problems);
        return WithIds(rules);
    }

    internal static RouteRule? ReadRule(JsonElement element, int? index, List<RuleProblem> problems)
    {
        string? id = element.ValueKind == JsonValueKind.Object && element.TryGetProperty("id", out JsonElement given) && given.ValueKind == JsonValueKind.String
            ? Shown(given)
            : null;
        if (ObjectReader.Of(element, "", Reporter(problems, index, id)) is not { } reader)
            return null;

        RouteRule rule = ReadCommon(reader);
        rule = rule.Action == RuleAction.Redirect ? ReadRedirect(reader, rule) : ReadProxy(reader, rule);
        reader.RefuseTheRest();
        return rule;
    }

    /// <summary>Rules without an id get the first of "rule-1", "rule-2", … that are free.</summary>
    private static ImmutableArray<RouteRule> WithIds(List<RouteRule> rules)
    {
        HashSet<string> taken = [.. rules.Select(rule => rule.Id)];
        int number = 0;
        return [.. rules.Select(rule => rule.Id.Length > 0 ? rule : rule with { Id = FreeId(taken, ref number) })];
    }

    /// <param name="taken">The new id is added.</param>
    /// <param name="number">The last that was tried.</param>
    internal static string FreeId(HashSet<string> taken, ref int number)
    {
        string id;
        do
            id = $"rule-{++number}";
        while (!taken.Add(id));

        return id;
    }

    internal static (T? Result, ImmutableArray<RuleProblem> Problems) Parse<T>(ReadOnlyMemory<byte> utf8, Func<JsonElement, List<RuleProblem>, T?> read)
        where T : class
    {
        if (utf8.Length > RuleLimits.DocumentBytesMax)
            return (null, [new RuleProblem(null, null, "", $"the document has {utf8.Length} bytes", $"use at most {RuleLimits.DocumentBytesMax}")]);

        List<RuleProblem> problems = [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8, Options);
            T? result = read(document.RootElement, problems);
            return (problems.Count == 0 ? result : null, [.. problems]);
        }
        catch (JsonException exception)
        {
            string place = exception.LineNumber is { } line ? $" at line {line + 1}, byte {exception.BytePositionInLine + 1}" : "";
            return (null, [new RuleProblem(null, null, "", $"cannot read the JSON{place}", "correct it there")]);
        }
        catch (InvalidOperationException)
        {
            // "\ud800" in a key, or where nobody looks at each text by itself.
            return (null, [new RuleProblem(null, null, "", "a key or a text is not valid Unicode", "remove the unpaired surrogate")]);
        }
    }

    internal static Action<string, string, string> Reporter(List<RuleProblem> problems, int? index, string? id) =>
        (field, message, remedy) => problems.Add(new RuleProblem(index, id, field, message, remedy));

    internal static void CheckUnique(List<RouteRule> rules, List<RuleProblem> problems)
    {
        Dictionary<string, int> ids = [];
        Dictionary<string, int> scopes = [];
        for (int i = 0; i < rules.Count; i++)
        {
            if (rules[i].Id.Length > 0 && !ids.TryAdd(rules[i].Id, i))
                problems.Add(new RuleProblem(i, rules[i].Id, "id", $"rules[{ids[rules[i].Id]}] has the same id", "give each rule an id of its own"));
            if (rules[i].AppScope is { } scope && !scopes.TryAdd(scope, i))
                problems.Add(new RuleProblem(i, rules[i].Id, "app_scope", $"rules[{scopes[scope]}] has the same app_scope", "give each application a name of its own"));
        }
    }

    private static string? Shown(JsonElement text)
    {
        try
        {
            string id = text.GetString()!;
            return id.Length is > 0 and <= RuleLimits.NameMax && !id.Any(char.IsControl) ? id : null;
        }
        catch (InvalidOperationException)
        {
            return null; // An unpaired surrogate; reported where the field is read.
        }
    }

    private static RouteRule ReadCommon(ObjectReader reader)
    {
        string id = reader.Text("id", RuleLimits.NameMax) ?? "";
        if (id.Any(char.IsControl))
            reader.Report("id", "has control characters", "use visible characters");
        if (id is "." or "..")
            reader.Report("id", "is a step in a path", "use a name: it is part of the rule's URL");

        string action = reader.Text("action", RuleLimits.NameMax) ?? "proxy";
        if (action is not ("proxy" or "redirect"))
            reader.Report("action", $"\"{action}\" is no action", Suggestion.For(action, ["proxy", "redirect"]) ?? "use \"proxy\" or \"redirect\"");

        return new RouteRule
        {
            Id = id,
            Enabled = reader.Flag("enabled") ?? true,
            Action = action == "redirect" ? RuleAction.Redirect : RuleAction.Proxy,
            Priority = reader.Number("priority", -RuleLimits.PriorityMax, RuleLimits.PriorityMax) ?? 0,
            Match = ReadMatch(reader.Object("match")),
            Allow = ReadRanges(reader, "allow"),
            Deny = ReadRanges(reader, "deny"),
        };
    }

    private static RuleMatch ReadMatch(ObjectReader? reader)
    {
        if (reader is null)
            return new RuleMatch();

        RuleMatch match = new()
        {
            Host = Condition(reader, "host", HostName.IsValid, "write a host name or address, with or without a port"),
            PathEqual = Condition(reader, "path_equal", IsPath, "write the decoded path, beginning with \"/\""),
            PathPrefix = Condition(reader, "path_prefix", IsPath, "write the beginning of the decoded path, with its first \"/\""),
            Method = Condition(reader, "method", HeaderRules.IsName, "write one method, such as GET"),
            RefererSubstring = Condition(reader, "referer_substr", IsHeaderText, NoControls),
            RefererRegex = Pattern(reader, "referer_regex"),
            Headers = [.. reader.Items("headers", RuleLimits.ItemsMax).Select(item => ReadCondition(reader, item.Item, item.Name)).OfType<HeaderCondition>()],
        };
        reader.RefuseTheRest();
        return match;
    }

    /// <summary>RFC 9110, section 5.5: what is no part of a header's value never matches.</summary>
    private static bool IsHeaderText(string text) => !text.Any(c => char.IsControl(c) && c != '\t');

    private const string NoControls = "leave out the control characters: no header has any";

    private static bool IsPath(string path) => path[0] == '/' && !path.Any(char.IsControl);

    /// <summary>An empty condition is a mistake: the original had some that never match and some that always do.</summary>
    private static string? Condition(ObjectReader reader, string name, Func<string, bool> isValid, string remedy)
    {
        string? text = reader.Text(name, RuleLimits.TextMax);
        if (text is null)
            return null;
        if (text.Length == 0)
            reader.Report(name, "is empty", "leave the key out");
        else if (!isValid(text))
            reader.Report(name, "is not valid", remedy);
        return text;
    }

    private static string? Pattern(ObjectReader reader, string name)
    {
        string? pattern = Condition(reader, name, _ => true, "");
        if (pattern is null)
            return null;
        if (pattern.Length > RuleLimits.RegexMax)
            reader.Report(name, $"has {pattern.Length} characters", $"use at most {RuleLimits.RegexMax}");
        else if (SafeRegex.TryCreate(pattern, out _) is { } problem)
            reader.Report(name, problem.Message, problem.Remedy);
        return pattern;
    }

    private static HeaderCondition? ReadCondition(ObjectReader parent, JsonElement item, string name)
    {
        if (parent.ObjectItem(item, name) is not { } reader)
            return null;

        HeaderCondition condition = new(HeaderName(reader, mayBeFraming: true), Condition(reader, "contains", IsHeaderText, NoControls), Pattern(reader, "regex"));
        reader.RefuseTheRest();
        return condition;
    }

    private static string HeaderName(ObjectReader reader, bool mayBeFraming)
    {
        string? name = reader.Text("name", RuleLimits.NameMax);
        if (name is null)
        {
            if (!reader.Has("name"))
                reader.Report("name", "is missing", "name the header");
            return "";
        }

        if (!HeaderRules.IsName(name))
            reader.Report("name", "is no header name", "use letters, digits and \"-\"");
        else if (!mayBeFraming && HeaderRules.IsFraming(name))
            reader.Report("name", $"{name} is the gateway's own: it belongs to the connection, not to the message", "remove it");
        return name;
    }

    private static ImmutableArray<AddressRange> ReadRanges(ObjectReader reader, string field)
    {
        List<AddressRange> ranges = [];
        foreach (var (item, name) in reader.Items(field, RuleLimits.ItemsMax))
        {
            if (item.ValueKind == JsonValueKind.String && Shown(item) is { } text && AddressRange.TryParse(text, out AddressRange? range))
                ranges.Add(range!);
            else
                reader.Report(name, "is neither an address nor a network", "write it like \"10.0.0.7\", \"10.0.0.0/8\" or \"fd00::/8\"");
        }

        return [.. ranges];
    }

    private static RouteRule ReadProxy(ObjectReader reader, RouteRule rule)
    {
        foreach (string field in new[] { "redirect_to", "redirect_to_prefix", "status" })
            RefuseFor(reader, field, "only a redirect has it", "remove it, or write \"action\": \"redirect\"");

        string? scope = reader.Text("app_scope", lengthMax: 32);
        if (scope is not null && !(scope.Length > 0 && scope.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')))
            reader.Report("app_scope", "is no name", "use letters, digits, \"-\" and \"_\"");
        if (scope is not null && !(rule.Match.PathPrefix is { Length: > 1 } prefix && prefix[^1] == '/' && rule.Match.PathEqual is null))
            reader.Report("app_scope", "needs a match.path_prefix such as \"/app/\", and no path_equal", "say below which path the application lives");

        bool strips = reader.Flag("strip_prefix") ?? false;
        if (strips && rule.Match.PathPrefix is null)
            reader.Report("strip_prefix", "there is no match.path_prefix to strip", "add one, or remove strip_prefix");

        ImmutableArray<RuleBackend> backends = ReadBackends(reader);
        return rule with
        {
            AppScope = scope,
            StripPrefix = strips,
            Backends = backends,
            Program = Condition(reader, "program", IsProgram, "write its name as in supervisor.toml, such as \"web\" or \"worker:0\""),
            Sticky = ReadSticky(reader, backends.Length),
            Health = ReadHealth(reader, backends.Length),
            SetHeaders = [.. reader.Items("set_headers", RuleLimits.ItemsMax).Select(item => ReadHeader(reader, item.Item, item.Name)).OfType<HeaderValue>()],
            ResponseHeaders = [.. reader.Items("response_headers", RuleLimits.ItemsMax).Select(item => ReadEdit(reader, item.Item, item.Name)).OfType<ResponseHeaderEdit>()],
            Timeouts = ReadTimeouts(reader),
            BodyLimit = reader.Size("body_limit"),
        };
    }

    private static ImmutableArray<RuleBackend> ReadBackends(ObjectReader reader)
    {
        List<RuleBackend> backends = [];
        if (reader.Text("backend", RuleLimits.TextMax) is { } single)
        {
            CheckBackend(reader, "backend", single);
            backends.Add(new RuleBackend(single));
        }

        if (reader.Has("backend") && reader.Has("backends"))
            reader.Report("backends", "there is a \"backend\", too", "use one of the two");

        foreach (var (item, name) in reader.Items("backends", RuleLimits.ItemsMax))
        {
            if (reader.ObjectItem(item, name) is not { } part)
                continue;

            string? url = part.Text("url", RuleLimits.TextMax);
            if (url is not null)
                CheckBackend(part, "url", url);
            else if (!part.Has("url"))
                part.Report("url", "is missing", "write it like http://127.0.0.1:6185");
            if (backends.Exists(other => other.Url == url))
                part.Report("url", "is there twice", "use the weight to give a backend more");

            backends.Add(new RuleBackend(url ?? "", part.Integer("weight", 1, RuleLimits.WeightMax) ?? 1));
            part.RefuseTheRest();
        }

        return [.. backends];
    }

    private static bool IsProgram(string name) =>
        name.Length <= RuleLimits.NameMax && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':');

    private static void CheckBackend(ObjectReader reader, string field, string url)
    {
        if (BackendUrl.TryParse(url, out _) is { } problem)
            reader.Report(field, problem.Message, problem.Remedy);
    }

    private static StickySessions? ReadSticky(ObjectReader parent, int backends)
    {
        if (parent.Object("sticky") is not { } reader)
            return null;

        string? cookie = Condition(reader, "cookie", HeaderRules.IsName, "use letters, digits and \"-\"");
        string? header = Condition(reader, "header", HeaderRules.IsName, "use letters, digits and \"-\"");
        if (cookie is null == header is null)
            parent.Report("sticky", "has both or neither of cookie and header", "give exactly one");
        if (backends < 2)
            parent.Report("sticky", "has no effect with fewer than two backends", "remove it, or list several backends");
        reader.RefuseTheRest();
        return new StickySessions(cookie, header);
    }

    private static BackendHealthPolicy? ReadHealth(ObjectReader parent, int backends)
    {
        if (parent.Object("health") is not { } reader)
            return null;
        if (backends == 0)
            parent.Report("health", "has no effect without a backend of the rule's own", "add a backend, or remove it");

        BackendHealthPolicy usual = new();
        BackendHealthPolicy policy = new()
        {
            Path = Condition(reader, "path", path => IsPath(path) && HeaderRules.IsValue(path) && !path.Contains(' ', StringComparison.Ordinal), "write it as in a URL, beginning with \"/\""),
            Interval = reader.Duration("interval", TimeSpan.FromSeconds(1), Day) ?? usual.Interval,
            Timeout = reader.Duration("timeout", TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(5)) ?? usual.Timeout,
            Failures = reader.Integer("failures", 1, 1000) ?? usual.Failures,
            Successes = reader.Integer("successes", 1, 1000) ?? usual.Successes,
            RetryAfter = reader.Duration("retry_after", TimeSpan.FromSeconds(1), Day) ?? usual.RetryAfter,
        };
        reader.RefuseTheRest();
        return policy;
    }

    private static HeaderValue? ReadHeader(ObjectReader parent, JsonElement item, string name)
    {
        if (parent.ObjectItem(item, name) is not { } reader)
            return null;

        HeaderValue header = new(HeaderName(reader, mayBeFraming: false), ReadValue(reader) ?? "");
        if (!reader.Has("value"))
            reader.Report("value", "is missing", "write the value, or \"\"");
        reader.RefuseTheRest();
        return header;
    }

    private static ResponseHeaderEdit? ReadEdit(ObjectReader parent, JsonElement item, string name)
    {
        if (parent.ObjectItem(item, name) is not { } reader)
            return null;

        bool removes = reader.Flag("remove") ?? false;
        ResponseHeaderEdit edit = new(HeaderName(reader, mayBeFraming: false), ReadValue(reader));
        if (removes == reader.Has("value"))
            reader.Report("value", "an edit has a value, or \"remove\": true", "give one of the two");
        reader.RefuseTheRest();
        return edit;
    }

    private static string? ReadValue(ObjectReader reader)
    {
        string? value = reader.Text("value", RuleLimits.TextMax);
        if (value is not null && !HeaderRules.IsValue(value))
            reader.Report("value", "is no header value", "use visible ASCII without line breaks, and no blanks at the ends");
        return value;
    }

    private static RuleTimeouts ReadTimeouts(ObjectReader parent)
    {
        if (parent.Object("timeouts") is not { } reader)
            return new RuleTimeouts();

        TimeSpan least = TimeSpan.FromMilliseconds(100);
        RuleTimeouts timeouts = new(reader.Duration("connect", least, TimeSpan.FromMinutes(5)), reader.Duration("response", least, Day), reader.Duration("idle", least, Day));
        reader.RefuseTheRest();
        return timeouts;
    }

    private static RouteRule ReadRedirect(ObjectReader reader, RouteRule rule)
    {
        foreach (string field in new[]
                 {
                     "backend", "backends", "program", "sticky", "health", "strip_prefix", "set_headers", "response_headers", "timeouts", "body_limit", "app_scope",
                 })
        {
            RefuseFor(reader, field, "a redirect does not have it", "remove it, or write \"action\": \"proxy\"");
        }

        string? to = Target(reader, "redirect_to");
        string? prefix = Target(reader, "redirect_to_prefix");
        if (to is null == prefix is null)
            reader.Report("redirect_to", "a redirect has exactly one of redirect_to and redirect_to_prefix", "give one of the two");
        if (prefix is not null && rule.Match.PathPrefix is null)
            reader.Report("redirect_to_prefix", "there is no match.path_prefix whose place it could take", "add one, or use redirect_to");
        if (to is not null && to == rule.Match.PathEqual)
            reader.Report("redirect_to", "leads to itself", "write another path");
        if (prefix is not null && prefix == rule.Match.PathPrefix)
            reader.Report("redirect_to_prefix", "leads to itself", "write another path");

        int status = reader.Integer("status", 300, 399) ?? 301;
        if (status is not (301 or 302 or 307 or 308))
            reader.Report("status", $"{status} is not supported", "use 301, 302, 307 or 308");

        return rule with { RedirectTo = to, RedirectToPrefix = prefix, RedirectStatus = status };
    }

    private static string? Target(ObjectReader reader, string field)
    {
        string? target = reader.Text(field, RuleLimits.TextMax);
        if (target is not null && RedirectTarget.Problem(target) is { } problem)
            reader.Report(field, problem.Message, problem.Remedy);
        return target;
    }

    private static void RefuseFor(ObjectReader reader, string field, string message, string remedy)
    {
        if (reader.Has(field))
        {
            reader.Report(field, message, remedy);
            reader.MarkKnown(field);
        }
    }
}
