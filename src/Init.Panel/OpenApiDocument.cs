using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using Init.Admin.Rest;

namespace Init.Panel;

/// <summary>The description of an interface that is put together from several parts, each described beside its code.</summary>
public static class OpenApiDocument
{
    private const string RulesPart = "openapi-rules.json", SignInPart = "openapi-sign-in.json", BackupPart = "openapi-backup.json", ChatPart = "openapi-chat.json";

    /// <summary>What the administration's sockets answer when there is a public port.</summary>
    public static byte[] OfAdministration() => Compose(RestRoutes.Root, RulesPart);

    /// <summary>What is answered below /admin on the public port.</summary>
    internal static byte[] OfPanel() => Compose(PanelRoutes.Root, RulesPart, SignInPart, BackupPart, ChatPart);

    private static byte[] Compose(string root, params ReadOnlySpan<string> parts)
    {
        JsonObject document = JsonNode.Parse(RestRoutes.ReadDocument())!.AsObject();
        document["servers"] = new JsonArray(new JsonObject { ["url"] = root });
        foreach (string part in parts)
        {
            using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(part) ?? throw new InvalidOperationException($"{part} is not in the binary");
            Merge(document, JsonNode.Parse(stream)!.AsObject());
            if (part == SignInPart)
                document["security"] = new JsonArray(new JsonObject { ["bearer"] = new JsonArray() }, new JsonObject { ["session"] = new JsonArray() });
        }

        return Encoding.UTF8.GetBytes(document.ToJsonString());
    }

    private static void Merge(JsonObject target, JsonObject part)
    {
        foreach (var (key, value) in part.ToArray())
        {
            if (target[key] is JsonObject inner && value is JsonObject more)
            {
                Merge(inner, more);
            }
            else
            {
                part.Remove(key);
                target.Add(key, value); // Throws for what two parts describe.
            }
        }
    }
}
