using System.Globalization;
using System.Text.Json;
using Init.Config.Toml;
using Init.TomlJson;

namespace Init.Config.Tests.Toml;

/// <summary>Whether a value is what toml-test's tagged JSON expects: floats and times by value, all else by text.</summary>
internal static class TaggedJsonComparer
{
    /// <summary>Null when they agree; else the first difference.</summary>
    public static string? Difference(TomlValue actual, JsonElement expected, string path = "$")
    {
        if (expected.ValueKind == JsonValueKind.Array)
            return actual is TomlArray array ? ArrayDifference(array, expected, path) : $"{path}: expected an array, got {actual.Kind}";

        // A table may have keys named "type" and "value": then they are objects, not texts.
        bool isTagged = expected.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String;
        if (!isTagged)
            return actual is TomlTable table ? TableDifference(table, expected, path) : $"{path}: expected a table, got {actual.Kind}";

        if (actual is TomlTable or TomlArray)
            return $"{path}: expected {type}, got {actual.Kind}";

        (string actualType, string actualText) = TaggedJson.Tag(actual);
        string expectedType = type.GetString()!, expectedText = expected.GetProperty("value").GetString()!;
        if (actualType != expectedType)
            return $"{path}: expected {expectedType}, got {actualType}";

        return Canonical(expectedType, actualText) == Canonical(expectedType, expectedText) ? null : $"{path}: expected {expectedText}, got {actualText}";
    }

    private static string? ArrayDifference(TomlArray actual, JsonElement expected, string path)
    {
        if (actual.Items.Length != expected.GetArrayLength())
            return $"{path}: expected {expected.GetArrayLength()} items, got {actual.Items.Length}";

        return actual.Items.Select((item, i) => Difference(item, expected[i], $"{path}[{i}]")).FirstOrDefault(difference => difference is not null);
    }

    private static string? TableDifference(TomlTable actual, JsonElement expected, string path)
    {
        int count = 0;
        foreach (JsonProperty property in expected.EnumerateObject())
        {
            count++;
            if (!actual.TryGet(property.Name, out TomlEntry? entry))
                return $"{path}: no key \"{property.Name}\"";
            if (Difference(entry.Value, property.Value, $"{path}.{property.Name}") is { } difference)
                return difference;
        }

        return actual.Entries.Count == count ? null : $"{path}: expected {count} keys, got {actual.Entries.Count}";
    }

    private static string Canonical(string type, string text)
    {
        if (type == "float")
        {
            return text.TrimStart('+', '-') is "inf" or "nan"
                ? text.TrimStart('+').Replace("-nan", "nan", StringComparison.Ordinal)
                : double.Parse(text, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture);
        }

        if (type is not ("datetime" or "datetime-local" or "time-local"))
            return text;

        // The number of zeros at the end of the fraction means nothing.
        int point = text.IndexOf('.', StringComparison.Ordinal);
        if (point < 0)
            return text;

        int end = point + 1;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
            end++;

        return text[..end].TrimEnd('0').TrimEnd('.') + text[end..];
    }
}
