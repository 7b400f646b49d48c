using System.Text;
using Init.Chat.OpenAi;
using Init.Chat.Providers;

namespace Init.Chat.Tests.OpenAi;

public sealed class EventCutterTests
{
    private static readonly string[] Streams =
    [
        "data: {\"a\":1}\n\ndata: {\"b\":\"é🙂\"}\n\ndata: [DONE]\n\n",
        "data: {\"a\":1}\r\n\r\n: comment\r\n\r\ndata:{\"b\":2}\r\n\r\n",
        "data: 1\r\rdata: 2\r\r",
        "event: error\ndata: {\ndata: }\n\n\n\n:\n\ndata\n\nid: 5\ndata: x\n\n",
        "data: mixed\r\n\ndata: ends\n\r\n",
        "data: several\r\ndata: lines\r\n\r\nevent: x\r\ndata: 1\r\n\r\n",
    ];

    public static TheoryData<string> All => [.. Streams];

    /// <summary>However the bytes are cut on their way: the same events, and each byte once.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void Events_WhenBytesAreCutAnywhere_AreTheSame(string stream)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(stream);
        List<string> whole = [.. Cut(bytes, bytes.Length, bytes.Length).Data];
        for (int first = 0; first <= bytes.Length; first++)
        {
            for (int piece = 1; piece <= 3; piece++)
            {
                (List<string> data, string raw) = Cut(bytes, first, piece);
                Assert.Equal(stream, raw);
                Assert.Equal(whole, data);
            }
        }
    }

    [Fact]
    public void Data_WhenEventsAreOfAllKinds_IsWhatTheStandardSays()
    {
        Assert.Equal(["{\n}", "x"], Cut(Encoding.UTF8.GetBytes(Streams[3]), 1000, 1).Data);
        Assert.Equal(["{\"a\":1}", "{\"b\":2}"], Cut(Encoding.UTF8.GetBytes(Streams[1]), 1, 1).Data);
    }

    [Fact]
    public void Free_WhenAnEventNeverEnds_Throws()
    {
        using EventCutter cutter = new();
        StreamException exception = Assert.Throws<StreamException>(() =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                Memory<byte> free = cutter.Free();
                free.Span.Fill((byte)'a');
                cutter.Filled(free.Length);
                Assert.False(cutter.TryCut(out _));
            }
        });
        Assert.Equal(StreamProblem.TooLong, exception.Problem);
    }

    [Fact]
    public void Rest_WhenTheStreamEndsInTheMiddle_HasWhatIsLeft()
    {
        using EventCutter cutter = new();
        Fill(cutter, "data: 1\n\ndata: 2\n"u8);
        Assert.True(cutter.TryCut(out _));
        Assert.False(cutter.TryCut(out _));
        Assert.Equal("data: 2\n", Encoding.UTF8.GetString(cutter.Rest));
    }

    private static (List<string> Data, string Raw) Cut(byte[] bytes, int first, int piece)
    {
        List<string> data = [];
        List<byte> raw = [];
        using EventCutter cutter = new();
        for (int at = 0; at < bytes.Length;)
        {
            int count = Math.Min(at == 0 && first > 0 ? first : piece, bytes.Length - at);
            Fill(cutter, bytes.AsSpan(at, count));
            at += count;
            while (cutter.TryCut(out ReadOnlySpan<byte> one))
            {
                raw.AddRange(one);
                ReadOnlySpan<byte> value = EventCutter.DataOf(one);
                if (!value.IsEmpty)
                    data.Add(Encoding.UTF8.GetString(value));
            }
        }

        raw.AddRange(cutter.Rest);
        return (data, Encoding.UTF8.GetString([.. raw]));
    }

    private static void Fill(EventCutter cutter, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(cutter.Free().Span);
        cutter.Filled(bytes.Length);
    }
}
