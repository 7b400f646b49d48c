using Init.Config.Expansion;

namespace Init.Config.Tests.Expansion;

public class ExpanderTests
{
    private static readonly Dictionary<string, string> Values = new()
    {
        ["NAME"] = "value",
        ["EMPTY"] = "",
        ["TOKEN"] = "s3cret",
        ["DOLLARS"] = "${NAME} $$",
        ["INDEX"] = "from outside",
    };

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("", "")]
    [InlineData("a ${NAME} b", "a value b")]
    [InlineData("${NAME}${NAME}", "valuevalue")]
    [InlineData("${EMPTY}", "")]
    [InlineData("${NAME:-other}", "value")]
    [InlineData("${EMPTY:-other}", "other")]
    [InlineData("${MISSING:-other}", "other")]
    [InlineData("${MISSING:-}", "")]
    [InlineData("${MISSING:-a:-b}", "a:-b")]
    [InlineData("${MISSING:-${NAME}}", "value")]
    [InlineData("${MISSING:-${ALSO:-${EMPTY:-deep}}}!", "deep!")]
    [InlineData("${MISSING:-$${NAME}", "${NAME")]
    [InlineData("${NAME:?must be set}", "value")]
    [InlineData("$$", "$")]
    [InlineData("$${NAME}", "${NAME}")]
    [InlineData("$$$${NAME}", "$${NAME}")]
    [InlineData("$$${NAME}", "$value")]
    [InlineData("ready$", "ready$")]
    [InlineData("5 $ and $5", "5 $ and $5")]
    [InlineData("${DOLLARS}", "${NAME} $$")] // a value is never expanded again
    [InlineData("${INDEX}", "3")]
    public void Expand_OfAValidText_FillsIn(string text, string expected)
    {
        var (value, complaints) = Expand(text);

        Assert.Empty(complaints);
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("${MISSING}", "${MISSING} is not set|write ${MISSING:-} if it may be empty, or ${MISSING:-something} for a default")]
    [InlineData("${MISSING:?say why}", "${MISSING} is not set or empty: say why|")]
    [InlineData("${EMPTY:?say why}", "${EMPTY} is not set or empty: say why|")]
    [InlineData("${EMPTY:?}", "${EMPTY} is not set or empty|")]
    [InlineData("${NAME", "\"${\" has no closing brace|write $${ for these characters themselves")]
    [InlineData("${MISSING:-${NAME}", "\"${\" has no closing brace|write $${ for these characters themselves")]
    [InlineData("${}", "\"${\" is not followed by a name|a name has letters, digits and _, and does not begin with a digit")]
    [InlineData("${1}", "\"${\" is not followed by a name|a name has letters, digits and _, and does not begin with a digit")]
    [InlineData("${ NAME}", "\"${\" is not followed by a name|a name has letters, digits and _, and does not begin with a digit")]
    [InlineData("${NAME:+x}", "cannot expand ${NAME…}: after the name comes a closing brace, \":-\" or \":?\"|only ${NAME}, ${NAME:-default} and ${NAME:?message} are known")]
    [InlineData("${NAME-x}", "cannot expand ${NAME…}: after the name comes a closing brace, \":-\" or \":?\"|only ${NAME}, ${NAME:-default} and ${NAME:?message} are known")]
    [InlineData("$HOME/logs", "cannot expand \"$HOME\": a name needs braces|write ${HOME}, or $$HOME for a dollar sign")]
    [InlineData("${TOKEN}", "${TOKEN} is a secret and cannot be used here|list it")]
    [InlineData("${TOKEN:-x}", "${TOKEN} is a secret and cannot be used here|list it")]
    [InlineData("${TOKEN:?x}", "${TOKEN} is a secret and cannot be used here|list it")]
    public void Expand_OfAWrongText_Complains(string text, string expected)
    {
        var (value, complaints) = Expand(text);

        Assert.Null(value);
        Assert.Equal([expected], complaints);
    }

    [Fact]
    public void Expand_WithSeveralMistakes_FindsAll()
    {
        var (value, complaints) = Expand("${A} ${B:?b} $C ${D:-${E}}");

        Assert.Null(value);
        Assert.Equal(4, complaints.Count);
    }

    [Fact]
    public void Expand_WhenNestedTooDeep_IsRefused()
    {
        string deep = string.Concat(Enumerable.Repeat("${X:-", 100)) + new string('}', 100);

        var (value, complaints) = Expand(deep);

        Assert.Null(value);
        Assert.Equal(["expansions are nested deeper than 16|"], complaints);
    }

    [Fact]
    public void Expand_WhenTheResultIsTooLong_IsRefused()
    {
        Dictionary<string, string> values = new() { ["BIG"] = new string('x', 100_000) };
        List<string> complaints = [];

        string? value = new Expander(values, [], "").Expand(string.Concat(Enumerable.Repeat("${BIG}", 20)), (message, _) => complaints.Add(message));

        Assert.Null(value);
        Assert.Equal(["is longer than 1048576 characters once expanded"], complaints);
    }

    [Fact]
    public void Expand_OfAnything_NeverThrowsNeverTellsAValueAndFailsOnlyWithAComplaint()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        string[] pieces = ["$", "$$", "${", "}", ":-", ":?", "NAME", "EMPTY", "TOKEN", "MISSING", "INDEX", " ", "a", "'", "\"", "\\", "\n", "é", "\ud800", ":"];
        for (int i = 0; i < 50_000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(0, 24)).Select(_ => pieces[random.Next(pieces.Length)]));

            var (value, complaints) = Expand(text);

            Assert.True(value is null == complaints.Count > 0, $"seed {seed}: {text}");
            Assert.DoesNotContain(complaints, complaint => complaint.Contains("s3cret", StringComparison.Ordinal) || complaint.Contains("value", StringComparison.Ordinal));
            Assert.False(value is not null && value.Contains("s3cret", StringComparison.Ordinal), $"seed {seed}: {text}");
        }
    }

    private static (string? Value, List<string> Complaints) Expand(string text)
    {
        List<string> complaints = [];
        string? value = new Expander(Values, ["TOKEN"], "list it", index: "3").Expand(text, (message, hint) => complaints.Add($"{message}|{hint}"));
        return (value, complaints);
    }
}
