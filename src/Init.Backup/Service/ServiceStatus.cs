using System.Text.Json;
using System.Text.Json.Serialization;

namespace Init.Backup.Service;

/// <summary>Where the role is, in one word for programs.</summary>
public static class Stages
{
    public const string Starting = "starting";
    public const string Looking = "looking";
    public const string Unreachable = "unreachable";
    public const string WaitingForLease = "waiting-for-lease";
    public const string Fetching = "fetching";
    public const string Restoring = "restoring";
    public const string Idle = "idle";
    public const string BackingUp = "backing-up";
    public const string Pushing = "pushing";
    public const string Failing = "failing";
    public const string Ending = "ending";
}

/// <param name="Done">Files, or what git counts.</param>
/// <param name="Total">0: not known.</param>
/// <param name="BytesPerSecond">Since the stage began.</param>
/// <param name="SecondsLeft">Null: not known.</param>
public sealed record StageProgress(long Done, long Total, long Bytes, long BytesTotal, long BytesPerSecond, long? SecondsLeft);

/// <param name="At">Unix milliseconds.</param>
/// <param name="Seconds">That it took.</param>
public sealed record LastBackup(string? Commit, long At, double Seconds, bool IsNew, long Entries, long Changed, long Deleted);

/// <param name="At">Unix milliseconds, when the remote's word came.</param>
public sealed record Acknowledged(string Commit, long At);

/// <param name="At">Unix milliseconds.</param>
/// <param name="Files">Entries looked at.</param>
/// <param name="Written">Of these, those that had to be.</param>
public sealed record RestoredState(string? Commit, long At, long Files, long Written, long Bytes, double Seconds);

/// <param name="Kind">As <see cref="NoteKind"/> has it, or "remote", "boot".</param>
public sealed record StatusNote(string Kind, string? Path, string Text);

/// <summary>What the role says of itself, to its clients and in status.json. Times are Unix milliseconds; what is null is left out.</summary>
public sealed record ServiceStatus
{
    public int Pid { get; init; }

    /// <summary>One of <see cref="Stages"/>.</summary>
    public string Stage { get; init; } = Stages.Starting;

    /// <summary>The same for people, in one line.</summary>
    public string Text { get; init; } = "";

    /// <summary>The gate is open.</summary>
    public bool Ready { get; init; }

    public long StartedAt { get; init; }

    public string Remote { get; init; } = "";

    public string Branch { get; init; } = "";

    public StageProgress? Progress { get; init; }

    public RestoredState? Restored { get; init; }

    public LastBackup? Last { get; init; }

    public Acknowledged? Acknowledged { get; init; }

    /// <summary>The next look for changes.</summary>
    public long? NextAt { get; init; }

    /// <summary>Failed runs in a row.</summary>
    public int Failures { get; init; }

    /// <summary>Why the last run, or the boot so far, failed; null when it did not.</summary>
    public string? Problem { get; init; }

    /// <summary>Another instance, whose branch it is.</summary>
    public string? LeaseOf { get; init; }

    /// <summary>"on", "off", or why not everything is watched.</summary>
    public string Watch { get; init; } = "off";

    /// <summary>The last proof, of a sample or of everything.</summary>
    public ProofState? Proof { get; init; }

    public ProofState? FullProof { get; init; }

    /// <summary>When the last proof succeeded.</summary>
    public long? ProvedAt { get; init; }

    public long? FullyProvedAt { get; init; }

    /// <summary>What could not be restored; stays until a proof succeeds, and of a full one until a full one does.</summary>
    public string? ProofProblem { get; init; }

    /// <summary>No proof has succeeded for twice as long as is configured.</summary>
    public string? ProofWarning { get; init; }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<StatusNote> Notes { get; init; } = [];

    public long NotesTotal { get; init; }

    /// <summary>The Init under which the gate was opened: programs that it let through may run for as long as that Init does.</summary>
    public string? OpenedUnder { get; init; }
}

/// <summary>What is written to the ready file.</summary>
/// <param name="At">Unix milliseconds.</param>
public sealed record ReadyFileContent(string? Commit, long Files, long Bytes, long At);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ServiceStatus))]
[JsonSerializable(typeof(ReadyFileContent))]
public sealed partial class ServiceJson : JsonSerializerContext
{
    /// <summary>Null when it is none.</summary>
    public static ServiceStatus? ReadStatus(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, Default.ServiceStatus);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
