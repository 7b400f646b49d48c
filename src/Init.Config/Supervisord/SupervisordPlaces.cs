using System.Text;
using Init.Config.Reading;

namespace Init.Config.Supervisord;

/// <summary>
/// Where Init keeps its own things when it runs on a supervisord.conf, which has no word for them: in a folder of its own beside the first thing that
/// the file has supervisord itself write to, since that is where writing is allowed, and where no second supervisor is.
/// </summary>
internal static class SupervisordPlaces
{
    private const string Suffix = ".init";

    /// <param name="servers">As the file has them.</param>
    /// <param name="pidFile">Null when the file does not name one.</param>
    public static string StateDirectory(IEnumerable<HttpServer> servers, string? pidFile, IReadOnlyDictionary<string, string> environment, string userId)
    {
        string? neighbour = servers.Select(server => server.Endpoint.UnixPath).OfType<string>().FirstOrDefault() ?? pidFile;

        // "pidfile=/dev/null" is a common way of having none; in /dev/shm one can write.
        bool isDevice = neighbour is not null && LogReader.IsDevice(neighbour) && !neighbour.StartsWith("/dev/shm/", StringComparison.Ordinal);
        string? beside = neighbour is null || isDevice ? null : Path.ChangeExtension(neighbour, null) + Suffix;
        if (beside is not null && Encoding.UTF8.GetByteCount(ControlSocket(beside)) <= SettingsReader.SocketPathBytesMax)
            return beside;

        return environment.GetValueOrDefault("XDG_RUNTIME_DIR") is ['/', ..] runtime ? Path.Combine(runtime, "init") : $"/tmp/init-{userId}";
    }

    public static string ControlSocket(string stateDirectory) => Path.Combine(stateDirectory, "control.sock");
}
