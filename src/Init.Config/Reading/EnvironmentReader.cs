using System.Collections.Immutable;
using Init.Base;
using Init.Config.Expansion;
using Init.Config.Toml;

namespace Init.Config.Reading;

/// <summary>Init's own environment, and who may see what of it.</summary>
/// <param name="Values">The process's variables and those of <c>[init] env_file</c>; where both have one, the process's counts.</param>
/// <param name="Secrets">Names no program sees unless it lists them.</param>
internal sealed record InheritedEnvironment(IReadOnlyDictionary<string, string> Values, ImmutableArray<string> Secrets)
{
    public static InheritedEnvironment Create(
        IReadOnlyDictionary<string, string> process, IEnumerable<EnvEntry> fromFiles, ImmutableArray<string> secrets)
    {
        Dictionary<string, string> values = [];
        foreach (EnvEntry entry in fromFiles)
            values[entry.Name] = entry.Value;

        foreach (var (name, value) in process)
            values[name] = value;

        foreach (string name in KnownNames.NotInherited)
            values.Remove(name);

        return new InheritedEnvironment(values, secrets);
    }

    /// <summary>Fills variables in for someone who was granted these secrets.</summary>
    public Expander CreateExpander(IEnumerable<string> granted, string hint, string? index = null) =>
        new(Values, Secrets.Except(granted), hint, index, granted);

    /// <summary>Everything but secrets, sorted: the environment of an event hook, before its secrets.</summary>
    public SortedDictionary<string, string> CreateOpen(Func<string, bool> isInherited)
    {
        SortedDictionary<string, string> open = new(StringComparer.Ordinal);
        foreach (var (name, value) in Values)
        {
            if (isInherited(name) && !Secrets.Contains(name))
                open[name] = value;
        }

        return open;
    }

    public static ImmutableArray<string> Flatten(SortedDictionary<string, string> variables) =>
        [.. variables.Select(variable => $"{variable.Key}={variable.Value}")];
}

/// <summary>Puts the environment of one program instance together.</summary>
internal static class EnvironmentReader
{
    public const string GrantHint = "add it to \"secrets\" of this program";

    /// <summary>Reads <c>secrets</c>: names that must be in <c>[init] secrets</c>.</summary>
    public static ImmutableArray<string> ReadGranted(Section section, InheritedEnvironment inherited)
    {
        ImmutableArray<string>.Builder granted = ImmutableArray.CreateBuilder<string>();
        foreach (Text text in section.Strings("secrets"))
        {
            if (inherited.Secrets.Contains(text.Value))
            {
                if (!granted.Contains(text.Value))
                    granted.Add(text.Value);

                continue;
            }

            string hint = Suggestion.For(text.Value, inherited.Secrets) ?? "add it to [init] secrets, so that nobody else sees it";
            section.Context.Problems.Add(text.At, text.Key, $"{text.Quoted} is not a secret", hint);
        }

        return granted.ToImmutable();
    }

    /// <param name="entries">Of the program's env files, in order.</param>
    public static ImmutableArray<string> Read(
        Section section, InheritedEnvironment inherited, ImmutableArray<string> granted, IEnumerable<EnvEntry> entries, SupervisordNames names, string? supervisordUrl)
    {
        SortedDictionary<string, string> result = inherited.CreateOpen(ReadInherit(section, inherited));
        if (supervisordUrl is not null)
        {
            foreach (var (name, value) in SupervisordVariables.For(names.Process, names.Group, supervisordUrl))
                result[name] = value;
        }

        foreach (EnvEntry entry in entries)
        {
            // A shared file may hold secrets of others.
            if (!inherited.Secrets.Contains(entry.Name) || granted.Contains(entry.Name))
                result[entry.Name] = entry.Value;
        }

        AddOwn(section, inherited, granted, result);
        foreach (string name in granted)
        {
            if (!result.ContainsKey(name) && inherited.Values.TryGetValue(name, out string? value))
                result[name] = value;
        }

        result.Remove(KnownNames.InstanceVariable);
        result[KnownNames.ProgramVariable] = names.Instance;
        return InheritedEnvironment.Flatten(result);
    }

    private static Func<string, bool> ReadInherit(Section section, InheritedEnvironment inherited)
    {
        const string key = "inherit_environment";
        if (section.Find(key) is TomlBoolean boolean)
            return _ => boolean.Value;

        if (!section.Has(key))
            return _ => true;

        if (section.Find(key) is { } other and not TomlArray)
        {
            section.ReportKind(key, "an array of strings or a boolean", other);
            return _ => true;
        }

        HashSet<string> listed = [];
        foreach (Text name in section.Strings(key))
        {
            if (inherited.Secrets.Contains(name.Value))
                section.Context.Problems.Add(name.At, name.Key, $"{name.Quoted} is a secret and is not inherited", GrantHint);
            else
                listed.Add(name.Value);
        }

        return listed.Contains;
    }

    private static void AddOwn(
        Section section, InheritedEnvironment inherited, ImmutableArray<string> granted, SortedDictionary<string, string> result)
    {
        if (section.FreeTable("environment") is not { } table)
            return;

        foreach (TomlEntry entry in table.Entries)
        {
            string key = $"{section.KeyOf("environment")}.{ConfigText.KeyPart(entry.Key)}";
            Text? text = section.ReadText(entry.Value, key, "a string");
            if (ProblemOf(entry.Key, inherited, granted) is var (message, hint))
                section.Context.Problems.Add(entry.KeyAt, key, message, hint);
            else if (text is not null)
                result[entry.Key] = text.Value;
        }
    }

    private static (string Message, string? Hint)? ProblemOf(string name, InheritedEnvironment inherited, ImmutableArray<string> granted)
    {
        if (name.Length == 0 || name.AsSpan().ContainsAny('=', '\0') || name.Any(char.IsWhiteSpace))
            return ("is not a name of a variable", "a name is not empty and has no = and no white space");

        if (KnownNames.OwnVariables.Contains(name))
            return ("is set by Init itself", null);

        return inherited.Secrets.Contains(name) && !granted.Contains(name) ? ("is a secret that this program may not see", GrantHint) : null;
    }
}
