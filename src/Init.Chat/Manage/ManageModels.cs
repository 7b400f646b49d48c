using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Init.Chat.Keys;

namespace Init.Chat.Manage;

// What is written and read below /manage: docs/reference/chat-manage.md. A property without a value is left out.

/// <param name="Id">Public; the part of the key before the dot.</param>
/// <param name="State">"valid", "revoked", "expired", "unreadable" (its limits are of a later version).</param>
/// <param name="Limits">Null: they cannot be read.</param>
public sealed record ManagedKey(string Id, string Name, string State, DateTimeOffset Created, DateTimeOffset? Revoked, ApiKeyLimits? Limits, ManagedKeyUsage Used);

/// <summary>As this process counts it for its limits. Days and months are those of UTC.</summary>
public sealed record ManagedKeyUsage(long DayTokens, decimal DayCost, decimal MonthCost);

/// <param name="Key">The whole key. It is shown this once.</param>
public sealed record CreatedKey(string Id, string Name, string Key, ApiKeyLimits Limits);

/// <param name="Name">For people; null: as it was.</param>
/// <param name="Limits">All of them; null: none for a new key, as they were for another.</param>
public sealed record KeyOrder(string? Name = null, ApiKeyLimits? Limits = null);

public sealed record KeyList(ImmutableArray<ManagedKey> Keys);

/// <param name="KeyVariables">The names of the variables that have its keys.</param>
public sealed record ManagedModel(string Provider, string Name, string Id, string Type, string Url, ImmutableArray<string> KeyVariables, int Weight, ManagedPrice? Price);

/// <summary>For a million tokens each.</summary>
public sealed record ManagedPrice(decimal Input, decimal CachedInput, decimal Output);

/// <param name="KeyVariable">The name of the variable, never its value; "": the provider takes no key.</param>
/// <param name="State">"in use", "resting", "missing" (its variable is not set).</param>
/// <param name="RestsForSeconds">Null: it does not rest, or until the list is read again.</param>
/// <param name="Reason">Why it rests or rested last: "rate", "quota", "refused", "broken", "missing"; null: it never did.</param>
public sealed record ManagedProviderKey(string Provider, string KeyVariable, string Model, string Url, string State, double? RestsForSeconds, string? Reason, long Calls, long Failures);

public sealed record ProviderList(ImmutableArray<ManagedModel> Models, ImmutableArray<ManagedProviderKey> Keys);

/// <summary>A sum. What it is not divided by is null.</summary>
public sealed record ManagedUsage(DateOnly? Day, string? Model, string? User, string? Key, long Calls, long Failures, long PromptTokens, long CompletionTokens, long TotalTokens, decimal Cost);

public sealed record UsageList(DateOnly Since, ImmutableArray<ManagedUsage> Usage);

/// <param name="Has">"context", "prompt", "config".</param>
/// <param name="Calls">Since the first of the month.</param>
public sealed record ManagedUser(string Id, ImmutableArray<string> Has, long Calls, long TotalTokens, decimal Cost);

/// <param name="Total">Of all users.</param>
/// <param name="After">What the next page is asked for with; null: this is the last one.</param>
public sealed record UserList(ImmutableArray<ManagedUser> Users, int Total, string? After);

/// <param name="State">"running", "done", "failed", "cancelled", "interrupted".</param>
/// <param name="Length">UTF-16 units of the answer so far.</param>
/// <param name="IsHere">It runs in the process that was asked, and can be cancelled there.</param>
public sealed record ManagedTask(
    string Id, string User, string? Branch, string ModelType, string? Key, string State, int Length, bool IsHere, string? Problem, DateTimeOffset Started, DateTimeOffset? Ended);

public sealed record TaskList(ImmutableArray<ManagedTask> Tasks);

/// <param name="Model">A type, or an id.</param>
public sealed record TestOrder(string Model);

/// <param name="Milliseconds">From the request to the whole answer.</param>
/// <param name="Answer">Its beginning.</param>
/// <param name="Problem">Null: it answers.</param>
public sealed record TestResult(string Model, bool Ok, long Milliseconds, string? Provider = null, string? ModelId = null, string? Url = null, string? Answer = null, string? Problem = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(KeyList))]
[JsonSerializable(typeof(CreatedKey))]
[JsonSerializable(typeof(KeyOrder))]
[JsonSerializable(typeof(ProviderList))]
[JsonSerializable(typeof(UsageList))]
[JsonSerializable(typeof(UserList))]
[JsonSerializable(typeof(TaskList))]
[JsonSerializable(typeof(TestOrder))]
[JsonSerializable(typeof(TestResult))]
public sealed partial class ManageJson : JsonSerializerContext;
