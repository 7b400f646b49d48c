using System.Runtime.InteropServices;
using System.Text;
using Init.Backup.Service;
using Init.Base;
using Init.Config;
using Init.Linux;

namespace Init.Applets.Backup;

/// <summary><c>init backup run</c>: the role.</summary>
internal static class RunRole
{
    private const int Usr1 = Signals.SIGUSR1;

    public static int Run(BackupArguments arguments)
    {
        if (BackupConfiguration.Load(arguments.Config) is not { } options)
            return ExitCode.Configuration;

        try
        {
            ServiceSurroundings surroundings = new(Terminal.Say, Notify, Environment.GetEnvironmentVariable(KnownNames.InstanceVariable)) { RunningPrograms = () => RunningPrograms.Names(arguments.Config) };
            using BackupService service = new(BackupParts.Of(options, BackupRemotes.Make), surroundings);
            using PosixSignalRegistration term = On((int)PosixSignal.SIGTERM, service.End);
            using PosixSignalRegistration interrupt = On((int)PosixSignal.SIGINT, service.End);
            using PosixSignalRegistration user = On(Usr1, service.Request);
            service.Run();
            return ExitCode.Success;
        }
        catch (Exception exception) when (exception is SyscallException or InvalidOperationException)
        {
            Terminal.Complain(exception.Message);
            return ExitCode.Failure;
        }
    }

    private static PosixSignalRegistration On(int signal, Action action) => PosixSignalRegistration.Create((PosixSignal)signal, context =>
    {
        context.Cancel = true;
        action();
    });

    /// <summary>sd_notify(3). Whoever does not read it does without.</summary>
    private static void Notify(string message)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 } socket)
            _ = UnixSockets.SendDatagram(socket, Encoding.UTF8.GetBytes(message));
    }
}
