using System.Collections.Immutable;

namespace Init.Config;

/// <summary><c>[gateway.panel]</c>: what is answered below /admin on the public port, and who gets in.</summary>
/// <param name="StoreFile">Absolute; the hashed password and the API tokens. Sessions are in a second file beside it.</param>
public sealed record PanelSettings(string StoreFile)
{
    /// <summary>The variable that sets the password from outside.</summary>
    public const string PasswordVariable = "ADMIN_PASSWORD";

    /// <summary>How long who has signed in stays signed in without coming back.</summary>
    public TimeSpan SessionLifetime { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Origins whose pages may show the panel in a frame, beside its own.</summary>
    public ImmutableArray<string> FrameAncestors { get; init; } = ["https://huggingface.co"];

    /// <summary>What <see cref="PasswordVariable"/> says; null when it is not set or empty. A secret.</summary>
    public string? GivenPassword { get; init; }

    public bool Equals(PanelSettings? other) =>
        other is not null && StoreFile == other.StoreFile && SessionLifetime == other.SessionLifetime && FrameAncestors.SequenceEqual(other.FrameAncestors)
        && GivenPassword == other.GivenPassword;

    public override int GetHashCode() => HashCode.Combine(StoreFile, SessionLifetime, FrameAncestors.Length, GivenPassword);

    public override string ToString() => $"panel, store {StoreFile}"; // Nothing prints the password by accident.
}
