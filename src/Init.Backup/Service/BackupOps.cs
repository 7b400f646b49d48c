using Init.Backup.Manifest;
using Init.Backup.Remote;
using Init.Backup.Store;
using Init.Linux;

namespace Init.Backup.Service;

/// <summary>Requests that take longer than the loop may wait: each on a thread of its own, beside backups. Everything but the work happens on the loop's thread.</summary>
/// <param name="loop">The role's.</param>
/// <param name="parts">The role's.</param>
/// <param name="hold">Calls back, on the loop's thread, when no backup is under way; until it is released none begins.</param>
/// <param name="release">The end of that.</param>
internal sealed class BackupOps(EventLoop loop, BackupParts parts, Action<Action> hold, Action release, CancellationToken cancel) : IOpHost
{
    private const int ThreadsMax = 4;

    private int _threads;

    public bool MayRestoreInPlace => true;

    /// <returns>False: it is none of these.</returns>
    public bool TryHandle(LineRequest request)
    {
        if (!OpRunner.Known.Contains(request.Op))
            return false;
        if (_threads == ThreadsMax)
        {
            request.Fail("busy", $"cannot do \"{request.Op}\" now: {ThreadsMax} requests like it are under way; try again in a moment");
            return true;
        }

        _threads++;
        bool isList = request.Op != "restore";
        Thread thread = new(() =>
        {
            List<string> items = [];
            Action answer = Execute(request, isList ? items.Add : item => loop.Post(() => request.Item(item)), items);
            loop.Post(() =>
            {
                _threads--;
                answer();
            });
        })
        {
            Name = request.Op,
            IsBackground = true, // One that is cut off at the end leaves nothing that the next start does not put in order.
        };
        thread.Start();
        return true;
    }

    public void WhileNoBackupIsMade(Action work, CancellationToken token)
    {
        using ManualResetEventSlim granted = new();
        loop.Post(() => hold(granted.Set));
        granted.Wait(token); // Cancelled only when the role ends, and nobody waits for the release any more.
        try
        {
            work();
        }
        finally
        {
            loop.Post(release);
        }
    }

    private Action Execute(LineRequest request, Action<string> item, List<string> items)
    {
        try
        {
            string result = new OpRunner(parts, this).Run(request.Op, request.Fields, item, cancel);
            return () => request.Succeed(items, result);
        }
        catch (OpException exception)
        {
            return () => request.Fail(exception.Code, exception.Message);
        }
        catch (OperationCanceledException)
        {
            return () => request.Fail("ending", $"cannot do \"{request.Op}\" to its end: the role ends");
        }
        catch (Exception exception) when (exception is GitException or ManifestException or SyscallException or RemoteException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return () => request.Fail("failed", exception.Message);
        }
    }
}
