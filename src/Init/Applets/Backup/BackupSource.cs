using System.Text.Json;
using Init.Backup.Manifest;
using Init.Backup.Remote;
using Init.Backup.Service;
using Init.Backup.Store;
using Init.Base;
using Init.Linux;

namespace Init.Applets.Backup;

/// <summary>Who answers about backups: the role, or, when none runs, the store itself, read here.</summary>
internal sealed class BackupSource : IDisposable, IOpHost
{
    /// <summary>For a role that is just ending to let go of the store.</summary>
    private static readonly TimeSpan LockWait = TimeSpan.FromSeconds(3);

    private readonly BackupClient? _role;
    private readonly BackupParts? _parts;

    private BackupSource(BackupClient? role, BackupParts? parts)
    {
        _role = role;
        _parts = parts;
    }

    public bool MayRestoreInPlace => false;

    public IReadOnlyList<string> RunningPrograms => [];

    /// <returns>Null when there is neither, which has been said.</returns>
    public static BackupSource? Open(BackupArguments arguments, out int code)
    {
        code = ExitCode.Configuration;
        if (BackupConfiguration.Socket(arguments) is not { } socket)
            return null;
        if (BackupClient.Connect(socket) is { } role)
            return new BackupSource(role, null);
        if (BackupConfiguration.Load(arguments.Config) is { } options)
            return new BackupSource(null, BackupParts.Of(options, BackupRemotes.Make));
        return null;
    }

    /// <param name="op">As the role knows it.</param>
    /// <param name="fields">Members of the request, as JSON.</param>
    /// <param name="onItem">Called for each item as it comes.</param>
    /// <param name="code">The exit code.</param>
    /// <returns>Null when there is no answer of success, which has been said.</returns>
    public JsonElement? Ask(string op, string fields, Action<JsonElement> onItem, out int code)
    {
        code = ExitCode.Failure;
        try
        {
            BackupAnswer answer = _role?.Ask(op, fields, onItem) ?? AskStore(op, fields, onItem);
            if (answer is BackupAnswer.Done { Result: { } result })
            {
                code = ExitCode.Success;
                return result;
            }

            string problem = answer switch
            {
                BackupAnswer.Refused { Code: "programs-running" } refused => $"{refused.Message} (--to DIR), or do it all the same (--live)",
                BackupAnswer.Refused refused => refused.Message,
                BackupAnswer.Lost lost => $"cannot ask the backup: {lost.Why}",
                _ => "cannot ask the backup: the answer is empty",
            };
            Terminal.Complain(problem);
            code = answer is BackupAnswer.Refused { Code: "bad-request" } ? ExitCode.Usage : answer is BackupAnswer.Refused { Code: "not-running" } ? ExitCode.NotRunning : ExitCode.Failure;
        }
        catch (Exception exception) when (exception is GitException or ManifestException or SyscallException or RemoteException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            Terminal.Complain(exception.Message);
        }

        return null;
    }

    public void WhileNoBackupIsMade(Action work, CancellationToken cancel)
    {
        using BackupStore store = BackupStore.Open(_parts!.Settings.StorePath, _parts.Settings.Branch, LockWait);
        work();
    }

    public void Proved(ProofState proof)
    {
        // The status is the role's.
    }

    public void Dispose()
    {
        _role?.Dispose();
        (_parts?.Settings.LargeFiles as IDisposable)?.Dispose();
    }

    private BackupAnswer AskStore(string op, string fields, Action<JsonElement> onItem)
    {
        using JsonDocument request = JsonDocument.Parse("{" + fields + "}");
        try
        {
            return new BackupAnswer.Done(Parse(new OpRunner(_parts!, this).Run(op, request.RootElement, item => onItem(Parse(item)), CancellationToken.None)));
        }
        catch (OpException exception)
        {
            return new BackupAnswer.Refused(exception.Code, exception.Message);
        }
    }

    private static JsonElement Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
