using System.Security.Cryptography;

namespace Init.Panel.SignIn;

/// <summary>Which passwords may be, and what one looks like that we make up.</summary>
internal static class PasswordRules
{
    /// <summary>In characters.</summary>
    public const int LengthMin = 8;

    /// <summary>In characters; a longer one is no password, and only makes work.</summary>
    public const int LengthMax = 1024;

    /// <summary>Without what looks alike: 0 and o, 1 and l and i.</summary>
    private const string Alphabet = "abcdefghjkmnpqrstuvwxyz23456789";

    /// <summary>20 of 31 characters, in groups for people who type: 99 bits.</summary>
    private const int Groups = 4, GroupLength = 5;

    /// <returns>What is wrong with it, for people; null when it will do.</returns>
    public static string? ProblemOf(string password) => password.Length switch
    {
        < LengthMin => $"it has fewer than {LengthMin} characters",
        > LengthMax => $"it has more than {LengthMax} characters",
        _ => null,
    };

    public static string MakeUp() => string.Join('-', Enumerable.Range(0, Groups).Select(_ => RandomNumberGenerator.GetString(Alphabet, GroupLength)));
}
