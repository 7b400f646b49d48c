using Init.Gateway.Logging;
using Init.Linux;
using Init.Routing.Matching;
using Init.Routing.Store;

namespace Init.Gateway.Forwarding;

/// <summary>The rules at the start of the role.</summary>
internal static class RulesOnDisk
{
    /// <summary>Never fails: what cannot be used is said and set aside. Without a file the default rules are written, so that there is something to look at and to back up.</summary>
    public static RouteSource Load(string path, LineLoggerProvider log)
    {
        LoadedRoutes loaded = RouteFile.Load(path, DateTimeOffset.UtcNow);
        foreach (string note in loaded.Notes)
            log.RulesNote(note);

        string directory = Path.GetDirectoryName(path) ?? "/";
        if (Files.MakeDirectories(directory, 0x1C0 /* 0700 */) is var errno and not 0)
            log.RulesNote($"cannot make directory {directory}: {Errno.Describe(errno)}; the rules are not kept");
        else if (Files.StatusOf(path) is null && RouteFile.Save(path, loaded.State) is { } problem)
            log.RulesNote(problem);

        return new RouteSource(new RouteTable(loaded.State.Configuration));
    }
}
