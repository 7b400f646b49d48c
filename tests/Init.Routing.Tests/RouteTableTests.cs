using System.Net;
using Init.Routing.Matching;
using Init.Routing.Rules;

namespace Init.Routing.Tests;

/// <summary>The semantics of docs/decisions/0013, one by one: what the original does and is kept, and what was a defect of it.</summary>
public sealed class RouteTableTests
{
    [Fact]
    public void Priority_WhenItIsHigher_Wins() =>
        Assert.Equal("high", Requests.Table("{'id':'low','priority':1,'match':{'path_prefix':'/a/b/'}},{'id':'high','priority':1.5}").Winner(Requests.Get("/a/b/c")));

    [Fact]
    public void Prefix_WhenItIsLongerInBytes_WinsAtTheSamePriority() =>
        Assert.Equal("long", Requests.Table("{'id':'short','match':{'path_prefix':'/中'}},{'id':'long','match':{'path_prefix':'/中文'}}").Winner(Requests.Get("/%E4%B8%AD%E6%96%87")));

    [Fact]
    public void Referer_WhenItIsLonger_BreaksATieOfPaths() => Assert.Equal(
        "long",
        Requests.Table("{'id':'short','match':{'referer_substr':'webui'}},{'id':'long','match':{'referer_substr':'gemini'}}").Winner(Requests.Get("/", ("Referer", "http://x/gemini/webui"))));

    [Fact]
    public void Place_WhenAllElseIsEqual_BreaksTheTie() => Assert.Equal("first", Requests.Table("{'id':'first'},{'id':'second'}").Winner(Requests.Get("/")));

    [Fact]
    public void ExactPath_WhenItMeetsAPrefix_IsMoreSpecific() => Assert.Equal(
        "exact", Requests.Table("{'id':'prefix','match':{'path_prefix':'/a/b'}},{'id':'exact','match':{'path_equal':'/a/b'}}").Winner(Requests.Get("/a/b")));

    [Fact]
    public void Priority_WhenItIsBelowMinusOne_StillMatches() => Assert.Equal("last", Requests.Table("{'id':'last','priority':-1.5}").Winner(Requests.Get("/")));

    [Fact]
    public void Path_WhenItClimbsOutOfThePrefix_DoesNotMatchIt()
    {
        RouteTable table = Requests.Table("{'id':'public','match':{'path_prefix':'/public/'}},{'id':'admin','match':{'path_prefix':'/admin'}}");

        Assert.Equal("admin", table.Winner(Requests.Get("/public/../admin")));
        Assert.Equal("admin", table.Winner(Requests.Get("/public%2f..%2fadmin")));
        Assert.Equal("public", table.Winner(Requests.Get("/public/admin")));
    }

    [Fact]
    public void Path_WhenItsCaseDiffers_DoesNotMatch() => Assert.Null(Requests.Table("{'id':'a','match':{'path_prefix':'/App/'}}").Winner(Requests.Get("/app/")));

    [Theory]
    [InlineData("Example.COM", "example.com", true)]
    [InlineData("example.com", "Example.com:7860", true)]
    [InlineData("example.com.", "example.com", true)]
    [InlineData("example.com", "example.com.:80", true)]
    [InlineData("example.com:7860", "example.com:7860", true)]
    [InlineData("example.com:7860", "example.com", false)]
    [InlineData("example.com:7860", "example.com:80", false)]
    [InlineData("[::1]:80", "[::1]:80", true)]
    [InlineData("example.com", "sub.example.com", false)]
    [InlineData("example.com", "", false)]
    public void Host_WhateverItsCaseAndPort_MatchesSensibly(string rule, string host, bool expected) =>
        Assert.Equal(expected, Requests.Table($"{{'id':'h','match':{{'host':'{rule}'}}}}").Winner(Requests.Get("/") with { Host = host }) == "h");

    [Fact]
    public void Method_WhateverTheCaseOfTheRule_Matches()
    {
        RouteTable table = Requests.Table("{'id':'m','match':{'method':'post'}}");

        Assert.Equal("m", table.Winner(Requests.Get("/") with { Method = "POST" }));
        Assert.Null(table.Winner(Requests.Get("/")));
    }

