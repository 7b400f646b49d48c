namespace Init.Config.Supervisord;

/// <summary>
/// What names stand for at one place of the file. Free text (commands, variables, paths, passwords) may be filled in from another environment than the
/// rest: an import fills in references to variables instead of their values.
/// </summary>
internal sealed class ExpansionNames
{
    private const string VariablePrefix = "ENV_";

    private readonly Dictionary<string, FormatValue> _values;
    private readonly Dictionary<string, FormatValue> _texts;

    private ExpansionNames(Dictionary<string, FormatValue> values, Dictionary<string, FormatValue> texts)
    {
        _values = values;
        _texts = texts;
    }

    public IReadOnlyDictionary<string, FormatValue> Values => _values;

    /// <summary>For free text.</summary>
    public IReadOnlyDictionary<string, FormatValue> Texts => _texts;

    /// <param name="values">The process's environment.</param>
    /// <param name="texts">The same names, with what they stand for in free text.</param>
    public static ExpansionNames OfEnvironment(IReadOnlyDictionary<string, string> values, IReadOnlyDictionary<string, string> texts) =>
        new(ToVariables(values), ToVariables(texts));

    public ExpansionNames With(string name, FormatValue value) => Add(copy => copy.Set(name, value, value));

    /// <summary>With variables of the file's own on top.</summary>
    public ExpansionNames With(IReadOnlyDictionary<string, string> values, IReadOnlyDictionary<string, string> texts) => Add(copy =>
    {
        foreach (var (name, value) in values)
            copy.Set(VariablePrefix + name, new FormatValue(value), new FormatValue(texts.GetValueOrDefault(name, value)));
    });

    private ExpansionNames Add(Action<ExpansionNames> add)
    {
        ExpansionNames copy = new(new(_values), new(_texts));
        add(copy);
        return copy;
    }

    private void Set(string name, FormatValue value, FormatValue text)
    {
        _values[name] = value;
        _texts[name] = text;
    }

    private static Dictionary<string, FormatValue> ToVariables(IReadOnlyDictionary<string, string> environment) =>
        environment.ToDictionary(variable => VariablePrefix + variable.Key, variable => new FormatValue(variable.Value));
}
