using System.Collections;
using System.Collections.Immutable;
using Init.Base;
using Init.Config;
using Init.Supervision;

namespace Init.Engine.OwnRoles;

/// <summary>
/// Roles that Init runs by itself, because the configuration asks for what they serve and has no program for it. They are supervised like any program, end last, and
/// are not among the user's programs.
/// </summary>
public static class OwnPrograms
{
    /// <summary>A name that no program of a configuration can have: "init" is reserved, and a colon has its own meaning.</summary>
    public const string GatewayName = "init:gateway";

    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(5);

    /// <param name="config">As it was read.</param>
    /// <param name="configFile">What the role is given to read.</param>
    /// <param name="mirrorsOutput">Whether what the role writes goes to Init's stdout.</param>
    public static SystemConfig AddTo(SystemConfig config, string configFile, bool mirrorsOutput)
    {
        if (config.Programs.Any(IsGateway))
            return config with { Programs = [.. config.Programs.Select(program => IsGateway(program) ? Informed(program, configFile) : program)] };

        return config.HttpEndpoints.IsEmpty ? config : config with { Programs = config.Programs.Add(Gateway(configFile, mirrorsOutput)) };
    }

    private static bool IsGateway(ProgramDefinition program) => program.Launch.Builtin == KnownNames.Gateway;

    /// <summary>A user's own program in that role reads the same file, and for that it needs every variable that the file may name.</summary>
    private static ProgramDefinition Informed(ProgramDefinition program, string configFile)
    {
        HashSet<string> own = [.. program.Launch.Environment.Select(NameOf)];
        ImmutableArray<string> environment = [.. program.Launch.Environment.Concat(OwnEnvironment().Where(variable => !own.Contains(NameOf(variable)))).Order(StringComparer.Ordinal)];
        return program with { Launch = program.Launch with { Command = ["-c", configFile], Environment = environment } };

        static string NameOf(string variable) => variable[..variable.IndexOf('=', StringComparison.Ordinal)];
    }

    private static ProgramDefinition Gateway(string configFile, bool mirrorsOutput)
    {
        LogSpec? output = mirrorsOutput ? new LogSpec(File: null, default, Keep: 0, Mirror: true) : null;
        return new ProgramDefinition
        {
            IsOwn = true,
            Policy = new ProgramPolicy
            {
                Name = GatewayName,
                Program = GatewayName,
                Backoff = new BackoffPolicy { Attempts = null },
                Stop = new StopPolicy { Grace = StopGrace },
                ShutdownPriority = int.MinValue,
            },
            Launch = new LaunchSpec
            {
                Builtin = KnownNames.Gateway,
                Command = ["-c", configFile],
                Environment = OwnEnvironment(),
            },
            Stdout = output,
            Stderr = output,
            At = new SourcePosition(configFile, 1, 1),
        };
    }

    /// <summary>All that Init has: the role expands the same configuration, and sees nothing that Init does not see.</summary>
    private static ImmutableArray<string> OwnEnvironment() =>
    [
        .. Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(entry => $"{entry.Key}={entry.Value}")
            .Order(StringComparer.Ordinal),
    ];
}
