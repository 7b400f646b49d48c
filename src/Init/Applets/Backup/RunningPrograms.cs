using System.Net.Sockets;
using Init.Config;
using Init.Control;

namespace Init.Applets.Backup;

/// <summary>Whom a restore in place would take files from under their feet: asked by the role, whoever wants the restore.</summary>
internal static class RunningPrograms
{
    /// <param name="config">The configuration of the command line.</param>
    /// <returns>Names of the supervisor's programs but for the roles of this binary; none when there is no supervisor to ask.</returns>
    public static IReadOnlyList<string> Names(string? config)
    {
        Dictionary<string, string> environment = SocketOptions.ProcessEnvironment();
        string control = environment.GetValueOrDefault(ConfigLocation.SocketVariable) is { Length: > 0 } named ? named : SocketOptions.Find(null, config, environment, new SystemConfigFiles());
        using ControlClient? client = ControlClient.Connect(control, out SocketError _);
        return client?.Ask(new ControlRequest.Status([], Usage: false)) is ControlAnswer.Done { Result: ControlResult.Status status }
            ? [.. status.Programs.Where(program => program.Pid is { } pid && pid != Environment.ProcessId && !IsRole(pid)).Select(program => program.Name)]
            : [];
    }

    /// <summary>The gateway has none of the files open, and the backup is who asks.</summary>
    private static bool IsRole(int pid)
    {
        try
        {
            string[] words = File.ReadAllText($"/proc/{pid}/cmdline").Split('\0');
            return words.Length > 1 && words[1] is KnownNames.Gateway or KnownNames.Backup && new FileInfo($"/proc/{pid}/exe").LinkTarget == Environment.ProcessPath;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false; // It has ended, or is another user's.
        }
    }
}
