using System.Text.Json.Serialization;

namespace Init.Admin.Rest;

/// <summary>How the REST interface writes and reads JSON: snake_case as the control protocol, and a property without a value is left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(Problem))]
internal sealed partial class RestJson : JsonSerializerContext;
