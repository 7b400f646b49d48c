using System.Collections.Immutable;
using System.Net;
using System.Text.RegularExpressions;
using Init.Routing.Actions;
using Init.Routing.Rules;

namespace Init.Routing.Matching;

/// <summary>The conditions of a rule, in the order in which they are tried: cheap ones first.</summary>
public enum RuleCondition
{
    Path,
    PathPrefix,
    Host,
    Method,
    AppScope,
    Header,
    RefererSubstring,
    RefererRegex,
}

/// <summary>What of a request is taken apart once, before any rule is tried.</summary>
internal readonly ref struct RequestFacts
{
    public readonly IRequestHeaders Headers;
    public readonly ReadOnlySpan<char> Path;
    public readonly ReadOnlySpan<char> Host;
    public readonly int Port;
    public readonly string Method;
    public readonly string? Referer;

    /// <summary>The application that asks, by <see cref="AppScopes"/>; null also while nobody has looked.</summary>
    public readonly string? Scope;

    /// <param name="request">The request.</param>
    /// <param name="path">What rules see of its path.</param>
    /// <param name="scope">Null, or the application that asks.</param>
    /// <param name="withReferer">Some rule looks at it; finding a header takes longer than most rules.</param>
    public RequestFacts(in RouteRequest request, ReadOnlySpan<char> path, string? scope, bool withReferer)
    {
        Headers = request.Headers;
        Path = path;
        Host = HostName.Split(request.Host, out Port);
        Method = request.Method;
        Referer = withReferer ? request.Header("Referer") : null;
        Scope = scope;
    }
}

/// <summary>A rule with its texts taken apart and its patterns built. Immutable.</summary>
public sealed class CompiledRule
{
    private readonly string? _pathEqual;
    private readonly string? _pathPrefix;
    private readonly string? _host;
    private readonly int _port = -1;
    private readonly Regex? _refererRegex;
    private readonly ImmutableArray<(HeaderCondition Condition, Regex? Regex)> _headers;

    internal CompiledRule(RouteRule rule, int index)
    {
        Rule = rule;
        Index = index;
        _pathEqual = ByteText.OfOptional(rule.Match.PathEqual);
        _pathPrefix = ByteText.OfOptional(rule.Match.PathPrefix);
        if (rule.Match.Host is { } host)
            _host = HostName.Split(host, out _port).ToString();
        _refererRegex = Pattern(rule.Match.RefererRegex);
        _headers = [.. rule.Match.Headers.Select(condition => (condition, Pattern(condition.Regex)))];
        Backends = rule.Backends.IsEmpty ? null : new BackendPool(rule.Backends, rule.Sticky);
    }

    public RouteRule Rule { get; }

    /// <summary>Its place in the list, from 0.</summary>
    public int Index { get; }

    /// <summary>Null: the default backend.</summary>
    public BackendPool? Backends { get; }

    internal string? PathEqual => _pathEqual;

    internal string? PathPrefix => _pathPrefix;

    internal string? Host => _host;

    /// <summary>An exact path is longer than every prefix of it.</summary>
    internal int PathLength => _pathEqual is { } exact ? exact.Length + 1 : _pathPrefix?.Length ?? 0;

    internal int RefererLength => ByteText.OfOptional(Rule.Match.RefererSubstring)?.Length ?? 0;

    public bool Admits(IPAddress? client)
    {
        if (Rule.Allow.IsEmpty && Rule.Deny.IsEmpty)
            return true;
        if (client is null)
            return Rule.Allow.IsEmpty;

        foreach (AddressRange range in Rule.Deny)
        {
            if (range.Contains(client))
                return false;
        }

        foreach (AddressRange range in Rule.Allow)
        {
            if (range.Contains(client))
                return true;
        }

        return Rule.Allow.IsEmpty;
    }

    /// <param name="request">The request.</param>
    /// <param name="byScope">The application that asks takes the place of <see cref="RuleMatch.PathPrefix"/>.</param>
    /// <returns>The first condition that does not hold; null when the rule matches.</returns>
    internal RuleCondition? FirstFailure(in RequestFacts request, bool byScope)
    {
        if (_pathEqual is not null && !request.Path.SequenceEqual(_pathEqual))
            return RuleCondition.Path;
        if (_pathPrefix is not null && !byScope && !request.Path.StartsWith(_pathPrefix))
            return RuleCondition.PathPrefix;
        if (_host is not null && !(request.Host.Equals(_host, StringComparison.OrdinalIgnoreCase) && (_port < 0 || _port == request.Port)))
            return RuleCondition.Host;
        if (Rule.Match.Method is { } method && !method.Equals(request.Method, StringComparison.OrdinalIgnoreCase))
            return RuleCondition.Method;
        if (byScope && request.Scope != Rule.AppScope)
            return RuleCondition.AppScope;

        foreach (var (condition, regex) in _headers)
        {
            if (!Holds(condition, regex, request.Headers))
                return RuleCondition.Header;
        }

        if (Rule.Match.RefererSubstring is { } part && !(request.Referer is { Length: > 0 } referer && referer.Contains(part, StringComparison.Ordinal)))
            return RuleCondition.RefererSubstring;
        if (_refererRegex is not null && !(request.Referer is { Length: > 0 } text && _refererRegex.IsMatch(text)))
            return RuleCondition.RefererRegex;
        return null;
    }

    private static bool Holds(HeaderCondition condition, Regex? regex, IRequestHeaders headers)
    {
        int count = headers.Count(condition.Name);
        for (int i = 0; i < count; i++)
        {
            string value = headers.Value(condition.Name, i);
            if ((condition.Contains is null || value.Contains(condition.Contains, StringComparison.Ordinal)) && (regex is null || regex.IsMatch(value)))
                return true;
        }

        return false;
    }

    private static Regex? Pattern(string? pattern)
    {
        if (pattern is null)
            return null;

        return SafeRegex.TryCreate(pattern, out Regex? regex) is { } problem
            ? throw new ArgumentException($"a rule with an invalid pattern was not refused: {problem.Message}", nameof(pattern))
            : regex;
    }
}
