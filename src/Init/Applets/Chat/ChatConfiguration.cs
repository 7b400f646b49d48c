using Init.Base;
using Init.Config;
using Init.Config.Reports;

namespace Init.Applets.Chat;

/// <summary>What the configuration says about the chat, for the role and for the commands.</summary>
internal static class ChatConfiguration
{
    /// <returns>Null when it cannot be used, which has been said.</returns>
    public static ChatOptions? Load(string? file)
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
        if (result.Config is not { } config)
            Terminal.Complain($"cannot use {path}: {CheckReport.Count(result.Problems.Length)} in the configuration");
        else if (config.Chat is null)
            Terminal.Complain($"cannot serve the chat API: {path} has neither [chat] nor a program with builtin = \"chat\"");
        return result.Config?.Chat;
    }

    /// <summary>The role's socket: of the command line, beside the supervisor's that INIT_SOCKET names, or of the configuration.</summary>
    /// <returns>Null when there is no telling, which has been said.</returns>
    public static string? Socket(ChatArguments arguments)
    {
        if (arguments.Socket is { } named)
            return named;
        if (arguments.Config is null && Environment.GetEnvironmentVariable(ConfigLocation.SocketVariable) is { Length: > 0 } control
            && Path.Combine(Path.GetDirectoryName(control) ?? "/", "chat", "chat.sock") is var beside && File.Exists(beside))
            return beside;
        return Load(arguments.Config)?.ControlSocket;
    }
}
