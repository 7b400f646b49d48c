using System.Collections.Immutable;
using System.Diagnostics;
using Init.Config.Expansion;

namespace Init.Config.Tests.Expansion;

public class WordSplitterTests
{
    private static readonly Dictionary<string, string> Values = new()
    {
        ["FLAGS"] = "--a  --b\t--c\n",
        ["ONE"] = "one",
        ["EMPTY"] = "",
        ["QUOTED"] = "'a b'",
        ["SPACED"] = "a b",
    };

    [Theory]
    [InlineData("run", "run")]
    [InlineData("  run\t now\n", "run|now")]
    [InlineData("a 'b c' d", "a|b c|d")]
    [InlineData("a \"b c\" d", "a|b c|d")]
    [InlineData("a''b \"\" ''", "ab||")]
    [InlineData("a'b'\"c\"d", "abcd")]
    [InlineData(@"a\ b \'c \\", @"a b|'c|\")]
    [InlineData("\"a\\\"b\\\\c\\$d\\`e\\n\"", @"a""b\c$d`e\n")]
    [InlineData("'a\\b'", @"a\b")]
    [InlineData("a\\\nb", "ab")]
    [InlineData("\"a\\\nb\"", "ab")]
    [InlineData("a *.txt ~ #x", "a|*.txt|~|#x")]
    [InlineData("a=b;c a|b", "a=b;c|a§b")]
    // A word of nothing but an unquoted expansion is split, and disappears when it is empty.
    [InlineData("run ${FLAGS}", "run|--a|--b|--c")]
    [InlineData("run ${EMPTY} x", "run|x")]
    [InlineData("run ${MISSING:-}", "run")]
    [InlineData("run ${MISSING:-a b}", "run|a|b")]
    [InlineData("run ${ONE}${SPACED}", "run|onea|b")]
    [InlineData("run ${QUOTED}", "run|'a|b'")] // as in a shell: quotes that come out of a variable are ordinary characters
    // In quotes, or as a part of a word, it is not.
    [InlineData("run \"${FLAGS}\"", "run|--a  --b\t--c\n")]
    [InlineData("run \"${EMPTY}\"", "run|")]
    [InlineData("run --x=${SPACED}", "run|--x=a b")]
    [InlineData("run ''${SPACED}", "run|a b")]
    // Single quotes and backslashes keep the dollar sign.
    [InlineData("sh -c 'echo ${HOME} $x $$'", "sh|-c|echo ${HOME} $x $$")]
    [InlineData(@"echo \${ONE} \$x", "echo|${ONE}|$x")]
    [InlineData("echo $$ $${ONE} $$x", "echo|$|${ONE}|$x")]
    [InlineData("a '|' \">\" \\&", "a|§|>|&")]
    [InlineData("", null)]
    [InlineData(" \n ", null)]
    [InlineData("${EMPTY}", null)]
    public void Split_OfAValidCommand_GivesTheWords(string text, string? expected)
    {
        var (words, complaints) = Split(text);

        Assert.Empty(complaints);
        string[] list = expected is null ? [] : [.. expected.Split('|').Select(word => word.Replace('§', '|'))];
        Assert.Equal(list, words!.Value.ToArray());
    }

    [Theory]
    [InlineData("a 'b", "a single quote is not closed|")]
    [InlineData("a \"b", "a double quote is not closed|")]
    [InlineData("a \"b\\\"", "a double quote is not closed|")]
    [InlineData("a \\", "a backslash has nothing after it|")]
    [InlineData("a ${MISSING} b", "${MISSING} is not set|write ${MISSING:-} if it may be empty, or ${MISSING:-something} for a default")]
    [InlineData("a && b", "\"&&\" is for a shell|no shell is run: quote it, or use [\"sh\", \"-c\", \"…\"]")]
    [InlineData("a > b", "\">\" is for a shell|no shell is run: quote it, or use [\"sh\", \"-c\", \"…\"]")]
    public void Split_OfAWrongCommand_Complains(string text, string expected)
    {
        var (words, complaints) = Split(text);

        Assert.Null(words);
        Assert.Equal([expected], complaints);
    }

    [Fact]
    public void Split_OfAnything_NeverThrowsAndFailsOnlyWithAComplaint()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        string[] pieces = ["$", "${", "}", ":-", "FLAGS", "EMPTY", "MISSING", " ", "a", "'", "\"", "\\", "\n", "|", "&&", "é", "\ud800"];
        for (int i = 0; i < 50_000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(0, 24)).Select(_ => pieces[random.Next(pieces.Length)]));

            var (words, complaints) = Split(text);

            Assert.True(words is null == complaints.Count > 0, $"seed {seed}: {text}");
        }
    }

    [Fact]
    public void Split_OfWordsWithoutSpecialCharacters_IsTheInverseOfQuoting()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        for (int i = 0; i < 5_000; i++)
        {
            string[] expected = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ =>
                string.Concat(Enumerable.Range(0, random.Next(0, 8)).Select(_ => " a\"\\$'\n|é"[random.Next(9)])))];
            string text = string.Join(' ', expected.Select(word => "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'"));

            Assert.True(expected.SequenceEqual(Split(text).Words!.Value), $"seed {seed}: {text}");
        }
    }

    [Fact]
    public void Split_OfHugeText_IsBoundedInTime()
    {
        Stopwatch watch = Stopwatch.StartNew();
        foreach (string unit in new[] { "a ", "${X:-", "${EMPTY} ", "'", "\"a\"", "\\a", "${FLAGS} ", "$$" })
            Split(string.Concat(Enumerable.Repeat(unit, 200_000)));

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"took {watch.Elapsed}");
    }

    [Fact]
    public void Split_WithTooManyWords_IsRefused()
    {
        var (words, complaints) = Split(string.Concat(Enumerable.Repeat("a ", WordSplitter.WordsMax + 1)));

        Assert.Null(words);
        Assert.Single(complaints);
    }

    private static (ImmutableArray<string>? Words, List<string> Complaints) Split(string text)
    {
        List<string> complaints = [];
        ImmutableArray<string>? words = WordSplitter.Split(text, new Expander(Values, [], ""), (message, hint) => complaints.Add($"{message}|{hint}"));
        return (words, complaints);
    }
}
