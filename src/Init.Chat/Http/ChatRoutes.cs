using Init.Chat.Http.Endpoints;
using Init.Chat.Manage;
using Init.Chat.Metrics;
using Init.Chat.OpenAi;
using Init.Chat.Store;

namespace Init.Chat.Http;

/// <summary>Which endpoint has which path. To add a group: write its file and its line here.</summary>
public static class ChatRoutes
{
    public static ChatRouter Create()
    {
        ChatRouter router = new();
        router.Map("GET", "/healthz", call => ChatReply.TextAsync(call, "ok\n"), RouteAccess.Anyone);
        CompletionEndpoint.Map(router);
        RenderEndpoint.Map(router);
        Endpoints.TaskEndpoints.Map(router);
        new BranchEndpoints(ItemKind.Context, "context", "Context").Map(router);
        new BranchEndpoints(ItemKind.Prompt, "prompt", "Prompt").Map(router);
        new BranchEndpoints(ItemKind.Config, "config", "Config").Map(router);
        ContextEndpoints.Map(router);
        PromptEndpoints.Map(router);
        ConfigEndpoints.Map(router);
        VariableEndpoints.Map(router);
        ArchiveEndpoint.Map(router);
        CallLogEndpoints.Map(router);
        AdminEndpoints.Map(router);
        DocumentEndpoints.Map(router);
        MetricsEndpoint.Map(router, OpenAiRoutes.Map(router));
        ManageRoutes.Map(router);
        return router;
    }
}
