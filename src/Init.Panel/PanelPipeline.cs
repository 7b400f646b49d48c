using Init.Admin.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Init.Panel;

/// <summary>All that is answered below /admin on the public port, whatever the rules say: a broken rule cannot lock anybody out of the panel.</summary>
public static class PanelPipeline
{
    /// <summary>The original's interface, with <see cref="Rules.OriginalRoutes.Path"/>.</summary>
    public const string OriginalPassword = "/admin/password";

    private const string ApiRoot = "/admin/api";

    /// <param name="path">Decoded, dots resolved, as the HTTP server has it.</param>
    public static bool IsOurs(PathString path) =>
        path.Value is { } text && text.StartsWith("/admin/", StringComparison.Ordinal)
        && (path.StartsWithSegments(PanelFiles.Root, StringComparison.Ordinal) || path.StartsWithSegments(ApiRoot, StringComparison.Ordinal) || IsOriginal(path));

    internal static bool IsOriginal(PathString path) => path.Value is Rules.OriginalRoutes.Path or OriginalPassword;

    /// <param name="services">With the routing services.</param>
    /// <param name="panel">What it works with.</param>
    /// <param name="frameAncestors">Origins whose pages may show the panel in a frame.</param>
    /// <param name="log">Gets what goes wrong in here.</param>
    public static RequestDelegate Build(IServiceProvider services, PanelServices panel, IEnumerable<string> frameAncestors, ILogger log)
    {
        // A builder of its own: endpoints of the application itself would be looked up for every request that is forwarded.
        ApplicationBuilder pipeline = new(services);
        PanelFiles files = new(frameAncestors);
        pipeline.Use(next => context => ErrorPages.CompleteAsync(context, next, log));
        pipeline.Use(next => context => files.AnswerAsync(context, next));
        PanelGate gate = new(panel.Access);
        pipeline.Use(next => context => gate.PassAsync(context, next));
        pipeline.UseRouting();
        pipeline.UseEndpoints(routes => PanelRoutes.Map(routes, panel, gate));
        return pipeline.Build();
    }
}
