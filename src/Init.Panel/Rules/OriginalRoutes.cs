using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Init.Admin.Http;
using Init.Routing.Json;
using Init.Routing.Rules;
using Init.Routing.Store;
using Microsoft.AspNetCore.Http;

namespace Init.Panel.Rules;

/// <param name="Ok">True; left out with an error.</param>
/// <param name="Error">In the original's words where it has some.</param>
/// <param name="Problems">What is wrong, with <paramref name="Error"/>.</param>
/// <param name="Notes">What was changed on the way, with <paramref name="Ok"/>.</param>
internal sealed record OriginalReply(bool? Ok = null, string? Error = null, IReadOnlyList<RuleProblemBody>? Problems = null, IReadOnlyList<RuleProblemBody>? Notes = null);

/// <summary><c>/admin/routes.json</c> as the original has it, for its page and for people's scripts. Whoever gets here has given the password.</summary>
internal sealed class OriginalRoutes(RulesServices services)
{
    public const string Path = "/admin/routes.json";

    private const string JsonType = "application/json; charset=utf-8";

    public Task AnswerAsync(HttpContext context)
    {
        RulesCall call = new(context, services);
        if (HttpMethods.IsGet(context.Request.Method))
            return ListAsync(call);
        if (HttpMethods.IsPost(context.Request.Method))
            return SaveAsync(call);

        context.Response.Headers.Allow = "GET, POST";
        return AnswerAsync(context, new OriginalReply(Error: "method not allowed"), StatusCodes.Status405MethodNotAllowed);
    }

    /// <summary>All keys, also those that the original does not know.</summary>
    private static async Task ListAsync(RulesCall call)
    {
        using MemoryStream body = new();
        using (Utf8JsonWriter writer = new(body, new JsonWriterOptions { Encoder = RulesJson.Encoder }))
        {
            RouteConfiguration configuration = call.InForce.State.Configuration;
            writer.WriteStartObject();
            writer.WriteString("default_backend", configuration.DefaultBackend ?? ""); // Which a POST leaves as it is.
            writer.WriteStartArray("rules");
            foreach (RouteRule rule in configuration.Rules)
                RuleWriter.Write(writer, rule);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        body.WriteByte((byte)'\n');
        await TextReply.WriteAsync(call.Context, JsonType, body.ToArray());
    }

    private static async Task SaveAsync(RulesCall call)
    {
        ReadOnlyMemory<byte> body = await call.BodyAsync(RuleLimits.DocumentBytesMax);
        if (ShapeProblem(body) is { } shape)
        {
            await AnswerAsync(call.Context, new OriginalReply(Error: shape), StatusCodes.Status400BadRequest);
            return;
        }

        RouteCommandResult result = await call.Services.Keeper.CarryOutAsync(new RouteCommand.SaveFromOriginal(body), call.Origin, call.Gone);
        var (reply, status) = result switch
        {
            RouteCommandResult.Done(_, _, var notes) => (new OriginalReply(Ok: true, Notes: notes.IsEmpty ? null : RulesCall.Bodies(notes)), StatusCodes.Status200OK),
            RouteCommandResult.Invalid(var problems) => (new OriginalReply(Error: Summary(problems), Problems: RulesCall.Bodies(problems)), StatusCodes.Status400BadRequest),
            RouteCommandResult.Conflict => (new OriginalReply(Error: "somebody else was faster; load the rules again"), StatusCodes.Status412PreconditionFailed),
            RouteCommandResult.NotSaved(var why) => (new OriginalReply(Error: $"nothing was changed: {why}"), StatusCodes.Status507InsufficientStorage),
            _ => throw new InvalidOperationException($"{result} is no answer to this command"),
        };
        await AnswerAsync(call.Context, reply, status);
    }

    /// <summary>What the original itself finds, in its words; null: nothing.</summary>
    private static string? ShapeProblem(ReadOnlyMemory<byte> body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return "invalid json";

            // An empty list is {} in Lua's JSON.
            bool hasRules = document.RootElement.TryGetProperty("rules", out JsonElement rules);
            return !hasRules || rules.ValueKind == JsonValueKind.Array || (rules.ValueKind == JsonValueKind.Object && !rules.EnumerateObject().Any()) ? null : "rules must be array";
        }
        catch (JsonException)
        {
            return "invalid json";
        }
    }

    /// <summary>The original's page shows this text and nothing else.</summary>
    private static string Summary(ImmutableArray<RuleProblem> problems)
    {
        StringBuilder text = new("nothing was changed: ");
        text.Append(problems[0]);
        if (problems.Length > 1)
            text.Append(CultureInfo.InvariantCulture, $"; and {problems.Length - 1} more");
        return text.ToString();
    }

    private static Task AnswerAsync(HttpContext context, OriginalReply reply, int status) =>
        TextReply.WriteAsync(context, JsonType, JsonSerializer.Serialize(reply, RulesJson.Readable.OriginalReply) + "\n", status);
}
