using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Init.Chat.Generation;
using Init.Config;

namespace Init.Chat.Http;

/// <summary>A user's configuration: a JSON object of free keys, of which some mean something here. What does not fit counts as not said: an older file is no reason for no answer.</summary>
public sealed class UserConfig
{
    private readonly JsonObject _values;

    private UserConfig(JsonObject values) => _values = values;

    public string? ModelType => Text("model_type");

    public string? Preset => Text("parset_prompt_name");

    public string? RenderStyle => Text("render_style");

    /// <param name="json">Null: there is none.</param>
    public static UserConfig Parse(string? json) => new(ParseObject(json));

    /// <returns>An empty one for what is none.</returns>
    public static JsonObject ParseObject(string? json)
    {
        try
        {
            JsonObject values = (json is null ? null : JsonNode.Parse(json) as JsonObject) ?? [];
            _ = values.Count; // Only now it looks whether a key is there twice.
            return values;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            return [];
        }
    }

    public TimeSpan TimeZone(TimeSpan otherwise) => Number("timezone") is >= -23 and <= 23 and var hours ? TimeSpan.FromHours(hours) : otherwise;

    /// <summary>What the user says comes before what the options say.</summary>
    public ModelParameters Parameters(ChatOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ChatParameters defaults = options.Parameters;
        long? newLimit = Integer("max_completion_tokens"), oldLimit = Integer("max_tokens");
        return new ModelParameters
        {
            Temperature = Number("temperature") ?? defaults.Temperature,
            TopP = Number("top_p") ?? defaults.TopP,
            FrequencyPenalty = Number("frequency_penalty") ?? defaults.FrequencyPenalty,
            PresencePenalty = Number("presence_penalty") ?? defaults.PresencePenalty,

            // Whoever says one of the limits means that one.
            MaxTokens = oldLimit ?? (newLimit is null ? defaults.MaxTokens : null),
            MaxCompletionTokens = newLimit ?? (oldLimit is null ? defaults.MaxCompletionTokens : null),
            Stop = Stop() ?? defaults.Stop,
            Stream = options.Stream,
            SendReasoning = options.SendReasoning,
        };
    }

    private ImmutableArray<string>? Stop() => _values["stop"] switch
    {
        JsonValue value when value.TryGetValue(out string? text) && text.Length > 0 => [text],
        JsonArray array when array.Count > 0 && array.All(item => item is JsonValue value && value.TryGetValue(out string? _)) => [.. array.Select(item => item!.GetValue<string>())],
        _ => null,
    };

    private string? Text(string key) => _values[key] is JsonValue value && value.TryGetValue(out string? text) && text.Length > 0 ? text : null;

    /// <summary>Also of a text: the original's clients have set some so.</summary>
    private double? Number(string key)
    {
        if (_values[key] is not JsonValue value)
            return null;
        if (value.TryGetValue(out double number) || (value.TryGetValue(out string? text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number)))
            return double.IsFinite(number) ? number : null;
        return null;
    }

    private long? Integer(string key) => Number(key) is >= 1 and <= int.MaxValue and var number ? (long)number : null;
}
