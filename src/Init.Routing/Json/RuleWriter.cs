using System.Buffers;
using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using Init.Base;
using Init.Routing.Rules;

namespace Init.Routing.Json;

/// <summary>Writes what <see cref="RuleReader"/> reads: keys in one fixed order, and none that say what holds without them. The same rules are the same bytes.</summary>
public static class RuleWriter
{
    /// <summary>Texts stay readable in the file; it is never put into HTML as it is.</summary>
    internal static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary><c>{"default_backend": …, "rules": […]}</c></summary>
    public static byte[] ToUtf8(RouteConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return Written(writer =>
        {
            writer.WriteStartObject();
            WriteMembers(writer, configuration);
            writer.WriteEndObject();
        });
    }

    public static byte[] ToUtf8(RouteRule rule) => Written(writer => Write(writer, rule));

    internal static byte[] Written(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, Options))
            write(writer);

        return buffer.WrittenSpan.ToArray();
    }

    internal static void WriteMembers(Utf8JsonWriter writer, RouteConfiguration configuration)
    {
        Text(writer, "default_backend", configuration.DefaultBackend);
        writer.WriteStartArray("rules");
        foreach (RouteRule rule in configuration.Rules)
            Write(writer, rule);
        writer.WriteEndArray();
    }

    public static void Write(Utf8JsonWriter writer, RouteRule rule)
    {
        writer.WriteStartObject();
        writer.WriteString("id", rule.Id);
        if (!rule.Enabled)
            writer.WriteBoolean("enabled", value: false);
        writer.WriteString("action", rule.Action == RuleAction.Redirect ? "redirect" : "proxy");
        writer.WriteNumber("priority", rule.Priority);
        WriteMatch(writer, rule.Match);
        Text(writer, "app_scope", rule.AppScope);
        WriteBackends(writer, rule.Backends);
        Text(writer, "program", rule.Program);
        if (rule.Sticky is { } sticky)
        {
            writer.WriteStartObject("sticky");
            Text(writer, "cookie", sticky.Cookie);
            Text(writer, "header", sticky.Header);
            writer.WriteEndObject();
        }

        if (rule.Health is { } health)
            WriteHealth(writer, health);
        if (rule.StripPrefix)
            writer.WriteBoolean("strip_prefix", value: true);
        List(writer, "set_headers", rule.SetHeaders, header =>
        {
            writer.WriteStartObject();
            writer.WriteString("name", header.Name);
            writer.WriteString("value", header.Value);
            writer.WriteEndObject();
        });
        List(writer, "response_headers", rule.ResponseHeaders, edit =>
        {
            writer.WriteStartObject();
            writer.WriteString("name", edit.Name);
            Text(writer, "value", edit.Value);
            if (edit.Value is null)
                writer.WriteBoolean("remove", value: true);
            writer.WriteEndObject();
        });
        Text(writer, "redirect_to", rule.RedirectTo);
        Text(writer, "redirect_to_prefix", rule.RedirectToPrefix);
        if (rule.Action == RuleAction.Redirect)
            writer.WriteNumber("status", rule.RedirectStatus);
        WriteTimeouts(writer, rule.Timeouts);
        if (rule.BodyLimit is { } limit)
            writer.WriteNumber("body_limit", limit);
        List(writer, "allow", rule.Allow, range => writer.WriteStringValue(range.Text));
        List(writer, "deny", rule.Deny, range => writer.WriteStringValue(range.Text));
        writer.WriteEndObject();
    }

    private static void WriteMatch(Utf8JsonWriter writer, RuleMatch match)
    {
        writer.WriteStartObject("match");
        Text(writer, "host", match.Host);
        Text(writer, "path_equal", match.PathEqual);
        Text(writer, "path_prefix", match.PathPrefix);
        Text(writer, "method", match.Method);
        Text(writer, "referer_substr", match.RefererSubstring);
        Text(writer, "referer_regex", match.RefererRegex);
        List(writer, "headers", match.Headers, condition =>
        {
            writer.WriteStartObject();
            writer.WriteString("name", condition.Name);
            Text(writer, "contains", condition.Contains);
            Text(writer, "regex", condition.Regex);
            writer.WriteEndObject();
        });
        writer.WriteEndObject();
    }

    /// <summary>One backend of weight 1 is written as the original does.</summary>
    private static void WriteBackends(Utf8JsonWriter writer, ImmutableArray<RuleBackend> backends)
    {
        if (backends is [{ Weight: 1 } single])
        {
            writer.WriteString("backend", single.Url);
            return;
        }

        List(writer, "backends", backends, backend =>
        {
            writer.WriteStartObject();
            writer.WriteString("url", backend.Url);
            writer.WriteNumber("weight", backend.Weight);
            writer.WriteEndObject();
        });
    }

    private static void WriteHealth(Utf8JsonWriter writer, BackendHealthPolicy health)
    {
        writer.WriteStartObject("health");
        Text(writer, "path", health.Path);
        writer.WriteString("interval", Durations.Text(health.Interval));
        writer.WriteString("timeout", Durations.Text(health.Timeout));
        writer.WriteNumber("failures", health.Failures);
        writer.WriteNumber("successes", health.Successes);
        writer.WriteString("retry_after", Durations.Text(health.RetryAfter));
        writer.WriteEndObject();
    }

    private static void WriteTimeouts(Utf8JsonWriter writer, RuleTimeouts timeouts)
    {
        if (timeouts == new RuleTimeouts())
            return;

        writer.WriteStartObject("timeouts");
        Text(writer, "connect", timeouts.Connect is { } connect ? Durations.Text(connect) : null);
        Text(writer, "response", timeouts.Response is { } response ? Durations.Text(response) : null);
        Text(writer, "idle", timeouts.Idle is { } idle ? Durations.Text(idle) : null);
        writer.WriteEndObject();
    }

    private static void Text(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
            writer.WriteString(name, value);
    }

    private static void List<T>(Utf8JsonWriter writer, string name, ImmutableArray<T> items, Action<T> write)
    {
        if (items.IsEmpty)
            return;

        writer.WriteStartArray(name);
        foreach (T item in items)
            write(item);
        writer.WriteEndArray();
    }
}
