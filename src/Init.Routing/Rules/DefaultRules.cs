namespace Init.Routing.Rules;

/// <summary>What the gateway starts with: the original's rules without its dead ones, and with app_scope instead of its rules by Referer (docs/decisions/0013).</summary>
public static class DefaultRules
{
    private const string NapCat = "http://127.0.0.1:6099";
    private const string Gemini = "http://127.0.0.1:8000";

    public static RouteConfiguration Configuration { get; } = new(
        "http://127.0.0.1:6185",
        [
            new RouteRule { Id = "proxy-api-ws", Priority = 200, Match = new RuleMatch { PathPrefix = "/api/ws/" }, Backends = [new RuleBackend(NapCat)] },
            Slash("redirect-webui-slash", 200, "/webui"),
            Application("proxy-webui", "webui", NapCat),
            Application("proxy-gemini", "gemini", Gemini),
            Slash("redirect-gemini-slash", 175, "/gemini"),
        ]);

    private static RouteRule Slash(string id, double priority, string path) => new()
    {
        Id = id,
        Action = RuleAction.Redirect,
        Priority = priority,
        Match = new RuleMatch { PathEqual = path },
        RedirectTo = path + "/",
    };

    private static RouteRule Application(string id, string name, string backend) => new()
    {
        Id = id,
        Priority = 180,
        Match = new RuleMatch { PathPrefix = $"/{name}/" },
        AppScope = name,
        Backends = [new RuleBackend(backend)],
        SetHeaders = [new HeaderValue("X-Forwarded-Prefix", "/" + name)],
    };
}
