namespace Init.Backup.Service;

/// <summary>When something was done that is not done often: the time of an empty file, which outlives a restart.</summary>
internal readonly record struct LastDone(string Path)
{
    /// <summary>A time in the future is that of another clock.</summary>
    public bool IsDue(DateTimeOffset now, TimeSpan every) =>
        !File.Exists(Path) || now - new DateTimeOffset(File.GetLastWriteTimeUtc(Path)) is var age && (age >= every || age < TimeSpan.Zero);

    /// <exception cref="IOException">It cannot be kept.</exception>
    public void Set(DateTimeOffset at)
    {
        File.WriteAllBytes(Path, []);
        File.SetLastWriteTimeUtc(Path, at.UtcDateTime);
    }
}
