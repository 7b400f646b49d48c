using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Init.Gateway.Forwarding;

/// <summary>What a client gets instead of a backend's answer: a small page for people, an object for programs.</summary>
internal static class ErrorPage
{
    /// <param name="context">Its response has not begun.</param>
    /// <param name="status">400 to 599.</param>
    /// <param name="detail">For people, whoever they are: nothing that only the operator may know.</param>
    /// <param name="closes">Whether the connection ends with it.</param>
    public static async Task WriteAsync(HttpContext context, int status, string detail, bool closes = false)
    {
        string title = ReasonPhrases.GetReasonPhrase(status);
        bool isPage = context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
        byte[] body = isPage ? Page(status, title, detail) : Json(status, title, detail);

        HttpResponse response = context.Response;
        response.Clear();
        response.StatusCode = status;
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        if (closes)
            response.Headers.Connection = "close";
        if (isPage)
            response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
        response.Headers[HeaderNames.ContentType] = isPage ? "text/html; charset=utf-8" : "application/problem+json";
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static byte[] Page(int status, string title, string detail) => Encoding.UTF8.GetBytes($$"""
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{status}} {{Encoded(title)}}</title>
        <style>:root { color-scheme: light dark } body { font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto 0; padding: 0 1rem } h1 { font-size: 1.25rem }</style></head>
        <body><h1>{{status}} {{Encoded(title)}}</h1><p>{{Encoded(detail)}}</p></body>
        </html>

        """);

    private static string Encoded(string text) => HtmlEncoder.Default.Encode(text);

    /// <summary>Problem details (RFC 9457).</summary>
    private static byte[] Json(int status, string title, string detail)
    {
        using MemoryStream body = new();
        using (Utf8JsonWriter json = new(body))
        {
            json.WriteStartObject();
            json.WriteString("title", title);
            json.WriteNumber("status", status);
            json.WriteString("detail", detail);
            json.WriteEndObject();
        }

        return body.ToArray();
    }
}
