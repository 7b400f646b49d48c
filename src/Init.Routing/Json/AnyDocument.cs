using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Init.Routing.Rules;
using Init.Routing.Store;

namespace Init.Routing.Json;

/// <param name="Configuration">Null: nothing can be taken.</param>
/// <param name="Problems">Why not; or, when it can, what was changed on the way.</param>
internal sealed record ReadDocument(RouteConfiguration? Configuration, ImmutableArray<RuleProblem> Problems);

/// <summary>Reads a document of rules whoever wrote it: strictly, and where that fails and nothing in it shows that it is ours, as the original would.</summary>
internal static class AnyDocument
{
    private static readonly string[] OurKeys =
    [
        "enabled", "app_scope", "backends", "program", "sticky", "health", "strip_prefix", "response_headers", "timeouts", "body_limit", "allow", "deny", "status",
    ];

    /// <summary>A file that somebody has: whatever cannot be taken over as it is, is said.</summary>
    public static ReadDocument Import(ReadOnlyMemory<byte> utf8, RouteConfiguration present)
    {
        if (RouteStateJson.IsOurs(utf8))
        {
            var (state, problems) = RouteStateJson.Read(utf8);
            return state is null ? new ReadDocument(null, problems) : new ReadDocument(state.Configuration, []);
        }

        return Read(utf8, fallback: present, strictFallback: null, mayLose: true);
    }

    /// <summary>What the original's page sends. It sees no notes, so what would lose something is refused.</summary>
    public static ReadDocument Save(ReadOnlyMemory<byte> utf8, RouteConfiguration present) =>
        Read(WithoutEmptyDefaultBackend(utf8), fallback: present, strictFallback: present, mayLose: false);

    private static ReadDocument Read(ReadOnlyMemory<byte> utf8, RouteConfiguration fallback, RouteConfiguration? strictFallback, bool mayLose)
    {
        var (configuration, problems) = RuleReader.ReadConfiguration(utf8, strictFallback);
        if (configuration is not null)
            return new ReadDocument(configuration, []);
        if (HasOurKeys(utf8))
            return new ReadDocument(null, problems);

        var (import, broken) = OriginalConfig.Read(utf8, fallback);
        if (import is null)
            return new ReadDocument(null, broken);
        if (import.LosesSomething && !mayLose)
            return new ReadDocument(null, problems);

        RuleProblem[] ofPassword = import.AdminPassword is null ? [] : [new RuleProblem(null, null, "admin_password", "there is a password", "it is not taken over; change yours in the settings")];
        return new ReadDocument(import.Configuration, [.. ofPassword, .. import.Notes]);
    }

    /// <summary>An empty one leaves the present one as it is.</summary>
    private static ReadOnlyMemory<byte> WithoutEmptyDefaultBackend(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            if (JsonNode.Parse(utf8.Span, documentOptions: RuleReader.Options) is not JsonObject root || !root.TryGetPropertyValue("default_backend", out JsonNode? backend))
                return utf8;
            if (backend is not null && !(backend.GetValueKind() == JsonValueKind.String && backend.GetValue<string>().Length == 0))
                return utf8;

            root.Remove("default_backend");
            return Encoding.UTF8.GetBytes(root.ToJsonString());
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException)
        {
            return utf8; // Whoever reads it will say what is wrong.
        }
    }

    private static bool HasOurKeys(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8, RuleReader.Options);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("rules", out JsonElement rules)
                && rules.ValueKind == JsonValueKind.Array
                && rules.EnumerateArray().Any(rule => rule.ValueKind == JsonValueKind.Object && OurKeys.Any(key => rule.TryGetProperty(key, out _)));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return false; // Whoever reads it will say what is wrong.
        }
    }
}
