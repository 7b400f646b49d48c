using Init.Chat.Http;

namespace Init.Chat.Manage;

/// <summary>Everything below /manage: for the panel and the command line, by the socket of administration only.</summary>
internal static class ManageRoutes
{
    public static void Map(ChatRouter router)
    {
        ManageKeys.Map(router);
        ManageProviders.Map(router);
        ManageUsage.Map(router);
        ManageTasks.Map(router);
        ManageCalls.Map(router);
    }
}
