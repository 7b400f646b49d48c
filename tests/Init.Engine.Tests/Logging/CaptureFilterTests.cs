using System.Text;
using Init.Engine.Logging;

namespace Init.Engine.Tests.Logging;

public sealed class CaptureFilterTests
{
    private const string Begin = "<!--XSUPERVISOR:BEGIN-->";
    private const string End = "<!--XSUPERVISOR:END-->";

    [Fact]
    public void Capture_IsTakenOutOfTheOutput_WithItsTags()
    {
        var heard = new Heard();

        Take(heard, $"before {Begin}hello\nthere{End} after");

        Assert.Equal("before  after", heard.Output);
        Assert.Equal(["hello\nthere"], heard.Captures);
        Assert.Equal("hello\nthere", heard.Captured);
    }

    [Theory]
    [InlineData(End + "x", End + "x", "")]
    [InlineData(Begin + Begin + End + "x", "x", Begin)]
    [InlineData(Begin + End, "", "")]
    [InlineData("<<!--XSUPERVISOR:BEGIN-->a" + End, "<", "a")]
    public void Tags_ThatBelongToNothing_AreText(string written, string output, string captures)
    {
        var heard = new Heard();

        Take(heard, written);

        Assert.Equal(output, heard.Output);
        Assert.Equal(captures, string.Join('|', heard.Captures));
    }

    [Fact]
    public void BeginningOfATag_IsHeldBack_UntilItIsKnownToBeNone()
    {
        var filter = new CaptureFilter();
        var heard = new Heard();

        filter.Take("a<!--XSUPER"u8, 100, heard);
        Assert.Equal("a", heard.Output);
        Assert.False(filter.IsIdle);

        filter.Take("MAN<"u8, 100, heard);
        Assert.Equal("a<!--XSUPERMAN", heard.Output);

        filter.Finish(heard);
        Assert.Equal("a<!--XSUPERMAN<", heard.Output);
        Assert.True(filter.IsIdle);
    }

    [Fact]
    public void Capture_LongerThanItsLimit_KeepsTheEnd()
    {
        var heard = new Heard();

        Take(heard, $"{Begin}0123456789{End}", captureMax: 4);
        Take(heard, $"{Begin}01{End}", captureMax: 4);

        Assert.Equal(["6789", "01"], heard.Captures);
    }

    [Fact]
    public void Output_InPiecesOfAnySize_ComesOutTheSame()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        string[] words = [Begin, End, "<", "<!--", "text", "\n", "<!--XSUPERVISOR:", "BEGIN-->", "END-->", "ü"];
        for (int round = 0; round < 2000; round++)
        {
            string written = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => words[random.Next(words.Length)]));
            byte[] bytes = Encoding.UTF8.GetBytes(written);
            Heard whole = new(), pieces = new();
            Take(whole, written, captureMax: 30);

            var filter = new CaptureFilter();
            for (int start = 0; start < bytes.Length;)
            {
                int count = Math.Min(bytes.Length - start, 1 + random.Next(9));
                filter.Take(bytes.AsSpan(start, count), 30, pieces);
                start += count;
            }

            filter.Finish(pieces);
            Assert.True(whole.ToString() == pieces.ToString(), $"seed {seed}: \"{written}\"\nwhole:  {whole}\npieces: {pieces}");
        }
    }

    private static void Take(Heard heard, string written, int captureMax = 1000)
    {
        var filter = new CaptureFilter();
        filter.Take(Encoding.UTF8.GetBytes(written), captureMax, heard);
        filter.Finish(heard);
    }

    private sealed class Heard : ICaptureTarget
    {
        private readonly List<byte> _output = [];
        private readonly List<byte> _captured = [];

        public string Output => Encoding.UTF8.GetString([.. _output]);

        public string Captured => Encoding.UTF8.GetString([.. _captured]);

        public List<string> Captures { get; } = [];

        public void TakeOutput(ReadOnlySpan<byte> bytes) => _output.AddRange(bytes);

        public void TakeCaptured(ReadOnlySpan<byte> bytes) => _captured.AddRange(bytes);

        public void EndCapture(ReadOnlySpan<byte> capture) => Captures.Add(Encoding.UTF8.GetString(capture));

        public override string ToString() => $"{Output} [{string.Join('|', Captures)}]";
    }
}
