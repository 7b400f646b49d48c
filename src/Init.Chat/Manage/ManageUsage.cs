using System.Collections.Immutable;
using Init.Chat.Http;
using Init.Chat.Store;

namespace Init.Chat.Manage;

/// <summary>/manage/usage and /manage/users</summary>
internal static class ManageUsage
{
    private static readonly string[] Divisions = ["day", "model", "user", "key"];

    /// <summary>Days of a chart.</summary>
    private const int DaysMax = 1000;

    public static void Map(ChatRouter router)
    {
        router.Map("GET", "/manage/usage", UsageAsync, RouteAccess.Administration);
        router.Map("GET", "/manage/users", UsersAsync, RouteAccess.Administration);
    }

    private static async Task UsageAsync(ChatCall call)
    {
        DateOnly today = DateOnly.FromDateTime(call.Services.Time.GetUtcNow().UtcDateTime);
        DateOnly since = ManageRequest.Time(call, "since") is { } time ? DateOnly.FromDateTime(time.UtcDateTime) : today.AddDays(-29);
        if (today.DayNumber - since.DayNumber > DaysMax)
            throw ManageRequest.Wrong($"since: at most {DaysMax} days ago");
        string[] by = (ManageRequest.Text(call, "by") ?? "day,model,user,key").Split(',', StringSplitOptions.TrimEntries);
        if (Array.Find(by, one => !Divisions.Contains(one)) is { } unknown)
            throw ManageRequest.Wrong($"by: \"{unknown}\" is none of {string.Join(", ", Divisions)}");

        ImmutableArray<UsageSum> sums = await call.Services.Store.UsageAsync(new UsageFilter(since, ManageRequest.Text(call, "key"), ManageRequest.Text(call, "user")), call.Gone);
        string? model = ManageRequest.Text(call, "model");
        bool byDay = by.Contains("day"), byModel = by.Contains("model"), byUser = by.Contains("user"), byKey = by.Contains("key");
        IEnumerable<ManagedUsage> usage = sums.Where(sum => model is null || sum.Model == model)
            .GroupBy(sum => (Day: byDay ? sum.Day : (DateOnly?)null, Model: byModel ? sum.Model : null, User: byUser ? sum.UserId : null, Key: byKey ? sum.KeyId ?? "" : null))
            .OrderBy(group => group.Key)
            .Select(group => new ManagedUsage(
                group.Key.Day,
                group.Key.Model,
                group.Key.User,
                group.Key.Key,
                group.Sum(sum => sum.Calls),
                group.Sum(sum => sum.Failures),
                group.Sum(sum => sum.PromptTokens),
                group.Sum(sum => sum.CompletionTokens),
                group.Sum(sum => sum.TotalTokens),
                group.Sum(sum => sum.CostMicros) / 1_000_000m));
        await ManageRequest.WriteAsync(call, new UsageList(since, [.. usage]), ManageJson.Default.UsageList);
    }

    private static async Task UsersAsync(ChatCall call)
    {
        int limit = (int)ManageRequest.Number(call, "limit", 100, ChatLimits.ListMax);
        string after = ManageRequest.Text(call, "after") ?? "";
        SortedDictionary<string, List<string>> has = new(StringComparer.Ordinal);
        foreach ((ItemKind kind, string name) in new[] { (ItemKind.Context, "context"), (ItemKind.Prompt, "prompt"), (ItemKind.Config, "config") })
        {
            foreach (string user in await call.Services.Store.UsersAsync(kind, call.Gone))
            {
                if (!has.TryGetValue(user, out List<string>? kinds))
                    has[user] = kinds = [];
                kinds.Add(name);
            }
        }

        string[] page = [.. has.Keys.SkipWhile(user => string.CompareOrdinal(user, after) <= 0 && after.Length > 0).Take(limit + 1)];
        DateOnly today = DateOnly.FromDateTime(call.Services.Time.GetUtcNow().UtcDateTime);
        ILookup<string, UsageSum> sums = (await call.Services.Store.UsageAsync(new UsageFilter(new DateOnly(today.Year, today.Month, 1)), call.Gone)).ToLookup(sum => sum.UserId, StringComparer.Ordinal);
        ImmutableArray<ManagedUser> users =
        [
            .. page.Take(limit).Select(user => new ManagedUser(
                user, [.. has[user]], sums[user].Sum(sum => sum.Calls), sums[user].Sum(sum => sum.TotalTokens), sums[user].Sum(sum => sum.CostMicros) / 1_000_000m)),
        ];
        await ManageRequest.WriteAsync(call, new UserList(users, has.Count, page.Length > limit ? page[limit - 1] : null), ManageJson.Default.UserList);
    }
}
