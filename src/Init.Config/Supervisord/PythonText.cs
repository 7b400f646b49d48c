using System.Globalization;
using System.Numerics;

namespace Init.Config.Supervisord;

/// <summary>Text as Python 3 sees it, where that differs from .NET: supervisord's rules are Python's rules.</summary>
internal static class PythonText
{
    /// <summary>str.isspace for one character: .NET's white space, and the four separators U+001C to U+001F.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    /// <summary>str.strip().</summary>
    public static string Strip(string text)
    {
        int start = 0, end = text.Length;
        while (start < end && IsSpace(text[start]))
            start++;

        return StripEnd(text[start..end]);
    }

    /// <summary>str.rstrip().</summary>
    public static string StripEnd(string text)
    {
        int end = text.Length;
        while (end > 0 && IsSpace(text[end - 1]))
            end--;

        return text[..end];
    }

    /// <summary>str.split() without an argument.</summary>
    public static IEnumerable<string> Words(string text)
    {
        int start = -1;
        for (int i = 0; i <= text.Length; i++)
        {
            bool isInWord = i < text.Length && !IsSpace(text[i]);
            if (isInWord && start < 0)
            {
                start = i;
            }
            else if (!isInWord && start >= 0)
            {
                yield return text[start..i];
                start = -1;
            }
        }
    }

    /// <summary>int(text) or int(text, 8): white space around it, a sign, underscores between digits. Numbers beyond 64 bits become the nearest that fits.</summary>
    public static bool TryParseInteger(string text, out long value, int numberBase = 10)
    {
        value = 0;
        ReadOnlySpan<char> rest = Strip(text);
        bool isNegative = rest is ['-', ..];
        if (rest is ['-' or '+', ..])
            rest = rest[1..];

        // With base 8 the prefix is allowed, and so is an underscore after it.
        bool mayBeginWithUnderscore = numberBase == 8 && rest is ['0', 'o' or 'O', ..];
        if (mayBeginWithUnderscore)
            rest = rest[2..];

        BigInteger total = 0;
        bool lastWasDigit = mayBeginWithUnderscore;
        foreach (char c in rest)
        {
            if (c == '_')
            {
                if (!lastWasDigit)
                    return false;

                lastWasDigit = false;
                continue;
            }

            int digit = char.IsDigit(c) ? (int)CharUnicodeInfo.GetNumericValue(c) : -1;
            if (digit < 0 || digit >= numberBase)
                return false;

            // Far beyond 64 bits nothing changes any more.
            if (total < long.MaxValue)
                total = (total * numberBase) + digit;

            lastWasDigit = true;
        }

        if (rest.IsEmpty || !lastWasDigit)
            return false;

        value = (long)BigInteger.Min(total, long.MaxValue);
        if (isNegative)
            value = -value;

        return true;
    }
}
