using Init.Admin.Rest;
using Init.Panel.Backup;
using Init.Panel.Chat;
using Init.Panel.Live;
using Init.Panel.Rules;
using Init.Panel.SignIn;
using Init.Routing.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Init.Panel;

/// <summary>Every path of the panel's interface, and who answers it.</summary>
internal static class PanelRoutes
{
    public const string Root = "/admin/api/v1";

    public static void Map(IEndpointRouteBuilder routes, PanelServices panel, PanelGate gate)
    {
        RestRoutes.Map(routes, Root, panel.Admin with { Document = new Lazy<byte[]>(OpenApiDocument.OfPanel) }, panel.Events);
        new SessionsApi(panel.Access, gate, panel.Admin.Version).Map(routes, Root);
        new PasswordApi(panel.Access).Map(routes, Root);
        new TokensApi(panel.Access, panel.Access.Clock).Map(routes, Root);

        RouteKeeper rules = panel.Rules.Keeper;
        LiveHub live = new(panel.Admin.Backend, panel.Events, () => rules.InForce.State.Revision, panel.Backup, panel.Access.Clock);
        rules.Changed += (_, _) => live.TellOfRoutes();
        routes.MapGet(Root + "/live", new LiveApi(live, panel.Access, panel.Access.Clock, panel.Admin.Ending).FollowAsync);
        if (panel.Backup is { } backup)
            new BackupApi(backup, panel.Access.Clock, panel.Admin.Ending).Map(routes, Root);
        if (panel.Chat is { } chat)
            new ChatApi(chat).Map(routes, Root);
        RulesRoutes.Map(routes, Root, panel.Rules);
        routes.Map(OriginalRoutes.Path, new OriginalRoutes(panel.Rules).AnswerAsync);
    }
}
