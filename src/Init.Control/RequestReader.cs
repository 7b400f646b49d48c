using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Init.Base;

namespace Init.Control;

/// <summary>What one line of a client turned out to be: a request, or what is wrong with it.</summary>
/// <param name="Id">Null when the line does not even say that.</param>
/// <param name="Request">Null when there is an error.</param>
/// <param name="Error">Null when there is a request.</param>
public readonly record struct RequestLine(long? Id, ControlRequest? Request, ControlError? Error);

/// <summary>
/// Reads one request line. It is strict (an unknown, repeated or misplaced field is an error, for a request that is only half understood may do
/// harm), accepts any bytes, and throws nothing.
/// </summary>
public static class RequestReader
{
    public static RequestLine Read(ReadOnlySpan<byte> line)
    {
        Fields fields = new();
        try
        {
            ControlError? error = ReadFields(line, fields);
            if (error is not null)
                return new(fields.Id, null, error);

            return ToRequest(fields, out ControlRequest? request) is { } invalid ? new(fields.Id, null, invalid) : new(fields.Id, request, null);
        }
        catch (JsonException exception)
        {
            string at = exception.BytePositionInLine is { } position ? $" at byte {position.ToString(CultureInfo.InvariantCulture)}" : "";
            return new(fields.Id, null, Bad($"the line is no JSON object{at}"));
        }
        catch (InvalidOperationException)
        {
            // Utf8JsonReader.GetString: an escape such as \ud800 that stands for no character.
            return new(fields.Id, null, Bad("a text holds half of a surrogate pair"));
        }
    }

    /// <summary>The fields of all requests; null = not there.</summary>
    private sealed class Fields
    {
        public long? Version;
        public long? Id;
        public string? Op;
        public List<string>? Names;
        public string? Name;
        public bool? Wait;
        public bool? Rolling;
        public string? Signal;
        public string? Stream;
        public long? Lines;
        public long? Bytes;
        public bool? Follow;
        public List<string>? Types;
    }

    private static ControlError? ReadFields(ReadOnlySpan<byte> line, Fields fields)
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

