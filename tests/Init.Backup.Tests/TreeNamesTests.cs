using System.Text;
using Init.Backup.Names;

namespace Init.Backup.Tests;

public sealed class TreeNamesTests
{
    [Theory]
    [InlineData("home/user/a.json", "home/user/a.json")]
    [InlineData("a/.gitignore", "a/.gitignore")]
    [InlineData("a/.git/config", "a/%.git/config")]
    [InlineData("a/.GiT/config", "a/%.GiT/config")]
    [InlineData("GIT~1", "%GIT~1")]
    [InlineData("~1234567", "%~1234567")]
    [InlineData(".g\u200cit", "%.g\u200cit")]
    [InlineData(".gitmodules", "%.gitmodules")]
    [InlineData("x\\.git", "%x%5C.git")]
    [InlineData("x\\y", "x\\y")]
    [InlineData("50%", "50%")]
    [InlineData("%41", "%%2541")]
    [InlineData("a.chunks", "%a.chunks%")]
    [InlineData("a.chunks/b", "%a.chunks%/b")]
    [InlineData("a.pointer", "%a.pointer%")]
    [InlineData(".init/x", "%.init/x")]
    [InlineData("a/.init", "a/.init")]
    public void OfPath_WhenGitOrOurLayoutWouldMind_EscapesTheName(string live, string tree)
    {
        BytePath path = BytePath.Of(live);

        Assert.Equal(tree, Encoding.UTF8.GetString(TreeNames.OfPath(path)));
        Assert.Equal(path, TreeNames.ToPath(Encoding.UTF8.GetBytes(tree)));
    }

    [Theory]
    [InlineData("%a")]
    [InlineData("a/.git")]
    [InlineData("%.git%41")]
    [InlineData("a//b")]
    [InlineData("a/..")]
    [InlineData("x.chunks")]
    public void ToPath_WhenNoLivePathIsWrittenLikeThis_SaysSo(string tree) => Assert.Null(TreeNames.ToPath(Encoding.UTF8.GetBytes(tree)));

    [Fact]
    public void Names_WhenRandom_ComeBackByteByByteAndNeverCollide()
    {
        Random random = new(20);
        Dictionary<string, BytePath> seen = [];
        for (int i = 0; i < 20_000; i++)
        {
            BytePath path = default;
            for (int depth = random.Next(1, 4); depth > 0; depth--)
                path = path.Append(RandomNames.Next(random));

            byte[] tree = TreeNames.OfPath(path);
            Assert.True(TreeNames.ToPath(tree) == path, $"{path} became {PathText.Encode(tree)}");
            Assert.True(PathText.Decode(path.ToString()).AsSpan().SequenceEqual(path.Bytes), $"{path} does not come back from text");

            // Neither as a blob nor as a directory of chunks may two paths meet.
            foreach (string place in new[] { Encoding.Latin1.GetString(tree), Encoding.Latin1.GetString([.. tree, .. TreeNames.ChunksSuffix]) })
                Assert.True(!seen.TryGetValue(place, out BytePath other) || other == path, $"{path} and {other} are both {place}");
            seen[Encoding.Latin1.GetString(tree)] = path;
            seen[Encoding.Latin1.GetString([.. tree, .. TreeNames.ChunksSuffix])] = path;
        }
    }

    [Fact]
    public void Order_WhenPathsAreSorted_IsThatOfAWalk()
    {
        BytePath[] walked = [.. new[] { "a", "a/b", "a/b/c", "a/b!", "a!", "a.txt", "ab" }.Select(text => BytePath.Of(text))];

        Assert.Equal(walked, walked.Reverse().Order());
    }

    [Theory]
    [InlineData("a b", "a%20b")]
    [InlineData("100%", "100%25")]
    [InlineData("数据\n", "数据%0A")]
    [InlineData("\u202Ex", "%E2%80%AEx")]
    public void Text_WhenWritten_IsReadableAndInOneLine(string name, string text) => Assert.Equal(text, PathText.Encode(Encoding.UTF8.GetBytes(name)));

    [Theory]
    [InlineData("my file 100%.txt", "my file 100%.txt")]
    [InlineData("a\nb\u202Ec", "a%0Ab%E2%80%AEc")]
    public void Text_ForEyesOnly_KeepsSpaces_AndStaysInOneLine(string name, string text) => Assert.Equal(text, PathText.Show(Encoding.UTF8.GetBytes(name)));

    [Theory]
    [InlineData("%4")]
    [InlineData("%zz")]
    [InlineData("%41")]
    [InlineData("%0a")]
    [InlineData("a b")]
    public void Text_WhenWrittenOtherwise_IsRefused(string text) => Assert.Null(PathText.Decode(text));
}
