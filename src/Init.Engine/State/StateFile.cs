using System.Text.Json;
using System.Text.Json.Serialization;

namespace Init.Engine.State;

/// <summary>What stands in state.json.</summary>
internal sealed record StateFile
{
    public const int CurrentVersion = 1;

    public required int Version { get; init; }

    /// <summary>The start of the last run of each scheduled instance.</summary>
    public required Dictionary<string, DateTimeOffset> LastRuns { get; init; }

    /// <summary>Null with a reason for people when it is not a state file of ours.</summary>
    public static StateFile? Parse(ReadOnlySpan<byte> utf8, out string? reason)
    {
        StateFile? state;
        try
        {
            state = JsonSerializer.Deserialize(utf8, StateJson.Default.StateFile);
        }
        catch (JsonException exception)
        {
            reason = $"line {exception.LineNumber + 1} is not what it should be";
            return null;
        }

        reason = state switch
        {
            null or { LastRuns: null } => "it is empty",
            { Version: CurrentVersion } => null,
            _ => $"it has version {state.Version}, and this Init knows version {CurrentVersion}",
        };
        return reason is null ? state : null;
    }

    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(this, StateJson.Default.StateFile);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(StateFile))]
internal sealed partial class StateJson : JsonSerializerContext;
