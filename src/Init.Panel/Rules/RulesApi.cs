using System.Globalization;
using Init.Routing.Json;
using Init.Routing.Rules;
using Init.Routing.Store;
using Microsoft.AspNetCore.Http;

namespace Init.Panel.Rules;

/// <summary>Reading the rules and changing them. All that is decided is decided by <see cref="RouteStore"/>.</summary>
internal static class RulesApi
{
    /// <summary>Bytes of one rule: more than the most that its limits allow.</summary>
    private const int RuleBytesMax = 4 * 1024 * 1024;

    public static Task ListAsync(RulesCall call)
    {
        RouteState state = call.InForce.State;
        RouteDocument document = new(state.Revision, state.Configuration.DefaultBackend, [.. state.Configuration.Rules.Select(rule => new RuleBody(rule))]);
        return call.AnswerAsync(document, RulesJson.Readable.RouteDocument);
    }

    public static Task GetAsync(RulesCall call)
    {
        RouteConfiguration configuration = call.InForce.State.Configuration;
        return configuration.IndexOf(call.Id) is >= 0 and var index
            ? call.AnswerAsync(new RuleBody(configuration.Rules[index]), RulesJson.Readable.RuleBody)
            : call.RefuseUnknownAsync(call.Id);
    }

    public static async Task ReplaceAllAsync(RulesCall call) =>
        await call.ChangeAsync(new RouteCommand.ReplaceAll(await call.BodyAsync(RuleLimits.DocumentBytesMax), IsWhole: true));

    public static async Task CreateAsync(RulesCall call)
    {
        int? index = null;
        if (call.Context.Request.Query["index"] is { Count: > 0 } text)
        {
            if (!int.TryParse(text.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out int given))
            {
                await call.RefuseAsync(StatusCodes.Status400BadRequest, "index is a number from 0");
                return;
            }

            index = given;
        }

        await call.ChangeAsync(new RouteCommand.Create(await call.BodyAsync(RuleBytesMax), index), StatusCodes.Status201Created);
    }

    public static async Task ReplaceAsync(RulesCall call) => await call.ChangeAsync(new RouteCommand.Replace(call.Id, await call.BodyAsync(RuleBytesMax)));

    public static async Task PatchAsync(RulesCall call) => await call.ChangeAsync(new RouteCommand.Patch(call.Id, await call.BodyAsync(RuleBytesMax)));

    public static Task DeleteAsync(RulesCall call) => call.ChangeAsync(new RouteCommand.Delete(call.Id));

    public static async Task MoveAsync(RulesCall call)
    {
        if (await call.BodyAsync(RulesJson.Readable.MoveBody) is { } body)
            await call.ChangeAsync(new RouteCommand.Move(call.Id, body.Index));
    }

    public static async Task ReorderAsync(RulesCall call)
    {
        if (await call.BodyAsync(RulesJson.Readable.OrderBody, RuleLimits.DocumentBytesMax) is { } body)
            await call.ChangeAsync(new RouteCommand.Reorder([.. body.Ids]));
    }

    public static async Task SetDefaultBackendAsync(RulesCall call)
    {
        if (await call.BodyAsync(RulesJson.Readable.DefaultBackendBody) is { } body)
            await call.ChangeAsync(new RouteCommand.SetDefaultBackend(body.DefaultBackend));
    }

    public static async Task UndoAsync(RulesCall call)
    {
        if (await call.BodyAsync(RulesJson.Readable.UndoBody, whenEmpty: new UndoBody()) is { } body)
            await call.ChangeAsync(new RouteCommand.Undo(body.Revision));
    }

    public static async Task ValidateAsync(RulesCall call)
    {
        RouteCommandResult result = RouteStore.Apply(
            call.InForce.State, new RouteCommand.ReplaceAll(await call.BodyAsync(RuleLimits.DocumentBytesMax), IsWhole: true), call.Origin with { IfMatch = null });
        RuleProblemBody[] problems = result is RouteCommandResult.Invalid invalid ? RulesCall.Bodies(invalid.Problems) : [];
        await call.AnswerAsync(new ValidationReply(problems.Length == 0, problems), RulesJson.Readable.ValidationReply, call.InForce.State);
    }

    public static Task ExportAsync(RulesCall call) => call.AnswerFileAsync(RuleWriter.ToUtf8(call.InForce.State.Configuration), "routes.json");

    public static async Task ImportAsync(RulesCall call)
    {
        RouteCommand.Import import = new(await call.BodyAsync(RuleLimits.DocumentBytesMax));
        bool isDryRun = call.Context.Request.Query["dry_run"] is ["1" or "true"];
        RouteCommandResult result = isDryRun ? RouteStore.Apply(call.InForce.State, import, call.Origin) : await call.Services.Keeper.CarryOutAsync(import, call.Origin, call.Gone);
        if (result is not RouteCommandResult.Done(var state, _, var notes))
        {
            await call.RefuseAsync(result);
            return;
        }

        RouteState present = isDryRun ? call.InForce.State : state;
        await call.AnswerAsync(new ImportReply(present.Revision, RulesCall.Bodies(notes), state.Configuration.Rules.Length), RulesJson.Readable.ImportReply, present);
    }
}
