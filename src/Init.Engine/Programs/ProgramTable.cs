using Init.Config;
using Init.Control;
using Init.Engine.Children;
using Init.Supervision;

namespace Init.Engine.Programs;

/// <summary>All program instances, in the order of the configuration, and what they are called.</summary>
public sealed class ProgramTable(Launcher launcher)
{
    private readonly Dictionary<string, ProgramRuntime> _byName = [];
    private List<ProgramRuntime> _ordered = [];
    private List<SelectableInstance> _selectable = [];
    private Supervisor? _core;

    /// <summary>Those of the user, and after them Init's own.</summary>
    public IReadOnlyList<ProgramRuntime> All => _ordered;

    public void Connect(Supervisor core) => _core = core;

    public ProgramRuntime? Find(string name) => _byName.GetValueOrDefault(name);

    public ProgramDefinition? DefinitionOf(string name) => Find(name)?.Definition;

    /// <summary>Takes the definitions of a configuration. Programs that are gone stay until <see cref="Remove"/>.</summary>
    public void Define(SystemConfig config)
    {
        var order = new List<ProgramRuntime>();
        foreach (ProgramDefinition definition in config.Programs)
        {
            if (_byName.TryGetValue(definition.Policy.Name, out ProgramRuntime? runtime))
                runtime.Definition = definition;
            else
                _byName.Add(definition.Policy.Name, runtime = new ProgramRuntime(definition) { ChangedAt = DateTimeOffset.UtcNow });
            order.Add(runtime);
        }

        order.AddRange(_ordered.Where(runtime => !order.Contains(runtime)));
        List<ProgramRuntime> own = order.FindAll(runtime => runtime.Definition.IsOwn);
        order.RemoveAll(runtime => runtime.Definition.IsOwn);
        _ordered = [.. order, .. own];
        ILookup<string, string> groups = config.Groups
            .SelectMany(group => group.Programs.Select(program => (program, group.Name)))
            .ToLookup(pair => pair.program, pair => pair.Name);
        _selectable = [.. order.Select(runtime => SelectableOf(runtime.Definition, groups[runtime.Definition.Policy.Program]))];
    }

    private static SelectableInstance SelectableOf(ProgramDefinition definition, IEnumerable<string> groups)
    {
        // supervisord makes a process of its own of a program for each group that has it.
        bool isSupervisords = definition.Supervisord is not null;
        return new SelectableInstance(
            definition.Policy.Name, definition.Policy.Program, [.. groups.Where(group => !isSupervisords || group == definition.SupervisordGroup)])
        {
            Group = definition.SupervisordGroup,
            Process = definition.SupervisordProcess,
            HasSupervisordNames = isSupervisords,
        };
    }

    public void Remove(string name)
    {
        int index = _ordered.FindIndex(runtime => runtime.Name == name);
        if (index < 0)
            return;

        _ordered.RemoveAt(index);
        if (index < _selectable.Count)
            _selectable.RemoveAt(index);
        _byName.Remove(name);
    }

    /// <summary>What the names stand for among the user's programs; one of Init's own is meant only by its whole name.</summary>
    public NameSelection Select(IReadOnlyList<string> names)
    {
        List<int> own = [.. Enumerable.Range(_selectable.Count, _ordered.Count - _selectable.Count).Where(index => names.Contains(_ordered[index].Name))];
        if (own.Count == 0)
            return NameSelector.Select(names, _selectable);

        List<string> others = [.. names.Where(name => !own.Exists(index => _ordered[index].Name == name))];
        NameSelection users = others.Count == 0 ? new NameSelection([], []) : NameSelector.Select(others, _selectable);
        return users with { Indexes = [.. users.Indexes, .. own] };
    }

    public IEnumerable<ProgramRuntime> At(NameSelection selection) => selection.Indexes.Select(index => _ordered[index]);

    public IReadOnlyList<string> GroupsOf(ProgramRuntime program) =>
        _ordered.IndexOf(program) is var index && index < _selectable.Count ? _selectable[index].Groups : [];

    /// <summary>
    /// In supervisord's words, why the program of a supervisord.conf cannot be started: it refuses such a start, and the program stays as it is. Null = it may be
    /// tried, as it is with every program of a supervisor.toml.
    /// </summary>
    public string? RefusalToStart(ProgramRuntime program) =>
        program.Definition.Supervisord is null ? null : launcher.WhyNot(program.Definition.Launch)?.SupervisordText;

    /// <summary>Tells the core which optional programs cannot be started for want of their command.</summary>
    public void NoteInstalled(IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            if (Find(name) is { Definition: { Policy.Optional: true } definition } && _core is { } core && core.Knows(name))
                core.NoteInstalled(name, launcher.IsInstalled(definition.Launch));
        }
    }
}
