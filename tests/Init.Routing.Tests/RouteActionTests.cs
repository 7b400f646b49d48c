using Init.Routing.Actions;
using Init.Routing.Matching;
using Init.Routing.Rules;

namespace Init.Routing.Tests;

public sealed class RouteActionTests
{
    [Theory]
    [InlineData("'backend':'http://b:1'", "/app/a%2fb?c=%2f", "http://b:1/app/a%2fb?c=%2f")]
    [InlineData("'backend':'http://b:1/'", "/app/x", "http://b:1/app/x")]
    [InlineData("'backend':'http://b:1/base/'", "/app/x?y", "http://b:1/base/app/x?y")]
    [InlineData("'backend':'http://b:1','strip_prefix':true", "/app/a%2Fb?c", "http://b:1/a%2Fb?c")]
    [InlineData("'backend':'http://b:1','strip_prefix':true", "/app/", "http://b:1/")]
    [InlineData("'backend':'http://b:1','strip_prefix':true", "/%61pp/x", "http://b:1/x")]
    [InlineData("'backend':'http://b:1','strip_prefix':true", "/z/../app/x/../y", "http://b:1/y")]
    [InlineData("'backend':'http://b:1/base','strip_prefix':true", "/app/x", "http://b:1/base/x")]
    [InlineData("'id':'x'", "/app/x", "http://default/app/x")]
    [InlineData("'backend':'http://b:1'", "http://space.example/app/x?y", "http://b:1/app/x?y")]
    public void Forward_WhateverTheRule_KeepsTheRawPathAndTheQuery(string fields, string target, string expected)
    {
        var (action, _) = Act($"{{{fields},'match':{{'path_prefix':'/app/'}}}}", target);

        RouteAction.Forward forward = Assert.IsType<RouteAction.Forward>(action);
        Assert.Equal(expected, forward.UrlAt(forward.Backends?.Urls[0] ?? forward.Default!));
    }

    [Fact]
    public void Forward_WhenNothingIsToBeCut_PassesTheVeryTargetOn()
    {
        string target = "/app/x?y=" + Random.Shared.Next();

        var (action, _) = Act("{'match':{'path_prefix':'/app/'}}", target);

        Assert.Same(target, Assert.IsType<RouteAction.Forward>(action).PathAndQuery);
    }

    [Theory]
    [InlineData("'redirect_to':'/new'", "/old/x?a=b", "/new?a=b")]
    [InlineData("'redirect_to':'/new?c=d#e'", "/old/x?a=b", "/new?c=d&a=b#e")]
    [InlineData("'redirect_to':'/new'", "/old/x?", "/new")]
    [InlineData("'redirect_to':'https://new.example'", "/old/x?a=//b", "https://new.example?a=//b")]
    [InlineData("'redirect_to_prefix':'/new'", "/old/x%2fy?a", "/new/x%2fy?a")]
    [InlineData("'redirect_to_prefix':'/new/'", "/old", "/new/")]
    [InlineData("'redirect_to_prefix':'/'", "/old//evil.org", "/evil.org")]
    [InlineData("'redirect_to_prefix':'/'", "/old/\\\\evil.org/%5c", "/%5C%5Cevil.org/%5c")]
    [InlineData("'redirect_to_prefix':'/'", "/old/%2fevil.org", "/%2fevil.org")]
    [InlineData("'redirect_to_prefix':'/'", "/old/../old//\\evil.org", "/%5Cevil.org")]
    [InlineData("'redirect_to_prefix':'https://new.example'", "/old.evil.org", "https://new.example/.evil.org")]
    [InlineData("'redirect_to_prefix':'https://new.example'", "/old@evil.org", "https://new.example/@evil.org")]
    [InlineData("'redirect_to_prefix':'https://new.example/'", "/old//evil.org", "https://new.example///evil.org")]
    [InlineData("'redirect_to_prefix':'/new'", "/old/%0d%0aSet-Cookie:x?%0d%0a", "/new/%0d%0aSet-Cookie:x?%0d%0a")]
    [InlineData("'redirect_to_prefix':'/new'", "/old/\r\nSet-Cookie: x", "/new/%0D%0ASet-Cookie:%20x")]
    public void Redirect_WhateverTheRequest_KeepsTheQueryAndTheHost(string fields, string target, string expected)
    {
        var (action, _) = Act($"{{'action':'redirect',{fields},'match':{{'path_prefix':'/old'}}}}", target);

        RouteAction.Redirect redirect = Assert.IsType<RouteAction.Redirect>(action);
        Assert.Equal((301, expected), (redirect.Status, redirect.Location));
    }

    [Fact]
    public void Redirect_WhenTheRuleHasAStatus_UsesIt() =>
        Assert.Equal(308, Assert.IsType<RouteAction.Redirect>(Act("{'action':'redirect','redirect_to':'/x','status':308}", "/").Action).Status);

    [Theory]
    [InlineData("{'deny':['0.0.0.0/0']}", "/", 403)]
    [InlineData("{'id':'x'}", "/%", 400)]
    public void Respond_WhenItCannotGoOn_HasTheStatus(string rule, string target, int expected) =>
        Assert.Equal(expected, Assert.IsType<RouteAction.Respond>(Act(rule, target).Action).Status);

    [Fact]
    public void Respond_WhenThereIsNoDefaultBackend_Is404()
    {
        RouteTable table = new(RouteConfiguration.Empty);
        RouteRequest request = Requests.Get("/");

        Assert.Equal(404, Assert.IsType<RouteAction.Respond>(RouteAction.For(table, request, table.Match(request))).Status);
    }

    private static (RouteAction Action, RouteDecision Decision) Act(string rule, string target)
    {
        RouteTable table = Requests.Table(rule);
        RouteRequest request = Requests.Get(target);
        RouteDecision decision = table.Match(request);
        return (RouteAction.For(table, request, decision), decision);
    }
}