    [Theory]
    [InlineData("{'name':'x-a'}", true)]
    [InlineData("{'name':'x-b'}", false)]
    [InlineData("{'name':'X-A','contains':'ne'}", true)]
    [InlineData("{'name':'X-A','contains':'NE'}", false)]
    [InlineData("{'name':'X-A','regex':'^two$'}", true)]
    [InlineData("{'name':'X-A','contains':'one','regex':'two'}", false)]
    public void Header_WhenItIsRepeated_HoldsForAnyOneValue(string condition, bool expected) => Assert.Equal(
        expected, Requests.Table($"{{'id':'h','match':{{'headers':[{condition}]}}}}").Winner(Requests.Get("/", ("X-A", "one"), ("X-A", "two"))) == "h");

    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("https://x/webui/", true)]
    [InlineData("https://x/WEBUI/", false)]
    public void Referer_WhenItIsMissingOrEmpty_FailsTheCondition(string? referer, bool expected)
    {
        RouteRequest request = referer is null ? Requests.Get("/") : Requests.Get("/", ("Referer", referer));

        Assert.Equal(expected, Requests.Table("{'id':'s','match':{'referer_substr':'webui'}}").Winner(request) == "s");
        Assert.Equal(expected, Requests.Table("{'id':'s','match':{'referer_regex':'web?ui'}}").Winner(request) == "s");
    }

    [Fact]
    public void Rule_WhenItIsNotEnabled_IsNotTried() => Assert.Null(Requests.Table("{'id':'off','enabled':false}").Winner(Requests.Get("/")));

    [Theory]
    [InlineData("10.1.2.3", RouteOutcome.Rule)]
    [InlineData("::ffff:10.1.2.3", RouteOutcome.Rule)]
    [InlineData("10.9.9.9", RouteOutcome.Denied)]
    [InlineData("192.0.2.1", RouteOutcome.Denied)]
    [InlineData(null, RouteOutcome.Denied)]
    public void Address_WhenItIsNotAllowed_IsDeniedAndNoOtherRuleIsTried(string? client, RouteOutcome expected)
    {
        RouteTable table = Requests.Table("{'id':'guarded','priority':1,'allow':['10.0.0.0/8'],'deny':['10.9.9.9']},{'id':'open'}");

        RouteDecision decision = table.Match(Requests.Get("/") with { Client = client is null ? null : IPAddress.Parse(client) });

        Assert.Equal((expected, "guarded"), (decision.Outcome, decision.Rule?.Rule.Id));
    }

    [Fact]
    public void Match_WhenPathsAreUsual_TakesNothingFromTheHeap()
    {
        RouteTable table = new(DefaultRules.Configuration with
        {
            Rules = [.. DefaultRules.Configuration.Rules, .. Enumerable.Range(0, 1000).Select(i => new RouteRule { Id = $"r{i}", Match = new RuleMatch { Host = $"h{i}.example", PathPrefix = $"/p{i}/" } })],
        });
        RouteRequest[] requests =
        [
            Requests.Get("/webui/x?y=z"), Requests.Get("/gemini/a%20b/%2e./c"), Requests.Get("/p999/x") with { Host = "H999.example" }, Requests.Get("/nothing"),
            Requests.Get("/api/login", ("Referer", "https://space.example/webui/")),
        ];
        foreach (RouteRequest request in requests)
            table.Match(request);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            foreach (RouteRequest request in requests)
                table.Match(request);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }

    [Fact]
    public void Explanation_WhenARuleFails_SaysWhyInTheEffectiveOrder()
    {
        RouteTable table = Requests.Table(
            "{'id':'off','enabled':false},{'id':'any'},{'id':'post','priority':3,'match':{'method':'POST'}},{'id':'b','priority':2,'match':{'path_prefix':'/b/'},'backend':'http://b/base','strip_prefix':true},"
            + "{'id':'h','priority':9,'match':{'headers':[{'name':'X-A'}]}}");

        DryRunReport report = DryRun.Explain(table, Requests.Get("/b/c%2fd?e"));

        Assert.Equal(
            [
                "h Fails there is no header X-A", "post Fails the method GET is not POST", "b Wins all of its conditions hold", "any AlsoMatches all of its conditions hold",
                "off Disabled it is not enabled",
            ],
            report.Trials.Select(trial => $"{trial.Rule.Id} {trial.Outcome} {trial.Why}"));
        Assert.Equal("/b/c/d", report.Path);
        Assert.Equal(["http://b/base/c%2fd?e"], report.UpstreamUrls.AsEnumerable());
    }
}
