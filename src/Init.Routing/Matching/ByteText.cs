using System.Text;

namespace Init.Routing.Matching;

/// <summary>
/// Paths are compared as bytes, because that is what percent-encoding encodes and what a rule's length is counted in. Such a text has one character, U+0000..U+00FF,
/// for each byte of its UTF-8. Of ASCII it is the same text, so that the usual path needs no copy.
/// </summary>
internal static class ByteText
{
    public static string Of(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    public static string? OfOptional(string? text) => text is null ? null : Of(text);

    /// <summary>For people; bytes that are no UTF-8 become U+FFFD.</summary>
    public static string Shown(ReadOnlySpan<char> bytes) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(bytes.ToString()));
}
