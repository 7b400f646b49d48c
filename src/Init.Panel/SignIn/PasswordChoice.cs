using System.Collections.Immutable;

namespace Init.Panel.SignIn;

/// <summary>Which password is in force when the gateway starts.</summary>
/// <param name="Take">Where the new one comes from; null: the stored one stays.</param>
/// <param name="Notes">For the log: what was offered and is not used.</param>
internal sealed record PasswordChoice(PasswordSource? Take, ImmutableArray<string> Notes)
{
    /// <summary>The original's, which everybody knows.</summary>
    private const string OriginalsDefault = "admin";

    /// <param name="stored">Where the stored one comes from; null: none is stored.</param>
    /// <param name="given">ADMIN_PASSWORD; null when it is not set.</param>
    /// <param name="isGivenKnown">It is the one that was taken over last: whatever was done in the panel since then stays.</param>
    /// <param name="original">Out of a file of the original; null: there was none.</param>
    public static PasswordChoice Decide(PasswordSource? stored, string? given, bool isGivenKnown, string? original)
    {
        ImmutableArray<string>.Builder notes = ImmutableArray.CreateBuilder<string>();
        if (given is not null && !isGivenKnown)
        {
            if (PasswordRules.ProblemOf(given) is not { } problem)
                return new PasswordChoice(PasswordSource.Environment, []);

            notes.Add($"ADMIN_PASSWORD is not used: {problem}; set a better one and restart");
        }

        // A person's choice, or an operator's, is newer than whatever file of the original turns up; one that we made up is nobody's choice.
        if (original is not null && stored is (null or PasswordSource.Generated))
        {
            if (ProblemOfOriginal(original) is not { } problem)
                return new PasswordChoice(PasswordSource.Original, notes.ToImmutable());

            notes.Add($"the admin_password of the original's file is not used: {problem}");
        }

        return new PasswordChoice(stored is null ? PasswordSource.Generated : null, notes.ToImmutable());
    }

    private static string? ProblemOfOriginal(string password) =>
        password == OriginalsDefault ? "it is the original's default, which everybody knows" : PasswordRules.ProblemOf(password);
}
