namespace Init.Backup.Names;

/// <summary>Names that only Init uses among the live files.</summary>
public static class OwnNames
{
    /// <summary>A file that is being restored, before it gets its name. Never backed up; what a killed restore leaves is removed by the next.</summary>
    public static ReadOnlySpan<byte> TemporaryPrefix => ".init-restore~"u8;
}
