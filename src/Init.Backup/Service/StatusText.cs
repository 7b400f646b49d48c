using System.Globalization;
using Init.Backup.Remote;
using Init.Backup.Restore;

namespace Init.Backup.Service;

/// <summary>One line for people: what `initctl status` and the waiting page show.</summary>
public static class StatusText
{
    /// <summary>"restoring: 1,234 of 10,000 files, 120 of 800 MB, 35 MB/s, 19 s left".</summary>
    public static string Of(string what, StageProgress progress)
    {
        List<string> parts = [];
        if (progress.Total > 0)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{progress.Done:N0} of {progress.Total:N0} {(progress.BytesTotal > 0 ? "files" : "objects")}"));
        if (progress.BytesTotal > 0)
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{Megabytes(progress.Bytes)} of {Megabytes(progress.BytesTotal)} MB"));
        else if (progress.Bytes > 0)
            parts.Add($"{Megabytes(progress.Bytes)} MB");
        if (progress.BytesPerSecond > 0)
            parts.Add($"{Megabytes(progress.BytesPerSecond)} MB/s");
        if (progress.SecondsLeft is { } left)
            parts.Add($"{left} s left");
        return parts.Count == 0 ? what : $"{what}: {string.Join(", ", parts)}";
    }

    public static StageProgress Of(RestoreProgress restore, TimeSpan elapsed)
    {
        long rate = elapsed.TotalSeconds > 0.5 ? (long)(restore.Bytes / elapsed.TotalSeconds) : 0;
        long? left = rate > 0 ? (restore.BytesTotal - restore.Bytes + rate - 1) / rate : null;
        return new StageProgress(restore.Entries, restore.EntriesTotal, restore.Bytes, restore.BytesTotal, rate, left);
    }

    public static StageProgress Of(TransferProgress transfer, TimeSpan elapsed) =>
        new(transfer.Objects, transfer.ObjectsTotal, transfer.Bytes, 0, elapsed.TotalSeconds > 0.5 ? (long)(transfer.Bytes / elapsed.TotalSeconds) : 0, null);

    private static string Megabytes(long bytes) => bytes is > 0 and < 10_000_000
        ? (bytes / 1e6).ToString("0.#", CultureInfo.InvariantCulture)
        : (bytes / 1_000_000).ToString("N0", CultureInfo.InvariantCulture);
}
