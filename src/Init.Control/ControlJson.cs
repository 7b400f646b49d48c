using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Init.Control;

/// <summary>How results, items and errors are written: snake_case, and a property without a value is left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ControlResult.Status))]
[JsonSerializable(typeof(ControlResult.Pids))]
[JsonSerializable(typeof(ControlResult.Changes))]
[JsonSerializable(typeof(ControlResult.Config))]
[JsonSerializable(typeof(ControlResult.Metrics))]
[JsonSerializable(typeof(ControlResult.EnvironmentOf))]
[JsonSerializable(typeof(ControlResult.Explanation))]
[JsonSerializable(typeof(ControlResult.Version), TypeInfoPropertyName = "VersionResult")]
[JsonSerializable(typeof(ControlItem.Outcome))]
[JsonSerializable(typeof(ControlEvent))]
[JsonSerializable(typeof(ControlError))]
public sealed partial class ControlJson : JsonSerializerContext
{
    /// <summary>Nothing here is ever put into a web page, so that letters of all languages may stay what they are.</summary>
    public static JsonWriterOptions WriterOptions { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
}
