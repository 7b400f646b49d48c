using System.Collections.Immutable;
using Init.Base;
using Init.Config.Reading;
using Init.Supervision;

namespace Init.Config;

/// <summary>The roles of this binary that Init runs by itself, because the configuration asks for what they do.</summary>
public static class OwnRoles
{
    /// <summary>The gateway that Init runs by itself. No name that a user can give has a colon and letters after it in a supervisor.toml.</summary>
    public const string GatewayName = "init:gateway";

    private const string Gateway = "gateway";

    /// <summary>
    /// Adds the gateway if there is something to listen on and no program of the user's is it. Either way it gets Init's whole environment, secrets included: it is Init,
    /// and reads the same configuration by the same rules.
    /// </summary>
    /// <param name="config">As loaded.</param>
    /// <param name="path">The main file.</param>
    /// <param name="environment">Init's own.</param>
    public static SystemConfig AddTo(SystemConfig config, string path, IReadOnlyDictionary<string, string> environment)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(environment);
        ImmutableArray<ProgramDefinition> programs = [.. config.Programs.Select(program => IsGateway(program) ? Informed(program) : program)];
        if (!config.HttpEndpoints.IsEmpty && !programs.Any(IsGateway))
            programs = programs.Insert(0, Informed(NewGateway(path)));

        return config with { Programs = programs };

        ProgramDefinition Informed(ProgramDefinition program)
        {
            SortedDictionary<string, string> variables = new(StringComparer.Ordinal);
            foreach (var (name, value) in environment)
                variables[name] = value;
            foreach (string name in KnownNames.NotInherited)
                variables.Remove(name);
            foreach (string variable in program.Launch.Environment)
                variables[variable[..variable.IndexOf('=', StringComparison.Ordinal)]] = variable[(variable.IndexOf('=', StringComparison.Ordinal) + 1)..];
            variables[ConfigLocation.ConfigVariable] = Path.GetFullPath(path);
            return program with { Launch = program.Launch with { Environment = InheritedEnvironment.Flatten(variables) } };
        }
    }

    /// <summary>True for a program that serves what <see cref="SystemConfig.HttpEndpoints"/> says.</summary>
    public static bool IsGateway(ProgramDefinition program) => program.Launch.Builtin == Gateway;

    private static ProgramDefinition NewGateway(string path)
    {
        LogSpec log = new(File: null, MaxSize: default, Keep: 0, Mirror: true);
        return new ProgramDefinition
        {
            Policy = new ProgramPolicy
            {
                Name = GatewayName,
                Program = GatewayName,
                StartGrace = TimeSpan.FromMilliseconds(500),
                Backoff = new BackoffPolicy { Attempts = null, Max = TimeSpan.FromSeconds(10) },
                Stop = new StopPolicy { Grace = TimeSpan.FromSeconds(3) },

                // Whoever watches the others end does it through this one.
                ShutdownPriority = int.MinValue,
            },
            Launch = new LaunchSpec { Builtin = Gateway },
            Stdout = log,
            Stderr = log,
            IsOwn = true,
            At = new SourcePosition(path, 1, 1),
        };
    }
}
