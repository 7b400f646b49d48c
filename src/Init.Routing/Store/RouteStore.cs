using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Init.Routing.Json;
using Init.Routing.Rules;

namespace Init.Routing.Store;

/// <summary>What can be done to the rules. JSON is as it came; it is read strictly.</summary>
public abstract record RouteCommand
{
    private RouteCommand()
    {
    }

    /// <param name="Json">The rule; without an id it gets one.</param>
    /// <param name="Index">Where, from 0; null: last.</param>
    public sealed record Create(ReadOnlyMemory<byte> Json, int? Index = null) : RouteCommand;

    /// <param name="Id">Of the rule.</param>
    /// <param name="Json">The whole rule; without an id it keeps it.</param>
    public sealed record Replace(string Id, ReadOnlyMemory<byte> Json) : RouteCommand;

    /// <param name="Id">Of the rule.</param>
    /// <param name="Json">A JSON merge patch (RFC 7396): null removes a key.</param>
    public sealed record Patch(string Id, ReadOnlyMemory<byte> Json) : RouteCommand;

    public sealed record Delete(string Id) : RouteCommand;

    /// <param name="Id">Of the rule.</param>
    /// <param name="Index">Where it is to stand, from 0.</param>
    public sealed record Move(string Id, int Index) : RouteCommand;

    /// <param name="Ids">Every id once, in the new order.</param>
    public sealed record Reorder(ImmutableArray<string> Ids) : RouteCommand;

    /// <param name="Json"><c>{"default_backend": …, "rules": […]}</c></param>
    /// <param name="IsWhole">The rules must be there, and without a default backend there is none; otherwise what is missing stays.</param>
    public sealed record ReplaceAll(ReadOnlyMemory<byte> Json, bool IsWhole = false) : RouteCommand;

    /// <param name="Url">Null: none.</param>
    public sealed record SetDefaultBackend(string? Url) : RouteCommand;

    /// <param name="Revision">To what it was then; null: to the one before.</param>
    public sealed record Undo(long? Revision = null) : RouteCommand;

    /// <param name="Json">A file of ours, a document of rules, or an admin_config.json of the original. Its password is not looked at here.</param>
    public sealed record Import(ReadOnlyMemory<byte> Json) : RouteCommand;

    /// <param name="Json">What the original's own page saves; what is missing stays. Read as the original would where that loses nothing.</param>
    public sealed record SaveFromOriginal(ReadOnlyMemory<byte> Json) : RouteCommand;
}

/// <param name="Who">Does it: a name or an address.</param>
/// <param name="At">Wall-clock time.</param>
/// <param name="IfMatch">The revision it was decided by; null: whatever there is.</param>
public sealed record CommandContext(string Who, DateTimeOffset At, long? IfMatch = null);

public abstract record RouteCommandResult
{
    private RouteCommandResult()
    {
    }

    /// <param name="State">The new state; the same as before when nothing was different.</param>
    /// <param name="RuleId">Of the rule that was created or changed; null for commands about several.</param>
    /// <param name="Notes">What an import changed.</param>
    public sealed record Done(RouteState State, string? RuleId, ImmutableArray<RuleProblem> Notes) : RouteCommandResult;

    /// <summary>Nothing was changed.</summary>
    public sealed record Invalid(ImmutableArray<RuleProblem> Problems) : RouteCommandResult;

    /// <summary>Somebody else was faster; nothing was changed.</summary>
    public sealed record Conflict(long Present) : RouteCommandResult;

    public sealed record NotFound(string Id) : RouteCommandResult;

    /// <summary>The disk says no; nothing was changed. Only a <see cref="RouteKeeper"/> says it.</summary>
    /// <param name="Why">For people: "cannot write …".</param>
    public sealed record NotSaved(string Why) : RouteCommandResult;
}

/// <summary>Carries out commands on the state. Pure: the caller keeps the state, and writes it.</summary>
public static class RouteStore
{
    public static RouteCommandResult Apply(RouteState state, RouteCommand command, CommandContext context)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(context);
        if (context.IfMatch is { } revision && revision != state.Revision)
            return new RouteCommandResult.Conflict(state.Revision);

