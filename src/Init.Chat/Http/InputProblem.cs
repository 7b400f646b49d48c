using System.Collections.Immutable;
using System.Text.Json;

namespace Init.Chat.Http;

/// <summary>What is wrong with an input, in the words of the original's framework.</summary>
/// <param name="Type">For programs.</param>
/// <param name="Place">"body", "query", "header".</param>
/// <param name="Name">Of the field.</param>
/// <param name="Message">For people.</param>
/// <param name="Input">What came; null: nothing.</param>
public sealed record InputProblem(string Type, string Place, string Name, string Message, string? Input)
{
    private const int ShownMax = 200;

    public static InputProblem Missing(string place, string name) => new("missing", place, name, "Field required", null);

    public void Write(Utf8JsonWriter json)
    {
        ArgumentNullException.ThrowIfNull(json);
        json.WriteStartObject();
        json.WriteString("type", Type);
        json.WriteStartArray("loc");
        json.WriteStringValue(Place);
        json.WriteStringValue(Name);
        json.WriteEndArray();
        json.WriteString("msg", Message);
        json.WriteString("input", Input is { Length: > ShownMax } ? Input[..ShownMax] : Input);
        json.WriteEndObject();
    }
}

/// <summary>422 with <c>{"detail": [{...}]}</c>.</summary>
public sealed class InputsRefusedException(ImmutableArray<InputProblem> problems) : Exception("the inputs are not valid")
{
    public ImmutableArray<InputProblem> Problems => problems;
}
