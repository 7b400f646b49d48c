using System.Collections.Immutable;
using System.Net;
using Init.Routing.Matching;
using Init.Routing.Rules;

namespace Init.Routing.Tests;

/// <summary>Rules and requests from a few words, so that they meet often.</summary>
internal sealed class RandomRules(Random random)
{
    private static readonly string[] Paths = ["/", "/a", "/a/", "/a/b", "/a/b/", "/ab", "/b/", "/b/c/d", "/a b", "/中/", "/webui/"];
    private static readonly string[] Targets =
    [
        "/", "/a", "/a/", "/a/b", "/a//b/", "/a/b/c?q=1", "/ab", "/b/../a/b", "/b/c/d", "/a%20b", "/%61/b", "/%E4%B8%AD/x", "/webui/x", "/webui%2fx", "/zzz", "/..", "*", "/a%2",
    ];

    private static readonly string[] Hosts = ["a.example", "A.example", "b.example:8080", "b.example", "space.example"];
    private static readonly string[] Referers = ["https://space.example/webui/", "https://space.example/a/b", "https://space.example/", "https://else.example/a", "a", ""];

    public RouteConfiguration Configuration(int rulesMax) => new(
        Chance(4) ? null : "http://default",
        [.. Enumerable.Range(0, random.Next(rulesMax + 1)).Select(Rule)]);

    public RouteRequest Request()
    {
        List<(string, string)> headers = [];
        if (Chance(2))
            headers.Add(("Referer", Pick(Referers)));
        for (int i = random.Next(3); i > 0; i--)
            headers.Add((Pick(["X-A", "x-b"]), Pick(["", "1", "12", "abc"])));
        if (Chance(2))
            headers.Add(("Cookie", Pick(["x=y; init_app=s1", "init_app=s2.00000000", "init_app=nobody", "init_app="])));
        if (Chance(3))
            headers.Add(("Sec-Fetch-Mode", Pick(["navigate", "cors", "websocket"])));
        if (Chance(3))
            headers.Add(("Sec-Fetch-Site", Pick(["same-origin", "none", "cross-site"])));
        return new RouteRequest(
            Path(Targets), Pick(["a.example", "B.EXAMPLE:8080", "b.example", "space.example:443", "[::1]:80", "", "a.example."]), Pick(["GET", "POST", "get"]),
            new HeaderList([.. headers]), Chance(5) ? null : IPAddress.Parse(Pick(["10.0.0.1", "192.0.2.1", "::ffff:10.0.0.1", "fd00::1"])));
    }

    private RouteRule Rule(int index)
    {
        bool redirects = Chance(5);
        bool isScope = !redirects && index < 3 && Chance(2);
        string? prefix = isScope ? Pick(["/a/", "/b/", "/webui/"]) : Chance(2) ? Path(Paths) : null;
        ImmutableArray<RuleBackend> backends = redirects || Chance(4)
            ? []
            : [.. Enumerable.Range(0, 1 + random.Next(3)).Select(i => new RuleBackend($"http://b{i}:{8000 + index}{Pick(["", "/base"])}", 1 + random.Next(3)))];
        return new RouteRule
        {
            Id = $"r{index}",
            Enabled = !Chance(8),
            Action = redirects ? RuleAction.Redirect : RuleAction.Proxy,
            Priority = Pick([0.0, 0.0, 0.0, 1.0, 1.5, -1.5, 100.0]),
            AppScope = isScope ? $"s{index}" : null,
            Match = new RuleMatch
            {
                Host = Chance(4) ? Pick(Hosts) : null,
                PathEqual = !isScope && Chance(4) ? Path(Paths) : null,
                PathPrefix = prefix,
                Method = Chance(6) ? Pick(["GET", "POST", "get"]) : null,
                RefererSubstring = Chance(6) ? Pick(["webui", "/a", "example"]) : null,
                RefererRegex = Chance(8) ? Pick(["^https://", "a/b$"]) : null,
                Headers = Chance(5) ? [new HeaderCondition(Pick(["x-a", "X-B"]), Chance(2) ? Pick(["1", "b"]) : null, Chance(2) ? "^[0-9]+$" : null)] : [],
            },
            Backends = backends,
            Program = !redirects && Chance(5) ? Pick(["web", "worker:0"]) : null,
            Sticky = backends.Length > 1 && Chance(2) ? new StickySessions("stick", null) : null,
            Health = backends.Length > 0 && Chance(4) ? new BackendHealthPolicy { Path = "/ok", Interval = TimeSpan.FromSeconds(1 + random.Next(90)) } : null,
            StripPrefix = !redirects && prefix is not null && Chance(3),
            SetHeaders = !redirects && Chance(3) ? [new HeaderValue("X-Set", Pick(["", "a", "b c"]))] : [],
            ResponseHeaders = !redirects && Chance(3) ? [new ResponseHeaderEdit("X-Out", Chance(2) ? "v" : null)] : [],
            RedirectTo = redirects && prefix is null ? "/to?x#y" : null,
            RedirectToPrefix = redirects && prefix is not null ? Pick([prefix == "/" ? "/new" : "/", "/new/", "https://new.example"]) : null,
            RedirectStatus = redirects ? Pick([301, 302, 307, 308]) : 301,
            Timeouts = !redirects && Chance(4) ? new RuleTimeouts(Idle: TimeSpan.FromMilliseconds(100 + random.Next(100_000))) : new RuleTimeouts(),
            BodyLimit = !redirects && Chance(4) ? random.NextInt64(long.MaxValue) : null,
            Allow = Ranges(),
            Deny = Ranges(),
        };
    }

    private ImmutableArray<AddressRange> Ranges()
    {
        if (!Chance(6))
            return [];

        Assert.True(AddressRange.TryParse(Pick(["10.0.0.0/8", "192.0.2.1", "fd00::/8"]), out AddressRange? range));
        return [range!];
    }

    /// <summary>One of the given, or one of 120 that begin with each other in many ways.</summary>
    private string Path(string[] some) => Chance(2) ? Pick(some) : string.Concat(Enumerable.Range(0, 1 + random.Next(4)).Select(_ => Pick(["/a", "/ab", "/b"])));

    private bool Chance(int oneIn) => random.Next(oneIn) == 0;

    private T Pick<T>(T[] from) => from[random.Next(from.Length)];
}
