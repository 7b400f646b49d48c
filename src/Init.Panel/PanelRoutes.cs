using Init.Admin.Rest;
using Init.Panel.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Init.Panel;

/// <summary>Every path of the panel's interface, and who answers it.</summary>
internal static class PanelRoutes
{
    public const string Root = "/admin/api/v1";

    public static void Map(IEndpointRouteBuilder routes, PanelServices panel)
    {
        RestRoutes.Map(routes, Root, panel.Admin with { Document = new Lazy<byte[]>(OpenApiDocument.OfPanel) }, panel.Events);
        RulesRoutes.Map(routes, Root, panel.Rules);
        routes.Map(OriginalRoutes.Path, new OriginalRoutes(panel.Rules).AnswerAsync);
    }
}
