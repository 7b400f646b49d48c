using System.Buffers;
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

    /// <summary>Code points of all texts in it.</summary>
    public long TextLength { get; init; }

    /// <summary>Behind the brace that opens it.</summary>
    public int Start { get; init; }

    /// <summary>The value of <c>stream_options</c>; empty: there is none.</summary>
    public Range StreamOptions { get; init; }

    /// <summary>The value of <c>stream_options.include_usage</c>; empty: there is none.</summary>
    public Range IncludeUsage { get; init; }
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

        int start = (int)reader.BytesConsumed;
        string? model = null, user = null;
        bool? stream = null;
        bool hasOptions = false, wantsUsage = false;
        Range options = default, includeUsage = default;
        long length = 0;
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
                int from = (int)reader.TokenStartIndex;
                if (reader.TokenType == JsonTokenType.StartObject)
                    ReadStreamOptions(ref reader, out wantsUsage, out includeUsage);
                options = from..(int)reader.BytesConsumed;
            }
            else
            {
                _ = reader.Read();
                length += LengthOfTexts(ref reader);
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
            TextLength = length,
            Start = start,
            StreamOptions = options,
            IncludeUsage = includeUsage,
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

    private static void ReadStreamOptions(ref Utf8JsonReader reader, out bool wantsUsage, out Range includeUsage)
    {
        wantsUsage = false;
        includeUsage = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isIt = reader.ValueTextEquals("include_usage"u8);
            _ = reader.Read();
            int from = (int)reader.TokenStartIndex;
            bool isTrue = reader.TokenType == JsonTokenType.True;
            reader.Skip();
            if (isIt)
                (wantsUsage, includeUsage) = (isTrue, from..(int)reader.BytesConsumed);
        }
    }

    /// <summary>Of all texts below the present token, but those that are pictures or sound.</summary>
    private static long LengthOfTexts(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
            return LengthOfText(ref reader);
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
            return 0;

        long length = 0;
        int depth = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.String)
                length += LengthOfText(ref reader);
        }

        return length;
    }

    private static long LengthOfText(ref Utf8JsonReader reader) => reader.ValueSpan.StartsWith("data:"u8) ? 0 : TextLengths.CodePoints(ref reader);

    /// <summary>Writes the body so that the provider says at the end of a stream what it used: without that, nobody could be told what a key has used.</summary>
    public static void WriteWithUsage(ReadOnlySpan<byte> body, in RequestFacts facts, IBufferWriter<byte> to)
    {
        (int options, int optionsLength) = facts.StreamOptions.GetOffsetAndLength(body.Length);
        if (optionsLength == 0)
        {
            to.Write(body[..facts.Start]);
            to.Write("\"stream_options\":{\"include_usage\":true},"u8);
            to.Write(body[facts.Start..]);
            return;
        }

        (int flag, int flagLength) = facts.IncludeUsage.GetOffsetAndLength(body.Length);
        if (flagLength > 0)
        {
            to.Write(body[..flag]);
            to.Write("true"u8);
            to.Write(body[(flag + flagLength)..]);
            return;
        }

        ReadOnlySpan<byte> written = body.Slice(options, optionsLength);
        to.Write(body[..options]);
        to.Write("{\"include_usage\":true"u8);
        if (written[0] != (byte)'{') // null
            to.Write("}"u8);
        else if (written[1..].TrimStart(" \t\r\n"u8)[0] == (byte)'}')
            to.Write(written[1..]);
        else
            WriteBehindComma(written[1..], to);
        to.Write(body[(options + optionsLength)..]);
    }

    private static void WriteBehindComma(ReadOnlySpan<byte> members, IBufferWriter<byte> to)
    {
        to.Write(","u8);
        to.Write(members);
    }
}
