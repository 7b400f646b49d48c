using System.Buffers;
using System.Text.Json;
using Init.Chat.Providers;

namespace Init.Chat.Upstream;

/// <summary>Makes a request's body one for a model.</summary>
internal static class RequestBody
{
    /// <summary>
    /// Providers whose documentation has <c>stream_options</c>; others may refuse a field that they do not know, as Mistral has done. A list may say otherwise with "StreamOptions".
    /// </summary>
    private static readonly string[] StreamOptionHosts =
        ["api.openai.com", "api.deepseek.com", "openrouter.ai", "api.groq.com", "api.x.ai", "dashscope.aliyuncs.com", "generativelanguage.googleapis.com"];

    public static bool TakesStreamOptions(ModelInfo model) => model.TakesStreamOptions ?? StreamOptionHosts.Contains(new Uri(model.Url).Host, StringComparer.OrdinalIgnoreCase);

    /// <summary>Puts "model" in for whatever stands there, however often; what is not ours stays as it was written.</summary>
    /// <exception cref="UpstreamException">It is no JSON object.</exception>
    public static byte[] For(ModelInfo model, UpstreamRequest request)
    {
        ArrayBufferWriter<byte> output = new(request.Body.Length + 256);
        ReadOnlySpan<byte> body = request.Body.Span;
        bool asksUsage = request is { AsksUsage: true, IsStream: true } && TakesStreamOptions(model);
        try
        {
            using Utf8JsonWriter writer = new(output, new JsonWriterOptions { SkipValidation = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
            Utf8JsonReader reader = new(body, new JsonReaderOptions { MaxDepth = 128 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                throw NoObject(null);
            writer.WriteStartObject();
            writer.WriteString("model"u8, model.Id);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isModel = reader.ValueTextEquals("model"u8);
                bool isOptions = reader.ValueTextEquals("stream_options"u8);
                string name = reader.GetString()!;
                reader.Read();
                int start = (int)reader.TokenStartIndex;
                bool isNull = reader.TokenType == JsonTokenType.Null;
                reader.Skip();
                if (isModel || (isOptions && isNull))
                    continue;
                asksUsage &= !isOptions;
                writer.WritePropertyName(name);
                writer.WriteRawValue(body[start..(int)reader.BytesConsumed], skipInputValidation: true);
            }

            if (reader.TokenType != JsonTokenType.EndObject || reader.Read())
                throw NoObject(null);
            if (asksUsage)
            {
                writer.WritePropertyName("stream_options"u8);
                writer.WriteRawValue("{\"include_usage\":true}"u8, skipInputValidation: true);
            }

            writer.WriteEndObject();
            writer.Flush();
        }
        catch (JsonException exception)
        {
            throw NoObject(exception);
        }
        catch (InvalidOperationException exception) // A name that is no UTF-8.
        {
            throw NoObject(exception);
        }

        return output.WrittenSpan.ToArray();
    }

    private static UpstreamException NoObject(Exception? inner) => new(400, "invalid_request", "the body of the request must be a JSON object", inner);
}
