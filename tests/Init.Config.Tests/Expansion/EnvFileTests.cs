using System.Diagnostics;
using System.Text;
using Init.Base;
using Init.Config.Expansion;

namespace Init.Config.Tests.Expansion;

public class EnvFileTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("A=1", "A=1")]
    [InlineData("A=1\nB=2\n", "A=1;B=2")]
    [InlineData("A=1\r\nB=2\r\n", "A=1;B=2")]
    [InlineData("\uFEFFA=1", "A=1")]
    [InlineData("# comment\n\n   # another\nA=1", "A=1")]
    [InlineData("export A=1\n\texport\tB=2", "A=1;B=2")]
    [InlineData("export=1", "export=1")]
    [InlineData("A=", "A=")]
    [InlineData("A =  spaced out  ", "A=spaced out")]
    [InlineData("A=b c # comment", "A=b c")]
    [InlineData("A=b#c", "A=b#c")]
    [InlineData("A=# comment", "A=")]
    [InlineData("A= # comment", "A=")]
    [InlineData("A='b # c' # comment", "A=b # c")]
    [InlineData("A='b\\n\"$x'", "A=b\\n\"$x")]
    [InlineData("A=\"b\\n\\t\\\\\\\"\\$c\\x\"", "A=b\n\t\\\"$c\\x")]
    [InlineData("A=\"one\ntwo\"\nB=2", "A=one\ntwo;B=2")]
    [InlineData("A=\"one\r\ntwo\"\r\nB=2", "A=one\ntwo;B=2")]
    [InlineData("A=\"one\\\ntwo\"", "A=onetwo")]
    [InlineData("A='one\ntwo'", "A=one\ntwo")]
    [InlineData("A=${B} $C", "A=${B} $C")]
    [InlineData("A=x\"y\"", "A=x\"y\"")]
    [InlineData("A==b=", "A==b=")]
    [InlineData("A=1\nA=2", "A=1;A=2")]
    [InlineData("_a1=ü", "_a1=ü")]
    public void Read_OfAValidFile_GivesTheEntries(string text, string expected)
    {
        List<ConfigProblem> problems = [];

        var entries = EnvFile.Read(Encoding.UTF8.GetBytes(text), ".env", problems);

        Assert.Empty(problems);
        Assert.Equal(expected, string.Join(';', entries.Select(entry => $"{entry.Name}={entry.Value}")));
    }

    [Theory]
    [InlineData("A=1\nB", ".env:2:2: B: expected \"=\" after the name")]
    [InlineData("1A=2", ".env:1:1: env_file: a line must begin with a name (KEY=VALUE; a name has letters, digits and _, and does not begin with a digit)")]
    [InlineData("=2", ".env:1:1: env_file: a line must begin with a name (KEY=VALUE; a name has letters, digits and _, and does not begin with a digit)")]
    [InlineData("A-B=2", ".env:1:2: A: expected \"=\" after the name")]
    [InlineData("\n\n  A=\"x\ny", ".env:3:5: A: the quote is not closed")]
    [InlineData("A='x", ".env:1:3: A: the quote is not closed")]
    [InlineData("A=\"x\" y", ".env:1:7: A: unexpected text after the closing quote")]
    [InlineData("A=\"one\ntwo\"\nB C", ".env:3:3: B: expected \"=\" after the name")]
    [InlineData("A=\"é😀\" y", ".env:1:8: A: unexpected text after the closing quote")]
    [InlineData("A=b\0c", ".env:1:1: A: the value contains a NUL character (no environment variable can)")]
    public void Read_OfAWrongFile_NamesTheProblemAndReadsTheRest(string text, string expected)
    {
        List<ConfigProblem> problems = [];

        EnvFile.Read(Encoding.UTF8.GetBytes(text), ".env", problems);

        Assert.Equal([expected], problems.Select(problem => problem.ToString()));
    }

    [Fact]
    public void Read_AfterAWrongLine_GoesOnWithTheNext()
    {
        List<ConfigProblem> problems = [];

        var entries = EnvFile.Read("A=1\nnonsense here\nB=2"u8, ".env", problems);

        Assert.Equal(["A", "B"], entries.Select(entry => entry.Name));
        Assert.Equal([new SourcePosition(".env", 1, 1), new SourcePosition(".env", 3, 1)], entries.Select(entry => entry.At));
        Assert.Single(problems);
    }

    [Fact]
    public void Read_OfInvalidUtf8OrTooMuch_IsAProblem()
    {
        List<ConfigProblem> problems = [];

        EnvFile.Read([0x41, 0x3d, 0xff], ".env", problems);
        EnvFile.Read(new byte[EnvFile.BytesMax + 1], ".env", problems);

        Assert.Equal([".env:1:1: env_file: is not valid UTF-8", ".env:1:1: env_file: is larger than 1 MiB"], problems.Select(problem => problem.ToString()));
    }

    /// <summary>Bounded fuzzing: INIT_FUZZ_SECONDS sets how long, two seconds by default.</summary>
    [Fact]
    public void Read_OfAnything_NeverThrowsAndNeverTellsAValue()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        double seconds = double.TryParse(Environment.GetEnvironmentVariable("INIT_FUZZ_SECONDS"), out double asked) ? asked : 2;
        string[] pieces = ["A", "B_1", "=", "=s3cret", " ", "\t", "\n", "\r\n", "\r", "\"", "'", "\\", "#", "export ", "\0", "é", "😀", "\uFEFF", "$", "1"];
        Stopwatch watch = Stopwatch.StartNew();
        while (watch.Elapsed < TimeSpan.FromSeconds(seconds))
        {
            byte[] bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(0, 60)).Select(_ => pieces[random.Next(pieces.Length)])));
            if (random.Next(4) == 0 && bytes.Length > 0)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);

            List<ConfigProblem> problems = [];
            var entries = EnvFile.Read(bytes, ".env", problems);

            string shown = $"seed {seed}: {Convert.ToHexString(bytes)}";
            Assert.True(entries.All(entry => entry.Name.Length > 0 && !entry.Value.Contains('\0', StringComparison.Ordinal)), shown);
            Assert.True(problems.TrueForAll(problem => !problem.Message.Contains("s3cret", StringComparison.Ordinal)), shown);
            int lines = bytes.Count(b => b == '\n') + 1;
            Assert.True(problems.TrueForAll(problem => problem.At.Line <= lines && problem.At.Column >= 1), shown);
        }
    }
}