        RouteConfiguration present = state.Configuration;
        string? subject = command switch
        {
            RouteCommand.Replace replace => replace.Id,
            RouteCommand.Patch patch => patch.Id,
            RouteCommand.Delete delete => delete.Id,
            RouteCommand.Move move => move.Id,
            _ => null,
        };
        int index = subject is null ? -1 : present.IndexOf(subject);
        if (subject is not null && index < 0)
            return new RouteCommandResult.NotFound(subject);

        Outcome outcome = command switch
        {
            RouteCommand.Create create => Created(present, create),
            RouteCommand.Replace replace => Replaced(present, index, replace.Json, "replaced"),
            RouteCommand.Patch patch => Patched(present, index, patch),
            RouteCommand.Delete => new Outcome(present with { Rules = present.Rules.RemoveAt(index) }, $"deleted rule \"{subject}\""),
            RouteCommand.Move move => Moved(present, index, move.Index),
            RouteCommand.Reorder reorder => Reordered(present, reorder.Ids),
            RouteCommand.ReplaceAll all => Of(RuleReader.ReadConfiguration(all.Json, all.IsWhole ? null : present), "replaced the rules"),
            RouteCommand.SetDefaultBackend backend => WithDefaultBackend(present, backend.Url),
            RouteCommand.Undo undo => Undone(state, undo.Revision ?? (state.Revision - 1)),
            RouteCommand.Import import => Imported(AnyDocument.Import(import.Json, present)),
            RouteCommand.SaveFromOriginal save => Imported(AnyDocument.Save(save.Json, present)) with { What = "replaced the rules as the original does" },
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        if (outcome.Configuration is not { } configuration)
            return new RouteCommandResult.Invalid(outcome.Problems);

        int bytes = RuleWriter.ToUtf8(configuration).Length;
        return bytes > RuleLimits.ConfigurationBytesMax
            ? new RouteCommandResult.Invalid([new RuleProblem(null, null, "rules", $"they have {bytes} bytes", $"use at most {RuleLimits.ConfigurationBytesMax}")])
            : new RouteCommandResult.Done(state.With(configuration, context.Who, context.At, outcome.What), outcome.RuleId, outcome.Problems);
    }

    private static Outcome Created(RouteConfiguration present, RouteCommand.Create create)
    {
        var (rule, problems) = RuleReader.ReadRule(create.Json);
        if (rule is null)
            return Outcome.Of(problems);
        if (create.Index is { } at && (at < 0 || at > present.Rules.Length))
            return Outcome.Of("index", $"{at} is out of range", $"use 0 to {present.Rules.Length}");
        if (present.Rules.Length == RuleLimits.RulesMax)
            return Outcome.Of("rules", $"there are {RuleLimits.RulesMax} rules", "delete one first");

        if (rule.Id.Length == 0)
        {
            int number = 0;
            rule = rule with { Id = RuleReader.FreeId([.. present.Rules.Select(other => other.Id)], ref number) };
        }

        return Checked(present with { Rules = present.Rules.Insert(create.Index ?? present.Rules.Length, rule) }, rule.Id, $"created rule \"{rule.Id}\"");
    }

