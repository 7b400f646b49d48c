using System.Text.Json;

namespace Init.Chat.OpenAi;

/// <summary>What Init needs to know of the body of a request to /v1. All else is the provider's, and goes there as it was written.</summary>
internal readonly record struct RequestFacts
{
    /// <summary>A type of the list of models, or the id of one.</summary>
    public required string Model { get; init; }

    public bool IsStream { get; init; }

    /// <summary><c>stream_options.include_usage</c>: the client wants a last chunk with the usage.</summary>
    public bool WantsUsage { get; init; }

    /// <summary>OpenAI's name of the person behind the client; "": it says none.</summary>
    public string User { get; init; }

    /// <summary>Of all texts in it.</summary>
    public TextSize Text { get; init; }
}

/// <summary>Reads a body in one pass, without making anything of it.</summary>
internal static class RequestScan
{
    private const int DepthMax = 64;

    /// <summary>Of the name of a model and of a user, in bytes as written.</summary>
    public const int NameBytesMax = 1024;

    /// <returns>Null: <paramref name="facts"/> are true. Otherwise what is wrong with it, for the client.</returns>
    public static string? Read(ReadOnlySpan<byte> body, out RequestFacts facts)
    {
        facts = default;
        Utf8JsonReader reader = new(body, new JsonReaderOptions { MaxDepth = DepthMax });
        try
        {
            return ReadObject(ref reader, out facts);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The reader's own words would say what is in the body.
            return $"the body is no JSON object, or nested deeper than {DepthMax}: it is wrong near byte {reader.BytesConsumed}";
        }
    }

    private static string? ReadObject(ref Utf8JsonReader reader, out RequestFacts facts)
    {
        facts = default;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return "the body must be a JSON object";

        string? model = null, user = null;
        bool? stream = null;
        bool hasOptions = false, wantsUsage = false;
        TextSize text = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("model"u8))
            {
                if (model is not null)
                    return Twice("model");
                if (!ReadName(ref reader, out model) || model.Length == 0)
                    return $"\"model\" must be a text of 1 to {NameBytesMax} bytes";
            }
            else if (reader.ValueTextEquals("user"u8))
            {
                if (user is not null)
                    return Twice("user");
                if (!ReadName(ref reader, out user))
                    return $"\"user\" must be a text of at most {NameBytesMax} bytes";
            }
            else if (reader.ValueTextEquals("stream"u8))
            {
                if (stream is not null)
                    return Twice("stream");
                _ = reader.Read();
                if (reader.TokenType is not (JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null))
                    return "\"stream\" must be true or false";
                stream = reader.TokenType == JsonTokenType.True;
            }
            else if (reader.ValueTextEquals("stream_options"u8))
            {
                if (hasOptions)
                    return Twice("stream_options");
                hasOptions = true;
                _ = reader.Read();
                if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.Null))
                    return "\"stream_options\" must be an object";
                if (reader.TokenType == JsonTokenType.StartObject)
                    wantsUsage = ReadWantsUsage(ref reader);
            }
            else
            {
                _ = reader.Read();
                text += SizeOfTexts(ref reader);
            }
        }

        // Behind the object there may be nothing but white space; the reader throws at anything else.
        _ = reader.Read();
        if (model is null)
            return "\"model\" is missing: the type of a model, or its id; /v1/models lists them";
        facts = new RequestFacts
        {
            Model = model,
            User = user ?? "",
            IsStream = stream == true,
            WantsUsage = wantsUsage,
            Text = text,
        };
        return null;
    }

    /// <summary>Parsers differ in which of two they take, and a key's limits must hold for the one that counts.</summary>
    private static string Twice(string name) => $"\"{name}\" is in it twice";

    private static bool ReadName(ref Utf8JsonReader reader, out string name)
    {
        name = "";
        _ = reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return true;
        if (reader.TokenType != JsonTokenType.String || reader.ValueSpan.Length > NameBytesMax)
            return false;
        name = reader.GetString()!;
        return true;
    }

    private static bool ReadWantsUsage(ref Utf8JsonReader reader)
    {
        bool wants = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isIt = reader.ValueTextEquals("include_usage"u8);
            _ = reader.Read();
            if (isIt)
                wants = reader.TokenType == JsonTokenType.True;
            reader.Skip();
        }

        return wants;
    }

    /// <summary>Of all texts below the present token, but those that are pictures or sound.</summary>
    private static TextSize SizeOfTexts(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
            return SizeOfText(ref reader);
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
            return default;

        TextSize size = default;
        int depth = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.String)
                size += SizeOfText(ref reader);
        }

        return size;
    }

    private static TextSize SizeOfText(ref Utf8JsonReader reader) => reader.ValueSpan.StartsWith("data:"u8) ? default : TextSize.Of(ref reader);
}
