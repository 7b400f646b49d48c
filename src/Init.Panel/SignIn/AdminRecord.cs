using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace Init.Panel.SignIn;

/// <summary>Where the password in force comes from. It decides whether another one that turns up takes its place.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PasswordSource>))]
internal enum PasswordSource
{
    /// <summary>Made up by us.</summary>
    Generated,

    /// <summary>ADMIN_PASSWORD.</summary>
    Environment,

    /// <summary>A file of the original.</summary>
    Original,

    /// <summary>Somebody who had signed in.</summary>
    Person,
}

/// <summary>An API token; who has it gets in.</summary>
/// <param name="Digest">By <see cref="SecretId.DigestOf"/>.</param>
/// <param name="CreatedAt">Unix milliseconds.</param>
internal sealed record TokenRecord(string Name, string Digest, long CreatedAt)
{
    [JsonIgnore]
    public string Id => SecretId.NameOf(Digest);
}

/// <summary>admin.json: what somebody has decided, and what is to be backed up. Nothing in it lets anybody in.</summary>
/// <param name="Version">1.</param>
/// <param name="Password">As <see cref="PasswordHash"/> writes it.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="FromEnvironment">Hash of the last ADMIN_PASSWORD that was taken over, so that the same one does not come back after it was changed in the panel.</param>
/// <param name="Key">32 bytes, made with each password: what was signed with an older one counts no longer.</param>
/// <param name="Tokens">At most <see cref="TokensMax"/>.</param>
internal sealed record AdminRecord(int Version, string Password, PasswordSource Source, string? FromEnvironment, byte[] Key, ImmutableArray<TokenRecord> Tokens)
{
    public const int TokensMax = 50, KeyBytes = 32, CurrentVersion = 1;

    public static AdminRecord New(PasswordHash password, PasswordSource source, PasswordHash? fromEnvironment, ImmutableArray<TokenRecord> tokens) =>
        new(CurrentVersion, password.ToString(), source, fromEnvironment?.ToString(), RandomNumberGenerator.GetBytes(KeyBytes), tokens);

    /// <summary>What ties sessions to this password: in their file, and nothing that would let anybody in.</summary>
    [JsonIgnore]
    public string Seal => Convert.ToHexStringLower(Sign("sessions"));

    public byte[] Sign(string what) => HMACSHA256.HashData(Key, Encoding.UTF8.GetBytes(what));

    /// <summary>Null when it can be used.</summary>
    public string? Problem() =>
        Version != CurrentVersion ? $"its version is {Version}"
        : PasswordHash.TryParse(Password) is null ? "its password is not a hash"
        : FromEnvironment is not null && PasswordHash.TryParse(FromEnvironment) is null ? "from_environment is not a hash"
        : Key is not { Length: KeyBytes } ? "its key has another length"
        : Tokens.IsDefault || Tokens.Length > TokensMax || Tokens.Any(token => token?.Name is null || !SecretId.IsDigest(token.Digest)) ? "its tokens cannot be read"
        : null;
}

/// <param name="Digest">By <see cref="SecretId.DigestOf"/>.</param>
/// <param name="CreatedAt">Unix milliseconds, as the next.</param>
/// <param name="LastSeenAt">A minute late at most.</param>
/// <param name="Address">Of the last request.</param>
/// <param name="UserAgent">Of the sign-in.</param>
internal sealed record SessionRecord(string Digest, long CreatedAt, long LastSeenAt, string Address, string UserAgent)
{
    [JsonIgnore]
    public string Id => SecretId.NameOf(Digest);
}

/// <summary>admin-sessions.json: what happens by itself. It is worth no backup; without it everybody signs in again.</summary>
/// <param name="Seal">Of the <see cref="AdminRecord"/> it belongs to.</param>
/// <param name="Sessions">At most <see cref="SessionsMax"/>.</param>
/// <param name="TokenUses">Unix milliseconds by token id.</param>
internal sealed record SessionsRecord(string Seal, ImmutableArray<SessionRecord> Sessions, ImmutableDictionary<string, long> TokenUses)
{
    public const int SessionsMax = 100;

    public bool IsValid() =>
        Seal is not null && TokenUses is not null && !Sessions.IsDefault && Sessions.Length <= SessionsMax
        && Sessions.All(session => session is { Address: not null, UserAgent: not null } && SecretId.IsDigest(session.Digest));
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true, WriteIndented = true)]
[JsonSerializable(typeof(AdminRecord))]
[JsonSerializable(typeof(SessionsRecord))]
internal sealed partial class AdminFileJson : JsonSerializerContext;
