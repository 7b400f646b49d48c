using System.Text.Json.Serialization;

namespace Init.Panel.SignIn;

/// <summary>Bodies with a password in them are classes: nothing prints one by accident.</summary>
internal sealed class SignInBody
{
    public required string Password { get; init; }
}

/// <inheritdoc cref="SignInBody"/>
internal sealed class PasswordBody
{
    public required string Current { get; init; }

    public required string New { get; init; }
}

/// <summary>The original's.</summary>
internal sealed class OriginalPasswordBody
{
    public System.Text.Json.JsonElement NewPassword { get; init; }
}

internal sealed class TokenBody
{
    public required string Name { get; init; }
}

/// <param name="ExpiresAt">Unix milliseconds, as all times here; null by a token.</param>
/// <param name="Version">Of this binary; strangers are not told.</param>
internal sealed record SessionState(bool SignedIn, long? ExpiresAt = null, string? Version = null);

internal sealed record SessionInfo(string Id, long CreatedAt, long LastSeenAt, string Address, string UserAgent, bool Current);

internal sealed record SessionList(IReadOnlyList<SessionInfo> Sessions);

/// <param name="LastUsedAt">A minute late at most; null: never.</param>
internal sealed record TokenInfo(string Id, string Name, long CreatedAt, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] long? LastUsedAt);

internal sealed record TokenList(IReadOnlyList<TokenInfo> Tokens);

/// <param name="Token">Shown this once.</param>
internal sealed record NewToken(string Id, string Name, string Token);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(SignInBody))]
[JsonSerializable(typeof(PasswordBody))]
[JsonSerializable(typeof(OriginalPasswordBody))]
[JsonSerializable(typeof(TokenBody))]
[JsonSerializable(typeof(SessionState))]
[JsonSerializable(typeof(SessionList))]
[JsonSerializable(typeof(TokenList))]
[JsonSerializable(typeof(NewToken))]
internal sealed partial class SignInJson : JsonSerializerContext;
