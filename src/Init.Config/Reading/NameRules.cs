using System.Globalization;

namespace Init.Config.Reading;

internal static class NameRules
{
    public const int LengthMax = 64;

    /// <summary>What is wrong with the name of a program, group or hook; null when nothing is.</summary>
    public static string? ProblemOf(string name)
    {
        if (name.Length == 0)
            return "the name is empty";

        if (name.Length > LengthMax)
            return $"the name is longer than {LengthMax} characters";

        // A name becomes a file name, an argument of the command line, and the part before ":" of an instance's name.
        if (!name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'))
            return "a name has only letters, digits, _, - and .";

        if (!char.IsAsciiLetterOrDigit(name[0]) && name[0] != '_')
            return "a name begins with a letter, a digit or _";

        return name == "all" ? "\"all\" is reserved: commands take it for every program" : null;
    }

    /// <summary>True for "uid", "uid:gid", "name" and "name:group" (or any mixture of the two).</summary>
    public static bool IsUser(string text)
    {
        string[] parts = text.Split(':');
        return parts.Length <= 2 && parts.All(IsAccount);
    }

    /// <summary>True for a name that a shell can set: a letter or _, then letters, digits and _.</summary>
    public static bool IsVariable(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static bool IsAccount(string text)
    {
        if (text.Length is 0 or > 32)
            return false;

        // 4294967295 is (uid_t)-1, "no change" for setuid's relatives.
        if (text.All(char.IsAsciiDigit))
            return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint id) && id != uint.MaxValue;

        return (char.IsAsciiLetter(text[0]) || text[0] == '_') && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '$');
    }
}
