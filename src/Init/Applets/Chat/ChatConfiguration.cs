using Init.Config;

namespace Init.Applets.Chat;

/// <summary>What the configuration says about the chat, for the role and for the commands.</summary>
internal static class ChatConfiguration
{
    /// <returns>Null when it cannot be used, which has been said.</returns>
    public static ChatOptions? Load(string? file)
    {
        SystemConfig? config = RoleConfiguration.Load(file);
        if (config is { Chat: null })
            Terminal.Complain("cannot serve the chat API: the configuration has neither [chat] nor a program with builtin = \"chat\"");
        return config?.Chat;
    }

    /// <summary>The role's socket: of the command line, beside the supervisor's that INIT_SOCKET names, or of the configuration.</summary>
    /// <returns>Null when there is no telling, which has been said.</returns>
    public static string? Socket(ChatArguments arguments) => arguments.Socket
        ?? (arguments.Config is null ? RoleConfiguration.SocketBesideSupervisor(KnownNames.Chat) : null)
        ?? Load(arguments.Config)?.ControlSocket;
}
