using System.Globalization;
using System.Text;
using System.Text.Json;
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
        RequestFields fields = new();
        try
        {
            ControlError? error = fields.Read(line);
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

    private static ControlError? ToRequest(RequestFields fields, out ControlRequest? request)
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

        if (fields.InvalidText() is { } invalid)
            return invalid;

        (request, ControlError? error) = fields.Op switch
        {
            "status" => Take(fields, Names.Optional, f => new ControlRequest.Status(f.Names ?? [], f.Usage ?? true), "usage"),
            "start" => Take(fields, Names.Required, f => new ControlRequest.Start(f.Names!, f.Wait ?? true), "wait"),
            "stop" => Take(fields, Names.Required, f => new ControlRequest.Stop(f.Names!, f.Wait ?? true), "wait"),
            "restart" => Take(
                fields, Names.Required, f => new ControlRequest.Restart(f.Names!, f.Rolling ?? false, f.Wait ?? true), "wait", "rolling"),
            "signal" => TakeSignal(fields),
            "reload" => Take(fields, Names.Required, f => new ControlRequest.Reload(f.Names!)),
            "pid" => Take(fields, Names.Optional, f => new ControlRequest.Pid(f.Names ?? [])),
            "tail" => TakeTail(fields),
            "read-log" => TakeReadLog(fields),
            "clear-own-log" => Take(fields, Names.None, _ => new ControlRequest.ClearOwnLog()),
            "clear" => Take(fields, Names.Required, f => new ControlRequest.Clear(f.Names!)),
            "reread" => Take(fields, Names.None, _ => new ControlRequest.Reread()),
            "update" => Take(fields, Names.None, _ => new ControlRequest.Update()),
            "group-add" => TakeGroup(fields, group => new ControlRequest.GroupAdd(group)),
            "group-remove" => TakeGroup(fields, group => new ControlRequest.GroupRemove(group)),
            "config" => Take(fields, Names.None, _ => new ControlRequest.Config()),
            "send-input" => TakeInput(fields),
            "remote-event" => TakeRemoteEvent(fields),
            "events" => Take(fields, Names.Optional, f => new ControlRequest.Events(f.Types ?? [], f.Names ?? []), "types"),
            "env" => Take(fields, Names.One, f => new ControlRequest.Env(f.Name!)),
            "explain" => Take(fields, Names.One, f => new ControlRequest.Explain(f.Name!)),
            "shutdown" => Take(fields, Names.None, _ => new ControlRequest.Shutdown()),
            "restart-init" => Take(fields, Names.None, _ => new ControlRequest.RestartInit()),
            "metrics" => Take(fields, Names.None, _ => new ControlRequest.Metrics()),
            "version" => Take(fields, Names.None, _ => new ControlRequest.Version()),
            string unknown => ((ControlRequest?)null, new ControlError(ErrorCode.UnknownOp, $"cannot carry out \"{RequestFields.Shorten(unknown)}\": no such op")),
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

        /// <summary>As <see cref="One"/>, and it may be missing.</summary>
        OneOptional,
    }

    /// <summary>Refuses fields that the op does not have, then makes the request.</summary>
    private static (ControlRequest?, ControlError?) Take(RequestFields fields, Names names, Func<RequestFields, ControlRequest> make, params string[] others)
    {
        if (names is Names.Required && fields.Names is not { Count: > 0 })
            return (null, Bad($"\"names\" of {fields.Op} must name something (\"all\" is everything)"));
        if (names is Names.One && fields.Name is null)
            return (null, Bad($"\"name\" of {fields.Op} is missing"));

        foreach (string key in fields.Keys)
        {
            bool belongs = key switch
            {
                "v" or "id" or "op" => true,
                "names" => names is Names.Optional or Names.Required,
                "name" => names is Names.One or Names.OneOptional,
                _ => others.Contains(key),
            };
            if (!belongs)
                return (null, Bad($"{fields.Op} has no field \"{key}\""));
        }

        return (make(fields), null);
    }

    private static (ControlRequest?, ControlError?) TakeSignal(RequestFields fields)
    {
        if (fields.Signal is null)
            return (null, Bad("\"signal\" is missing"));
        if (!SignalNames.TryParse(fields.Signal, out int number))
        {
            string? hint = Suggestion.For(fields.Signal.ToUpperInvariant(), SignalNames.All);
            return (null, Bad($"unknown signal \"{RequestFields.Shorten(fields.Signal)}\"", hint));
        }

        return Take(fields, Names.Required, f => new ControlRequest.Signal(f.Names!, number), "signal");
    }

    private static (ControlRequest?, ControlError?) TakeTail(RequestFields fields)
    {
        if (InvalidStream(fields) is { } invalid)
            return (null, invalid);
        if (fields.Lines is not null && fields.Bytes is not null)
            return (null, Bad("\"lines\" and \"bytes\" exclude each other"));
        if (fields.Lines is < 0 or > int.MaxValue)
            return (null, Bad("\"lines\" is out of range"));
        if (fields.Bytes is < 0 or > ControlProtocol.TailBytesMax)
            return (null, Bad($"\"bytes\" must be 0 to {ControlProtocol.TailBytesMax}"));

        int? lines = fields.Lines is { } given ? (int)given : fields.Bytes is null ? ControlProtocol.TailLinesDefault : null;
        return Take(
            fields,
            Names.OneOptional,
            f => new ControlRequest.Tail(f.Name, StreamOf(f), lines, f.Bytes, f.Follow ?? false),
            "stream", "lines", "bytes", "follow");
    }

    private static (ControlRequest?, ControlError?) TakeReadLog(RequestFields fields)
    {
        if (InvalidStream(fields) is { } invalid)
            return (null, invalid);
        if (fields.Length is < 0)
            return (null, Bad("\"length\" is negative"));
        if (fields is { Offset: < 0, Length: > 0 })
            return (null, Bad("a negative \"offset\" goes with a \"length\" of 0"));

        return Take(
            fields, Names.OneOptional, f => new ControlRequest.ReadLog(f.Name, StreamOf(f), f.Offset ?? 0, f.Length ?? 0), "stream", "offset", "length");
    }

    private static (ControlRequest?, ControlError?) TakeGroup(RequestFields fields, Func<string, ControlRequest> make) => fields.Group is { } group
        ? Take(fields, Names.None, _ => make(group), "group")
        : (null, Bad($"\"group\" of {fields.Op} is missing"));

    private static (ControlRequest?, ControlError?) TakeInput(RequestFields fields)
    {
        if (fields.Text is null == fields.Base64 is null)
            return (null, Bad("send-input has one of \"text\" and \"base64\""));

        byte[] bytes = fields.Base64 ?? Encoding.UTF8.GetBytes(fields.Text!);
        return Take(fields, Names.One, f => new ControlRequest.SendInput(f.Name!, bytes), "text", "base64");
    }

    private static (ControlRequest?, ControlError?) TakeRemoteEvent(RequestFields fields)
    {
        if (fields.Type is null || fields.Data is null)
            return (null, Bad($"\"{(fields.Type is null ? "type" : "data")}\" of remote-event is missing"));

        return Take(fields, Names.None, f => new ControlRequest.RemoteEvent(f.Type!, f.Data!), "type", "data");
    }

    private static ControlError? InvalidStream(RequestFields fields)
    {
        if (fields.Stream is not (null or "stdout" or "stderr"))
            return Bad("\"stream\" must be \"stdout\" or \"stderr\"");

        return fields is { Stream: not null, Name: null } ? Bad("\"stream\" goes with a \"name\": the supervisor's own log has one stream") : null;
    }

    private static LogStream StreamOf(RequestFields fields) => fields.Stream == "stderr" ? LogStream.Stderr : LogStream.Stdout;

    private static ControlError Bad(string what, string? hint = null) => RequestFields.Bad(what, hint);
}
