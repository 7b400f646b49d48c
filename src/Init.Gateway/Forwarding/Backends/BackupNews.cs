using Init.Base;
using Init.Panel.Backup;

namespace Init.Gateway.Forwarding.Backends;

/// <summary>How far the restore is that programs wait for. However many wait, the role is asked once a second.</summary>
internal sealed class BackupNews(BackupLink link, Func<Instant> now)
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(1);

    /// <summary>A page without it is better than one that comes late.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private Task<RestoreStage?>? _last;
    private Instant _askedAt;

    public string? Program => link.Program;

    /// <returns>Null when the gate is open, or the role does not say.</returns>
    public Task<RestoreStage?> AskAsync()
    {
        lock (_lock)
        {
            Instant present = now();
            if (_last is null || present - _askedAt >= Age)
                (_last, _askedAt) = (LookAsync(), present);
            return _last;
        }
    }

    private async Task<RestoreStage?> LookAsync() =>
        await link.AskAsync("status", patience: Patience) is BackupReply.Done { Result: { } status } ? RestoreStage.Of(status) : null;
}
