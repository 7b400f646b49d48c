using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http;

/// <summary>Turns what a client says for a key of a configuration into its value, and looks whether a known key may have it.</summary>
internal static class ConfigValue
{
    private const int DepthMax = 16;

    private static readonly string[] Types = ["int", "float", "string", "bool", "dict", "list", "null", "raw"];

    /// <param name="type">The original's "int", "float", "string", "bool", "dict", "list", "null"; ours: "raw", any JSON.</param>
    /// <param name="text">As in a form.</param>
    /// <exception cref="RefusedException">It is none of this type.</exception>
    public static JsonNode? Convert(string type, string text)
    {
        if (!Types.Contains(type))
            throw Refuse("Invalid value type");
        return type switch
        {
            "null" => null,
            "string" => JsonValue.Create(text),
            "bool" => RequestInputs.TryReadFlag(text) is { } flag ? JsonValue.Create(flag) : throw Refuse($"\"{Shown(text)}\" is neither true nor false"),
            "int" => long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole) ? JsonValue.Create(whole) : throw Refuse($"\"{Shown(text)}\" is no whole number"),
            "float" => double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? JsonValue.Create(number) : throw Refuse($"\"{Shown(text)}\" is no number"),
            "dict" => Parse(text) as JsonObject ?? throw Refuse("a dict is written as a JSON object"),
            "list" => Parse(text) as JsonArray ?? throw Refuse("a list is written as a JSON array"),
            _ => Parse(text),
        };
    }

    /// <exception cref="RefusedException">A key that means something cannot have it.</exception>
    public static void Check(string key, JsonNode? value)
    {
        if (value is null)
            return; // The default.
        switch (key)
        {
            case "temperature":
                CheckNumber(key, value, 0, 2);
                break;
            case "top_p":
                CheckNumber(key, value, 0, 1);
                break;
            case "frequency_penalty" or "presence_penalty":
                CheckNumber(key, value, -2, 2);
                break;
            case "timezone":
                CheckNumber(key, value, -23, 23);
                break;
            case "max_tokens" or "max_completion_tokens":
                CheckNumber(key, value, 1, int.MaxValue);
                if (NumberOf(value) is { } number && number != Math.Floor(number))
                    throw Refuse($"{key} must be a whole number");
                break;
            case "stop":
                if (!IsText(value) && !(value is JsonArray { Count: >= 1 and <= 16 } texts && texts.All(text => text is not null && IsText(text))))
                    throw Refuse("stop must be a text, or a list of 1 to 16 texts");
                break;
            case "model_type" or "render_style" or "parset_prompt_name":
                if (!IsText(value))
                    throw Refuse($"{key} must be a text");
                break;
        }
    }

    private static double? NumberOf(JsonNode value) => value.GetValueKind() == JsonValueKind.Number ? double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture) : null;

    private static bool IsText(JsonNode value) => value.GetValueKind() == JsonValueKind.String;

    private static void CheckNumber(string key, JsonNode value, double min, double max)
    {
        if (!(NumberOf(value) is { } number && number >= min && number <= max))
            throw Refuse(string.Create(CultureInfo.InvariantCulture, $"{key} must be a number from {min} to {max}"));
    }

    private static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { MaxDepth = DepthMax });
        }
        catch (JsonException)
        {
            throw Refuse($"\"{Shown(text)}\" is no JSON");
        }
    }

    private static RefusedException Refuse(string detail) => new(StatusCodes.Status400BadRequest, detail);

    private static string Shown(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
