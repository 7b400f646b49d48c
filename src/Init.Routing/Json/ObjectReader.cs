using System.Text.Json;
using Init.Base;

namespace Init.Routing.Json;

/// <summary>Reads one JSON object strictly: each key at most once, of the right type, and none but those that were asked for.</summary>
/// <param name="element">The object.</param>
/// <param name="path">Comes before the names of its fields in problems: "match.", "".</param>
/// <param name="report">Told of each problem: field, message, remedy.</param>
internal sealed class ObjectReader(JsonElement element, string path, Action<string, string, string> report)
{
    /// <summary>Characters of what somebody wrote that are said back to him.</summary>
    private const int ShownMax = 128;

    private readonly HashSet<string> _asked = [];

    /// <summary>Null after a problem when the element is no object.</summary>
    public static ObjectReader? Of(JsonElement element, string path, Action<string, string, string> report)
    {
        if (element.ValueKind == JsonValueKind.Object)
            return new ObjectReader(element, path, report);

        report(path.TrimEnd('.'), $"is {Kind(element)}, not an object", "write { … }");
        return null;
    }

    public bool Has(string name) => element.TryGetProperty(name, out _);

    /// <summary>For a key that has been dealt with otherwise.</summary>
    public void MarkKnown(string name) => _asked.Add(name);

    public void Report(string name, string message, string remedy) => report(path + name, message, remedy);

    public string? Text(string name, int lengthMax)
    {
        if (Value(name, JsonValueKind.String, "a text") is not { } value)
            return null;

        string text;
        try
        {
            text = value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // "\ud800" is JSON, and no Unicode text.
            Report(name, "is not valid Unicode text", "remove the unpaired surrogate");
            return null;
        }

        if (text.Length <= lengthMax)
            return text;

        Report(name, $"has {text.Length} characters", $"use at most {lengthMax}");
        return null;
    }

    public bool? Flag(string name)
    {
        _asked.Add(name);
        if (!element.TryGetProperty(name, out JsonElement value))
            return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();

        Report(name, $"is {Kind(value)}, not true or false", "write true or false without quotes");
        return null;
    }

    public double? Number(string name, double least, double most)
    {
        if (Value(name, JsonValueKind.Number, "a number") is not { } value)
            return null;

        // Beyond the range of a double is infinite here; adding 0 makes -0 the 0 that it is equal to.
        if (value.TryGetDouble(out double number) && number >= least && number <= most)
            return number + 0.0;

        Report(name, $"{Shown(value.GetRawText())} is out of range", $"use a number from {least} to {most}");
        return null;
    }

    public int? Integer(string name, int least, int most) => (int?)Long(name, least, most);

    public long? Long(string name, long least, long most)
    {
        if (Value(name, JsonValueKind.Number, "a number") is not { } value)
            return null;
        if (value.TryGetInt64(out long number) && number >= least && number <= most)
            return number;

        Report(name, $"{Shown(value.GetRawText())} is out of range", $"use a whole number from {least} to {most}");
        return null;
    }

    /// <summary>"10s", "1m30s".</summary>
    public TimeSpan? Duration(string name, TimeSpan least, TimeSpan most)
    {
        if (Text(name, lengthMax: 100) is not { } text)
            return null;
        if (Durations.TryParse(text, out TimeSpan duration) && duration >= least && duration <= most)
            return duration;

        Report(name, $"\"{text}\" is not a duration from {Durations.Text(least)} to {Durations.Text(most)}", "write it like \"10s\" or \"1m30s\"");
        return null;
    }

    /// <summary>A number of bytes, or a text such as "10MB" or "512KiB".</summary>
    public long? Size(string name)
    {
        _asked.Add(name);
        if (!element.TryGetProperty(name, out JsonElement value))
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long bytes) && bytes >= 0)
            return bytes;
        if (value.ValueKind == JsonValueKind.String && Text(name, lengthMax: 100) is { } text && ByteSize.TryParse(text, out ByteSize size))
            return size.Bytes;

        Report(name, "is not a size", "write a number of bytes, or a text like \"10MB\" or \"512KiB\"");
        return null;
    }

    /// <summary>Null when it is not there, or no object.</summary>
    public ObjectReader? Object(string name) =>
        Value(name, JsonValueKind.Object, "an object") is { } value ? new ObjectReader(value, $"{path}{name}.", report) : null;

    /// <summary>The items with their paths ("headers[0]"); none when it is not there.</summary>
    public IEnumerable<(JsonElement Item, string Name)> Items(string name, int most)
    {
        if (Value(name, JsonValueKind.Array, "an array") is not { } value)
            return [];
        if (value.GetArrayLength() <= most)
            return value.EnumerateArray().Select((item, index) => (item, $"{name}[{index}]"));

        Report(name, $"has {value.GetArrayLength()} items", $"use at most {most}");
        return [];
    }

    /// <summary>The texts of an array; other items are reported.</summary>
    public IEnumerable<string> Texts(string name, int most, int lengthMax)
    {
        foreach (var (item, place) in Items(name, most))
        {
            if (item.ValueKind == JsonValueKind.String && item.GetString() is { } text && text.Length <= lengthMax)
                yield return text;
            else
                Report(place, $"is no text of up to {lengthMax} characters", "correct it");
        }
    }

    /// <summary>The element itself, for a reader of its own; null when it is not there.</summary>
    public JsonElement? Element(string name)
    {
        _asked.Add(name);
        return element.TryGetProperty(name, out JsonElement value) ? value : null;
    }

    public ObjectReader? ObjectItem(JsonElement item, string name) => Of(item, $"{path}{name}.", report);

    /// <summary>The last call: what has not been asked for by now is not known.</summary>
    public void RefuseTheRest()
    {
        HashSet<string> seen = [];
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!seen.Add(property.Name))
                Report(Shown(property.Name), "is there twice", "remove one of them");
            else if (!_asked.Contains(property.Name))
                Report(Shown(property.Name), "unknown key", (property.Name.Length <= ShownMax ? Suggestion.For(property.Name, _asked) : null) ?? "remove it");
        }
    }

    private JsonElement? Value(string name, JsonValueKind kind, string what)
    {
        _asked.Add(name);
        if (!element.TryGetProperty(name, out JsonElement value))
            return null;
        if (value.ValueKind == kind)
            return value;

        Report(name, $"is {Kind(value)}, not {what}", value.ValueKind == JsonValueKind.Null ? "leave the key out" : $"write {what}");
        return null;
    }

    private static string Shown(string text) => text.Length <= ShownMax ? text : text[..ShownMax] + "…";

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}
