using System.Text.Json.Serialization;
using Init.Control;

namespace Init.Panel.Live;

/// <param name="At">Unix milliseconds.</param>
/// <param name="ServerState">As <c>/system</c> has it: "running", "shutting-down", "restarting".</param>
/// <param name="Programs">As <c>/programs</c> has them.</param>
internal sealed record LivePrograms(long At, string ServerState, IReadOnlyList<ProgramStatus> Programs);

/// <param name="Detail">For people.</param>
internal sealed record LiveTrouble(string Detail);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LivePrograms))]
[JsonSerializable(typeof(LiveTrouble))]
internal sealed partial class LiveJson : JsonSerializerContext;
