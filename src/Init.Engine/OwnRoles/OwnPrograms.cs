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
    /// <summary>
    /// Hexadecimal: 8 MiB that the gateway may fill before it collects. The 1 MiB of the binary suits who allocates little; the gateway's collections would take a tenth of its time and
    /// show in its slowest answers (decision 14). Whoever sets the variable himself has his way.
    /// </summary>
    private const string YoungGeneration = "DOTNET_GCgen0size=800000";

    /// <summary>A name that no program of a configuration can have: "init" is reserved, and a colon has its own meaning.</summary>
    public const string GatewayName = "init:gateway";

    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(5);

    /// <param name="config">As it was read.</param>
    /// <param name="configFile">What the role is given to read.</param>
    /// <param name="options">What the role needs to know besides, to read the file as Init does.</param>
    /// <param name="controlSocket">Where Init listens. The role is told, for who runs it knows better than the file.</param>
    public static SystemConfig AddTo(SystemConfig config, string configFile, IReadOnlyList<string> options, string controlSocket)
    {
        bool hasGateway = config.Programs.Any(IsGateway);
        config = config with { Programs = [.. config.Programs.Select(program => program.Launch.Builtin is KnownNames.Gateway or KnownNames.Backup or KnownNames.Chat ? Informed(program, config, configFile, controlSocket) : program)] };
        return hasGateway || config.HttpEndpoints.IsEmpty ? config : config with { Programs = config.Programs.Add(Gateway(config, configFile, options, controlSocket)) };
    }

    private static bool IsGateway(ProgramDefinition program) => program.Launch.Builtin == KnownNames.Gateway;

    /// <summary>A user's own program in that role reads the same file, and for that it needs every variable that the file may name.</summary>
    private static ProgramDefinition Informed(ProgramDefinition program, SystemConfig config, string configFile, string controlSocket)
    {
        ImmutableArray<string> environment = Merge(VariablesFor(program.Launch.Builtin, config), [.. program.Launch.Environment.Where(variable => NameOf(variable) != ConfigLocation.SocketVariable), SocketVariable(controlSocket)]);
        return program with { Launch = program.Launch with { Command = ["-c", configFile], Environment = environment, SecretNames = [.. program.Launch.SecretNames.Union(config.Settings.Secrets)] } };
    }

    private static ProgramDefinition Gateway(SystemConfig config, string configFile, IReadOnlyList<string> options, string controlSocket)
    {
        // supervisord's main log has a format of its own, and its server says nothing in ordinary life. What goes wrong is there also when Init is silent.
        bool isSupervisord = config.Supervisord is not null;
        LogSpec output = new LogSpec(File: null, default, Keep: 0, Mirror: !isSupervisord) with { IsOwnLog = isSupervisord };
        string[] quiet = isSupervisord ? ["--quiet"] : [];
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
                Command = ["-c", configFile, .. options, .. quiet],
                Environment = Merge(VariablesFor(KnownNames.Gateway, config), [SocketVariable(controlSocket)]),
                SecretNames = config.Settings.Secrets,
            },
            Stdout = output,
            Stderr = output,
            At = new SourcePosition(configFile, 1, 1),
        };
    }

    /// <summary>
    /// All that Init has: the role expands the same configuration, and sees nothing that Init does not see. The backup's token is for the backup alone, and the chat's secrets are for
    /// the chat alone; where the configuration names them, the others, which strangers speak with, find a word in their place.
    /// </summary>
    private static IEnumerable<string> VariablesFor(string? role, SystemConfig config)
    {
        HashSet<string> withheld =
        [
            .. role == KnownNames.Backup ? [] : config.Settings.BackupSecrets,
            .. role is KnownNames.Backup or KnownNames.Chat ? [] : config.Settings.ChatSecrets,
        ];
        IEnumerable<string> own = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(entry => $"{entry.Key}={entry.Value}")
            .Select(variable => withheld.Contains(NameOf(variable)) ? $"{NameOf(variable)}=withheld" : variable);
        return role == KnownNames.Backup ? own : Merge([YoungGeneration], [.. own]);
    }

    private static string SocketVariable(string controlSocket) => $"{ConfigLocation.SocketVariable}={controlSocket}";

    /// <summary>Those of the second win.</summary>
    private static ImmutableArray<string> Merge(IEnumerable<string> variables, IReadOnlyCollection<string> own)
    {
        HashSet<string> names = [.. own.Select(NameOf)];
        return [.. variables.Where(variable => !names.Contains(NameOf(variable))).Concat(own).Order(StringComparer.Ordinal)];
    }

    private static string NameOf(string variable) => variable[..variable.IndexOf('=', StringComparison.Ordinal)];
}
