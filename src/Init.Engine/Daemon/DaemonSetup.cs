using System.Globalization;
using System.Text;
using Init.Config;
using Init.Linux;

namespace Init.Engine.Daemon;

/// <summary>What <c>[supervisord]</c> of a supervisord.conf makes of the process itself: umask, directory, limits, user, pid file.</summary>
public sealed class DaemonSetup(SupervisordSettings settings)
{
    private const int PidFileMode = 0x1A4; // 0644

    private bool _hasPidFile;

    /// <summary>Asked before anything else: whether Init can become the user that it is to run as.</summary>
    /// <returns>Why not, in supervisord's words; null when it can, or need not.</returns>
    public static string? Refuse(SupervisordSettings? settings)
    {
        if (settings?.User is not { } user)
            return null;

        if (Users.Resolve(user, out string problem) is not { } identity)
            return problem;

        return identity.Uid != Processes.GetUid() && Processes.GetUid() != 0 ? "Can't drop privilege as nonroot user" : null;
    }

    /// <summary>Umask, directory and limits. What fails is said and does not keep the programs down.</summary>
    public IEnumerable<string> Prepare()
    {
        if (settings.Umask is { } umask)
            Processes.SetUmask(umask);
        if (settings.Directory is { } directory && Processes.ChangeDirectory(directory) is var errno and not 0)
            yield return $"cannot change into directory {directory}: {Errno.Describe(errno)}";
        if (ProcessLimits.RaiseOpenFiles(settings.OpenFilesMin) is var filesErrno and not 0)
            yield return $"cannot raise the limit of open files to {Text(settings.OpenFilesMin)} (minfds): {Errno.Describe(filesErrno)}";
        if (ProcessLimits.RaiseProcesses(settings.ProcessesMin) is var processesErrno and not 0)
            yield return $"cannot raise the limit of processes to {Text(settings.ProcessesMin)} (minprocs): {Errno.Describe(processesErrno)}";
    }

    /// <summary>Gives the directories that Init has made for itself to the user it becomes, and becomes it.</summary>
    /// <exception cref="SyscallException">The kernel refuses. Going on with more rights than were asked for would be worse.</exception>
    public void BecomeUser(IEnumerable<string> ownDirectories)
    {
        if (settings.User is not { } user || Users.Resolve(user, out _) is not { } identity || identity.Uid == Processes.GetUid())
            return;

        foreach (string directory in ownDirectories)
            _ = Files.ChangeOwner(directory, identity.Uid, identity.Gid); // Should it fail, what is to be written there says so.
        if (Privileges.Become(identity) is var (operation, errno) && errno != 0)
            throw new SyscallException(operation, $"user \"{user}\"", errno);
    }

    /// <returns>What could not be done, in supervisord's words; null when all is well.</returns>
    public string? WritePidFile()
    {
        if (settings.PidFile is not { } path)
            return null;

        byte[] content = Encoding.ASCII.GetBytes($"{Text(Processes.GetPid())}\n");

        // A device such as /dev/null is a way of having none, and not to be replaced by a file.
        if (Files.StatusOf(path) is { Kind: not FileKind.Regular })
            return null;

        if (Files.Replace(path, content, PidFileMode) is var errno and not 0)
            return $"could not write pidfile {path} ({Errno.Describe(errno)})";

        _hasPidFile = true;
        return null;
    }

    public void RemovePidFile()
    {
        if (_hasPidFile)
            _ = Files.Unlink(settings.PidFile!);
        _hasPidFile = false;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
