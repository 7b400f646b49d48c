using Init.Base;
using Init.Config.Expansion;

namespace Init.Config.Reading;

/// <summary>What reading any piece of a file needs to know: where it stands, what its variables stand for, and where problems go.</summary>
/// <param name="Folder">The absolute folder of the file: relative paths in it are taken from here.</param>
internal sealed record ReadContext(string Folder, Expander Expander, ProblemList Problems);

/// <summary>Collects problems, up to a limit.</summary>
internal sealed class ProblemList
{
    /// <summary>Nobody reads more, and a hostile file cannot make us keep more.</summary>
    public const int CountMax = 1000;

    private readonly HashSet<ConfigProblem> _problems = [];

    public int Count => _problems.Count;

    public void Add(ConfigProblem problem)
    {
        if (_problems.Count < CountMax)
            _problems.Add(problem);
    }

    public void Add(SourcePosition at, string key, string message, string? hint = null) => Add(new ConfigProblem(at, key, message, hint));

    /// <summary>Each problem once, in the order of the files.</summary>
    public IEnumerable<ConfigProblem> Sorted() => _problems
        .OrderBy(problem => problem.At)
        .ThenBy(problem => problem.Key, StringComparer.Ordinal)
        .ThenBy(problem => problem.Message, StringComparer.Ordinal);
}
