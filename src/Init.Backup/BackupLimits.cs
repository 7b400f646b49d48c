namespace Init.Backup;

public static class BackupLimits
{
    /// <summary>Bytes of a path below BASE. What is deeper is said and not backed up.</summary>
    public const int PathBytesMax = 16 * 1024;

    /// <summary>Directories in each other: each takes a descriptor while it is walked.</summary>
    public const int DepthMax = 500;

    /// <summary>Below this a file is one blob, and is read in one piece.</summary>
    public const int SmallFileBytes = 1024 * 1024;

    /// <summary>The original's LARGE_THRESHOLD. GitHub warns of blobs above 50 MiB, and refuses a push with one above 100 MiB.</summary>
    public const long LargeFileBytes = 50 * 1024 * 1024;

    public const int ChunkBytes = 64 * 1024;

    /// <summary>Chunks in one subtree of a directory of chunks.</summary>
    public const int ChunksInSubtree = 256;

    /// <summary>How often a file is read again that changes while it is read.</summary>
    public const int ReadAttempts = 3;

    /// <summary>Notes that a backup or a restore keeps in full; the others are counted.</summary>
    public const int NotesMax = 1000;
}
