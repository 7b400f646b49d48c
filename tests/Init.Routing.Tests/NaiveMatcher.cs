using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Init.Routing.Matching;
using Init.Routing.Rules;

namespace Init.Routing.Tests;

/// <summary>The semantics of docs/decisions/0013, written down as they are told: look at every rule, keep the best so far. Slow, and with nothing of the real matcher in it.</summary>
internal static class NaiveMatcher
{
    /// <param name="configuration">The rules.</param>
    /// <param name="request">The request.</param>
    /// <param name="scope">The application that asks: evidence is tested on its own.</param>
    public static (RouteOutcome Outcome, string? Rule, bool ByScope) Match(RouteConfiguration configuration, RouteRequest request, string? scope)
    {
        if (Path(request.Target) is not { } path)
            return (RouteOutcome.BadPath, null, false);

        RouteRule? best = null;
        bool bestByScope = false;
        (double, int, int) bestRank = (double.NegativeInfinity, 0, 0);
        foreach (RouteRule rule in configuration.Rules.Where(rule => rule.Enabled && HoldsBesidesPath(rule.Match, request)))
        {
            int referer = Bytes(rule.Match.RefererSubstring);
            if ((rule.Match.PathEqual is null || path == rule.Match.PathEqual) && (rule.Match.PathPrefix is null || path.StartsWith(rule.Match.PathPrefix, StringComparison.Ordinal)))
                Take(rule, rule.Match.PathEqual is { } exact ? Bytes(exact) + 1 : Bytes(rule.Match.PathPrefix), byScope: false);
            else if (rule.AppScope is not null && rule.AppScope == scope)
                Take(rule, 0, byScope: true);

            void Take(RouteRule rule, int length, bool byScope)
            {
                if ((rule.Priority, length, referer).CompareTo(bestRank) > 0)
                    (best, bestByScope, bestRank) = (rule, byScope, (rule.Priority, length, referer));
            }
        }

        if (best is null)
            return (RouteOutcome.Default, null, false);

        bool admits = !best.Deny.Any(range => In(range, request.Client)) && (best.Allow.IsEmpty || best.Allow.Any(range => In(range, request.Client)));
        return (admits ? RouteOutcome.Rule : RouteOutcome.Denied, best.Id, bestByScope);
    }

    private static bool HoldsBesidesPath(RuleMatch match, RouteRequest request)
    {
        string referer = request.Header("Referer") ?? "";
        return (match.Host is null || HostHolds(match.Host, request.Host))
            && (match.Method is null || string.Equals(match.Method, request.Method, StringComparison.OrdinalIgnoreCase))
            && (match.RefererSubstring is null || referer.Contains(match.RefererSubstring, StringComparison.Ordinal))
            && (match.RefererRegex is null || (referer != "" && IsMatch(referer, match.RefererRegex)))
            && match.Headers.All(condition => Enumerable.Range(0, request.Headers.Count(condition.Name)).Select(i => request.Headers.Value(condition.Name, i)).Any(value =>
                (condition.Contains is null || value.Contains(condition.Contains, StringComparison.Ordinal)) && (condition.Regex is null || IsMatch(value, condition.Regex))));
    }

    private static bool HostHolds(string rule, string request)
    {
        string[] wanted = rule.ToLowerInvariant().Split(':');
        string[] given = request.ToLowerInvariant().Split(':');
        return request.Length > 0 && request[0] != '[' && wanted[0] == given[0].TrimEnd('.') && (wanted.Length == 1 || (given.Length == 2 && given[1] == wanted[1]));
    }

    private static bool In(AddressRange range, IPAddress? client) =>
        client is not null && range.Network.Contains(client.IsIPv4MappedToIPv6 ? client.MapToIPv4() : client);

    private static bool IsMatch(string text, string pattern) => Regex.IsMatch(text, pattern, RegexOptions.NonBacktracking);

    private static int Bytes(string? text) => Encoding.UTF8.GetByteCount(text ?? "");

    private static string? Path(string target)
    {
        string raw = target.Split('?')[0];
        if (!raw.StartsWith('/') || raw.Split('%')[1..].Any(rest => rest.Length < 2 || !rest[..2].All(char.IsAsciiHexDigit)))
            return null;

        List<string> segments = [];
        string[] parts = Uri.UnescapeDataString(raw).Split('/')[1..];
        for (int i = 0; i < parts.Length; i++)
        {
            bool isLast = i == parts.Length - 1;
            if (parts[i] == ".." && segments.Count == 0)
                return null;
            if (parts[i] == "..")
                segments.RemoveAt(segments.Count - 1);
            if (parts[i] is ".." or "." or "")
            {
                if (isLast)
                    segments.Add("");
            }
            else
            {
                segments.Add(parts[i]);
            }
        }

        return "/" + string.Join('/', segments);
    }
}
