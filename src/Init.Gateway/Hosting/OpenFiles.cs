using Init.Admin.Hosting;
using Init.Config;
using Init.Gateway.Logging;
using Init.Linux;

namespace Init.Gateway.Hosting;

/// <summary>Makes room for the connections of the public port. An accept(2) that fails for want of a descriptor would be the end of its listener, so there are never more of them than fit.</summary>
internal static class OpenFiles
{
    /// <summary>For all that is no connection of the public port: the administration, its streams, files, the runtime. A quarter, where all together are few.</summary>
    private const long Others = 1024;

    /// <summary>One to the client and one to the backend.</summary>
    private const long PerConnection = 2;

    /// <returns>The settings, with fewer connections where the limit of open files asks for that, which is said.</returns>
    public static ProxySettings MakeRoom(ProxySettings settings, LineLoggerProvider log)
    {
        long perAddress = PerConnection * settings.AllEndpoints.Length;
        long wanted = (perAddress * settings.Connections) + Others;
        int fitting = Fitting(ProcessLimits.RaiseOpenFilesTowards(wanted), perAddress, settings.Connections);
        if (fitting == settings.Connections)
            return settings;

        log.FewOpenFiles(settings.Connections, wanted, fitting);
        return settings with { Connections = fitting };
    }

    /// <summary>A limit that is too low for anything leaves a few all the same.</summary>
    internal static int Fitting(long openFiles, long perAddress, int connections) => (int)Math.Clamp((openFiles - Math.Min(Others, openFiles / 4)) / perAddress, Math.Min(16, connections), connections);
}
