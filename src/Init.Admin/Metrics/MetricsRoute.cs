using Init.Admin.Http;
using Init.Control;
using Microsoft.AspNetCore.Http;

namespace Init.Admin.Metrics;

/// <summary><c>GET /metrics</c>.</summary>
internal sealed class MetricsRoute(AdminServices services)
{
    private const string Prometheus = "text/plain; version=0.0.4; charset=utf-8";
    private const string OpenMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    public async Task AnswerAsync(HttpContext context)
    {
        ControlAnswer answer = await services.Backend.AskAsync(new ControlRequest.Metrics(), cancellation: context.RequestAborted);
        if (answer is not ControlAnswer.Done(ControlResult.Metrics metrics))
        {
            await ErrorReply.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "the supervisor cannot be reached");
            return;
        }

        bool isOpenMetrics = context.Request.Headers.Accept.ToString().Contains("application/openmetrics-text", StringComparison.OrdinalIgnoreCase);
        await TextReply.WriteAsync(context, isOpenMetrics ? OpenMetrics : Prometheus, MetricFamilies.Write(metrics, services.Version, isOpenMetrics));
    }
}
