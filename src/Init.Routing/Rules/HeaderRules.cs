using System.Buffers;
using System.Collections.Frozen;

namespace Init.Routing.Rules;

/// <summary>What may be a header's name or value (RFC 9110 5.1, 5.5, 5.6.2).</summary>
public static class HeaderRules
{
    private static readonly SearchValues<char> Token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// <summary>They say where a message ends or how it is carried; whoever could set them could smuggle requests.</summary>
    private static readonly FrozenSet<string> Framing = FrozenSet.ToFrozenSet(
        [
            "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Content-Length", "TE", "Trailer", "Upgrade", "HTTP2-Settings", "Expect",
        ],
        StringComparer.OrdinalIgnoreCase);

    public static bool IsName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Length is > 0 and <= RuleLimits.NameMax && name.AsSpan().IndexOfAnyExcept(Token) < 0;
    }

    public static bool IsFraming(string name) => Framing.Contains(name);

    /// <summary>Visible ASCII, blanks and tabs, and no blank at either end.</summary>
    public static bool IsValue(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value.Length <= RuleLimits.TextMax
            && value.AsSpan().IndexOfAnyExceptInRange('\t', '~') < 0
            && value.All(c => c is '\t' or >= ' ')
            && value.AsSpan().Trim(" \t").Length == value.Length;
    }
}
