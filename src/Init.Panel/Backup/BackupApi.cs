using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Init.Admin.Http.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Init.Panel.Backup;

/// <summary><c>/backup/…</c>: how the backup is, what is in it, and back to any of it.</summary>
/// <param name="link">The role.</param>
/// <param name="clock">For the times of restores.</param>
/// <param name="ending">When the gateway is to end.</param>
internal sealed class BackupApi(BackupLink link, TimeProvider clock, CancellationToken ending)
{
    /// <summary>Shorter than the patience of most proxies.</summary>
    public static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(45);

    public const int HistoryMax = 1000, EntriesMax = 10_000, PathsMax = 256, PathCharactersMax = 4096;

    private const int HistoryDefault = 50;

    /// <summary>What is only at the remote is fetched first.</summary>
    private static readonly TimeSpan ListPatience = TimeSpan.FromMinutes(5);

    private readonly BackupRestores _restores = new(link, clock, ending);
    private readonly BackupDownloads _downloads = new(link);

    public void Map(IEndpointRouteBuilder routes, string root)
    {
        routes.MapGet(root + "/backup/status", TellAsync);
        routes.MapPost(root + "/backup/now", BackUpAsync);
        routes.MapGet(root + "/backup/history", HistoryAsync);
        routes.MapGet(root + "/backup/files", FilesAsync);
        routes.MapGet(root + "/backup/diff", DiffAsync);
        routes.MapGet(root + "/backup/content", ContentAsync);
        routes.MapGet(root + "/backup/restore", context => PanelReply.JsonAsync(context, new BackupRestoreView(_restores.Last), BackupJson.Default.BackupRestoreView));
        routes.MapPost(root + "/backup/restore", RestoreAsync);
    }

    private async Task TellAsync(HttpContext context)
    {
        BackupReply reply = await link.AskAsync("status", cancellation: context.RequestAborted);
        switch (reply)
        {
            case BackupReply.Done { Result: { } status }:
                await PanelReply.JsonAsync(context, new BackupSight(true, link.Program, status), BackupJson.Default.BackupSight);
                return;
            case BackupReply.Absent:
                await PanelReply.JsonAsync(context, new BackupSight(false, link.Program), BackupJson.Default.BackupSight);
                return;
            default:
                await BackupReplies.RefuseAsync(context, reply);
                return;
        }
    }

    private async Task BackUpAsync(HttpContext context)
    {
        if (await PanelReply.ReadAsync(context, BackupJson.Default.BackupNowBody, "{} or {\"wait\":true}") is not { } body)
            return;

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(WaitMax);
        bool isDone = body.Wait;
        try
        {
            BackupReply reply = await link.AskAsync("now", json => json.WriteBoolean("wait", body.Wait), patience: WaitMax + WaitMax, cancellation: limit.Token);
            if (reply is not BackupReply.Done)
            {
                await BackupReplies.RefuseAsync(context, reply);
                return;
            }
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            isDone = false; // It goes on, and the status says how far.
        }

        await PanelReply.JsonAsync(context, new BackupNowReply(isDone), BackupJson.Default.BackupNowReply, isDone ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
    }

    private async Task HistoryAsync(HttpContext context)
    {
        int limit = HistoryDefault;
        if (context.Request.Query["limit"] is [{ } text] && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is > 0 and <= HistoryMax))
        {
            await PanelReply.ProblemAsync(context, StatusCodes.Status400BadRequest, "bad_request", $"limit is a number from 1 to {HistoryMax}");
            return;
        }

        if (await ListAsync(context, "history", BackupJson.Default.BackupCommit, HistoryMax, Limits, "path") is not var (items, result))
            return;

        bool isShallow = result is { ValueKind: JsonValueKind.Object } told && told.TryGetProperty("shallow", out JsonElement shallow) && shallow.ValueKind == JsonValueKind.True;
        await PanelReply.JsonAsync(context, new BackupHistory(items, isShallow), BackupJson.Default.BackupHistory);

        void Limits(Utf8JsonWriter json)
        {
            json.WriteNumber("limit", limit);
            if (context.Request.Query["all"] is ["1" or "true"])
                json.WriteBoolean("all", true);
        }
    }

    private async Task FilesAsync(HttpContext context)
    {
        if (await CommitAsync(context, "commit", isNeeded: true) && await ListAsync(context, "files", BackupJson.Default.BackupEntry, EntriesMax, null, "commit", "path") is var (items, result))
            await PanelReply.JsonAsync(context, new BackupListing(items, TotalOf(result, items.Count) > items.Count), BackupJson.Default.BackupListing);
    }

