namespace Init.Backup.Service;

/// <summary>Times in which no backup is begun, for those who restore.</summary>
public sealed partial class BackupService
{
    private readonly Queue<Action> _holders = [];
    private bool _isHeld;

    /// <summary>Calls back when no backup is under way; until <see cref="Release"/> none begins, so that nothing half done is backed up. Looks at the lease go on.</summary>
    private void Hold(Action granted)
    {
        _holders.Enqueue(granted);
        _upkeepCancel?.Cancel();
        GrantHold();
    }

    private void GrantHold()
    {
        if (_isHeld || _schedule.IsRunning || _upkeepCancel is not null || _boot is null || !_holders.TryDequeue(out Action? granted))
            return;
        _isHeld = true;
        granted();
    }

    /// <summary>A backup that has waited comes before the next who wants none.</summary>
    private void Release()
    {
        _isHeld = false;
        Feed(new ScheduleEvent.TimeCame());
        GrantHold();
    }
}
