using System.Net;
using System.Net.Sockets;
using Init.Config;
using Init.Linux;

namespace Init.Admin.Hosting;

/// <summary>An address that is ours: bound, and not yet listening. The server listens on it and closes it.</summary>
/// <param name="Configured">What asked for it.</param>
/// <param name="Socket">Bound.</param>
/// <param name="Address">As the server is told.</param>
public sealed record BoundEndpoint(HttpEndpoint Configured, Socket Socket, EndPoint Address)
{
    /// <summary>The socket file, to know it again at the end; null for TCP.</summary>
    public (ulong Device, ulong Inode)? SocketFile { get; init; }

    /// <summary>TLS is spoken there.</summary>
    public bool IsTls { get; init; }

    /// <summary>For people: "unix:///run/supervisor.sock", "http://127.0.0.1:9001".</summary>
    public string Name => Configured.UnixPath is { } path ? $"unix://{path}" : $"{(IsTls ? "https" : "http")}://{Address}";

    /// <summary>Takes the socket file away, if it is still the one we have made.</summary>
    public void RemoveFile()
    {
        if (Configured.UnixPath is { } path && Files.StatusOf(path, followLink: false) is { } file && SocketFile == (file.Device, file.Inode))
            _ = Files.Unlink(path);
    }
}