    private async Task DiffAsync(HttpContext context)
    {
        if (!await CommitAsync(context, "from", isNeeded: false) || !await CommitAsync(context, "to", isNeeded: false))
            return;
        if (await ListAsync(context, "diff", BackupJson.Default.BackupChange, EntriesMax, null, "from", "to", "path") is var (items, result))
            await PanelReply.JsonAsync(context, new BackupDifference(items, TotalOf(result, items.Count)), BackupJson.Default.BackupDifference);
    }

    private async Task ContentAsync(HttpContext context)
    {
        // A GET that makes work: a page of somebody else is not to be able to ask for it.
        if (Origins.IsForeign(context.Request, context.Features.GetRequiredFeature<PanelClient>().Host))
            await PanelReply.ProblemAsync(context, StatusCodes.Status403Forbidden, "foreign_page", "the request comes from another site's page");
        else if (await CommitAsync(context, "commit", isNeeded: true))
            await _downloads.SendAsync(context, context.Request.Query["commit"].ToString(), context.Request.Query["path"].ToString());
    }

    private async Task RestoreAsync(HttpContext context)
    {
        if (await PanelReply.ReadAsync(context, BackupJson.Default.BackupRestoreBody, "{\"commit\":\"…\",\"paths\":[\"…\"]}") is not { } body)
            return;

        string? problem = !IsCommit(body.Commit) ? "commit is the hexadecimal name of one"
            : body.Paths.Count is 0 or > PathsMax || body.Paths.Any(path => path.Length > PathCharactersMax) ? $"paths are 1 to {PathsMax} of at most {PathCharactersMax} characters"
            : body.To is { } to && !(to.Length <= PathCharactersMax && to.StartsWith('/')) ? "to is an absolute directory"
            : null;
        if (problem is not null)
            await PanelReply.ProblemAsync(context, StatusCodes.Status400BadRequest, "bad_request", problem);
        else if (_restores.TryBegin(body) is { } begun)
            await PanelReply.JsonAsync(context, new BackupRestoreView(begun), BackupJson.Default.BackupRestoreView, StatusCodes.Status202Accepted);
        else
            await PanelReply.ProblemAsync(context, StatusCodes.Status409Conflict, "restore_running", "a restore is running; wait until it has ended");
    }

    /// <summary>Null means that it has been answered.</summary>
    /// <param name="context">The request.</param>
    /// <param name="op">Of the role.</param>
    /// <param name="type">Of an item.</param>
    /// <param name="itemsMax">What comes beyond is dropped.</param>
    /// <param name="fields">Of the request to the role.</param>
    /// <param name="passedOn">Parameters of the query that it gets as they are.</param>
    private async Task<(List<T> Items, JsonElement? Result)?> ListAsync<T>(
        HttpContext context, string op, JsonTypeInfo<T> type, int itemsMax, Action<Utf8JsonWriter>? fields, params string[] passedOn) where T : class
    {
        List<T> items = [];
        BackupReply reply = await link.AskAsync(
            op,
            json =>
            {
                fields?.Invoke(json);
                foreach (string name in passedOn)
                {
                    if (context.Request.Query[name] is [{ } value])
                        json.WriteString(name, value);
                }
            },
            item =>
            {
                if (items.Count < itemsMax)
                    items.Add(item.Deserialize(type) ?? throw new JsonException("null where an item was due"));
            },
            ListPatience,
            context.RequestAborted);
        if (reply is BackupReply.Done(var result))
            return (items, result);
        await BackupReplies.RefuseAsync(context, reply);
        return null;
    }

    private static long TotalOf(JsonElement? result, int count) =>
        result is { ValueKind: JsonValueKind.Object } told && told.TryGetProperty("total", out JsonElement number) && number.ValueKind == JsonValueKind.Number && number.TryGetInt64(out long total) ? total : count;

    /// <summary>False means that it has been answered.</summary>
    private static async Task<bool> CommitAsync(HttpContext context, string name, bool isNeeded)
    {
        if (context.Request.Query[name] is [{ } value] ? IsCommit(value) : !isNeeded)
            return true;
        await PanelReply.ProblemAsync(context, StatusCodes.Status400BadRequest, "bad_request", $"{name} is the hexadecimal name of a commit");
        return false;
    }

    private static bool IsCommit(string text) => text.Length is >= 7 and <= 64 && text.All(char.IsAsciiHexDigitLower);
}
