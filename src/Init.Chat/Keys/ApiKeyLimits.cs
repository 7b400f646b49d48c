using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Init.Chat.Keys;

/// <summary>What a key may do. Null, or an empty list: no limit of this kind. Days and months are those of UTC.</summary>
public sealed record ApiKeyLimits
{
    public const int NamesMax = 1000;

    /// <summary>Of a name in <see cref="Users"/> or <see cref="Models"/>, in UTF-16 units.</summary>
    public const int NameLengthMax = 512;

    public static ApiKeyLimits None { get; } = new();

    /// <summary>The users that it may act for, by their ids; one that ends with "*" stands for all that begin so.</summary>
    public ImmutableArray<string> Users { get; init; } = [];

    /// <summary>Types and ids of models, likewise; compared without case.</summary>
    public ImmutableArray<string> Models { get; init; } = [];

    /// <summary>At least 1. As many may come at once.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>At least 1; of prompts and answers together.</summary>
    public long? TokensPerMinute { get; init; }

    /// <summary>Likewise.</summary>
    public long? TokensPerDay { get; init; }

    /// <summary>In the currency of the models' prices, to the millionth.</summary>
    public decimal? BudgetPerDay { get; init; }

    /// <summary>Likewise.</summary>
    public decimal? BudgetPerMonth { get; init; }

    /// <summary>From then on it is not valid.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>Whether it may act for everybody, and see lists of users.</summary>
    [JsonIgnore]
    public bool IsForAllUsers => Users.IsDefaultOrEmpty;

    public bool AllowsUser(string user) => IsForAllUsers || Contains(Users, user, StringComparison.Ordinal);

    /// <param name="typeOrId">As the request says it.</param>
    public bool AllowsModel(string typeOrId) => Models.IsDefaultOrEmpty || Contains(Models, typeOrId, StringComparison.OrdinalIgnoreCase);

    /// <returns>What is wrong with it, each with the name of its property; empty: nothing.</returns>
    public ImmutableArray<string> Problems()
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        Names(Users, "users");
        Names(Models, "models");
        AtLeastOne(RequestsPerMinute, "requests_per_minute");
        AtLeastOne(TokensPerMinute, "tokens_per_minute");
        AtLeastOne(TokensPerDay, "tokens_per_day");
        Money(BudgetPerDay, "budget_per_day");
        Money(BudgetPerMonth, "budget_per_month");
        return problems.ToImmutable();

        void Names(ImmutableArray<string> names, string property)
        {
            if (names.IsDefaultOrEmpty)
                return;
            if (names.Length > NamesMax)
                problems.Add($"{property}: has more than {NamesMax} names");
            if (names.Any(name => string.IsNullOrEmpty(name) || name.Length > NameLengthMax))
                problems.Add($"{property}: a name has 1 to {NameLengthMax} characters");
        }

        void AtLeastOne(long? value, string property)
        {
            if (value < 1)
                problems.Add($"{property}: must be at least 1 (leave it out for no limit)");
        }

        void Money(decimal? value, string property)
        {
            if (value is <= 0 or > 1_000_000_000)
                problems.Add($"{property}: must be more than 0 and at most 1000000000 (leave it out for no limit)");
        }
    }

    public string ToJson() => JsonSerializer.Serialize(this, KeysJson.Default.ApiKeyLimits);

    /// <exception cref="FormatException">It is not what <see cref="ToJson"/> writes.</exception>
    public static ApiKeyLimits Parse(string json)
    {
        try
        {
            ApiKeyLimits limits = JsonSerializer.Deserialize(json, KeysJson.Default.ApiKeyLimits) ?? None;
            return limits with { Users = limits.Users.IsDefault ? [] : limits.Users, Models = limits.Models.IsDefault ? [] : limits.Models };
        }
        catch (JsonException exception)
        {
            throw new FormatException($"the limits of a key cannot be read: {exception.Path ?? "$"}: not what it should be", exception);
        }
    }

    /// <summary>For people: "users a, b*; 60 requests/min".</summary>
    public override string ToString()
    {
        List<string> parts = [];
        if (!IsForAllUsers)
            parts.Add("users " + string.Join(", ", Users));
        if (!Models.IsDefaultOrEmpty)
            parts.Add("models " + string.Join(", ", Models));
        if (RequestsPerMinute is { } requests)
            parts.Add($"{requests} requests/min");
        if (TokensPerMinute is { } perMinute)
            parts.Add($"{perMinute} tokens/min");
        if (TokensPerDay is { } perDay)
            parts.Add($"{perDay} tokens/day");
        if (BudgetPerDay is { } day)
            parts.Add($"{day.ToString(CultureInfo.InvariantCulture)}/day");
        if (BudgetPerMonth is { } month)
            parts.Add($"{month.ToString(CultureInfo.InvariantCulture)}/month");
        if (Expires is { } expires)
            parts.Add($"until {expires.UtcDateTime:yyyy-MM-dd HH:mm}Z");
        return parts.Count == 0 ? "no limits" : string.Join("; ", parts);
    }

    private static bool Contains(ImmutableArray<string> names, string name, StringComparison comparison)
    {
        foreach (string allowed in names)
        {
            if (allowed.EndsWith('*') ? name.AsSpan().StartsWith(allowed.AsSpan(0, allowed.Length - 1), comparison) : allowed.Equals(name, comparison))
                return true;
        }

        return false;
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(ApiKeyLimits))]
internal sealed partial class KeysJson : JsonSerializerContext;
