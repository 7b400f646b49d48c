using System.Diagnostics;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Init.Config.Toml;

namespace Init.TomlJson;

/// <summary>
/// The JSON of toml-test: tables are objects, arrays are arrays, and every other value is <c>{"type": "integer", "value": "42"}</c>.
/// </summary>
public static class TaggedJson
{
    private static readonly JsonWriterOptions Options = new()
    {
        Indented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        // Every level of TOML is at most one level of JSON, and a tagged value is one more.
        MaxDepth = (4 * TomlReader.DepthMax) + 1,
    };

    public static void Write(TomlTable table, Stream output)
    {
        using Utf8JsonWriter json = new(output, Options);
        WriteValue(json, table);
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    /// <summary>The type and value texts of everything but arrays and tables.</summary>
    public static (string Type, string Value) Tag(TomlValue value) => value switch
    {
        TomlString text => ("string", text.Value),
        TomlInteger integer => ("integer", integer.Value.ToString(CultureInfo.InvariantCulture)),
        TomlFloat real => ("float", FloatText(real.Value)),
        TomlBoolean boolean => ("bool", boolean.Value ? "true" : "false"),
        TomlOffsetDateTime at => ("datetime", $"{at.Date}T{at.Time}{OffsetText(at.OffsetMinutes)}"),
        TomlLocalDateTime at => ("datetime-local", $"{at.Date}T{at.Time}"),
        TomlLocalDate date => ("date-local", date.Date.ToString()),
        TomlLocalTime time => ("time-local", time.Time.ToString()),
        _ => throw new UnreachableException(),
    };

    private static void WriteValue(Utf8JsonWriter json, TomlValue value)
    {
        switch (value)
        {
            case TomlTable table:
                json.WriteStartObject();
                foreach (TomlEntry entry in table.Entries)
                {
                    json.WritePropertyName(entry.Key);
                    WriteValue(json, entry.Value);
                }

                json.WriteEndObject();
                break;

            case TomlArray array:
                json.WriteStartArray();
                foreach (TomlValue item in array.Items)
                    WriteValue(json, item);
                json.WriteEndArray();
                break;

            default:
                (string type, string text) = Tag(value);
                json.WriteStartObject();
                json.WriteString("type", type);
                json.WriteString("value", text);
                json.WriteEndObject();
                break;
        }
    }

    private static string FloatText(double value)
    {
        if (double.IsNaN(value))
            return "nan";
        if (double.IsInfinity(value))
            return value > 0 ? "inf" : "-inf";

        return value.ToString("R", CultureInfo.InvariantCulture);
    }

    private static string OffsetText(int minutes)
    {
        if (minutes == 0)
            return "Z";

        int magnitude = Math.Abs(minutes);
        return $"{(minutes < 0 ? '-' : '+')}{magnitude / 60:D2}:{magnitude % 60:D2}";
    }
}
