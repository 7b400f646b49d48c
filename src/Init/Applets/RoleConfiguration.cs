using Init.Base;
using Init.Config;
using Init.Config.Reports;

namespace Init.Applets;

/// <summary>How a role, and the commands that ask it, find their configuration and each other.</summary>
internal static class RoleConfiguration
{
    /// <returns>Null when there is none or it cannot be used, which has been said.</returns>
    public static SystemConfig? Load(string? file)
    {
        Dictionary<string, string> environment = SocketOptions.ProcessEnvironment();
        SystemConfigFiles files = new();
        if (ConfigLocation.Find(file, environment, files) is not { } path)
        {
            Terminal.Complain($"cannot find a configuration: none of {string.Join(", ", ConfigLocation.Candidates)} is there (name one with -c FILE or INIT_CONFIG)");
            return null;
        }

        ConfigResult result = ConfigLoader.Load(path, files, environment);
        foreach (ConfigProblem problem in result.Problems)
            Terminal.Complain(problem.ToString());
        if (result.Config is null)
            Terminal.Complain($"cannot use {path}: {CheckReport.Count(result.Problems.Length)} in the configuration");
        return result.Config;
    }

    /// <summary>The socket of a role beside the supervisor's that INIT_SOCKET names.</summary>
    /// <returns>Null when there is none.</returns>
    public static string? SocketBesideSupervisor(string role) =>
        Environment.GetEnvironmentVariable(ConfigLocation.SocketVariable) is { Length: > 0 } control
        && Path.Combine(Path.GetDirectoryName(control) ?? "/", role, role + ".sock") is var beside && File.Exists(beside)
            ? beside
            : null;
}
