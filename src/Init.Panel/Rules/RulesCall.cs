using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Init.Admin.Http;
using Init.Admin.Http.Access;
using Init.Routing.Json;
using Init.Routing.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Init.Panel.Rules;

/// <summary>One request about the rules on its way: reading its body and its conditions, answering. Methods that give null have answered already.</summary>
internal sealed class RulesCall(HttpContext context, RulesServices services)
{
    public HttpContext Context { get; } = context;

    public RulesServices Services { get; } = services;

    public CancellationToken Gone => Context.RequestAborted;

    /// <summary>What holds from the beginning of the answer to its end, whatever happens meanwhile.</summary>
    public RoutesInForce InForce { get; } = services.Keeper.InForce;

    /// <summary>As it is in the path; an id may have a slash in it, which the server leaves encoded.</summary>
    public string Id
    {
        get
        {
            string target = Context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
            const string Before = "/routes/rules/";
            int at = target.IndexOf(Before, StringComparison.Ordinal);
            if (at < 0)
                return (string?)Context.Request.RouteValues["id"] ?? "";

            ReadOnlySpan<char> rest = target.AsSpan(at + Before.Length);
            int end = rest.IndexOfAny('/', '?');
            return Uri.UnescapeDataString((end < 0 ? rest : rest[..end]).ToString());
        }
    }

    public CommandContext Origin => new(
        Context.Features.Get<Caller>()?.Name ?? (Context.Features.Get<PanelClient>()?.Address is { } address ? $"panel, {address}" : "panel"),
        Services.Time.GetUtcNow(),
        IfMatch);

    /// <summary>The revision that the change was decided by. A tag that is none of ours is one that nobody has.</summary>
    private long? IfMatch
    {
        get
        {
            if (Context.Request.Headers.IfMatch.Count == 0)
                return null;

            IList<EntityTagHeaderValue> tags = EntityTagHeaderValue.TryParseList(Context.Request.Headers.IfMatch!, out IList<EntityTagHeaderValue>? parsed) ? parsed : [];
            if (tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any)))
                return null;

