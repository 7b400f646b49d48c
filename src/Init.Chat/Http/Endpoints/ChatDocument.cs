using System.Net;
using System.Text;
using System.Text.Json;

namespace Init.Chat.Http.Endpoints;

/// <summary>Makes the OpenAPI document readable: as Markdown, and as a page that needs no script and nothing from elsewhere.</summary>
internal static class ChatDocument
{
    private sealed record Call(string Method, string Path, string Summary, string Inputs);

    public static string Markdown(byte[] openApi)
    {
        var (title, description, calls) = Parse(openApi);
        StringBuilder text = new($"# {title}\n\n{description}\n\n| call | inputs | |\n| --- | --- | --- |\n");
        foreach (Call call in calls)
            text.Append($"| {call.Method} `{call.Path}` | {call.Inputs} | {call.Summary} |\n");
        return text.ToString();
    }

    public static string Page(byte[] openApi)
    {
        var (title, description, calls) = Parse(openApi);
        StringBuilder text = new($$"""
            <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{title}}</title>
            <style>body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #8884;padding:.3rem .6rem .3rem 0;text-align:left;vertical-align:top}code{font:13px ui-monospace,monospace}</style></head>
            <body><h1>{{title}}</h1><p>{{WebUtility.HtmlEncode(description)}} <a href="openapi.json">openapi.json</a></p><table><tr><th>call</th><th>inputs</th><th></th></tr>

            """);
        foreach (Call call in calls)
            text.Append($"<tr><td><code>{call.Method} {WebUtility.HtmlEncode(call.Path)}</code></td><td>{WebUtility.HtmlEncode(call.Inputs)}</td><td>{WebUtility.HtmlEncode(call.Summary)}</td></tr>\n");
        return text.Append("</table></body></html>\n").ToString();
    }

    private static (string Title, string Description, List<Call> Calls) Parse(byte[] openApi)
    {
        using JsonDocument document = JsonDocument.Parse(openApi);
        JsonElement root = document.RootElement, info = root.GetProperty("info");
        List<Call> calls = [];
        foreach (JsonProperty path in root.GetProperty("paths").EnumerateObject())
        {
            foreach (JsonProperty method in path.Value.EnumerateObject())
                calls.Add(new Call(method.Name.ToUpperInvariant(), path.Name, method.Value.GetProperty("summary").GetString()!, string.Join(", ", InputsOf(method.Value))));
        }

        return (info.GetProperty("title").GetString()!, info.GetProperty("description").GetString()!, calls);
    }

    private static IEnumerable<string> InputsOf(JsonElement operation)
    {
        if (operation.TryGetProperty("parameters", out JsonElement parameters))
        {
            foreach (JsonElement parameter in parameters.EnumerateArray().Where(parameter => parameter.GetProperty("in").GetString() != "path"))
                yield return parameter.GetProperty("name").GetString()!;
        }

        if (operation.TryGetProperty("requestBody", out JsonElement body))
        {
            foreach (JsonProperty property in body.GetProperty("content").EnumerateObject().First().Value.GetProperty("schema").GetProperty("properties").EnumerateObject())
                yield return property.Name;
        }
    }
}
