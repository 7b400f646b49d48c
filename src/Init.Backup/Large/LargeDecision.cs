using Init.Backup.Manifest;

namespace Init.Backup.Large;

/// <summary>Where the content of a file goes that is no database.</summary>
public static class LargeDecision
{
    /// <summary>A large file that changes again this soon is one that changes all the time, and would cost an upload of its whole length each time.</summary>
    public static readonly TimeSpan Often = TimeSpan.FromHours(24);

    /// <summary>Above this, a file that changes often is stored outside all the same: its chunks would make the repository larger than GitHub wants one.</summary>
    public const long ChunksBytesMax = 1L << 30;

    /// <param name="size">As it was read, not as it was listed.</param>
    /// <param name="threshold">Bytes; from this on a file is large.</param>
    /// <param name="hasLargeFiles">Whether there is a place outside the repository.</param>
    /// <param name="before">Of the last backup of the file; <see cref="Storage.None"/> when there is none.</param>
    /// <param name="pointerAge">When that is a pointer, how long ago it was made. A clock that was set makes it negative.</param>
    /// <returns>Null: as it would be without any of this.</returns>
    public static Storage? Of(long size, long threshold, bool hasLargeFiles, Storage before, TimeSpan pointerAge)
    {
        if (size < threshold)
            return before == Storage.Pointer && size >= BackupLimits.SmallFileBytes ? Storage.Chunks : null;
        if (!hasLargeFiles || before is Storage.Chunks or Storage.Database)
            return Storage.Chunks;

        return before == Storage.Pointer && pointerAge < Often && size <= ChunksBytesMax ? Storage.Chunks : Storage.Pointer;
    }
}
