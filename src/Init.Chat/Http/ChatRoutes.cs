using Init.Chat.Manage;
using Init.Chat.Metrics;
using Init.Chat.OpenAi;

namespace Init.Chat.Http;

/// <summary>Which endpoint has which path. To add a group: write its file and its line here.</summary>
public static class ChatRoutes
{
    public static ChatRouter Create()
    {
        ChatRouter router = new();
        router.Map("GET", "/healthz", call => ChatReply.TextAsync(call, "ok\n"), RouteAccess.Anyone);
        MetricsEndpoint.Map(router, OpenAiRoutes.Map(router));
        ManageRoutes.Map(router);
        return router;
    }
}
