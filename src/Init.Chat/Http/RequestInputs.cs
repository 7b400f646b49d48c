using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Init.Chat.Http;

/// <summary>
/// What a request says, however it says it: in its query, as a form (urlencoded or multipart), or as a JSON object. What is in the body comes before what is in the query. Getters note what is wrong;
/// <see cref="Finish"/> refuses with all of it.
/// </summary>
public sealed class RequestInputs
{
    private readonly Dictionary<string, Input> _inputs = new(StringComparer.Ordinal);
    private readonly List<InputProblem> _problems = [];

    private RequestInputs()
    {
    }

    /// <exception cref="RefusedException">It cannot be read.</exception>
    /// <exception cref="BadHttpRequestException">It is too large, or cut off.</exception>
    public static async Task<RequestInputs> ReadAsync(ChatCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        HttpRequest request = call.Context.Request;
        RequestInputs inputs = new();
        foreach (var (name, values) in request.Query)
            inputs.Add(name, values, "query");
        string type = request.ContentType ?? "";
        if (type.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) || type.Split(';')[0].EndsWith("+json", StringComparison.OrdinalIgnoreCase))
            await inputs.AddJsonAsync(request, call.Gone);
        else if (request.HasFormContentType)
            await inputs.AddFormAsync(request, call);
        else if (request.ContentLength > 0)
            throw new RefusedException(StatusCodes.Status415UnsupportedMediaType, "the body must be a form (application/x-www-form-urlencoded or multipart/form-data) or a JSON object (application/json)");
        return inputs;
    }

    public bool Has(string name) => _inputs.ContainsKey(name);

    /// <returns>Null: it is not there.</returns>
    public string? Text(string name) => _inputs.TryGetValue(name, out Input? input) ? input.Text : null;

    /// <summary>An empty one counts as missing, as in the original's forms.</summary>
    /// <returns>"" after a problem.</returns>
    public string NeededText(string name)
    {
        if (Text(name) is { Length: > 0 } text)
            return text;
        _problems.Add(InputProblem.Missing(_inputs.TryGetValue(name, out Input? input) ? input.Place : "body", name));
        return "";
    }

    /// <summary>true, false, 1, 0, on, off, yes, no, t, f, y, n in any case.</summary>
    public bool Flag(string name, bool otherwise)
    {
        if (!_inputs.TryGetValue(name, out Input? input) || input.Text.Length == 0)
            return otherwise;
        if (TryReadFlag(input.Text) is { } flag)
            return flag;
        _problems.Add(new InputProblem("bool_parsing", input.Place, name, "Input should be a valid boolean, unable to interpret input", input.Text));
        return otherwise;
    }

    public long? Integer(string name)
    {
        if (!_inputs.TryGetValue(name, out Input? input) || input.Text.Length == 0)
            return null;
        if (long.TryParse(input.Text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
            return number;
        _problems.Add(new InputProblem("int_parsing", input.Place, name, "Input should be a valid integer, unable to parse string as an integer", input.Text));
        return null;
    }

    public long? NeededInteger(string name)
    {
        if (!_inputs.TryGetValue(name, out Input? input) || input.Text.Length == 0)
            _problems.Add(InputProblem.Missing(input?.Place ?? "body", name));
        return Integer(name);
    }

    /// <summary>Seconds since 1970, or a time as in RFC 3339; one without an offset is UTC.</summary>
    public DateTimeOffset? Time(string name)
    {
        if (!_inputs.TryGetValue(name, out Input? input) || input.Text.Length == 0)
            return null;
        if (double.TryParse(input.Text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds < 253_402_300_800)
            return DateTimeOffset.UnixEpoch.AddSeconds(seconds);
        if (DateTimeOffset.TryParse(input.Text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time))
            return time;
        _problems.Add(new InputProblem("datetime_parsing", input.Place, name, "Input should be seconds since 1970 or a time as 2026-11-22T03:00:00Z", input.Text));
        return null;
    }

    /// <returns>The value of a JSON body; null: it is not there, or came in another form.</returns>
    public JsonElement? Json(string name) => _inputs.GetValueOrDefault(name)?.Json;

    /// <exception cref="InputsRefusedException">There was a problem.</exception>
    public void Finish()
    {
        if (_problems.Count > 0)
            throw new InputsRefusedException([.. _problems]);
    }

    internal static bool? TryReadFlag(string text) => text.Trim().ToUpperInvariant() switch
    {
        "TRUE" or "1" or "ON" or "YES" or "T" or "Y" => true,
        "FALSE" or "0" or "OFF" or "NO" or "F" or "N" => false,
        _ => null,
    };

    private async Task AddFormAsync(HttpRequest request, ChatCall call)
    {
        int limit = (int)call.Services.Options.BodyLimit.Bytes;
        FormOptions options = new()
        {
            ValueCountLimit = ChatLimits.FieldsMax,
            KeyLengthLimit = ChatLimits.FieldNameLengthMax,
            ValueLengthLimit = limit,
            BufferBodyLengthLimit = limit,
            MultipartBodyLengthLimit = limit,
            MemoryBufferThreshold = limit, // Nothing of it goes to a file.
        };
        try
        {
            foreach (var (name, values) in await new FormFeature(request, options).ReadFormAsync(call.Gone))
                Add(name, values, "body");
        }
        catch (Exception exception) when (exception is InvalidDataException or (IOException and not BadHttpRequestException))
        {
            throw new RefusedException(StatusCodes.Status400BadRequest, $"the form cannot be read: {exception.Message}");
        }
    }

    private async Task AddJsonAsync(HttpRequest request, CancellationToken gone)
    {
        try
        {
            using JsonDocument document = await JsonDocument.ParseAsync(request.Body, new JsonDocumentOptions { MaxDepth = ChatLimits.JsonDepthMax }, gone);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new RefusedException(StatusCodes.Status400BadRequest, "the body must be a JSON object");
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
                Add(property.Name, new Input(TextOf(property.Value), "body", property.Value.Clone()));
        }
        catch (JsonException exception)
        {
            throw new RefusedException(StatusCodes.Status400BadRequest, $"the body is no JSON: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}");
        }
        catch (InvalidOperationException)
        {
            throw new RefusedException(StatusCodes.Status400BadRequest, "the body has half of a surrogate pair in a text");
        }
    }

    private static string TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Null => "",
        _ => value.GetRawText(),
    };

    private void Add(string name, StringValues values, string place) => Add(name, new Input(values.Count > 0 ? values[^1] ?? "" : "", place, null));

    private void Add(string name, Input input)
    {
        if (name.Length > ChatLimits.FieldNameLengthMax || input.Text.Contains('\0', StringComparison.Ordinal))
            throw new RefusedException(StatusCodes.Status400BadRequest, $"the field \"{(name.Length > 40 ? name[..40] + "…" : name)}\" {(name.Length > ChatLimits.FieldNameLengthMax ? "has too long a name" : "has a NUL character in it")}");
        _inputs[name] = input;
        if (_inputs.Count > ChatLimits.FieldsMax)
            throw new RefusedException(StatusCodes.Status400BadRequest, $"there are more than {ChatLimits.FieldsMax} fields");
    }

    /// <param name="Text">A JSON value that is no text, as it is written.</param>
    /// <param name="Place">"body" or "query".</param>
    /// <param name="Json">Null: it came in another form.</param>
    private sealed record Input(string Text, string Place, JsonElement? Json);
}
