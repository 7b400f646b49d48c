using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Init.Gateway.Forwarding.Backends;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Init.Gateway.Forwarding;

/// <summary>What a client gets instead of a backend's answer: a small page for people, in the language of their browser, and an object for programs.</summary>
internal static class ErrorPage
{
    /// <param name="context">Its response has not begun.</param>
    /// <param name="status">400 to 599.</param>
    /// <param name="detail">For people, whoever they are: nothing that only the operator may know.</param>
    /// <param name="closes">Whether the connection ends with it.</param>
    public static Task WriteAsync(HttpContext context, int status, string detail, bool closes = false) => WriteAsync(context, status, new Phrase(detail, detail), null, closes);

    /// <param name="context">Its response has not begun.</param>
    /// <param name="status">400 to 599.</param>
    /// <param name="detail">As above.</param>
    /// <param name="program">That is behind it; null when none is known.</param>
    /// <param name="closes">Whether the connection ends with it.</param>
    public static async Task WriteAsync(HttpContext context, int status, Phrase detail, ProgramSituation? program, bool closes = false)
    {
        bool isPage = context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
        byte[] body = isPage ? Page(status, detail, program, IsChinese(context.Request.Headers.AcceptLanguage.ToString())) : Json(status, detail, program);

        HttpResponse response = context.Response;
        response.Clear();
        response.StatusCode = status;
        response.ContentLength = body.Length;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        if (closes)
            response.Headers.Connection = "close";
        if (program is { IsOnItsWay: true })
            response.Headers.RetryAfter = ProgramSituation.RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        if (isPage)
        {
            response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
            response.Headers.Vary = "Accept, Accept-Language";
        }

        response.Headers[HeaderNames.ContentType] = isPage ? "text/html; charset=utf-8" : "application/problem+json";
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>Whether Chinese is liked better than English. Who names neither gets English.</summary>
    internal static bool IsChinese(string acceptLanguage)
    {
        double chinese = 0, english = 0;
        foreach (Range part in acceptLanguage.AsSpan().Split(','))
        {
            ReadOnlySpan<char> language = acceptLanguage.AsSpan(part).Trim();
            int weightAt = language.IndexOf(";q=", StringComparison.OrdinalIgnoreCase);
            double weight = weightAt < 0 ? 1 : double.TryParse(language[(weightAt + 3)..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double given) ? given : 0;
            if (language.StartsWith("zh", StringComparison.OrdinalIgnoreCase))
                chinese = Math.Max(chinese, weight);
            else if (language.StartsWith("en", StringComparison.OrdinalIgnoreCase))
                english = Math.Max(english, weight);
        }

        // With equal weights the first is meant, and browsers write weights: only ties of hand-written headers are decided here.
        return chinese > english || (chinese > 0 && chinese == english && acceptLanguage.TrimStart().StartsWith("zh", StringComparison.OrdinalIgnoreCase));
    }

    private static byte[] Page(int status, Phrase detail, ProgramSituation? program, bool isChinese)
    {
        string title = program is { IsOnItsWay: true } ? isChinese ? "请稍候" : "One moment" : ReasonPhrases.GetReasonPhrase(status);
        string refresh = program is { IsOnItsWay: true }
            ? string.Create(CultureInfo.InvariantCulture, $"<meta http-equiv=\"refresh\" content=\"{ProgramSituation.RetryAfterSeconds}\">")
            : "";
        string[] paragraphs =
        [
            isChinese ? detail.Chinese : detail.English,
            program is null ? "" : isChinese ? program.Words.Chinese : program.Words.English,
            (isChinese ? program?.StatusText?.Chinese : program?.StatusText?.English) ?? "",
            refresh.Length == 0 ? "" : isChinese ? "本页面会自动刷新。" : "This page refreshes by itself.",
        ];
        string text = string.Concat(paragraphs.Where(paragraph => paragraph.Length > 0).Select(paragraph => $"<p>{Encoded(paragraph)}</p>"));
        string bar = program?.Restore?.Fraction is { } fraction
            ? string.Create(CultureInfo.InvariantCulture, $"<progress aria-label=\"{(isChinese ? "恢复进度" : "Progress of the restore")}\" max=\"100\" value=\"{fraction * 100:0.#}\"></progress>")
            : "";
        return Encoding.UTF8.GetBytes($$"""
            <!doctype html>
            <html lang="{{(isChinese ? "zh" : "en")}}">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width">{{refresh}}<title>{{status}} {{Encoded(title)}}</title>
            <style>:root { color-scheme: light dark } body { font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto 0; padding: 0 1rem } h1 { font-size: 1.25rem } progress { width: 100% }</style></head>
            <body><h1>{{status}} {{Encoded(title)}}</h1>{{text}}{{bar}}</body>
            </html>

            """);
    }

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private static string Encoded(string text) => Encoder.Encode(text);

    /// <summary>Problem details (RFC 9457).</summary>
    private static byte[] Json(int status, Phrase detail, ProgramSituation? program)
    {
        using MemoryStream body = new();
        using (Utf8JsonWriter json = new(body))
        {
            json.WriteStartObject();
            json.WriteString("title", ReasonPhrases.GetReasonPhrase(status));
            json.WriteNumber("status", status);
            json.WriteString("detail", program is null ? detail.English : $"{detail.English}: {program.Words.English}");
            if (program is not null)
                WriteMembers(json, program);
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    private static void WriteMembers(Utf8JsonWriter json, ProgramSituation program)
    {
        json.WriteString("program", program.Program);
        json.WriteString("state", program.State);
        if (program.WaitingFor.Count > 0)
        {
            json.WriteStartArray("waiting_for");
            foreach (string name in program.WaitingFor)
                json.WriteStringValue(name);
            json.WriteEndArray();
        }

        if (program.StatusText is { } said)
            json.WriteString("status_text", said.English);
        program.Restore?.Write(json);
        if (program.IsOnItsWay)
            json.WriteNumber("retry_after", ProgramSituation.RetryAfterSeconds);
    }
}
