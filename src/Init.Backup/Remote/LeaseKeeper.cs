namespace Init.Backup.Remote;

/// <summary>
/// Answers newcomers for as long as a job takes: an upload, a first restore or a history that is fetched may take longer than a newcomer waits, and must not look like a death.
/// A job that is short costs one thread and no request.
/// </summary>
public sealed class LeaseKeeper : IDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly Thread _thread;

    /// <param name="remote">Used by the job meanwhile.</param>
    /// <param name="leaseTime">What a newcomer waits. A question is answered within half of it.</param>
    public LeaseKeeper(IBackupRemote remote, TimeSpan leaseTime)
    {
        _thread = new Thread(() =>
        {
            while (!_end.Token.WaitHandle.WaitOne(leaseTime / 4))
                TryAnswer(remote);
        })
        {
            Name = "lease",
            IsBackground = true,
        };
        _thread.Start();
    }

    /// <summary>Returns when nothing is asked of the remote any more, within a second.</summary>
    public void Dispose()
    {
        _end.Cancel();
        _thread.Join();
        _end.Dispose();
    }

    private void TryAnswer(IBackupRemote remote)
    {
        try
        {
            remote.AnswerWhileBusy(_end.Token);
        }
        catch (Exception)
        {
            // Whatever it is, the job says what is wrong with the remote, and who asks sees that we did not answer. A thread that throws would end the role.
        }
    }
}
