using Init.Backup.Manifest;
using Init.Backup.Remote;
using Init.Backup.Store;
using Init.Linux;

namespace Init.Backup.Service;

/// <summary>Tidying up, while nothing is to be backed up. Any backup that becomes due, and the end, cut it off.</summary>
public sealed partial class BackupService
{
    /// <summary>Until the next backup. With less time than this, tidying up would be cut off before it had done anything.</summary>
    private static readonly TimeSpan UpkeepTimeMin = TimeSpan.FromSeconds(1);

    private UpkeepJob? _upkeep;

    /// <summary>Of the upkeep that is under way; null: none is.</summary>
    private CancellationTokenSource? _upkeepCancel;

    private void Suspect(Exception exception)
    {
        if (exception is GitException or ManifestException or InvalidDataException or RemoteException { Problem: RemoteProblem.Failed })
            _upkeep?.Suspect(exception.Message);
    }

    private void TidyUp()
    {
        if (_isBusy || _isHeld || _isEnding || BackupSchedule.NextLook(_schedule, _policy) < MonotonicClock.Now + UpkeepTimeMin)
            return;

        UpkeepJob upkeep = _upkeep!;
        CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(_cancel.Token);
        CancellationToken cancel = source.Token;
        _upkeepCancel = source;
        Begin("upkeep", () =>
        {
            bool wantsBackup = false;
            try
            {
                wantsBackup = upkeep.Execute(DateTimeOffset.UtcNow, cancel);
            }
            catch (OperationCanceledException)
            {
                // What is due comes first.
            }
            catch (Exception exception) when (exception is GitException or IOException or UnauthorizedAccessException)
            {
                _board.Note(new StatusNote("upkeep", null, $"cannot look after the store: {exception.Message}"));
            }

            return () => Feed(wantsBackup ? new ScheduleEvent.Requested() : new ScheduleEvent.TimeCame());
        });
        SetTimer();
    }

    private void UpkeepEnded()
    {
        _upkeepCancel?.Dispose();
        _upkeepCancel = null;
    }
}
