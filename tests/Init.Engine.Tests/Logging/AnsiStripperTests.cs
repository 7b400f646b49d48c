using System.Text;
using Init.Engine.Logging;

namespace Init.Engine.Tests.Logging;

public sealed class AnsiStripperTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("\u001b[31mred\u001b[0m", "red")]
    [InlineData("a\u001b[1;38;5;208mb\u001b[Kc", "abc")]
    [InlineData("\u001b]0;title\u0007text", "text")]
    [InlineData("\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\", "link")]
    [InlineData("\u001b(Bx\u001b=y\u001b\u001b[mz", "xyz")]
    [InlineData("ends in the midst\u001b[3", "ends in the midst")]
    public void Strip_Sequences_LeavesTheText(string input, string expected)
    {
        // Whole, and byte by byte: a read may end anywhere.
        Assert.Equal(expected, Stripped(new AnsiStripper(), input, pieceLength: input.Length));
        Assert.Equal(expected, Stripped(new AnsiStripper(), input, pieceLength: 1));
    }

    [Fact]
    public void Strip_ASequenceThatDoesNotEnd_LetsTheRestGo()
    {
        string text = new('x', AnsiStripper.SequenceMax * 2);

        string stripped = Stripped(new AnsiStripper(), "\u001b]" + text, pieceLength: 1000);

        Assert.InRange(stripped.Length, AnsiStripper.SequenceMax - 10, text.Length);
    }

    private static string Stripped(AnsiStripper stripper, string input, int pieceLength)
    {
        var output = new StringBuilder();
        foreach (byte[] piece in Encoding.UTF8.GetBytes(input).Chunk(pieceLength))
            output.Append(Encoding.UTF8.GetString(piece, 0, stripper.Strip(piece)));
        return output.ToString();
    }
}
