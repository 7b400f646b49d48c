using Init.Config.Reading;

namespace Init.Config.Supervisord.Import;

/// <summary>Gives each process a table of its own: by its name where that is allowed and free.</summary>
internal sealed class TableNames
{
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _byInstance = [];

    public TableNames(IEnumerable<ProgramDefinition> programs)
    {
        // What is called as its group keeps its name, whatever else would like it.
        foreach (ProgramDefinition program in programs.OrderBy(program => program.SupervisordGroup == program.SupervisordProcess ? 0 : 1))
            _byInstance[program.Policy.Name] = Choose(program);
    }

    public string this[string instance] => _byInstance[instance];

    public bool IsTaken(string name) => _taken.Contains(name);

    private string Choose(ProgramDefinition program)
    {
        string own = Clean(program.SupervisordProcess);
        string both = Clean($"{program.SupervisordGroup}-{program.SupervisordProcess}");
        foreach (string candidate in new[] { own, both })
        {
            if (NameRules.ProblemOf(candidate) is null && _taken.Add(candidate))
                return candidate;
        }

        string stem = both.Length > NameRules.LengthMax - 8 ? both[..(NameRules.LengthMax - 8)] : both;
        for (int number = 2; ; number++)
        {
            string candidate = $"{stem}-{TomlValueText.Of(number)}";
            if (_taken.Add(candidate))
                return candidate;
        }
    }

    private static string Clean(string name)
    {
        string clean = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' ? c : '_'));
        return clean is ['-' or '.', ..] ? "_" + clean : clean;
    }
}