            long[] revisions = [.. tags.Where(tag => !tag.IsWeak).Select(RevisionOf)];
            long present = Services.Keeper.InForce.State.Revision;
            return revisions.Contains(present) ? present : revisions.FirstOrDefault(-1);
        }
    }

    /// <summary>The whole body. Too large a one is refused by the server, with 413.</summary>
    public async Task<ReadOnlyMemory<byte>> BodyAsync(int bytesMax)
    {
        if (Context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = bytesMax;

        using MemoryStream body = new();
        await Context.Request.Body.CopyToAsync(body, Gone);
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    /// <param name="type">Of the body.</param>
    /// <param name="bytesMax">Of its text.</param>
    /// <param name="whenEmpty">What no body stands for; null: there has to be one.</param>
    public async Task<T?> BodyAsync<T>(JsonTypeInfo<T> type, int bytesMax = HttpLimits.RestBodyBytesMax, T? whenEmpty = null) where T : class
    {
        ReadOnlyMemory<byte> body = await BodyAsync(bytesMax);
        if (body.IsEmpty && whenEmpty is not null)
            return whenEmpty;

        try
        {
            if (JsonSerializer.Deserialize(body.Span, type) is { } value)
                return value;

            await RefuseAsync(StatusCodes.Status400BadRequest, "the body is null, and an object is needed");
        }
        catch (JsonException exception)
        {
            await RefuseAsync(StatusCodes.Status400BadRequest, $"cannot read the body: {exception.Message}");
        }

        return null;
    }

    /// <summary>Carries it out and answers.</summary>
    public async Task ChangeAsync(RouteCommand command, int status = StatusCodes.Status200OK)
    {
        RouteCommandResult result = await Services.Keeper.CarryOutAsync(command, Origin, Gone);
        if (result is not RouteCommandResult.Done(var state, var id, var notes))
        {
            await RefuseAsync(result);
            return;
        }

        RuleBody? rule = id is not null && state.Configuration.IndexOf(id) is >= 0 and var index ? new RuleBody(state.Configuration.Rules[index]) : null;
        if (status == StatusCodes.Status201Created)
            Context.Response.Headers.Location = $"{Context.Request.Path}/{Uri.EscapeDataString(id!)}";
        await AnswerAsync(new ChangeReply(state.Revision, rule, notes.IsEmpty ? null : Bodies(notes)), RulesJson.Readable.ChangeReply, state, status);
    }

    /// <summary>For commands that have not been done.</summary>
    public Task RefuseAsync(RouteCommandResult result)
    {
        switch (result)
        {
            case RouteCommandResult.Invalid(var problems):
                return RefuseAsync(NewProblem(StatusCodes.Status422UnprocessableEntity, $"nothing was changed: {problems[0]}") with { Code = "invalid_rules", Problems = Bodies(problems) });
            case RouteCommandResult.Conflict(var present):
                Context.Response.Headers.ETag = $"\"{present}\"";
                return RefuseAsync(NewProblem(StatusCodes.Status412PreconditionFailed, $"somebody else was faster: the rules are at revision {present} now") with { Code = "conflict", Revision = present });
            case RouteCommandResult.NotFound(var id):
                return RefuseUnknownAsync(id);
            case RouteCommandResult.NotSaved(var why):
                return RefuseAsync(NewProblem(StatusCodes.Status507InsufficientStorage, $"nothing was changed: {why}") with { Code = "not_saved" });
            default:
                throw new ArgumentException($"{result} is not refused", nameof(result));
        }
    }

    public Task RefuseUnknownAsync(string id) => RefuseAsync(NewProblem(StatusCodes.Status404NotFound, $"there is no rule \"{id}\"") with { Code = "unknown_rule" });

    public Task RefuseAsync(int status, string detail) => RefuseAsync(NewProblem(status, detail));

    /// <summary>An answer that follows from the revision alone: who has it already is told so.</summary>
    public Task AnswerAsync<T>(T value, JsonTypeInfo<T> type)
    {
        if (!HasItAlready)
            return AnswerAsync(value, type, InForce.State);

        Context.Response.StatusCode = StatusCodes.Status304NotModified;
        Mark(InForce.State);
        return Task.CompletedTask;
    }

    /// <summary>An answer that is new each time.</summary>
    public Task AnswerAsync<T>(T value, JsonTypeInfo<T> type, RouteState state, int status = StatusCodes.Status200OK)
    {
        Mark(state);
        return TextReply.WriteAsync(Context, "application/json", JsonSerializer.SerializeToUtf8Bytes(value, type), status);
    }

    public Task AnswerFileAsync(byte[] content, string name)
    {
        Mark(InForce.State);
        Context.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}\"";
        return TextReply.WriteAsync(Context, "application/json", content);
    }

    public static RuleProblemBody[] Bodies(ImmutableArray<RuleProblem> problems) =>
        [.. problems.Select(problem => new RuleProblemBody(problem.RuleId, problem.RuleIndex, problem.Field, problem.Message, problem.Remedy))];

    private bool HasItAlready =>
        Context.Request.Headers.IfNoneMatch.Count > 0
        && EntityTagHeaderValue.TryParseList(Context.Request.Headers.IfNoneMatch!, out IList<EntityTagHeaderValue>? tags)
        && tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || RevisionOf(tag) == InForce.State.Revision);

    private static long RevisionOf(EntityTagHeaderValue tag) =>
        long.TryParse(tag.Tag.AsSpan().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out long revision) ? revision : -1;

    private void Mark(RouteState state)
    {
        Context.Response.Headers.ETag = state.ETag;
        if (Context.Response.Headers.CacheControl.Count == 0)
            Context.Response.Headers.CacheControl = "no-cache"; // May be kept, and is asked for again each time.
    }

    private Task RefuseAsync(RulesProblem problem) =>
        TextReply.WriteAsync(Context, "application/problem+json", JsonSerializer.SerializeToUtf8Bytes(problem, RulesJson.Readable.RulesProblem), problem.Status);

    private static RulesProblem NewProblem(int status, string detail) => new() { Status = status, Title = ReasonPhrases.GetReasonPhrase(status), Detail = detail };
}
