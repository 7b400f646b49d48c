using System.Collections.Immutable;
using Init.Chat.Http;
using Init.Chat.Keys;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Manage;

/// <summary>/manage/keys</summary>
internal static class ManageKeys
{
    public static void Map(ChatRouter router)
    {
        router.Map("GET", "/manage/keys", ListAsync, RouteAccess.Administration);
        router.Map("POST", "/manage/keys", CreateAsync, RouteAccess.Administration);
        router.MapWrite("/manage/keys/{id}", ChangeAsync, RouteAccess.Administration);
        router.Map("DELETE", "/manage/keys/{id}", RevokeAsync, RouteAccess.Administration);
    }

    private static Task ListAsync(ChatCall call) =>
        ManageRequest.WriteAsync(call, new KeyList([.. call.Services.Accounts.Keys.All.OrderBy(key => key.Stored.Created).Select(key => Shown(call, key))]), ManageJson.Default.KeyList);

    private static async Task CreateAsync(ChatCall call)
    {
        KeyOrder order = await ManageRequest.ReadAsync(call, ManageJson.Default.KeyOrder);
        string name = Name(order.Name ?? throw ManageRequest.Wrong("name: is missing"));
        ApiKeyLimits limits = Limits(order.Limits ?? ApiKeyLimits.None);
        if (call.Services.Accounts.Keys.All.Length >= KeyRing.KeysMax)
            throw new RefusedException(StatusCodes.Status409Conflict, $"there are {KeyRing.KeysMax} keys already, revoked ones included");
        NewApiKey made = await call.Services.Accounts.Keys.CreateAsync(name, limits, call.Gone);
        await ManageRequest.WriteAsync(call, new CreatedKey(made.Stored.Id, name, made.Text, limits), ManageJson.Default.CreatedKey, StatusCodes.Status201Created);
    }

    private static async Task ChangeAsync(ChatCall call)
    {
        KeyOrder order = await ManageRequest.ReadAsync(call, ManageJson.Default.KeyOrder);
        ApiKey key = Find(call);
        ApiKeyLimits limits = Limits(order.Limits ?? key.Limits ?? throw ManageRequest.Wrong("limits: those of this key cannot be read, so they must be said anew"));
        if (!await call.Services.Accounts.Keys.LimitAsync(key.Id, order.Name is null ? null : Name(order.Name), limits, call.Gone))
            throw new RefusedException(StatusCodes.Status409Conflict, $"the key {key.Id} has been revoked");
        await WriteAsync(call, key.Id);
    }

    private static async Task RevokeAsync(ChatCall call)
    {
        ApiKey key = Find(call);
        _ = await call.Services.Accounts.Keys.RevokeAsync(key.Id, call.Gone); // It may be revoked already.
        await WriteAsync(call, key.Id);
    }

    private static Task WriteAsync(ChatCall call, string id) =>
        ManageRequest.WriteAsync(call, new KeyList([Shown(call, call.Services.Accounts.Keys.ById(id)!)]), ManageJson.Default.KeyList);

    private static ApiKey Find(ChatCall call) =>
        ApiKeyText.IsId(call.Value("id")) && call.Services.Accounts.Keys.ById(call.Value("id")) is { } key ? key : throw ManageRequest.Missing("there is no key with this id; \"init chat key list\" shows them");

    private static string Name(string name) =>
        name.Trim() is { Length: > 0 and <= KeyRing.NameLengthMax } trimmed && !trimmed.Any(char.IsControl) ? trimmed : throw ManageRequest.Wrong($"name: must have 1 to {KeyRing.NameLengthMax} characters, on one line");

    private static ApiKeyLimits Limits(ApiKeyLimits limits)
    {
        limits = limits with { Users = limits.Users.IsDefault ? [] : limits.Users, Models = limits.Models.IsDefault ? [] : limits.Models };
        ImmutableArray<string> problems = limits.Problems();
        return problems.IsEmpty ? limits : throw ManageRequest.Wrong(string.Join("; ", problems.Select(problem => "limits." + problem)));
    }

    private static ManagedKey Shown(ChatCall call, ApiKey key)
    {
        DateTimeOffset now = call.Services.Time.GetUtcNow();
        KeyUsage used = key.Ledger.Used(DateOnly.FromDateTime(now.UtcDateTime));
        string state = key.Stored.Revoked is not null ? "revoked" : key.Limits is null ? "unreadable" : key.Problem(now) is not null ? "expired" : "valid";
        return new ManagedKey(
            key.Id, key.Stored.Name, state, key.Stored.Created, key.Stored.Revoked, key.Limits, new ManagedKeyUsage(used.DayTokens, used.DayCostMicros / 1_000_000m, used.MonthCostMicros / 1_000_000m));
    }
}