    private static Outcome Replaced(RouteConfiguration present, int index, ReadOnlyMemory<byte> json, string verb)
    {
        var (rule, problems) = RuleReader.ReadRule(json);
        if (rule is null)
            return Outcome.Of(problems);

        string id = present.Rules[index].Id;
        if (rule.Id.Length == 0)
            rule = rule with { Id = id };
        return Checked(present with { Rules = present.Rules.SetItem(index, rule) }, rule.Id, $"{verb} rule \"{id}\"{(rule.Id == id ? "" : $", now \"{rule.Id}\"")}");
    }

    private static Outcome Patched(RouteConfiguration present, int index, RouteCommand.Patch patch)
    {
        try
        {
            if (JsonNode.Parse(patch.Json.Span, documentOptions: RuleReader.Options) is not JsonObject changes)
                return Outcome.Of("", "a patch is an object", "write { … } with the keys that change");

            JsonObject rule = JsonNode.Parse(RuleWriter.ToUtf8(present.Rules[index]))!.AsObject();

            // Of the two ways to write backends, the patch decides.
            if (changes["backends"] is not null && changes["backend"] is null)
                rule.Remove("backend");
            if (changes["backend"] is not null && changes["backends"] is null)
                rule.Remove("backends");
            Merge(rule, changes);
            return Replaced(present, index, Encoding.UTF8.GetBytes(rule.ToJsonString()), "changed");
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException)
        {
            // The latter two are what JsonNode has for keys that are there twice and for text that is no Unicode.
            return Outcome.Of("", "cannot read the JSON, or a key is there twice", "correct it");
        }
    }

    private static void Merge(JsonObject target, JsonObject patch)
    {
        foreach (var (key, value) in patch)
        {
            if (value is null)
            {
                target.Remove(key);
            }
            else if (value is JsonObject inner)
            {
                JsonObject merged = target[key]?.DeepClone() as JsonObject ?? [];
                Merge(merged, inner);
                target[key] = merged;
            }
            else
            {
                target[key] = value.DeepClone();
            }
        }
    }

    private static Outcome Moved(RouteConfiguration present, int index, int to)
    {
        if (to < 0 || to >= present.Rules.Length)
            return Outcome.Of("index", $"{to} is out of range", $"use 0 to {present.Rules.Length - 1}");

        RouteRule rule = present.Rules[index];
        return new Outcome(present with { Rules = present.Rules.RemoveAt(index).Insert(to, rule) }, $"moved rule \"{rule.Id}\"", rule.Id);
    }

    private static Outcome Reordered(RouteConfiguration present, ImmutableArray<string> ids)
    {
        if (ids.Length != present.Rules.Length || !ids.ToHashSet().SetEquals(present.Rules.Select(rule => rule.Id)))
            return Outcome.Of("ids", "they are not the ids of all rules, each once", "read the rules again");

        Dictionary<string, RouteRule> rules = present.Rules.ToDictionary(rule => rule.Id);
        return new Outcome(present with { Rules = [.. ids.Select(id => rules[id])] }, "reordered the rules");
    }

    private static Outcome WithDefaultBackend(RouteConfiguration present, string? url)
    {
        if (url is { Length: > RuleLimits.TextMax })
            return Outcome.Of("default_backend", $"has {url.Length} characters", $"use at most {RuleLimits.TextMax}");
        if (url is not null && BackendUrl.TryParse(url, out _) is { } problem)
            return Outcome.Of("default_backend", problem.Message, problem.Remedy);
        return new Outcome(present with { DefaultBackend = url }, url is null ? "removed the default backend" : $"set the default backend to {url}");
    }

    private static Outcome Undone(RouteState state, long revision) => state.At(revision) is { } earlier
        ? new Outcome(earlier, $"went back to revision {revision}")
        : Outcome.Of("revision", $"{revision} is not in the history", $"use {state.Revision - state.History.Length} to {state.Revision}");

    private static Outcome Imported(ReadDocument read) => read.Configuration is null
        ? Outcome.Of(read.Problems)
        : new Outcome(read.Configuration, $"imported {read.Configuration.Rules.Length} rules") { Problems = read.Problems };

    private static Outcome Checked(RouteConfiguration configuration, string id, string what)
    {
        List<RuleProblem> problems = [];
        RuleReader.CheckUnique([.. configuration.Rules], problems);
        return problems.Count > 0 ? Outcome.Of([.. problems]) : new Outcome(configuration, what, id);
    }

    private static Outcome Of((RouteConfiguration? Configuration, ImmutableArray<RuleProblem> Problems) read, string what) =>
        read.Configuration is null ? Outcome.Of(read.Problems) : new Outcome(read.Configuration, what);

    /// <param name="Configuration">Null when there are problems.</param>
    private sealed record Outcome(RouteConfiguration? Configuration, string What, string? RuleId = null)
    {
        public ImmutableArray<RuleProblem> Problems { get; init; } = [];

        public static Outcome Of(ImmutableArray<RuleProblem> problems) => new(null, "") { Problems = problems };

        public static Outcome Of(string field, string message, string remedy) => Of([new RuleProblem(null, null, field, message, remedy)]);
    }
}
