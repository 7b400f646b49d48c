using System.Text;
using Init.Base;
using Init.Config.Toml;

namespace Init.Config.Tests.Toml;

public sealed class TomlReaderTests
{
    [Fact]
    public void Reader_OnEveryKindOfValue_KnowsWhereItStands()
    {
        const string Text = """
            top = 1
            [program.web]
              ready   = { path = "ü😀", timeout = '1s' }
              a.b     = [true,
                2.5]
            [[hook]]
            [[hook]]
            x = 1979-05-27
            """;

        (TomlTable? table, List<ConfigProblem> problems) = TomlFiles.Read(Encoding.UTF8.GetBytes(Text));

        Assert.Empty(problems);
        Assert.Equal(
            [
                "top key 1:1 value 1:7",
                "program key 2:2 value 2:1",
                "program.web key 2:10 value 2:1",
                "program.web.ready key 3:3 value 3:13",
                "program.web.ready.path key 3:15 value 3:22",
                "program.web.ready.timeout key 3:28 value 3:38",
                "program.web.a key 4:3 value 4:3",
                "program.web.a.b key 4:5 value 4:13",
                "program.web.a.b[0] value 4:14",
                "program.web.a.b[1] value 5:5",
                "hook key 6:3 value 6:1",
                "hook[0] value 6:1",
                "hook[1] value 7:1",
                "hook[1].x key 8:1 value 8:5",
            ],
            Places(table!, ""));
    }

    [Fact]
    public void Table_WhenItsHeaderComesAfterItsSubTable_StandsAtItsOwnHeader()
    {
        (TomlTable? table, _) = TomlFiles.Read("[a.b]\n[a]\n"u8.ToArray());

        Assert.Equal(["a key 2:2 value 2:1", "a.b key 1:4 value 1:1"], Places(table!, ""));
    }

    [Fact]
    public void Reader_OnBrokenFile_KeepsWhatCouldBeRead()
    {
        (TomlTable? table, List<ConfigProblem> problems) = TomlFiles.Read("a = 1\nb = oops\n[t]\nc = 2\n[bad\nd = 3\n"u8.ToArray());

        Assert.Equal(2, problems.Count);
        Assert.Equal(["a key 1:1 value 1:5", "t key 3:2 value 3:1", "t.c key 4:1 value 4:5"], Places(table!, ""));
    }

    [Fact]
    public void Reader_OnTooManyBytes_Refuses()
    {
        (TomlTable? table, List<ConfigProblem> problems) = TomlFiles.Read(new byte[TomlReader.BytesMax + 1]);

        Assert.Null(table);
        Assert.Equal("supervisor.toml:1:1: toml: the file has 16777217 bytes, more than the 16777216 that are allowed", Assert.Single(problems).ToString());
    }

    [Fact]
    public void Problems_WhenFoundOutOfOrder_AreInTheOrderOfTheFile()
    {
        // That the array is not closed is found only after the bad word in it.
        (_, List<ConfigProblem> problems) = TomlFiles.Read("a = [ oops,\n \"\"\"\n \\q \n"u8.ToArray());

        Assert.Equal([(1, 7), (2, 2), (3, 2)], problems.Select(problem => (problem.At.Line, problem.At.Column)));
    }

