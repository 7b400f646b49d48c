namespace Init.Routing.Matching;

/// <summary>
/// Which application asks? A page under /webui/ that says "/api/login" means its own backend, and the path does not show it. docs/decisions/0013 has the reasons.
/// </summary>
/// <remarks>
/// Signs, the strongest first: the Referer, when it is a page of this origin; the cookie that the gateway set when a page of the application was last opened, for what comes
/// without a Referer (WebSockets, pages with a strict policy) and for what scripts and style sheets ask for. Anybody can forge both. They choose between backends that
/// the same client could reach by path, and must never be what protects one.
/// </remarks>
public sealed class AppScopes
{
    /// <summary>The gateway's own; backends do not get to see it.</summary>
    public const string CookieName = AppScopeCookie.Name;

    private readonly CompiledRule[] _longestFirst;

    internal AppScopes(IEnumerable<CompiledRule> rules) => _longestFirst = [.. rules.OrderByDescending(rule => rule.PathLength)];

    /// <summary>The name of the application that asks, or null.</summary>
    internal string? Asking(in RouteRequest request, ReadOnlySpan<char> path)
    {
        bool isNavigation = IsNavigation(request);
        string? site = request.Header("Sec-Fetch-Site");

        // Who types an address, comes from elsewhere, or goes to the start page gets what the rules say.
        if (site is "cross-site" or "same-site" || (isNavigation && (site is "none" || path is "/")))
            return null;

        string? referer = request.Header("Referer");
        if (!string.IsNullOrEmpty(referer))
            return OfReferer(request, referer, isSameOrigin: site is "same-origin", isNavigation);

        // A form may be sent by POST; an address that is typed is always a GET.
        return isNavigation && site is null && request.Method == "GET" ? null : Known(AppScopeCookie.Of(request).Scope);
    }

    /// <summary>The Set-Cookie header for the response to an opened page: it remembers the application, or forgets it. Null: leave the cookie as it is.</summary>
    /// <param name="request">The request.</param>
    /// <param name="decision">Of <see cref="RouteTable.Match"/>, for the same request.</param>
    /// <param name="isSecure">The browser has the page by https; then the cookie also works in a frame of another site.</param>
    public string? CookieFor(in RouteRequest request, in RouteDecision decision, bool isSecure)
    {
        if (_longestFirst.Length == 0 || decision.Outcome is RouteOutcome.BadPath or RouteOutcome.Denied || !IsNavigation(request))
            return null;
        if (decision.Rule?.Rule.Action == Rules.RuleAction.Redirect)
            return null;

        AppScopeCookie present = AppScopeCookie.Of(request);
        AppScopeCookie wanted = default;
        if (decision.Rule?.Rule.AppScope is { } scope)
        {
            RequestPath.Split(request.Target, out ReadOnlySpan<char> raw, out _);
            wanted = present.Scope == scope ? present : new AppScopeCookie(scope, []);
            if (decision.ByScope)
                wanted = wanted.WithPage(raw);
        }

        return wanted.Equals(present) ? null : wanted.ToSetCookie(isSecure);
    }

    /// <summary>A page is opened, in a tab or in a frame. Browsers say so by Sec-Fetch-Mode, but only to https and localhost.</summary>
    private static bool IsNavigation(in RouteRequest request) => request.Header("Sec-Fetch-Mode") is { } mode
        ? mode == "navigate"
        : request.Method is "GET" or "POST" && request.Header("Accept") is { } accept && accept.Contains("text/html", StringComparison.OrdinalIgnoreCase);

    private string? OfReferer(in RouteRequest request, string referer, bool isSameOrigin, bool isNavigation)
    {
        int start = referer.IndexOf("://", StringComparison.Ordinal);
        if (start < 0)
            return null;

        ReadOnlySpan<char> behindScheme = referer.AsSpan(start + 3);
        int slash = behindScheme.IndexOf('/');
        ReadOnlySpan<char> authority = slash < 0 ? behindScheme : behindScheme[..slash];
        if (!isSameOrigin && !authority.Equals(request.Host, StringComparison.OrdinalIgnoreCase))
            return null;

        ReadOnlySpan<char> page = slash < 0 ? "/" : behindScheme[slash..];
        int end = page.IndexOfAny('?', '#');
        page = end < 0 ? page : page[..end];
        Span<char> scratch = RequestPath.IsPlain(page) ? [] : new char[page.Length * RequestPath.ExpansionMax];
        if (!RequestPath.TryNormalize(page, scratch, out ReadOnlySpan<char> path))
            return null;

        // Two hosts may each have an application of that path.
        ReadOnlySpan<char> host = Rules.HostName.Split(request.Host, out int port);
        foreach (CompiledRule rule in _longestFirst)
        {
            if (path.StartsWith(rule.PathPrefix) && rule.HoldsFor(host, port))
                return rule.Rule.AppScope;
        }

        // A script of an application need not lie below its prefix, and it asks under its own address.
        AppScopeCookie cookie = AppScopeCookie.Of(request);
        bool isOurs = cookie.HasPage(page) || (!isNavigation && (page.EndsWith(".js") || page.EndsWith(".mjs") || page.EndsWith(".css")));
        return isOurs ? Known(cookie.Scope) : null;
    }

    private string? Known(string? scope)
    {
        foreach (CompiledRule rule in _longestFirst)
        {
            if (scope == rule.Rule.AppScope)
                return scope;
        }

        return null;
    }
}
