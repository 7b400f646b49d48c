using System.Text;
using Microsoft.AspNetCore.Http;

namespace Fake;

/// <summary>Answers that are none, in the words of real providers.</summary>
internal static class FakeRefusal
{
    public static async Task WriteAsync(HttpContext context, FakeScript script, FakeRequest request)
    {
        context.Response.StatusCode = script.Status;
        if (script.Retry is { } retry)
            context.Response.Headers.RetryAfter = retry.StartsWith("date:", StringComparison.Ordinal) ? DateTimeOffset.UtcNow.AddSeconds(double.Parse(retry[5..])).ToString("r") : retry;
        if (script.RetryMs is { } milliseconds)
            context.Response.Headers["retry-after-ms"] = milliseconds;
        string body = script.Body switch
        {
            "empty" => "",
            "html" => "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>",
            "quota-day" => Google("Quota exceeded for quota metric 'Generate requests' and limit 'GenerateRequestsPerDayPerProjectPerModel-FreeTier'", "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "37s"),
            "quota-minute" => Google("You exceeded your current quota, please check your plan and billing details", "GenerateRequestsPerMinutePerProjectPerModel-FreeTier", "1s"),
            "insufficient_quota" => """{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}""",
            "google-key" => """[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}]""",
            "quotes-key" => $$$"""{"error":{"message":"Incorrect API key provided: {{{request.Key}}} ({{{request.Key[..Math.Min(9, request.Key.Length)]}}}****). You can find your key elsewhere.","type":"invalid_request_error","code":"invalid_api_key"}}""",
            "error" => $$$"""{"error":{"message":"it went wrong","code":"{{{script.ErrorCode}}}"}}""",
            _ => $$$"""{"error":{"message":"refused with {{{script.Status}}}","type":"fake_error","param":null,"code":null}}""",
        };
        context.Response.ContentType = script.Body == "html" ? "text/html" : script.As == "events" ? "text/event-stream" : "application/json";
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body), context.RequestAborted);
    }

    private static string Google(string message, string quota, string delay) =>
        $$$"""[{"error":{"code":429,"message":"{{{message}}}","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"{{{quota}}}"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"{{{delay}}}"}]}}]""";
}
