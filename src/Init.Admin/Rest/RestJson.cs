using System.Text.Json.Serialization;
using Init.Control;

namespace Init.Admin.Rest;

/// <summary>How the REST interface writes and reads JSON: snake_case as the control protocol, a property without a value is left out, an unknown one is refused.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(ActionBody))]
[JsonSerializable(typeof(SignalBody))]
[JsonSerializable(typeof(ProgramList))]
[JsonSerializable(typeof(ProgramStatus))]
[JsonSerializable(typeof(ControlResult.Explanation))]
[JsonSerializable(typeof(OutcomeList))]
[JsonSerializable(typeof(EnvironmentNames))]
[JsonSerializable(typeof(GroupList))]
[JsonSerializable(typeof(GroupInfo))]
[JsonSerializable(typeof(ChangeList))]
[JsonSerializable(typeof(SystemInfo))]
[JsonSerializable(typeof(ControlEvent))]
internal sealed partial class RestJson : JsonSerializerContext;
