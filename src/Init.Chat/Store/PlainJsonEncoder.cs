using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;

namespace Init.Chat.Store;

/// <summary>
/// Escapes what JSON demands and nothing else, as Python's <c>ensure_ascii=False</c>: letters stay letters, those of emoji as well, which the framework's own relaxed encoder does not leave alone. For what is read by people and
/// programs; it is never part of an HTML page.
/// </summary>
internal sealed unsafe class PlainJsonEncoder : JavaScriptEncoder
{
    public static readonly PlainJsonEncoder Instance = new();

    private static readonly SearchValues<char> Escaped = SearchValues.Create([.. Enumerable.Range(0, ' ').Select(code => (char)code), '"', '\\']);

    private PlainJsonEncoder()
    {
    }

    /// <summary>Of \u0000.</summary>
    public override int MaxOutputCharactersPerInputCharacter => 6;

    public override int FindFirstCharacterToEncode(char* text, int textLength)
    {
        ReadOnlySpan<char> span = new(text, textLength);
        int first = span.IndexOfAny(Escaped);
        // Halves of surrogate pairs that stand alone become U+FFFD.
        ReadOnlySpan<char> before = first < 0 ? span : span[..first];
        for (int at = 0; ;)
        {
            int next = before[at..].IndexOfAnyInRange('\uD800', '\uDFFF');
            if (next < 0)
                return first;
            at += next;
            if (!char.IsHighSurrogate(span[at]) || at + 1 >= span.Length || !char.IsLowSurrogate(span[at + 1]))
                return at;
            at += 2;
        }
    }

    public override bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        string text = unicodeScalar switch
        {
            '"' => "\\\"",
            '\\' => @"\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\b' => "\\b",
            '\f' => "\\f",
            < ' ' => "\\u" + unicodeScalar.ToString("x4", CultureInfo.InvariantCulture),
            _ => char.ConvertFromUtf32(unicodeScalar),
        };
        bool fits = text.AsSpan().TryCopyTo(new Span<char>(buffer, bufferLength));
        numberOfCharactersWritten = fits ? text.Length : 0;
        return fits;
    }

    public override bool WillEncode(int unicodeScalar) => unicodeScalar is '"' or '\\' or < ' ';
}
