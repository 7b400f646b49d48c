using Init.Base;
using Init.Control;
using Microsoft.AspNetCore.Http;

namespace Init.Admin.Rest;

/// <summary><c>/programs</c>. A name is that of an instance, or of a program with one or several of them.</summary>
internal static class ProgramsApi
{
    public static async Task ListAsync(RestCall call)
    {
        if (await call.AskAsync<ControlResult.Status>(new ControlRequest.Status([])) is { } status)
            await call.AnswerAsync(new ProgramList(status.Programs), RestJson.Default.ProgramList);
    }

    public static async Task GetAsync(RestCall call)
    {
        string name = call.Route("name");
        if (await call.AskAsync<ControlResult.Status>(new ControlRequest.Status([name])) is not { } status)
            return;

        if (status.Unknown is [var unknown, ..])
            await call.RefuseAsync(new ControlError(ErrorCode.UnknownProgram, $"cannot find program \"{name}\"", unknown.Hint));
        else if (status.Programs is [var program])
            await call.AnswerAsync(program, RestJson.Default.ProgramStatus);
        else
            await call.RefuseAsync(new ControlError(
                ErrorCode.AmbiguousName, $"\"{name}\" is several programs", $"name one of {string.Join(", ", status.Programs.Select(one => one.Name))}"));
    }

    public static Task ActAsync(RestCall call, string action) => ActAsync(call, action, [call.Route("name")]);

    public static async Task ActAsync(RestCall call, string action, IReadOnlyList<string> names)
    {
        if (await call.BodyAsync(RestJson.Default.ActionBody, new ActionBody()) is not { } body)
            return;

        await call.CarryOutAsync(action switch
        {
            "start" => new ControlRequest.Start(names, body.Wait),
            "stop" => new ControlRequest.Stop(names, body.Wait),
            _ => new ControlRequest.Restart(names, body.Rolling, body.Wait),
        });
    }

    public static Task SignalAsync(RestCall call) => SignalAsync(call, [call.Route("name")]);

    public static async Task SignalAsync(RestCall call, IReadOnlyList<string> names)
    {
        if (await call.BodyAsync(RestJson.Default.SignalBody, new SignalBody()) is not { } body)
            return;

        if (body.Signal is null || !SignalNames.TryParse(body.Signal, out int number))
            await call.ProblemAsync(StatusCodes.Status400BadRequest, "cannot signal: say which one, as in {\"signal\":\"HUP\"}");
        else
            await call.CarryOutAsync(new ControlRequest.Signal(names, number));
    }

    public static Task ClearLogsAsync(RestCall call) => call.CarryOutAsync(new ControlRequest.Clear([call.Route("name")]));

    public static async Task ExplainAsync(RestCall call)
    {
        if (await call.AskAsync<ControlResult.Explanation>(new ControlRequest.Explain(call.Route("name"))) is { } explanation)
            await call.AnswerAsync(explanation, RestJson.Default.Explanation);
    }

    public static async Task EnvironmentAsync(RestCall call)
    {
        if (await call.AskAsync<ControlResult.EnvironmentOf>(new ControlRequest.Env(call.Route("name"))) is { } environment)
        {
            await call.AnswerAsync(
                new EnvironmentNames(environment.Name, [.. environment.Variables.Select(variable => new EnvironmentName(variable.Name, variable.Secret))]),
                RestJson.Default.EnvironmentNames);
        }
    }
}
