using Init.Base;
using Init.Config.Reading;

namespace Init.Config.Supervisord;

/// <summary>What all readers of one load share.</summary>
/// <param name="Document">All files.</param>
/// <param name="Files">The machine.</param>
/// <param name="Environment">Init's own environment.</param>
/// <param name="Folder">Of the main file, absolute: %(here)s, and what includes are relative to.</param>
internal sealed record LoadScope(IniDocument Document, IConfigFiles Files, IReadOnlyDictionary<string, string> Environment, string Folder, ProblemList Problems)
{
    private readonly List<ConfigProblem> _warnings = [];
    private Accounts? _accounts;

    public IReadOnlyList<ConfigProblem> Warnings => _warnings;

    public Accounts Accounts => _accounts ??= Accounts.Read(Files);

    public void Warn(SourcePosition at, string key, string message, string? hint = null)
    {
        if (_warnings.Count < ProblemList.CountMax)
            _warnings.Add(new ConfigProblem(at, key, message, hint));
    }

    /// <summary>os.path.expanduser: "~" and "~name" at the beginning of a path.</summary>
    public string ExpandHome(string path)
    {
        if (path is not ['~', ..])
            return path;

        int end = path.IndexOf('/', StringComparison.Ordinal);
        string user = end < 0 ? path[1..] : path[1..end];
        string? home = user.Length > 0 ? Accounts.HomeOf(user) : Environment.GetValueOrDefault("HOME") ?? Accounts.HomeOf(Files.UserId);
        if (home is null)
            return path;

        string whole = home.TrimEnd('/') + (end < 0 ? "" : path[end..]);
        return whole.Length == 0 ? "/" : whole;
    }

    /// <summary>False when the folder part of a path does not exist (supervisord's existing_dirpath).</summary>
    public bool HasFolder(string path)
    {
        int slash = path.LastIndexOf('/');
        return slash < 0 || Files.IsDirectory(Files.FullPath(slash == 0 ? "/" : path[..slash]));
    }
}
