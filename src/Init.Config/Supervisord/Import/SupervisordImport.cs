using System.Collections.Immutable;
using System.Text;
using Init.Base;

namespace Init.Config.Supervisord.Import;

/// <summary>What an import gave.</summary>
/// <param name="Toml">The text of a supervisor.toml; null iff there are problems.</param>
/// <param name="Problems">What is wrong with the supervisord.conf.</param>
/// <param name="Changes">What means something else than before, in the order of the file.</param>
public sealed record ImportResult(string? Toml, ImmutableArray<ConfigProblem> Problems, ImmutableArray<ConfigProblem> Changes);

/// <summary>
/// Turns a supervisord.conf into a supervisor.toml of the same meaning. The file is read twice: with the variables' values, to know what it means, and with
/// references in their place, to write <c>${NAME}</c> and no value. In the end the result is read as well and compared: what still differs is told.
/// </summary>
public static class SupervisordImport
{
    /// <summary>What is different by design: numprocs becomes tables of their own.</summary>
    private static readonly ImmutableArray<string> ExpectedDifferences = ["replicas"];

    /// <param name="path">The main file; as it is given here it appears in positions.</param>
    public static ImportResult Convert(string path, IConfigFiles files, IReadOnlyDictionary<string, string> environment)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(environment);
        ConfigResult loaded = ConfigLoader.Load(path, files, environment);
        if (loaded.Config is not { } config)
            return new ImportResult(null, loaded.Problems, []);

        if (config.Supervisord is null || files.Read(files.FullPath(path), ConfigLoader.FileBytesMax) is not ConfigFile.Content content)
            return new ImportResult(null, [new ConfigProblem(new SourcePosition(path, 1, 1), "file", "is a supervisor.toml already")], []);

        List<ConfigProblem> changes = [.. config.Warnings];
        Dictionary<string, string> references = environment.Keys.ToDictionary(name => name, VariableReference.Of);
        SystemConfig? symbolic = SupervisordLoader.Load(path, content.Bytes, files, environment, references).Config;
        if (symbolic is null || !symbolic.Programs.Select(program => program.Policy.Name).SequenceEqual(config.Programs.Select(program => program.Policy.Name)))
            changes.Add(new ConfigProblem(new SourcePosition(path, 1, 1), "file", "values of variables are filled in, since the file cannot be written with their names"));

        TomlWriter writer = new(symbolic ?? config, config, changes);
        string toml = writer.Write(path);
        Verify(toml, config, path, files, environment, writer.IsTold, changes);
        return new ImportResult(toml, [], [.. changes.Distinct().OrderBy(change => change.At).ThenBy(change => change.Message, StringComparer.Ordinal)]);
    }

    private static void Verify(
        string toml, SystemConfig original, string path, IConfigFiles files, IReadOnlyDictionary<string, string> environment, Func<string, string, bool> isTold, List<ConfigProblem> changes)
    {
        Dictionary<string, ProgramDefinition> programs = original.Programs.ToDictionary(program => program.Policy.Name);
        ConfigResult result = ConfigLoader.Load("supervisor.toml", new Overlay(files, "supervisor.toml", toml), environment);
        if (result.Config is not { } imported)
        {
            changes.AddRange(result.Problems.Select(problem => problem with { Message = "the imported file needs work: " + problem.Message }));
            return;
        }

        foreach (ProgramChange change in ConfigDiff.Between(original, imported).Programs)
        {
            ProgramDefinition? program = programs.GetValueOrDefault(change.Instance);
            SourcePosition at = program?.At ?? new SourcePosition(path, 1, 1);
            string key = $"program:{program?.Policy.Program ?? change.Program}";
            if (change.Kind != ChangeKind.Changed)
                changes.Add(new ConfigProblem(at, key, change.Kind == ChangeKind.Added ? $"\"{change.Instance}\" is new" : $"\"{change.Instance}\" is missing"));

            foreach (FieldChange field in change.Fields.Where(field => !ExpectedDifferences.Contains(field.Field) && !isTold(change.Instance, field.Field.Split('.')[0])))
                changes.Add(new ConfigProblem(at, key, $"{field.Field} of \"{change.Instance}\" is not quite the same"));
        }
    }

    /// <summary>The machine with one file more.</summary>
    private sealed class Overlay(IConfigFiles files, string path, string text) : IConfigFiles
    {
        private readonly string _fullPath = files.FullPath(path);

        public string UserId => files.UserId;

        public string FullPath(string path) => files.FullPath(path);

        public ConfigFile Read(string path, int sizeMax) =>
            files.FullPath(path) == _fullPath ? new ConfigFile.Content(Encoding.UTF8.GetBytes(text)) : files.Read(path, sizeMax);

        public bool IsDirectory(string path) => files.IsDirectory(path);

        public ImmutableArray<string> Glob(string directory, string pattern, int countMax) => files.Glob(directory, pattern, countMax);

        public bool HasTimeZone(string name) => files.HasTimeZone(name);
    }
}
