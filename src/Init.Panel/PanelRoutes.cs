using Init.Admin.Rest;
using Init.Panel.Rules;
using Init.Panel.SignIn;
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
        new TokensApi(panel.Access, TimeProvider.System).Map(routes, Root);
        RulesRoutes.Map(routes, Root, panel.Rules);
        routes.Map(OriginalRoutes.Path, new OriginalRoutes(panel.Rules).AnswerAsync);
    }
}
