namespace Init.Chat.Rendering.Mathematics;

/// <summary>How letters are drawn. Unicode has a letter of its own for each: MathML Core knows no other way.</summary>
internal enum MathAlphabet
{
    Italic,
    Upright,
    Bold,
    BoldItalic,
    DoubleStruck,
    Script,
    Fraktur,
    SansSerif,
    Monospace,
}

internal static class MathAlphabets
{
    /// <summary>Letters that Unicode had before the block of mathematical ones.</summary>
    private const string ScriptExceptions = "BℬEℰFℱHℋIℐLℒMℳRℛeℯgℊoℴ", FrakturExceptions = "CℭHℌIℑRℜZℨ", DoubleExceptions = "CℂHℍNℕPℙQℚRℝZℤ";

    /// <summary>The letter of an alphabet; a character that has none stays.</summary>
    public static string Letter(char letter, MathAlphabet alphabet)
    {
        (int upper, int lower, int digit, string exceptions) = alphabet switch
        {
            MathAlphabet.Bold => (0x1D400, 0x1D41A, 0x1D7CE, ""),
            MathAlphabet.BoldItalic => (0x1D468, 0x1D482, 0x1D7CE, ""),
            MathAlphabet.DoubleStruck => (0x1D538, 0x1D552, 0x1D7D8, DoubleExceptions),
            MathAlphabet.Script => (0x1D49C, 0x1D4B6, 0, ScriptExceptions),
            MathAlphabet.Fraktur => (0x1D504, 0x1D51E, 0, FrakturExceptions),
            MathAlphabet.SansSerif => (0x1D5A0, 0x1D5BA, 0x1D7E2, ""),
            MathAlphabet.Monospace => (0x1D670, 0x1D68A, 0x1D7F6, ""),
            _ => (0, 0, 0, ""),
        };
        int exception = exceptions.IndexOf(letter);
        if (exception >= 0)
            return exceptions[exception + 1].ToString();
        return letter switch
        {
            >= 'A' and <= 'Z' when upper != 0 => char.ConvertFromUtf32(upper + letter - 'A'),
            >= 'a' and <= 'z' when lower != 0 => char.ConvertFromUtf32(lower + letter - 'a'),
            >= '0' and <= '9' when digit != 0 => char.ConvertFromUtf32(digit + letter - '0'),
            >= 'α' and <= 'ω' when alphabet is MathAlphabet.Bold or MathAlphabet.BoldItalic => char.ConvertFromUtf32((alphabet == MathAlphabet.Bold ? 0x1D6C2 : 0x1D736) + letter - 'α'),
            >= 'Α' and <= 'Ω' when alphabet is MathAlphabet.Bold or MathAlphabet.BoldItalic => char.ConvertFromUtf32((alphabet == MathAlphabet.Bold ? 0x1D6A8 : 0x1D71C) + letter - 'Α'),
            _ => letter.ToString(),
        };
    }
}
