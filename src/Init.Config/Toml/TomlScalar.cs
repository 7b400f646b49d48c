using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Init.Base;

namespace Init.Config.Toml;

/// <summary>What one unquoted word of a TOML file means: a boolean, a number, a date or a time; or why it means nothing.</summary>
internal readonly record struct TomlScalar
{

    private static readonly SearchValues<byte> DecimalBytes = SearchValues.Create("0123456789_.eE+-"u8);
    private static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789"u8);
    private static readonly SearchValues<byte> DigitsAndUnderscore = SearchValues.Create("0123456789_"u8);
    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdefABCDEF"u8);

    /// <summary>Null when the word is not a value.</summary>
    public TomlValue? Value { get; private init; }

    /// <summary>Why it is none; null when it looks like nothing but text.</summary>
    public string? Problem { get; private init; }

    public string? Hint { get; private init; }

    public static TomlScalar Read(ReadOnlySpan<byte> word, SourcePosition at)
    {
        if (word.SequenceEqual("true"u8))
            return new TomlBoolean(at, Value: true);
        if (word.SequenceEqual("false"u8))
            return new TomlBoolean(at, Value: false);
        if (LooksLikeDate(word))
            return ReadDateTime(word, at);
        if (LooksLikeTime(word))
            return ReadLocalTime(word, at);

        bool signed = word.Length > 0 && word[0] is (byte)'+' or (byte)'-';
        bool negative = signed && word[0] == (byte)'-';
        ReadOnlySpan<byte> magnitude = signed ? word[1..] : word;
        if (magnitude.SequenceEqual("inf"u8))
            return new TomlFloat(at, negative ? double.NegativeInfinity : double.PositiveInfinity);
        if (magnitude.SequenceEqual("nan"u8))
            return new TomlFloat(at, double.NaN);

        if (magnitude.Length >= 2 && magnitude[0] == (byte)'0' && RadixOf(magnitude[1]) is var radix and not 0)
            return ReadPrefixed(magnitude[2..], radix, signed, at);
        if (magnitude.Length > 0 && (IsDigit(magnitude[0]) || magnitude[0] == (byte)'.') && magnitude.IndexOfAnyExcept(DecimalBytes) < 0)
            return ReadDecimal(word, magnitude, at);

        return default;
    }

    /// <summary>Four digits and a dash: the date of a date-time may be followed by one space and the time.</summary>
    public static bool LooksLikeDate(ReadOnlySpan<byte> word) => word.Length >= 5 && AreDigits(word[..4]) && word[4] == (byte)'-';

    /// <summary>What the author of text that is not a value should write instead.</summary>
    public static string HintFor(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text[..Math.Min(text.Length, 6)]).ToUpperInvariant() switch
    {
        "TRUE" or "YES" or "ON" => "the boolean is written true; text needs quotes",
        "FALSE" or "NO" or "OFF" => "the boolean is written false; text needs quotes",
        "NULL" or "NIL" or "NONE" => "TOML has no null; leave the key out",
        ['“' or '”' or '„' or '‘' or '’' or '«', ..] => "the quotes must be plain: \" or '",
        _ => NeedsQuotes(text),
    };

    private static bool LooksLikeTime(ReadOnlySpan<byte> word) => word.Length >= 3 && AreDigits(word[..2]) && word[2] == (byte)':';

    public static implicit operator TomlScalar(TomlValue value) => new() { Value = value };

    private static TomlScalar Refuse(string problem, string? hint = null) => new() { Problem = problem, Hint = hint };

    private static string NeedsQuotes(ReadOnlySpan<byte> text) =>
        TomlText.Quoted(text) is { } quoted ? $"text needs quotes: {quoted}" : "text needs quotes";

    private static int RadixOf(byte letter) => letter switch
    {
        (byte)'x' => 16,
        (byte)'o' => 8,
        (byte)'b' => 2,
        _ => 0,
    };

    private static TomlScalar ReadPrefixed(ReadOnlySpan<byte> digits, int radix, bool signed, SourcePosition at)
    {
        if (signed)
            return Refuse("a number with 0x, 0o or 0b cannot have a sign");
        if (digits.IsEmpty)
            return Refuse("the number has no digits");
        if (MisplacesUnderscore(digits, HexDigits))
            return Refuse("an underscore in a number needs a digit on both sides");

        long value = 0;
        foreach (byte b in digits)
        {
            if (b == (byte)'_')
                continue;

            int digit = char.IsAsciiHexDigit((char)b) ? HexValue(b) : int.MaxValue;
            if (digit >= radix)
                return Refuse($"the number has a digit that base {radix} does not have");
            if (value > (long.MaxValue - digit) / radix)
                return Refuse("the integer does not fit in 64 bits", "it may be at most 9223372036854775807");

            value = (value * radix) + digit;
        }

        return new TomlInteger(at, value);
    }

    private static int HexValue(byte b) => b <= (byte)'9' ? b - '0' : (b | 0x20) - 'a' + 10;

    private static TomlScalar ReadDecimal(ReadOnlySpan<byte> word, ReadOnlySpan<byte> magnitude, SourcePosition at)
    {
        if (MisplacesUnderscore(word, Digits))
            return Refuse("an underscore in a number needs a digit on both sides");

        int end = DigitsAt(magnitude, 0);
        if (end > 1 && magnitude[0] == (byte)'0')
            return Refuse("a number cannot begin with 0", $"an octal number is written 0o755; {NeedsQuotes(word)}");

        bool isFloat = false;
        bool dotIsLonely = end == 0;
        if (end < magnitude.Length && magnitude[end] == (byte)'.')
        {
            isFloat = true;
            int fraction = DigitsAt(magnitude, end + 1);
            dotIsLonely |= fraction == end + 1;
            end = fraction;
        }

        if (dotIsLonely)
            return Refuse("a decimal point needs a digit on both sides", "such as 0.5 or 1.0");

        if (end < magnitude.Length && magnitude[end] is (byte)'e' or (byte)'E')
        {
            isFloat = true;
            int digits = end + 1 < magnitude.Length && magnitude[end + 1] is (byte)'+' or (byte)'-' ? end + 2 : end + 1;
            end = DigitsAt(magnitude, digits);
            if (end == digits)
                return Refuse("the exponent has no digits", "such as 6e23");
        }

        if (end < magnitude.Length)
            return Refuse($"{TomlText.Excerpt(word)} is neither a number nor a date", NeedsQuotes(word));

        return isFloat ? ReadFloat(WithoutUnderscores(word), at) : ReadInteger(WithoutUnderscores(word), at);
    }

    private static TomlScalar ReadInteger(ReadOnlySpan<byte> word, SourcePosition at) =>
        long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
            ? new TomlInteger(at, value)
            : Refuse("the integer does not fit in 64 bits", "it may be -9223372036854775808 to 9223372036854775807");

    private static TomlScalar ReadFloat(ReadOnlySpan<byte> word, SourcePosition at) =>
        double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
            ? new TomlFloat(at, value)
            : Refuse("the float is too large for 64 bits", "its magnitude may be at most 1.797e308; or write inf");

    private static bool MisplacesUnderscore(ReadOnlySpan<byte> word, SearchValues<byte> digits)
    {
        for (int i = 0; i < word.Length; i++)
        {
            bool hasNeighbours = i > 0 && i + 1 < word.Length && digits.Contains(word[i - 1]) && digits.Contains(word[i + 1]);
            if (word[i] == (byte)'_' && !hasNeighbours)
                return true;
        }

        return false;
    }

    private static ReadOnlySpan<byte> WithoutUnderscores(ReadOnlySpan<byte> word)
    {
        if (!word.Contains((byte)'_'))
            return word;

        byte[] digits = new byte[word.Length - word.Count((byte)'_')];
        int length = 0;
        foreach (byte b in word)
        {
            if (b != (byte)'_')
                digits[length++] = b;
        }

        return digits;
    }

    /// <summary>The end of the digits and underscores that begin at <paramref name="start"/>.</summary>
    private static int DigitsAt(ReadOnlySpan<byte> word, int start)
    {
        int length = word[start..].IndexOfAnyExcept(DigitsAndUnderscore);
        return length < 0 ? word.Length : start + length;
    }

    private static TomlScalar ReadDateTime(ReadOnlySpan<byte> word, SourcePosition at)
    {
        if (word.Length < 10 || !AreDigits(word[5..7]) || word[7] != (byte)'-' || !AreDigits(word[8..10]))
            return NotADate(word);

        TomlDate date = new(Number(word[..4]), Number(word[5..7]), Number(word[8..10]));
        if (date.Month is < 1 or > 12)
            return Refuse($"there is no month {Text(word[5..7])}");
        if (date.Day < 1 || date.Day > DaysIn(date.Year, date.Month))
            return Refuse($"there is no day {Text(word[8..10])} in {Text(word[..7])}");
        if (word.Length == 10)
            return new TomlLocalDate(at, date);
        if (word[10] is not ((byte)'T' or (byte)'t' or (byte)' '))
            return NotADate(word);

        if (ReadTime(word[11..], word, out TomlTime time, out int timeLength) is { } refusal)
            return refusal;

        ReadOnlySpan<byte> offset = word[(11 + timeLength)..];
        if (offset.IsEmpty)
            return new TomlLocalDateTime(at, date, time);
        if (offset.Length == 1 && offset[0] is (byte)'Z' or (byte)'z')
            return new TomlOffsetDateTime(at, date, time, 0);

        bool isOffset = offset.Length == 6 && offset[0] is (byte)'+' or (byte)'-' && AreDigits(offset[1..3]) && offset[3] == (byte)':' && AreDigits(offset[4..]);
        if (!isOffset)
            return NotADate(word);

        int hours = Number(offset[1..3]), minutes = Number(offset[4..]);
        if (hours > 23 || minutes > 59)
            return Refuse($"there is no offset {Text(offset)}", "an offset from UTC is -23:59 to +23:59");

        return new TomlOffsetDateTime(at, date, time, (offset[0] == (byte)'-' ? -1 : 1) * ((hours * 60) + minutes));
    }

    private static TomlScalar ReadLocalTime(ReadOnlySpan<byte> word, SourcePosition at)
    {
        if (ReadTime(word, word, out TomlTime time, out int length) is { } refusal)
            return refusal;

        return length == word.Length ? new TomlLocalTime(at, time) : NotADate(word);
    }

    /// <summary>Reads <c>hh:mm:ss</c> and digits after a point; null when there is nothing to refuse.</summary>
    private static TomlScalar? ReadTime(ReadOnlySpan<byte> word, ReadOnlySpan<byte> whole, out TomlTime time, out int length)
    {
        time = default;
        length = 0;
        if (word.Length < 5 || !AreDigits(word[..2]) || word[2] != (byte)':' || !AreDigits(word[3..5]))
            return NotADate(whole);
        if (word.Length < 8 || word[5] != (byte)':' || !AreDigits(word[6..8]))
            return Refuse("the time has no seconds", $"a time is written 07:32:00; {NeedsQuotes(whole)}");

        length = 8;
        int nanosecond = 0;
        if (word.Length > 8 && word[8] == (byte)'.')
        {
            ReadOnlySpan<byte> rest = word[9..];
            int digits = rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            digits = digits < 0 ? rest.Length : digits;
            if (digits == 0)
                return Refuse("the decimal point of the seconds needs a digit after it");

            for (int i = 0; i < 9; i++)
                nanosecond = (nanosecond * 10) + (i < digits ? rest[i] - '0' : 0);
            length = 9 + digits;
        }

        time = new TomlTime(Number(word[..2]), Number(word[3..5]), Number(word[6..8]), nanosecond);
        if (time.Hour > 23)
            return Refuse($"there is no hour {Text(word[..2])}");
        if (time.Minute > 59)
            return Refuse($"there is no minute {Text(word[3..5])}");

        // 60 is the leap second (RFC 3339, section 5.7); when there was or will be one is not for a configuration reader to know.
        if (time.Second > 60)
            return Refuse($"there is no second {Text(word[6..8])}");

        return null;
    }

    private static TomlScalar NotADate(ReadOnlySpan<byte> word) =>
        Refuse($"{TomlText.Excerpt(word)} is neither a date nor a time", $"these are written 1979-05-27, 1979-05-27T07:32:00Z and 07:32:00; {NeedsQuotes(word)}");

    private static int DaysIn(int year, int month) => month switch
    {
        2 => (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28,
        4 or 6 or 9 or 11 => 30,
        _ => 31,
    };

    private static int Number(ReadOnlySpan<byte> digits) => Utf8Parser.TryParse(digits, out int value, out _) ? value : 0;

    private static string Text(ReadOnlySpan<byte> ascii) => Encoding.ASCII.GetString(ascii);

    private static bool AreDigits(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;

    private static bool IsDigit(byte b) => b is >= (byte)'0' and <= (byte)'9';
}
