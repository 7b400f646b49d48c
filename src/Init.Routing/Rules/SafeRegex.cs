using System.Text.RegularExpressions;

namespace Init.Routing.Rules;

/// <summary>
/// Patterns come from an administrator, what they are tried on from strangers: up to 32 KB of Referer. So they are matched by an automaton, in linear time, and
/// an automaton that would be large is refused.
/// </summary>
public static class SafeRegex
{
    private const string Reference = "see learn.microsoft.com/dotnet/standard/base-types/regular-expression-language-quick-reference";

    static SafeRegex() =>
        // The runtime's own switch; read whenever a pattern is built. Without it "(a{1000}){1000}" is a million states.
        AppContext.SetData("REGEX_NONBACKTRACKING_MAX_AUTOMATA_SIZE", RuleLimits.RegexStatesMax);

    /// <returns>What is wrong with the pattern; null when it is good.</returns>
    public static (string Message, string Remedy)? TryCreate(string pattern, out Regex? regex)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        regex = null;
        try
        {
            regex = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return null;
        }
        catch (RegexParseException exception)
        {
            return ($"cannot read the regular expression: {exception.Error} at position {exception.Offset}", Reference);
        }
        catch (NotSupportedException)
        {
            // Which of the two is only in the exception's text, and a published binary need not have that.
            return (
                $"it uses look-around, back-references, atomic groups or conditionals, which can take for ever, or needs more than {RuleLimits.RegexStatesMax} states",
                "write it without them, with smaller repeat counts, or as several rules");
        }
    }
}
