namespace Init.Linux;

/// <summary>
/// The file that this process runs from, for starting helpers of the same version. It may be moved, replaced by an upgrade or removed while we run for months;
/// then the kernel's own link to it is used, which works all the same and only looks odd in a list of processes.
/// </summary>
/// <param name="path">Where the file was when we started.</param>
public sealed class OwnBinary(string path)
{
    private const string KernelsLink = "/proc/self/exe";

    private readonly FileStatus? _atStart = Files.StatusOf(path);

    /// <summary>What to execute now.</summary>
    public string Path =>
        _atStart is not { } start || (Files.StatusOf(path) is { } now && (now.Device, now.Inode) == (start.Device, start.Inode)) ? path : KernelsLink;
}
