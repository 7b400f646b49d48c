using System.Text;
using Init.Engine.Logging;

namespace Init.Engine.Tests.Logging;

public sealed class RotationTests
{
    [Theory]
    [InlineData(0, 0, 10, "abc\n", 4)]
    [InlineData(6, 6, 10, "abc\n", 4)] // Exactly full is not too full.
    [InlineData(7, 7, 10, "abc\n", 0)]
    [InlineData(0, 0, 10, "abc\ndef\nghi\n", 8)]
    [InlineData(3, 3, 10, "abc\ndef\nghi\n", 4)]
    [InlineData(0, 0, 10, "0123456789abc\nx\n", 14)] // Longer than the limit: whole, and alone.
    [InlineData(1, 1, 10, "0123456789abc\nx\n", 0)]
    [InlineData(0, 0, 10, "0123456789abc", 13)]
    [InlineData(8, 0, 10, "9abc\nx\n", 5)] // The file has nothing but the beginning of this line.
    [InlineData(8, 4, 10, "9abc\nx\n", 0)]
    [InlineData(8, 4, 10, "9", 1)]
    [InlineData(12, 12, 10, "a\n", 0)] // The limit was lowered.
    [InlineData(99, 99, 0, "abc\n", 4)] // No limit.
    public void BytesThatFit_WhenLinesMeetTheLimit_CutsBetweenLines(long size, long lineStart, long max, string data, int expected) =>
        Assert.Equal(expected, Rotation.BytesThatFit(size, lineStart, max, Encoding.ASCII.GetBytes(data)));

    [Fact]
    public void BytesThatFit_WhenAppliedToAnyInput_LosesNothingAndNeverSplitsALine()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        for (int round = 0; round < 3000; round++)
        {
            int max = random.Next(1, 60);
            List<List<byte>> files = [[]];
            List<byte> input = [];
            int lineStart = 0;
            for (int chunk = 0; chunk < 8; chunk++)
            {
                byte[] data = new byte[random.Next(1, 50)];
                for (int i = 0; i < data.Length; i++)
                    data[i] = random.Next(8) == 0 ? (byte)'\n' : (byte)random.Next(256);
                input.AddRange(data);

                ReadOnlySpan<byte> rest = data;
                while (!rest.IsEmpty)
                {
                    int fits = Rotation.BytesThatFit(files[^1].Count, lineStart, max, rest);
                    if (fits == 0)
                    {
                        // As LogFile does it: the unfinished line moves to the new file.
                        List<byte> unfinished = files[^1][lineStart..];
                        Assert.True(lineStart > 0, $"seed {seed}: an empty file was left behind");
                        files[^1].RemoveRange(lineStart, unfinished.Count);
                        files.Add(unfinished);
                        lineStart = 0;
                        continue;
                    }

                    files[^1].AddRange(rest[..fits]);
                    rest = rest[fits..];
                    lineStart = files[^1].LastIndexOf((byte)'\n') + 1;
                }
            }

            Assert.True(input.SequenceEqual(files.SelectMany(file => file)), $"seed {seed}");
            foreach (List<byte> file in files[..^1])
                Assert.True(file[^1] == '\n', $"seed {seed}: a file ends inside a line");
            foreach (List<byte> file in files)
                Assert.True(file.Count <= max || file.IndexOf((byte)'\n') is var end && (end < 0 || end == file.Count - 1), $"seed {seed}: a file is too large");
        }
    }
}
