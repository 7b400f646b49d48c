using System.Collections.Immutable;

namespace Init.Routing.Rules;

public enum RuleAction
{
    /// <summary>Send the request on to a backend of the rule, or to the default backend when it has none.</summary>
    Proxy,
    Redirect,
}

/// <summary>One validated routing rule. Only <see cref="Json.RuleReader"/> makes them from outside text; docs/decisions/0013 says what each field means.</summary>
public sealed record RouteRule
{
    public required string Id { get; init; }

    public bool Enabled { get; init; } = true;

    public RuleAction Action { get; init; }

    /// <summary>The highest wins. Any finite number from -1e9 to 1e9; 0 is the usual level.</summary>
    public double Priority { get; init; }

    public RuleMatch Match { get; init; } = new();

    /// <summary>
    /// The name of the web application that lives under <see cref="RuleMatch.PathPrefix"/>. What its pages ask for by absolute URL comes to this rule too,
    /// unless a rule of higher rank says otherwise. Null: none.
    /// </summary>
    public string? AppScope { get; init; }

    /// <summary>Empty: the default backend.</summary>
    public ImmutableArray<RuleBackend> Backends { get; init; } = [];

    /// <summary>The program behind the backends, for the pages that say why they do not answer; null: known by the port, or not at all.</summary>
    public string? Program { get; init; }

    public StickySessions? Sticky { get; init; }

    public BackendHealthPolicy? Health { get; init; }

    /// <summary>The backend sees the path without <see cref="RuleMatch.PathPrefix"/>.</summary>
    public bool StripPrefix { get; init; }

    /// <summary>Set on the request to the backend, in this order.</summary>
    public ImmutableArray<HeaderValue> SetHeaders { get; init; } = [];

    /// <summary>Done to the backend's response, in this order.</summary>
    public ImmutableArray<ResponseHeaderEdit> ResponseHeaders { get; init; } = [];

    /// <summary>A path, or an http(s) URL. A redirect has this or <see cref="RedirectToPrefix"/>.</summary>
    public string? RedirectTo { get; init; }

    /// <summary>Takes the place of <see cref="RuleMatch.PathPrefix"/>; the rest of the path is kept.</summary>
    public string? RedirectToPrefix { get; init; }

    /// <summary>301, 302, 307 or 308.</summary>
    public int RedirectStatus { get; init; } = 301;

    public RuleTimeouts Timeouts { get; init; } = new();

    /// <summary>Bytes a request body may have; null: the gateway's own limit.</summary>
    public long? BodyLimit { get; init; }

    /// <summary>Who may use the rule; empty: everybody who is not in <see cref="Deny"/>. Others get 403, and no later rule is tried.</summary>
    public ImmutableArray<AddressRange> Allow { get; init; } = [];

    /// <summary>Who may not, also when in <see cref="Allow"/>.</summary>
    public ImmutableArray<AddressRange> Deny { get; init; } = [];
}

/// <summary>All that is given must hold. Nothing given: every request.</summary>
public sealed record RuleMatch
{
    /// <summary>Without a port, every port. Letter case does not count.</summary>
    public string? Host { get; init; }

    public string? PathEqual { get; init; }

    public string? PathPrefix { get; init; }

    public string? Method { get; init; }

    public string? RefererSubstring { get; init; }

    public string? RefererRegex { get; init; }

    public ImmutableArray<HeaderCondition> Headers { get; init; } = [];
}

/// <summary>One value of the header has the text and matches the pattern; with neither, the header is there.</summary>
public sealed record HeaderCondition(string Name, string? Contains, string? Regex);

public sealed record HeaderValue(string Name, string Value);

/// <param name="Name">Of the header.</param>
/// <param name="Value">What it is set to; null: it is removed.</param>
public sealed record ResponseHeaderEdit(string Name, string? Value);

/// <param name="Url">As written, and valid for <see cref="BackendUrl.TryParse"/>.</param>
/// <param name="Weight">1..1000: its share beside the others.</param>
public sealed record RuleBackend(string Url, int Weight = 1);

/// <summary>Keeps a client at one backend, by exactly one of the two.</summary>
/// <param name="Cookie">The name of a cookie that the gateway sets; its value names the backend.</param>
/// <param name="Header">The name of a request header; equal values go to the same backend.</param>
public sealed record StickySessions(string? Cookie, string? Header);

public sealed record BackendHealthPolicy
{
    /// <summary>What holds for a rule that says nothing about it.</summary>
    public static BackendHealthPolicy Usual { get; } = new();

    /// <summary>What is asked for by GET; an answer of 200..399 is healthy. Null: only real requests tell.</summary>
    public string? Path { get; init; }

    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>So many failures in a row, of probes or of requests, and the backend is left out.</summary>
    public int Failures { get; init; } = 3;

    /// <summary>So many good probes in a row, and it is back.</summary>
    public int Successes { get; init; } = 1;

    /// <summary>Without <see cref="Path"/>: how long it is left out before a request tries it again.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>Null: the gateway's own.</summary>
/// <param name="Connect">Until the backend has accepted the connection.</param>
/// <param name="Response">Until its response begins.</param>
/// <param name="Idle">Silence in either direction, also of WebSockets and event streams.</param>
public sealed record RuleTimeouts(TimeSpan? Connect = null, TimeSpan? Response = null, TimeSpan? Idle = null);
