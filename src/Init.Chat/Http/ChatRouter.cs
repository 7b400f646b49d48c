using System.Collections.Immutable;

namespace Init.Chat.Http;

/// <summary>What a path leads to.</summary>
public abstract record RouteMatch
{
    private RouteMatch()
    {
    }

    public sealed record Found(ChatHandler Handler, RouteAccess Access, ImmutableDictionary<string, string> Values) : RouteMatch;

    /// <param name="Allow">Methods that there are.</param>
    public sealed record WrongMethod(ImmutableArray<string> Allow) : RouteMatch;

    public sealed record NotFound : RouteMatch;
}

/// <summary>
/// Finds the endpoint of a request by the path as the client has sent it. The server's own reading takes ".." for a way up, also when it is escaped; here it is a user like any other, and so is "a%2Fb".
/// </summary>
public sealed class ChatRouter
{
    private readonly Dictionary<int, List<Route>> _routes = [];

    /// <param name="method">"GET" answers HEAD, too.</param>
    /// <param name="pattern">Parts between slashes: words, "{name}", and "{name}.zip" for something with an end. A name takes anything but nothing.</param>
    /// <param name="handler">Answers.</param>
    /// <param name="access">Who may use it.</param>
    public void Map(string method, string pattern, ChatHandler handler, RouteAccess access = RouteAccess.WithKey)
    {
        string[] parts = pattern.Split('/')[1..];
        if (!_routes.TryGetValue(parts.Length, out List<Route>? routes))
            _routes[parts.Length] = routes = [];
        routes.Add(new Route(method, parts, handler, access));
    }

    /// <summary>Some clients take POST for it, and some PUT.</summary>
    public void MapWrite(string pattern, ChatHandler handler, RouteAccess access = RouteAccess.WithKey)
    {
        Map("POST", pattern, handler, access);
        Map("PUT", pattern, handler, access);
    }

    /// <param name="method">Of the request.</param>
    /// <param name="target">As in the first line: a path, or a whole URL, with or without a query.</param>
    public RouteMatch Find(string method, string target)
    {
        ReadOnlySpan<char> path = PathOf(target);
        if (path.Length > 1 && path[^1] == '/')
            path = path[..^1];
        if (path.IsEmpty || path[0] != '/' || !_routes.TryGetValue(path.Count('/'), out List<Route>? routes))
            return new RouteMatch.NotFound();

        string[] parts = [.. path[1..].ToString().Split('/').Select(Decode)];
        if (method == "HEAD")
            method = "GET";
        Route? other = null;
        foreach (Route route in routes)
        {
            if (!route.Fits(parts))
                continue;
            if (route.Method == method)
                return new RouteMatch.Found(route.Handler, route.Access, route.ValuesOf(parts));
            other = route;
        }

        return other is null ? new RouteMatch.NotFound() : new RouteMatch.WrongMethod([.. routes.Where(route => route.Fits(parts)).Select(route => route.Method).Distinct().Order(StringComparer.Ordinal)]);
    }

    internal static ReadOnlySpan<char> PathOf(string target)
    {
        ReadOnlySpan<char> path = target;
        int scheme = path.IndexOf("://");
        if (scheme > 0 && path[0] != '/')
        {
            path = path[(scheme + 3)..];
            path = path.IndexOf('/') is >= 0 and var slash ? path[slash..] : "/";
        }

        return path.IndexOfAny('?', '#') is >= 0 and var end ? path[..end] : path;
    }

    private static string Decode(string part) => part.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(part) : part;


    private sealed class Route(string method, string[] parts, ChatHandler handler, RouteAccess access)
    {
        public string Method => method;

        public ChatHandler Handler => handler;

        public RouteAccess Access => access;

        public bool Fits(string[] path)
        {
            for (int i = 0; i < parts.Length; i++)
            {
                if (parts[i] is ['{', ..] ? !(path[i].Length > EndOf(parts[i]).Length && path[i].EndsWith(EndOf(parts[i]), StringComparison.Ordinal)) : parts[i] != path[i])
                    return false;
            }

            return true;
        }

        public ImmutableDictionary<string, string> ValuesOf(string[] path)
        {
            ImmutableDictionary<string, string> values = ImmutableDictionary<string, string>.Empty;
            for (int i = 0; i < parts.Length; i++)
            {
                if (parts[i] is ['{', ..])
                    values = values.SetItem(parts[i][1..parts[i].IndexOf('}', StringComparison.Ordinal)], path[i][..^EndOf(parts[i]).Length]);
            }

            return values;
        }

        /// <summary>What comes behind the name.</summary>
        private static string EndOf(string part) => part[(part.IndexOf('}', StringComparison.Ordinal) + 1)..];
    }
}
