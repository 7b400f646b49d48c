using System.Text;

namespace Init.Chat.Upstream;

/// <summary>Takes out of a provider's words what looks like a key: providers quote the key they refuse, whole or in part.</summary>
internal sealed class KeyScrubber(IEnumerable<string> keys)
{
    /// <summary>A piece of a key of this length gives it away; the words of a language are shared by chance only, and lost then.</summary>
    private const int PieceLength = 6;

    private const string Mask = "[key]";

    private static readonly string[] Beginnings = ["sk-", "AIza", "gsk_", "xai-", "hf_", "pk-", "ak-"];

    private readonly string[] _keys = [.. keys.Where(key => key.Length > 0).Distinct()];

    private readonly HashSet<string> _pieces = [.. keys.SelectMany(Pieces)];

    /// <param name="text">The provider's.</param>
    /// <returns>The same without keys; JSON stays JSON.</returns>
    public string Clean(string text)
    {
        foreach (string key in _keys)
            text = text.Replace(key, Mask, StringComparison.Ordinal);
        StringBuilder clean = new(text.Length);
        int at = 0;
        while (at < text.Length)
        {
            int end = at;
            while (end < text.Length && IsOfKey(text[end]))
                end++;
            if (end == at)
            {
                clean.Append(text[at++]);
                continue;
            }

            string word = text[at..end];
            clean.Append(IsKey(word) ? Mask : word);
            at = end;
        }

        return clean.ToString();
    }

    /// <summary>One line of words for a message.</summary>
    public string Words(string text)
    {
        string clean = Clean(text.Length > 4 * UpstreamOptions.WordsMax ? text[..(4 * UpstreamOptions.WordsMax)] : text).Trim();
        clean = string.Concat(clean.Select(character => char.IsControl(character) ? ' ' : character));
        return clean.Length <= UpstreamOptions.WordsMax ? clean : clean[..UpstreamOptions.WordsMax] + "…";
    }

    private bool IsKey(string word) =>
        (word.Length >= 8 && Array.Exists(Beginnings, start => word.StartsWith(start, StringComparison.Ordinal))) || Pieces(word).Any(_pieces.Contains);

    private static IEnumerable<string> Pieces(string word)
    {
        for (int i = 0; i + PieceLength <= word.Length; i++)
            yield return word.Substring(i, PieceLength);
    }

    /// <summary>Asterisks: "sk-ab****yz".</summary>
    private static bool IsOfKey(char character) => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '*' or '.' or '+' or '/' or '=';
}
