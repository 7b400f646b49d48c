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
        _ordered = order;
        ILookup<string, string> groups = config.Groups
            .SelectMany(group => group.Programs.Select(program => (program, group.Name)))
            .ToLookup(pair => pair.program, pair => pair.Name);
        _selectable = [.. order.Select(runtime => new SelectableInstance(
            runtime.Name, runtime.Definition.Policy.Program, [.. groups[runtime.Definition.Policy.Program]])
        {
            Group = runtime.Definition.SupervisordGroup,
            Process = runtime.Definition.SupervisordProcess,
        })];
    }

    public void Remove(string name)
    {
        int index = _ordered.FindIndex(runtime => runtime.Name == name);
        if (index < 0)
            return;

        _ordered.RemoveAt(index);
        _selectable.RemoveAt(index);
        _byName.Remove(name);
    }

    public NameSelection Select(IReadOnlyList<string> names) => NameSelector.Select(names, _selectable);

    public IEnumerable<ProgramRuntime> At(NameSelection selection) => selection.Indexes.Select(index => _ordered[index]);

    public IReadOnlyList<string> GroupsOf(ProgramRuntime program) => _selectable[_ordered.IndexOf(program)].Groups;

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
