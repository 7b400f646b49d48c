using Init.Admin.Rest;
using Microsoft.AspNetCore.Http;

namespace Init.Panel;

/// <summary>Stands before every route of the panel: who asks, and whether he has meant it.</summary>
internal static class PanelGate
{
    public static Task PassAsync(HttpContext context, RequestDelegate next) =>
        ProblemReply.WriteAsync(context, new Problem { Title = "Unauthorized", Status = StatusCodes.Status401Unauthorized, Code = "not_signed_in", Detail = "sign in first" });
}
