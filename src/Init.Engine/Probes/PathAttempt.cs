using Init.Config;
using Init.Linux;

namespace Init.Engine.Probes;

/// <summary>
/// Is there something at the path? One stat(2), which is answered at once on any file system a socket or a pid file lives on. (A path on
/// a network file system whose server has gone would hold up the loop; there is no non-blocking stat.)
/// </summary>
internal sealed class PathAttempt(Prober prober, Probe.PathExists probe, TimeSpan timeout, Action<ProbeResult> done)
    : ProbeAttempt(prober, timeout, done)
{
    public override bool NeedsSlot => false;

    protected override string TimeoutDetail => $"no answer about {probe.Path} in time";

    protected override ProbeResult? Open() =>
        Files.StatusOf(probe.Path) is not null ? ProbeResult.Yes : ProbeResult.No(DescribeMissing(probe.Path));

    protected override void Close()
    {
    }

    /// <summary>Names the first thing on the way that is missing: a directory above is another problem than the file itself.</summary>
    private static string DescribeMissing(string path)
    {
        if (Files.StatusOf(path, followLink: false) is { Kind: FileKind.SymbolicLink })
            return $"{path} is a symbolic link to {Files.ReadLink(path)}, which does not exist";

        string missing = path;
        while (Path.GetDirectoryName(missing) is { Length: > 0 } parent)
        {
            if (Files.StatusOf(parent) is { } status)
                return status.Kind == FileKind.Directory ? $"{missing} does not exist" : $"{parent} is not a directory";

            missing = parent;
        }

        return $"{missing} does not exist";
    }
}
