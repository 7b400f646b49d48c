using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Init.Admin.Http;
using Init.Control;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace Init.Admin.Rest;

/// <summary>One request of the REST interface on its way: reading its body, asking the supervisor, answering. Methods that give null have answered already.</summary>
internal sealed class RestCall(HttpContext context, AdminServices services)
{
    public HttpContext Context { get; } = context;

    public AdminServices Services { get; } = services;

    public CancellationToken Gone => Context.RequestAborted;

    public string Route(string key) => (string?)Context.Request.RouteValues[key] ?? "";

    /// <summary>The whole answer, when the supervisor gives one of this kind.</summary>
    public async Task<T?> AskAsync<T>(ControlRequest request) where T : ControlResult
    {
        switch (await Services.Backend.AskAsync(request, cancellation: Gone))
        {
            case ControlAnswer.Done(T result):
                return result;
            case ControlAnswer.Refused(var error):
                await RefuseAsync(error);
                return null;
            case ControlAnswer.Lost(var why):
                await ProblemAsync(StatusCodes.Status503ServiceUnavailable, $"cannot reach the supervisor: {why}");
                return null;
            default:
                await ProblemAsync(StatusCodes.Status502BadGateway, "the supervisor's answer is of another kind");
                return null;
        }
    }

    /// <summary>Carries out what is answered with outcomes, and answers: 200 when all of them are what was asked for, else a problem that lists them.</summary>
    public async Task CarryOutAsync(ControlRequest request)
    {
        List<ControlItem.Outcome> outcomes = [];
        ControlAnswer answer = await Services.Backend.AskAsync(
            request,
            item =>
            {
                if (item is ControlItem.Outcome outcome)
                    outcomes.Add(outcome);
                return default;
            },
            cancellation: Gone);
        switch (answer)
        {
            case ControlAnswer.Refused(var error):
                await RefuseAsync(error);
                break;
            case ControlAnswer.Lost(var why):
                await ProblemAsync(StatusCodes.Status503ServiceUnavailable, $"cannot reach the supervisor: {why}");
                break;
            default:
                await AnswerOutcomesAsync(request, outcomes);
                break;
        }
    }

    private Task AnswerOutcomesAsync(ControlRequest request, List<ControlItem.Outcome> outcomes)
    {
        List<ControlItem.Outcome> failed = outcomes.FindAll(outcome => !OutcomeCode.IsSuccess(outcome.Code, request.Op));
        if (failed.Count == 0)
            return AnswerAsync(new OutcomeList(outcomes), RestJson.Default.OutcomeList);

        ControlItem.Outcome first = failed[0];
        int status = outcomes.TrueForAll(outcome => outcome.Code == OutcomeCode.UnknownProgram) ? StatusCodes.Status404NotFound : StatusCodes.Status409Conflict;
        return ProblemReply.WriteAsync(Context, NewProblem(status, $"cannot {request.Op} {first.Name}: {first.Message ?? first.Code}") with { Code = first.Code, Outcomes = outcomes });
    }

    /// <summary>The body, or what an empty one stands for.</summary>
    public async Task<T?> BodyAsync<T>(JsonTypeInfo<T> type, T whenEmpty) where T : class
    {
        if (Context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = HttpLimits.RestBodyBytesMax;

        using MemoryStream body = new();
        await Context.Request.Body.CopyToAsync(body, Gone);
        if (body.Length == 0)
            return whenEmpty;

        try
        {
            return JsonSerializer.Deserialize(body.GetBuffer().AsSpan(0, (int)body.Length), type) ?? whenEmpty;
        }
        catch (JsonException exception)
        {
            await ProblemAsync(StatusCodes.Status400BadRequest, $"cannot read the body: {exception.Message}");
            return null;
        }
    }

    public Task AnswerAsync<T>(T value, JsonTypeInfo<T> type) => TextReply.WriteAsync(Context, "application/json", JsonSerializer.SerializeToUtf8Bytes(value, type));

    public Task ProblemAsync(int status, string detail) => ProblemReply.WriteAsync(Context, NewProblem(status, detail));

    public Task RefuseAsync(ControlError error) => ProblemReply.WriteAsync(
        Context, NewProblem(StatusOf(error.Code), error.Message) with { Code = error.Code, Hint = error.Hint, Problems = error.Problems });

    /// <summary>Every code that the supervisor has for an error, as HTTP has it.</summary>
    internal static int StatusOf(string code) => code switch
    {
        ErrorCode.BadRequest => StatusCodes.Status400BadRequest,
        ErrorCode.Forbidden => StatusCodes.Status403Forbidden,
        ErrorCode.UnknownProgram or ErrorCode.UnknownGroup or ErrorCode.NoLog => StatusCodes.Status404NotFound,
        ErrorCode.AmbiguousName or ErrorCode.NotRunning or ErrorCode.NoInput or ErrorCode.AlreadyAdded or ErrorCode.StillRunning or ErrorCode.Failed =>
            StatusCodes.Status409Conflict,
        ErrorCode.TooLarge => StatusCodes.Status413PayloadTooLarge,
        ErrorCode.InvalidConfig => StatusCodes.Status422UnprocessableEntity,
        ErrorCode.TooManyRequests or ErrorCode.TooManyConnections or ErrorCode.TimedOut or ErrorCode.ShuttingDown => StatusCodes.Status503ServiceUnavailable,
        ErrorCode.UnknownOp or ErrorCode.UnsupportedVersion => StatusCodes.Status501NotImplemented,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static Problem NewProblem(int status, string detail) => new() { Status = status, Title = ReasonPhrases.GetReasonPhrase(status), Detail = detail };
}
