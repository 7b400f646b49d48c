using System.Text;
using Init.Base;
using Init.Config.Toml;

namespace Init.Config.Tests.Toml;

/// <summary>What must hold after reading any bytes whatever.</summary>
internal static class TomlInvariants
{
    /// <summary>Null when all is well; else what is not.</summary>
    public static string? Violation(byte[] bytes)
    {
        const string Name = "fuzz.toml";
        List<ConfigProblem> problems = [];
        TomlTable? table;
        try
        {
            table = TomlReader.Read(bytes, Name, problems);
        }
        catch (Exception e)
        {
            return $"threw {e}";
        }

        if (table is null && problems.Count == 0)
            return "no table, and no problem";

        // An undecodable byte counts as one or more characters here; what stands before the first of them counts the same as in the reader.
        string[] lines = Encoding.UTF8.GetString(bytes).Split('\n');
        foreach (ConfigProblem problem in problems)
        {
            if (problem.Key.Length == 0 || problem.Message.Length == 0 || problem.ToString().AsSpan().ContainsAnyInRange('\0', '\x1f'))
                return $"a problem without a key or a message, or with control characters: {problem}";
            if (!IsInside(problem.At, lines, Name))
                return $"a problem outside the file: {problem}";
        }

        if (!problems.SequenceEqual(problems.OrderBy(problem => problem.At)))
            return $"problems out of order: {string.Join('\n', problems)}";
        if (table is not null && Positions(table).FirstOrDefault(at => !IsInside(at, lines, Name)) is { Line: > 0 } outside)
            return $"a value outside the file: {outside}";
        if (table is null || problems.Count > 0)
            return null;

        // A file without a problem means something, and says the same when it is written anew.
        string text = TomlWriter.Write(table, new Random(bytes.Length));
        TomlTable? again = TomlReader.Read(Encoding.UTF8.GetBytes(text), Name, problems);
        return again is not null && problems.Count == 0 && TomlWriter.AreSame(table, again)
            ? null
            : $"not the same when written anew: {string.Join('\n', problems)}\n{text}";
    }

    private static bool IsInside(SourcePosition at, string[] lines, string name) =>
        at.File == name && at.Line >= 1 && at.Line <= lines.Length && at.Column >= 1 && at.Column <= lines[at.Line - 1].EnumerateRunes().Count() + 1;

    private static IEnumerable<SourcePosition> Positions(TomlValue value) => value switch
    {
        TomlTable table => table.Entries.SelectMany(entry => Positions(entry.Value).Prepend(entry.KeyAt)).Prepend(table.At),
        TomlArray array => array.Items.SelectMany(Positions).Prepend(array.At),
        _ => [value.At],
    };
}
