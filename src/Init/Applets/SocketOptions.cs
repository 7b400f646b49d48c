using System.Collections;
using Init.Config;

namespace Init.Applets;

/// <summary>Which supervisor a command talks to: --socket, INIT_SOCKET, or the one of the configuration file (--config, INIT_CONFIG, or the usual places).</summary>
internal static class SocketOptions
{
    public static string Find(string? socket, string? config, IReadOnlyDictionary<string, string> environment, IConfigFiles files)
    {
        if (socket is not null)
            return socket;

        // A file that is named on the command line is meant more than a variable that happens to be set.
        if (config is null && environment.GetValueOrDefault(ConfigLocation.SocketVariable) is { Length: > 0 } named)
            return named;

        return ConfigLocation.ControlSocket(ConfigLocation.Find(config, environment, files), files, environment);
    }

    public static Dictionary<string, string> ProcessEnvironment()
    {
        Dictionary<string, string> environment = [];
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
            environment[(string)variable.Key] = (string?)variable.Value ?? "";

        return environment;
    }
}