            reader.Read();
            ControlError? error = key switch
            {
                "v" => Integer(ref reader, key, out fields.Version),
                "id" => Integer(ref reader, key, out fields.Id),
                "op" => Text(ref reader, key, out fields.Op),
                "names" => Texts(ref reader, key, out fields.Names),
                "name" => Text(ref reader, key, out fields.Name),
                "wait" => Boolean(ref reader, key, out fields.Wait),
                "rolling" => Boolean(ref reader, key, out fields.Rolling),
                "signal" => Text(ref reader, key, out fields.Signal),
                "stream" => Text(ref reader, key, out fields.Stream),
                "lines" => Integer(ref reader, key, out fields.Lines),
                "bytes" => Integer(ref reader, key, out fields.Bytes),
                "follow" => Boolean(ref reader, key, out fields.Follow),
                "types" => Texts(ref reader, key, out fields.Types),
                _ => Bad($"\"{Shorten(key)}\" is no field of any request"),
            };
            if (error is not null)
                return error;
        }

        // Whatever follows the object is a JsonException of this call.
        reader.Read();
        return null;
    }

    private static ControlError? ToRequest(Fields fields, out ControlRequest? request)
    {
        request = null;
        if (fields.Version is null)
            return Bad("\"v\" is missing");

        // Before everything else: another version may have other fields and ops.
        if (fields.Version != ControlProtocol.Version)
        {
            return new ControlError(
                ErrorCode.UnsupportedVersion,
                $"cannot read request: it is of protocol version {fields.Version}, and this supervisor speaks version {ControlProtocol.Version}",
                "use the init binary that the supervisor was started from");
        }

        if (fields.Id is null)
            return Bad("\"id\" is missing");
        if (fields.Op is null)
            return Bad("\"op\" is missing");

        if (InvalidText(fields) is { } invalid)
            return invalid;

        (request, ControlError? error) = fields.Op switch
        {
            "status" => Take(fields, Names.Optional, f => new ControlRequest.Status(f.Names ?? [])),
            "start" => Take(fields, Names.Required, f => new ControlRequest.Start(f.Names!, f.Wait ?? true), "wait"),
            "stop" => Take(fields, Names.Required, f => new ControlRequest.Stop(f.Names!, f.Wait ?? true), "wait"),
            "restart" => Take(
                fields, Names.Required, f => new ControlRequest.Restart(f.Names!, f.Rolling ?? false, f.Wait ?? true), "wait", "rolling"),
            "signal" => TakeSignal(fields),
            "reload" => Take(fields, Names.Required, f => new ControlRequest.Reload(f.Names!)),
            "pid" => Take(fields, Names.Optional, f => new ControlRequest.Pid(f.Names ?? [])),
            "tail" => TakeTail(fields),
            "clear" => Take(fields, Names.Required, f => new ControlRequest.Clear(f.Names!)),
            "reread" => Take(fields, Names.None, _ => new ControlRequest.Reread()),
            "update" => Take(fields, Names.None, _ => new ControlRequest.Update()),
            "events" => Take(fields, Names.Optional, f => new ControlRequest.Events(f.Types ?? [], f.Names ?? []), "types"),
            "env" => Take(fields, Names.One, f => new ControlRequest.Env(f.Name!)),
            "explain" => Take(fields, Names.One, f => new ControlRequest.Explain(f.Name!)),
            "shutdown" => Take(fields, Names.None, _ => new ControlRequest.Shutdown()),
            "version" => Take(fields, Names.None, _ => new ControlRequest.Version()),
            string unknown => ((ControlRequest?)null, new ControlError(ErrorCode.UnknownOp, $"cannot carry out \"{Shorten(unknown)}\": no such op")),
        };
        return error;
    }

    private enum Names
    {
        None,
        Optional,
        Required,

        /// <summary>The field "name" instead of "names".</summary>
        One,
    }

    /// <summary>Refuses fields that the op does not have, then makes the request.</summary>
    private static (ControlRequest?, ControlError?) Take(Fields fields, Names names, Func<Fields, ControlRequest> make, params string[] others)
    {
        if (names is Names.Required && fields.Names is not { Count: > 0 })
            return (null, Bad($"\"names\" of {fields.Op} must name something (\"all\" is everything)"));
        if (names is Names.One && fields.Name is null)
            return (null, Bad($"\"name\" of {fields.Op} is missing"));

        (string Key, bool There)[] all =
        [
            ("names", fields.Names is not null && names is not (Names.Optional or Names.Required)),
            ("name", fields.Name is not null && names is not Names.One),
            ("wait", fields.Wait is not null), ("rolling", fields.Rolling is not null), ("signal", fields.Signal is not null),
            ("stream", fields.Stream is not null), ("lines", fields.Lines is not null), ("bytes", fields.Bytes is not null),
            ("follow", fields.Follow is not null), ("types", fields.Types is not null),
        ];
        foreach (var (key, there) in all)
        {
            if (there && !others.Contains(key))
                return (null, Bad($"{fields.Op} has no field \"{key}\""));
        }

        return (make(fields), null);
    }

    private static (ControlRequest?, ControlError?) TakeSignal(Fields fields)
    {
        if (fields.Signal is null)
            return (null, Bad("\"signal\" is missing"));
        if (!SignalNames.TryParse(fields.Signal, out int number))
        {
            string? hint = Suggestion.For(fields.Signal.ToUpperInvariant(), SignalNames.All);
            return (null, Bad($"unknown signal \"{Shorten(fields.Signal)}\"", hint));
        }

        return Take(fields, Names.Required, f => new ControlRequest.Signal(f.Names!, number), "signal");
    }

    private static (ControlRequest?, ControlError?) TakeTail(Fields fields)
    {
        if (fields.Stream is not (null or "stdout" or "stderr"))
            return (null, Bad("\"stream\" must be \"stdout\" or \"stderr\""));
        if (fields.Lines is not null && fields.Bytes is not null)
            return (null, Bad("\"lines\" and \"bytes\" exclude each other"));
        if (fields.Lines is < 0 or > int.MaxValue)
            return (null, Bad("\"lines\" is out of range"));
        if (fields.Bytes is < 0 or > ControlProtocol.TailBytesMax)
            return (null, Bad($"\"bytes\" must be 0 to {ControlProtocol.TailBytesMax}"));

        int? lines = fields.Lines is { } given ? (int)given : fields.Bytes is null ? ControlProtocol.TailLinesDefault : null;
        LogStream stream = fields.Stream == "stderr" ? LogStream.Stderr : LogStream.Stdout;
        return Take(
            fields,
            Names.One,
            f => new ControlRequest.Tail(f.Name!, stream, lines, f.Bytes, f.Follow ?? false),
            "stream", "lines", "bytes", "follow");
    }

    private static ControlError? InvalidText(Fields fields)
    {
        if (fields.Names?.Count > ControlProtocol.NamesMax || fields.Types?.Count > ControlProtocol.NamesMax)
            return Bad($"more than {ControlProtocol.NamesMax} names");

        IEnumerable<string> texts = (fields.Names ?? []).Concat(fields.Types ?? []);
        foreach (string text in fields.Name is null ? texts : texts.Append(fields.Name))
        {
            if (text.Length is 0 or > ControlProtocol.NameLengthMax)
                return Bad($"a name must have 1 to {ControlProtocol.NameLengthMax} characters");

            // A name comes back in messages, and those go to terminals.
            if (text.Any(char.IsControl))
                return Bad("a name holds a control character");
        }

        return null;
    }

    private static ControlError? Integer(ref Utf8JsonReader reader, string key, out long? value)
    {
        value = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long read) ? read : null;
        return value is null ? Bad($"\"{key}\" must be an integer") : null;
    }

    private static ControlError? Text(ref Utf8JsonReader reader, string key, out string? value)
    {
        value = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return value is null ? Bad($"\"{key}\" must be a text") : null;
    }

    private static ControlError? Boolean(ref Utf8JsonReader reader, string key, out bool? value)
    {
        value = reader.TokenType is JsonTokenType.True or JsonTokenType.False ? reader.GetBoolean() : null;
        return value is null ? Bad($"\"{key}\" must be true or false") : null;
    }

    private static ControlError? Texts(ref Utf8JsonReader reader, string key, out List<string>? value)
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

    /// <summary>What a stranger sent is repeated to him in part only, and without what could move a cursor.</summary>
    private static string Shorten(string text)
    {
        StringBuilder shown = new();
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, 40)))
            shown.Append(char.IsControl(c) || char.IsSurrogate(c) ? '?' : c);

        return shown.Append(text.Length > 40 ? "…" : "").ToString();
    }

    private static ControlError Bad(string what, string? hint = null) => new(ErrorCode.BadRequest, $"cannot read request: {what}", hint);
}
