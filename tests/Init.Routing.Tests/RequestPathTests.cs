using Init.Routing.Matching;

namespace Init.Routing.Tests;

public sealed class RequestPathTests
{
    [Theory]
    [InlineData("/", "/")]
    [InlineData("/a/b", "/a/b")]
    [InlineData("/a//b", "/a/b")]
    [InlineData("//a", "/a")]
    [InlineData("/a/./b", "/a/b")]
    [InlineData("/a/../b", "/b")]
    [InlineData("/a/b/..", "/a/")]
    [InlineData("/a/.", "/a/")]
    [InlineData("/a%2fb", "/a/b")]
    [InlineData("/a%2f..%2fadmin", "/admin")]
    [InlineData("/a/%2e%2E/admin", "/admin")]
    [InlineData("/%77ebui/", "/webui/")]
    [InlineData("/a%3fb%23c%25", "/a?b#c%")]
    [InlineData("/...", "/...")]
    [InlineData("/.hidden", "/.hidden")]
    [InlineData("/a..b/", "/a..b/")]
    [InlineData("/%E4%B8%AD", "/中")]
    [InlineData("/中", "/中")]
    public void Path_WhenNormalised_IsWhatNginxCallsUri(string raw, string expected)
    {
        Assert.True(RequestPath.TryNormalize(raw, new char[raw.Length * RequestPath.ExpansionMax], out ReadOnlySpan<char> path));

        Assert.Equal(expected, ByteText.Shown(path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("a/b")]
    [InlineData("/..")]
    [InlineData("/../a")]
    [InlineData("/a/../../b")]
    [InlineData("/%2e%2e/b")]
    [InlineData("/%")]
    [InlineData("/%4")]
    [InlineData("/%zz")]
    [InlineData("/%00")]
    public void Path_WhenNginxWouldAnswer400_IsRefused(string raw) =>
        Assert.False(RequestPath.TryNormalize(raw, new char[raw.Length * RequestPath.ExpansionMax + 1], out _));

    [Theory]
    [InlineData("/app/x", "/app/", "x")]
    [InlineData("/app/a%2fb", "/app/", "a%2fb")]
    [InlineData("/%61pp/a%2Fb", "/app/", "a%2Fb")]
    [InlineData("/x/../app/y", "/app/", "y")]
    [InlineData("/app/../app/y", "/app/", "y")]
    [InlineData("/app/a/../b", "/app/", "b")]
    [InlineData("/app/a/..", "/app/", "")]
    [InlineData("/app//x", "/app", "//x")]
    [InlineData("/%E4%B8%AD/x", "/中", "/x")]
    [InlineData("/app", "/app", "")]
    public void RawPath_WhenItsPrefixIsCutOff_KeepsItsEncoding(string raw, string prefix, string expected) =>
        Assert.Equal(expected, RequestPath.RawBehind(raw, ByteText.Of(prefix).Length).ToString());

    [Theory]
    [InlineData("/a?b?c", "/a", "?b?c")]
    [InlineData("http://other/a?b", "/a", "?b")]
    [InlineData("https://other", "/", "")]
    [InlineData("http://other?q", "/", "?q")]
    public void Target_WhenSplit_HasPathAndQuery(string target, string path, string query)
    {
        RequestPath.Split(target, out ReadOnlySpan<char> actualPath, out ReadOnlySpan<char> actualQuery);

        Assert.Equal(path, actualPath.ToString());
        Assert.Equal(query, actualQuery.ToString());
    }
}
