using Init.Config;
using Init.Gateway.Forwarding;
using Init.Panel.Backup;
using Init.Panel.Chat;
using Init.Routing.Actions;
using Init.Routing.Store;

namespace Init.Gateway;

/// <param name="Endpoints">Where it listens.</param>
/// <param name="ControlSocket">Where the supervisor is asked.</param>
/// <param name="Version">Of this binary.</param>
public sealed record GatewayOptions(IReadOnlyList<HttpEndpoint> Endpoints, string ControlSocket, string Version)
{
    /// <summary>True: nothing is said in ordinary life, and of open addresses whoever starts the role has told already.</summary>
    public bool IsQuiet { get; init; }

    /// <summary>Whose file systems are reported: where state and logs are.</summary>
    public IReadOnlyList<string> Directories { get; init; } = [];

    /// <summary>The public port; null: requests are not forwarded.</summary>
    public ProxySettings? Proxy { get; init; }

    /// <summary>What is forwarded where; not disposed of by the gateway. Null: the rules of the file that <see cref="Proxy"/> names.</summary>
    public RouteKeeper? Routes { get; init; }

    /// <summary>The backup's role; null: nothing is known of where it listens.</summary>
    public BackupLink? Backup { get; init; }

    /// <summary>The chat's role; null: nothing is known of where it listens.</summary>
    public ChatLink? ChatLink { get; init; }

    /// <summary>The chat API on the public port; null: it is not published.</summary>
    public PublishedChat? Chat { get; init; }

    /// <summary>Which programs are behind backends.</summary>
    public BackendPrograms Programs { get; init; } = BackendPrograms.None;
}
