namespace Init.Backup.Names;

/// <summary>Names that only Init uses among the live files.</summary>
public static class OwnNames
{
    /// <summary>A file that is being restored, before it gets its name. Never backed up; what a killed restore leaves is removed by the next.</summary>
    public static ReadOnlySpan<byte> TemporaryPrefix => ".init-restore~"u8;

    /// <summary>A large file that is being fetched: what has come of it is not fetched again, so that a resumed restore leaves it until the directory is done.</summary>
    public static ReadOnlySpan<byte> LargePrefix => ".init-restore~large-"u8;
}
