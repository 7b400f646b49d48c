namespace Init.Linux.Tests;

public sealed class UsersTests
{
    private const string Passwd = """
        root:x:0:0:root:/root:/bin/sh
        web:x:1000:1001:Web:/home/web:/bin/sh
        # a comment
        broken:x:
        odd:x:abc:1:::
        """;

    private const string Group = """
        root:x:0:
        web:x:1001:
        video:x:44:other,web
        adm:x:4:web
        webmasters:x:45:webb
        also-web:x:1001:web
        """;

    [Theory]
    [InlineData("web", 1000, 1001, "1001,44,4")]
    [InlineData("1000", 1000, 1001, "1001,44,4")]
    [InlineData("web:video", 1000, 44, "44")]
    [InlineData("1000:7", 1000, 7, "7")]
    [InlineData("12345", 12345, 12345, "12345")]
    [InlineData("12345:adm", 12345, 4, "4")]
    [InlineData("root", 0, 0, "0")]
    public void Resolve_KnownOrNumeric_GivesIdsAndGroups(string user, uint uid, uint gid, string groups)
    {
        UserIdentity identity = Users.Resolve(user, Passwd, Group, out _)!;

        Assert.Equal((uid, gid, groups), (identity.Uid, identity.Gid, string.Join(',', identity.Groups)));
    }

    [Theory]
    [InlineData("nobody-here", "no user \"nobody-here\" in /etc/passwd")]
    [InlineData("", "no user \"\" in /etc/passwd")]
    [InlineData("broken", "no user \"broken\" in /etc/passwd")]
    [InlineData("odd", "no user \"odd\" in /etc/passwd")]
    [InlineData("-1", "no user \"-1\" in /etc/passwd")]
    [InlineData("4294967295", "no user \"4294967295\" in /etc/passwd")]
    [InlineData("web:nogroup", "no group \"nogroup\" in /etc/group")]
    [InlineData("web:", "no group \"\" in /etc/group")]
    public void Resolve_Unknown_SaysWhat(string user, string expected)
    {
        Assert.Null(Users.Resolve(user, Passwd, Group, out string problem));
        Assert.Equal(expected, problem);
    }

    [Fact]
    public void Resolve_NumberWithoutFiles_NeedsNone() => Assert.Equal(5u, Users.Resolve("5", "", "", out _)!.Uid);
}
