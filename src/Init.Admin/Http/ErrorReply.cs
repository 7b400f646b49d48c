using System.Text.Encodings.Web;
using Init.Admin.Rest;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Init.Admin.Http;

/// <summary>What is sent instead of what was asked for: problem details (RFC 9457) to clients of the REST interface, supervisord's short page to all others.</summary>
internal static class ErrorReply
{
    public static bool IsApi(HttpRequest request) => request.Path.StartsWithSegments("/api") || request.Path.StartsWithSegments("/admin");

    /// <param name="detail">For people. It may go to a stranger.</param>
    public static async Task WriteAsync(HttpContext context, int status, string detail)
    {
        if (IsApi(context.Request))
        {
            await ProblemReply.WriteAsync(context, new Problem { Status = status, Title = ReasonPhrases.GetReasonPhrase(status), Detail = detail });
            return;
        }

        string message = HtmlEncoder.Default.Encode(ReasonPhrases.GetReasonPhrase(status));
        string page = $"<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n<h1>Error response</h1>\r\n<p>Error code {status}.\r\n<p>Message: {message}.\r\n</body>\r\n";
        await TextReply.WriteAsync(context, "text/html", page, status);
    }
}
