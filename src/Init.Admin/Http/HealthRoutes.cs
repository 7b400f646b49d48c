using Init.Control;
using Microsoft.AspNetCore.Http;

namespace Init.Admin.Http;

/// <summary><c>/healthz</c>: the gateway lives. <c>/readyz</c>: every critical program is ready. One word each, for nobody has to say who he is.</summary>
internal sealed class HealthRoutes(AdminServices services)
{
    public static Task LivesAsync(HttpContext context) => TextReply.WriteAsync(context, "text/plain", "ok\n");

    public async Task IsReadyAsync(HttpContext context)
    {
        ControlAnswer answer = await services.Backend.AskAsync(new ControlRequest.Status([], Usage: false), cancellation: context.RequestAborted);
        bool isReady = answer is ControlAnswer.Done(ControlResult.Status(var programs, _)) && programs.All(program => !program.Critical || program.Ready);
        await TextReply.WriteAsync(
            context, "text/plain", isReady ? "ready\n" : "not ready\n", isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}
