using System.Text;
using Init.Engine.Probes;

namespace Init.Engine.Tests.Probes;

public sealed class HttpResponseReaderTests
{
    private const string Malformed = "the chunks of the body are malformed";
    private const string NotInBody = "status 200, but the body does not contain the expected text";
    private const string BrokenBody = "closed the connection in the middle of the body";

    /// <summary>The answer, the wanted text, and the reason why not (null = a good answer).</summary>
    public static TheoryData<string, string?, string?> Answers => new()
    {
        { "HTTP/1.1 200 OK\r\n\r\n", null, null },
        { "HTTP/1.0 200\r\n\r\n", null, null },
        { "HTTP/1.1 204 No Content\n\n", null, null },
        { "HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n", null, null },
        { "HTTP/1.1 399 Odd\r\n\r\n", null, null },
        { "HTTP/1.1 400 Bad Request\r\n", null, "status 400" },
        { "HTTP/1.1 503 Service Unavailable\r\n", null, "status 503" },
        { "HTTP/1.1 101 Switching Protocols\r\n", null, "status 101" },
        { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", null, null },
        { "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 7\r\n\r\nHTTP/1.1 200 OK\r\n\r\nready", "ready", null },
        { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 No\r\n", null, "status 500" },

        { "", null, "closed the connection without an answer" },
        { "HTTP/1.1 200 OK", null, "closed the connection in the middle of the header" },
        { "HTTP/1.1 200 OK\r\nServer: x\r\n", null, "closed the connection in the middle of the header" },
        { "SSH-2.0-OpenSSH_9.2\r\n", null, "the answer is not HTTP" },
        { "\0\0\0\0", null, "the answer is not HTTP" },
        { "HTTP/2 200\r\n\r\n", null, "the answer is not HTTP" },
        { "HTTP/1.1 2x0 OK\r\n", null, "the answer is not HTTP" },
        { "HTTP/1.1 20\r\n", null, "the answer is not HTTP" },
        { "HTTP/1.1 2000 OK\r\n", null, "the answer is not HTTP" },
        { "HTTP/1.1  200 OK\r\n", null, "the answer is not HTTP" },
        { "HTTP/1.1 +20 OK\r\n", null, "the answer is not HTTP" },
        { "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", null, "the header is malformed" },
        { "HTTP/1.1 200 OK\r\nFolded: a\r\n b\r\n\r\n", null, null },

        { "HTTP/1.1 200 OK\r\n\r\nall is ready now", "ready", null },
        { "HTTP/1.1 200 OK\r\n\r\nall is ready now", "ready!", NotInBody },
        { "HTTP/1.1 200 OK\r\n\r\nall is well", "w", null },
        { "HTTP/1.1 200 OK\r\n\r\naaaaab", "aab", null },
        { "HTTP/1.1 200 OK\r\n\r\nzustand: ähm, läuft", "läuft", null },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nready", "ready", null },
        { "HTTP/1.1 200 OK\r\ncontent-length:  4\t\r\n\r\nready", "ready", NotInBody },
        { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nread", "ready", BrokenBody },
        { "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "ready", NotInBody },
        { "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "ready", "the header gives no valid length of the body" },
        { "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "ready", "the header gives no valid length of the body" },
        { "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n", "ready", "the header gives no valid length of the body" },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "ready", "the header gives no valid length of the body" },
        { "HTTP/1.1 204 No Content\r\n\r\n", "ready", "status 204, but the body does not contain the expected text" },

        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nrea\r\n2;x=y\r\ndy\r\n0\r\n\r\n", "ready", null },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 3\r\n\r\n1\r\nr\r\n1\r\ne\r\n1\r\na\r\n1\r\nd\r\n1\r\ny\r\n0\r\n", "ready", null },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n000a\r\n..........\r\n0\r\nTrailer: ready\r\n\r\n", "ready", NotInBody },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nreadX\r\n0\r\n", "ready", NotInBody },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n", "ready", Malformed },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "ready", Malformed },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "ready", Malformed },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "ready", Malformed },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nre", "ready", BrokenBody },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void Answer_WhenFedAtOnce_GivesTheVerdict(string answer, string? wanted, string? reason) =>
        AssertVerdict(reason, Read(answer, wanted, [int.MaxValue]));

    [Theory]
    [MemberData(nameof(Answers))]
    public void Answer_WhenFedByteByByte_GivesTheSameVerdict(string answer, string? wanted, string? reason) =>
        AssertVerdict(reason, Read(answer, wanted, [1]));

    [Theory]
    [MemberData(nameof(Answers))]
    public void Answer_WhenCutAnywhere_GivesTheSameVerdict(string answer, string? wanted, string? reason)
    {
        for (int cut = 1; cut < answer.Length; cut++)
            AssertVerdict(reason, Read(answer, wanted, [cut, int.MaxValue]));
    }

    [Fact]
    public void Header_WhenLongerThanTheLimit_IsRefusedAtTheLimit()
    {
        HttpResponseReader reader = new(null);
        Assert.Null(reader.Feed("HTTP/1.1 200 OK\r\n"u8));
        int fed = 17;
        HttpVerdict? verdict = null;
        while (verdict is null)
        {
            verdict = reader.Feed("X-Filler: 0123456789\r\n"u8);
            fed += 22;
        }

        Assert.Equal("the header is longer than 64 KiB", verdict.Value.Detail);
        Assert.InRange(fed, HttpResponseReader.HeaderBytesMax, HttpResponseReader.HeaderBytesMax + 22);
    }

    [Fact]
    public void Header_WhenOneLineNeverEnds_IsRefusedAtTheLimit()
    {
        HttpResponseReader reader = new(null);
        reader.Feed("HTTP/1.1 200 "u8);
        HttpVerdict? verdict = null;
        for (int fed = 0; fed <= HttpResponseReader.HeaderBytesMax && verdict is null; fed += 1000)
            verdict = reader.Feed(new byte[1000]);

        Assert.Equal("the header is longer than 64 KiB", verdict?.Detail);
    }

    [Fact]
    public void Header_WhenInterimAnswersNeverEnd_IsRefusedAtTheLimit()
    {
        HttpResponseReader reader = new(null);
        HttpVerdict? verdict = null;
        for (int fed = 0; fed <= HttpResponseReader.HeaderBytesMax && verdict is null; fed += 25)
            verdict = reader.Feed("HTTP/1.1 100 Continue\r\n\r\n"u8);

        Assert.Equal("the header is longer than 64 KiB", verdict?.Detail);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void Body_WhenTheTextEndsAtTheLimit_IsFoundAndNotBeyond(int beyond, bool found)
    {
        HttpResponseReader reader = new("ready");
        reader.Feed("HTTP/1.1 200 OK\r\n\r\n"u8);
        byte[] body = new byte[HttpResponseReader.BodyBytesMax + 10];
        "ready"u8.CopyTo(body.AsSpan(HttpResponseReader.BodyBytesMax - 5 + beyond));

        HttpVerdict? verdict = null;
        for (int at = 0; at < body.Length && verdict is null; at += 1000)
            verdict = reader.Feed(body.AsSpan(at, Math.Min(1000, body.Length - at)));

        Assert.Equal(found, verdict?.Success);
    }

    /// <summary>Whatever a server sends, there is a verdict or a wish for more, and it does not depend on how the network cut it up.</summary>
    [Fact]
    public void Anything_WhenCutAtRandom_GivesOneVerdictAndNeverThrows()
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        string[] samples = [.. Answers.Select(row => (string)row[0])];
        for (int round = 0; round < 20_000; round++)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(samples[random.Next(samples.Length)] + samples[random.Next(samples.Length)]);
            for (int i = random.Next(4); i > 0 && bytes.Length > 0; i--)
                bytes[random.Next(bytes.Length)] = "\r\n0:; \u00001aZ"u8[random.Next(10)];
            bytes = bytes[..random.Next(bytes.Length + 1)];
            string wanted = new('r', random.Next(3));

            HttpVerdict whole = Read(bytes, wanted, [int.MaxValue]);
            HttpVerdict pieces = Read(bytes, wanted, [.. Enumerable.Range(0, 40).Select(_ => random.Next(1, 9))]);

            Assert.True(whole == pieces, $"seed {seed}, round {round}: {whole} and {pieces} for {Convert.ToHexString(bytes)}");
        }
    }

    private static void AssertVerdict(string? reason, HttpVerdict verdict)
    {
        Assert.Equal(reason, verdict.Detail);
        Assert.Equal(reason is null, verdict.Success);
    }

    private static HttpVerdict Read(string answer, string? wanted, int[] sizes) => Read(Encoding.UTF8.GetBytes(answer), wanted, sizes);

    /// <summary>Feeds pieces of these sizes, the last one again and again.</summary>
    private static HttpVerdict Read(byte[] answer, string? wanted, int[] sizes)
    {
        HttpResponseReader reader = new(wanted);
        int piece = 0;
        for (int at = 0; at < answer.Length;)
        {
            int size = Math.Min(sizes[Math.Min(piece++, sizes.Length - 1)], answer.Length - at);
            if (reader.Feed(answer.AsSpan(at, size)) is { } verdict)
                return verdict;
            at += size;
        }

        return reader.End();
    }
}