    /// <summary>Each of these is slow, or ends the process, for a reader that looks back, or recurses without a limit.</summary>
    private static readonly Dictionary<string, Func<string>> NastyTexts = new(StringComparer.Ordinal)
    {
        ["one line of numbers"] = () => "a = [" + Repeat("1, ", 300_000) + "]",
        ["one line of bad words"] = () => "a = [" + Repeat("x,", 500_000) + "]",
        ["one line of tables"] = () => "a = [" + Repeat("{x=1},", 150_000) + "]",
        ["one inline table"] = () => "a = {" + Numbered(i => $"k{i}=1,", 100_000) + "z=1}",
        ["brackets"] = () => "a = " + Repeat("[", 1_000_000),
        ["brackets on lines"] = () => "a = " + Repeat("[\n", 500_000),
        ["braces"] = () => "a = " + Repeat("{a=", 300_000),
        ["braces on lines"] = () => "a = " + Repeat("{\na=", 250_000),
        ["dots"] = () => Repeat("a.", 500_000) + "a = 1",
        ["dots in a header"] = () => "[" + Repeat("a.", 500_000) + "a]",
        ["many headers"] = () => Numbered(i => $"[t{i}.x]\n", 80_000),
        ["one header often"] = () => Repeat("[a]\n", 250_000),
        ["headers not closed"] = () => Repeat("[a\n", 300_000),
        ["array of tables"] = () => Repeat("[[a]]\nx=1\n", 100_000),
        ["many keys"] = () => Numbered(i => $"k{i}=1\n", 100_000),
        ["one key often"] = () => Repeat("a=1\n", 250_000),
        ["arrays not closed"] = () => Repeat("a = [\n", 150_000),
        ["arrays not closed, new statements"] = () => Numbered(i => $"a{i} = [1\n", 100_000),
        ["text not closed"] = () => Repeat("a = \"\n", 200_000),
        ["long texts not closed"] = () => Repeat("a = [\"\"\"\n", 100_000),
        ["quotes"] = () => "a = " + Repeat("\"", 1_000_000),
        ["apostrophes in a text"] = () => "a = \"" + Repeat("'", 1_000_000) + "\"",
        ["escapes"] = () => "a = \"" + Repeat("\\n", 500_000) + "\"",
        ["bad escapes"] = () => "a = \"" + Repeat("\\q", 500_000) + "\"",
        ["line continuations"] = () => "a = \"\"\"" + Repeat("\\\n  ", 250_000) + "\"\"\"",
        ["a long number"] = () => "a = " + Repeat("1_", 500_000) + "1",
        ["a long fraction"] = () => "a = 0." + Repeat("1", 1_000_000),
        ["a long fraction of a second"] = () => "a = 00:00:00." + Repeat("1", 1_000_000),
        ["a long bare word"] = () => "a = " + Repeat("x", 1_000_000),
        ["spaces"] = () => Repeat(" ", 1_000_000) + "=",
        ["carriage returns"] = () => Repeat("\r", 1_000_000),
        ["comment of control characters"] = () => "#" + Repeat("\u0001", 1_000_000),
        ["empty lines"] = () => Repeat("\n", 1_000_000),
        ["zeros"] = () => Repeat("\0", 1_000_000),
    };

    public static TheoryData<string> NastyTextNames => new(NastyTexts.Keys);

    [Theory]
    [MemberData(nameof(NastyTextNames))]
    public void Reader_OnAboutOneMegabyteOfNastyText_TakesLinearTimeAndBoundedStack(string what)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(NastyTexts[what]());
        List<ConfigProblem> problems = [];

        // A thread of its own, for quadratic is many minutes here, and linear well under a second. Its stack is as small as any of ours.
        Thread reader = new(() => (_, problems) = TomlFiles.Read(bytes), maxStackSize: 1024 * 1024) { IsBackground = true };
        reader.Start();
        bool ended = reader.Join(TimeSpan.FromSeconds(20));

        Assert.True(ended, $"{what}: not read in 20 s");
        Assert.True(problems.Count <= TomlReader.ProblemsMax + 1, $"{what}: {problems.Count} problems");
        Assert.All(problems, problem => Assert.True(problem.ToString().Length < 1000, $"{what}: a message of {problem.ToString().Length} characters"));
    }

    private static IEnumerable<string> Places(TomlValue value, string path) => value switch
    {
        TomlTable table => table.Entries.SelectMany(entry =>
        {
            string key = path.Length == 0 ? entry.Key : $"{path}.{entry.Key}";
            return Places(entry.Value, key).Prepend($"{key} key {Place(entry.KeyAt)} value {Place(entry.Value.At)}");
        }),
        TomlArray array => array.Items.SelectMany((item, i) => Places(item, $"{path}[{i}]").Prepend($"{path}[{i}] value {Place(item.At)}")),
        _ => [],
    };

    private static string Place(SourcePosition at) => $"{at.Line}:{at.Column}";

    private static string Repeat(string text, int count) => new StringBuilder().Insert(0, text, count).ToString();

    private static string Numbered(Func<int, string> line, int count) => string.Concat(Enumerable.Range(0, count).Select(line));
}
