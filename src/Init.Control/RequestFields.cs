using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Init.Control;

/// <summary>The fields of all requests, as one line has them; null = not there. What belongs to which request is the <see cref="RequestReader"/>'s business.</summary>
internal sealed class RequestFields
{
    private readonly List<string> _keys = [];
    private long? _version, _id, _lines, _bytes, _offset, _length;
    private string? _op, _name, _signal, _stream, _group, _text, _type, _data;
    private bool? _wait, _rolling, _follow, _usage;
    private byte[]? _base64;
    private List<string>? _names, _types;

    /// <summary>What is there, in the order of the line.</summary>
    public IReadOnlyList<string> Keys => _keys;

    public long? Version => _version;

    public long? Id => _id;

    public string? Op => _op;

    public IReadOnlyList<string>? Names => _names;

    public string? Name => _name;

    public string? Group => _group;

    public bool? Wait => _wait;

    public bool? Rolling => _rolling;

    public string? Signal => _signal;

    public string? Stream => _stream;

    public long? Lines => _lines;

    public long? Bytes => _bytes;

    public long? Offset => _offset;

    public long? Length => _length;

    public bool? Follow => _follow;

    public bool? Usage => _usage;

    public string? Text => _text;

    public byte[]? Base64 => _base64;

    public string? Type => _type;

    public string? Data => _data;

    public IReadOnlyList<string>? Types => _types;

    /// <returns>What is wrong with the line, or null.</returns>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="InvalidOperationException">A text is none.</exception>
    public ControlError? Read(ReadOnlySpan<byte> line)
    {
        if (!Utf8.IsValid(line))
            return Bad("the line is not UTF-8");

        Utf8JsonReader reader = new(line, new JsonReaderOptions { MaxDepth = 4 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return Bad("the line is no JSON object");

        HashSet<string> seen = new(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            if (!seen.Add(key))
                return Bad($"\"{Shorten(key)}\" is there twice");

            _keys.Add(key);
            reader.Read();
            ControlError? error = key switch
            {
                "v" => Integer(ref reader, key, out _version),
                "id" => Integer(ref reader, key, out _id),
                "op" => String(ref reader, key, out _op),
                "names" => Strings(ref reader, key, out _names),
                "name" => String(ref reader, key, out _name),
                "group" => String(ref reader, key, out _group),
                "wait" => Boolean(ref reader, key, out _wait),
                "rolling" => Boolean(ref reader, key, out _rolling),
                "signal" => String(ref reader, key, out _signal),
                "stream" => String(ref reader, key, out _stream),
                "lines" => Integer(ref reader, key, out _lines),
                "bytes" => Integer(ref reader, key, out _bytes),
                "offset" => Integer(ref reader, key, out _offset),
                "length" => Integer(ref reader, key, out _length),
                "follow" => Boolean(ref reader, key, out _follow),
                "usage" => Boolean(ref reader, key, out _usage),
                "text" => String(ref reader, key, out _text),
                "base64" => Binary(ref reader, key, out _base64),
                "type" => String(ref reader, key, out _type),
                "data" => String(ref reader, key, out _data),
                "types" => Strings(ref reader, key, out _types),
                _ => Bad($"\"{Shorten(key)}\" is no field of any request"),
            };
            if (error is not null)
                return error;
        }

        // Whatever follows the object is a JsonException of this call.
        reader.Read();
        return null;
    }

    /// <summary>What is wrong with the names, or null.</summary>
    public ControlError? InvalidText()
    {
        if (_names?.Count > ControlProtocol.NamesMax || _types?.Count > ControlProtocol.NamesMax)
            return Bad($"more than {ControlProtocol.NamesMax} names");

        IEnumerable<string?> texts = (_names ?? []).Concat(_types ?? []).Concat([_name, _group, _type]);
        foreach (string text in texts.OfType<string>())
        {
            if (text.Length is 0 or > ControlProtocol.NameLengthMax)
                return Bad($"a name must have 1 to {ControlProtocol.NameLengthMax} characters");

            // A name comes back in messages, and those go to terminals.
            if (text.Any(char.IsControl))
                return Bad("a name holds a control character");
        }

        return null;
    }

    public static ControlError Bad(string what, string? hint = null) => new(ErrorCode.BadRequest, $"cannot read request: {what}", hint);

    /// <summary>What a stranger sent is repeated to him in part only, and without what could move a cursor.</summary>
    public static string Shorten(string text)
    {
        StringBuilder shown = new();
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, 40)))
            shown.Append(char.IsControl(c) || char.IsSurrogate(c) ? '?' : c);

        return shown.Append(text.Length > 40 ? "…" : "").ToString();
    }

    private static ControlError? Integer(ref Utf8JsonReader reader, string key, out long? value)
    {
        value = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long read) ? read : null;
        return value is null ? Bad($"\"{key}\" must be an integer") : null;
    }

    private static ControlError? String(ref Utf8JsonReader reader, string key, out string? value)
    {
        value = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return value is null ? Bad($"\"{key}\" must be a text") : null;
    }

    private static ControlError? Boolean(ref Utf8JsonReader reader, string key, out bool? value)
    {
        value = reader.TokenType is JsonTokenType.True or JsonTokenType.False ? reader.GetBoolean() : null;
        return value is null ? Bad($"\"{key}\" must be true or false") : null;
    }

    private static ControlError? Strings(ref Utf8JsonReader reader, string key, out List<string>? value)
    {
        value = null;
        if (reader.TokenType != JsonTokenType.StartArray)
            return Bad($"\"{key}\" must be an array of texts");

        List<string> texts = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.String)
                return Bad($"\"{key}\" must be an array of texts");

            texts.Add(reader.GetString()!);
        }

        value = texts;
        return null;
    }

    private static ControlError? Binary(ref Utf8JsonReader reader, string key, out byte[]? value)
    {
        value = reader.TokenType == JsonTokenType.String && reader.TryGetBytesFromBase64(out byte[]? bytes) ? bytes : null;
        return value is null ? Bad($"\"{key}\" must be a text in base64") : null;
    }
}
