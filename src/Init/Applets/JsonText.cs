using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Init.Control;

namespace Init.Applets;

/// <summary>What <c>--json</c> prints: the objects of docs/reference/control-protocol.md, one to a line.</summary>
internal static class JsonText
{
    public static string Of<T>(T value, JsonTypeInfo<T> type)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter writer = new(text, ControlJson.WriterOptions))
            JsonSerializer.Serialize(writer, value, type);

        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }
}
