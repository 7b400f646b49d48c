namespace Init.Backup.Service;

/// <summary>A request that cannot be done. The message is for whoever asked.</summary>
/// <param name="code">For programs: "bad-request", "unknown-commit", "unknown-path", "not-empty", "not-running", "programs-running", "no-backup", "no-room", "failed".</param>
#pragma warning disable CA1032, MA0056 // Without a code it would not be this exception.
public sealed class OpException(string code, string message) : Exception(message)
#pragma warning restore CA1032, MA0056
{
    public string Code => code;
}
