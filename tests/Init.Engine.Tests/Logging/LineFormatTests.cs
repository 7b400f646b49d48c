using System.Text;
using System.Text.Json;
using Init.Config;
using Init.Engine.Logging;

namespace Init.Engine.Tests.Logging;

public sealed class LineFormatTests
{
    private static readonly byte[] Time = Encoding.ASCII.GetBytes("2026-11-21T05:14:00.123Z");

    [Fact]
    public void Text_WhenStdout_HasTimeNameAndBar() =>
        Assert.Equal("2026-11-21T05:14:00.123Z napcat | hello\n", Encoding.UTF8.GetString(Format(LogFormat.Text, OutputStream.Stdout, "hello"u8)));

    [Fact]
    public void Text_WhenStderr_IsMarked() =>
        Assert.Equal("2026-11-21T05:14:00.123Z napcat ! hello\n", Encoding.UTF8.GetString(Format(LogFormat.Text, OutputStream.Stderr, "hello"u8)));

    [Fact]
    public void Text_WhenBytesAreNoText_KeepsThem()
    {
        byte[] line = Enumerable.Range(0, 256).Select(value => (byte)value).ToArray();

        Assert.Equal(line, Format(LogFormat.Text, OutputStream.Stdout, line)[34..^1]);
    }

    [Fact]
    public void Json_WhenPlain_HasFourProperties() => Assert.Equal(
        """{"time":"2026-11-21T05:14:00.123Z","program":"napcat","stream":"stderr","message":"say \"hi\"\tnow"}""" + "\n",
        Encoding.UTF8.GetString(Format(LogFormat.Json, OutputStream.Stderr, "say \"hi\"\tnow"u8)));

    [Fact]
    public void Json_WhenNameNeedsEscaping_IsValid()
    {
        LineFormat format = new(LogFormat.Json, "a\"b\u0001", OutputStream.Stdout);
        byte[] target = new byte[format.MostBytesFor(0)];
        using JsonDocument line = JsonDocument.Parse(target.AsMemory(0, format.Write([], target)));

        Assert.Equal("a\"b\u0001", line.RootElement.GetProperty("program").GetString());
    }

    [Fact]
    public void Json_WhenAnyBytes_IsValidAndSaysWhatUtf8DecodingSays()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        string[] pieces = ["abc", "\"", "\\", "é", "漢字", "😀", "\u2028", "\u007f", "\t", "\r"];
        for (int round = 0; round < 5000; round++)
        {
            List<byte> line = [];
            for (int i = random.Next(12); i > 0; i--)
            {
                if (random.Next(3) == 0)
                    line.Add((byte)random.Next(256));
                else
                    line.AddRange(Encoding.UTF8.GetBytes(pieces[random.Next(pieces.Length)]));
            }

            line.RemoveAll(value => value == '\n');
            byte[] json = Format(LogFormat.Json, OutputStream.Stdout, line.ToArray());

            Assert.Equal((byte)'\n', json[^1]);
            Assert.DoesNotContain((byte)'\n', json[..^1]);
            using JsonDocument document = JsonDocument.Parse(json);
            string expected = Encoding.UTF8.GetString(line.ToArray());
            Assert.True(expected == document.RootElement.GetProperty("message").GetString(), $"seed {seed}, round {round}");
        }
    }

    [Fact]
    public void InitLine_WhenTextHasNewlines_CannotForgeALine()
    {
        InitLogEntry entry = new(DateTimeOffset.UnixEpoch, LogLevel.Warning, "test", "cannot start \"a\nb\u001b\"", [new LogField("program", "a\nb")]);

        Assert.Equal("1970-01-01T00:00:00.000Z init | warning: cannot start \"a\\nb?\"\n", InitLineFormat.Format(LogFormat.Text, entry));
        using JsonDocument json = JsonDocument.Parse(InitLineFormat.Format(LogFormat.Json, entry));
        Assert.Equal("a\nb", json.RootElement.GetProperty("program").GetString());
        Assert.Equal("warning", json.RootElement.GetProperty("level").GetString());
    }

    private static byte[] Format(LogFormat logFormat, OutputStream stream, ReadOnlySpan<byte> line)
    {
        LineFormat format = new(logFormat, "napcat", stream);
        format.SetTime(Time);
        byte[] target = new byte[format.MostBytesFor(line.Length)];
        return target[..format.Write(line, target)];
    }
}
