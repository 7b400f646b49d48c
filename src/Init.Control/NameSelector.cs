using Init.Base;

namespace Init.Control;

/// <summary>What names can select: one program instance.</summary>
public sealed record SelectableInstance(string Name, string Program, IReadOnlyList<string> Groups)
{
    /// <summary>supervisord's group, which may be called otherwise than the program.</summary>
    public string? Group { get; init; }

    /// <summary>supervisord's process within <see cref="Group"/>.</summary>
    public string? Process { get; init; }

    /// <summary>True: it is of a supervisord.conf, where names mean what they mean to supervisord.</summary>
    public bool HasSupervisordNames { get; init; }
}

/// <summary>A name that selects nothing.</summary>
/// <param name="Name">As it was given.</param>
/// <param name="Hint">"did you mean …?", or null.</param>
public sealed record UnknownName(string Name, string? Hint)
{
    /// <summary>For people: <c>no such program or group (did you mean "web"?)</c>.</summary>
    public string Describe() => Hint is null ? "no such program or group" : $"no such program or group ({Hint})";

    public ControlItem.Outcome ToOutcome() => new(Name, OutcomeCode.UnknownProgram, Describe());
}

/// <param name="Indexes">Into the list of instances, ascending, each once.</param>
/// <param name="Unknown">In the order of the names.</param>
public sealed record NameSelection(IReadOnlyList<int> Indexes, IReadOnlyList<UnknownName> Unknown);

/// <summary>
/// What the names of a request stand for; the first rule that finds something decides. In a supervisor.toml: an instance ("worker:0"), a program (all its replicas), a
/// group (all its programs), "NAME:*" for all of supervisord's group, of a program or of a group, "GROUP:PROGRAM" as supervisord writes it, and "all". In a supervisord.conf a section's name says nothing
/// once it is in groups, so there: a process ("GROUP:PROCESS", or one word when both are equal), a group ("GROUP:*", "GROUP:", "GROUP"), and "all".
/// </summary>
public static class NameSelector
{
    /// <summary>A request with a thousand wrong names must not keep PID 1 busy with hints.</summary>
    private const int HintsMax = 8;

    /// <summary>No names select everything.</summary>
    public static NameSelection Select(IReadOnlyList<string> names, IReadOnlyList<SelectableInstance> instances)
    {
        SortedSet<int> indexes = [];
        List<UnknownName> unknown = [];
        foreach (string name in names.Count == 0 ? ["all"] : names)
        {
            List<int> found = Find(name, instances);
            indexes.UnionWith(found);

            // "all" of nothing is nothing; any other name should have found something.
            if (found.Count == 0 && name != "all")
                unknown.Add(new UnknownName(name, unknown.Count < HintsMax ? Suggestion.For(name, Known(instances)) : null));
        }

        return new NameSelection([.. indexes], unknown);
    }

    /// <summary>For a request about one instance: its index, or the error that says why there is not exactly one.</summary>
    public static ControlError? SelectOne(string name, IReadOnlyList<SelectableInstance> instances, out int index)
    {
        NameSelection selection = Select([name], instances);
        index = selection.Indexes.Count == 1 ? selection.Indexes[0] : -1;
        if (index >= 0)
            return null;

        if (selection.Indexes.Count > 1)
        {
            string names = string.Join(", ", selection.Indexes.Take(5).Select(i => instances[i].Name));
            return new ControlError(
                ErrorCode.AmbiguousName,
                $"cannot take \"{name}\" for one program: it stands for {selection.Indexes.Count}",
                $"name one of {names}{(selection.Indexes.Count > 5 ? ", …" : "")}");
        }

        return new ControlError(ErrorCode.UnknownProgram, $"cannot find \"{name}\": no such program", selection.Unknown is [var unknown, ..] ? unknown.Hint : null);
    }

    private static List<int> Find(string name, IReadOnlyList<SelectableInstance> instances)
    {
        foreach (Func<SelectableInstance, bool> rule in instances is [{ HasSupervisordNames: true }, ..] ? SupervisordRules(name) : TomlRules(name))
        {
            List<int> found = [];
            for (int i = 0; i < instances.Count; i++)
            {
                if (rule(instances[i]))
                    found.Add(i);
            }

            if (found.Count > 0)
                return found;
        }

        return [];
    }

    private static Func<SelectableInstance, bool>[] TomlRules(string name)
    {
        string? wholeOf = name.EndsWith(":*", StringComparison.Ordinal) ? name[..^2] : null;
        var (group, member) = Split(name);
        return
        [
            instance => instance.Name == name,

            // A program may be called as its group, which others are in as well: with the asterisk all of them are meant.
            instance => wholeOf is not null && (instance.Group == wholeOf || instance.Groups.Contains(wholeOf)),
            instance => instance.Program == (wholeOf ?? name),
            instance => instance.Groups.Contains(name),
            instance => instance.Group == name,
            instance => instance.Group == group && instance.Process == member,
            instance => (instance.Name == member || instance.Program == member) && instance.Groups.Contains(group),
            _ => name == "all",
        ];
    }

    /// <summary>
    /// The group alone is not one of supervisord's names: it refuses it, while people at a command line mean the whole group.
    /// </summary>
    private static Func<SelectableInstance, bool>[] SupervisordRules(string name)
    {
        var (group, process) = name.Contains(':') ? Split(name) : (name, name);
        return process is "" or "*"
            ? [instance => instance.Group == group]
            :
            [
                instance => instance.Group == group && instance.Process == process,
                instance => instance.Name == name,
                instance => instance.Group == name,
                _ => name == "all",
            ];
    }

    /// <summary>At the first colon; both are empty when nothing is in front of it.</summary>
    private static (string Group, string Member) Split(string name)
    {
        int colon = name.IndexOf(':');
        return colon > 0 ? (name[..colon], name[(colon + 1)..]) : ("", "");
    }

    private static IEnumerable<string> Known(IReadOnlyList<SelectableInstance> instances) =>
        instances.SelectMany(instance => instance.HasSupervisordNames ? [instance.Group ?? "", instance.Name] : instance.Groups.Append(instance.Program).Append(instance.Name)).Distinct();
}
