using System.Text;
using Init.Chat.Providers;
using Init.Chat.Upstream;

namespace Init.Chat.Tests.Providers;

public sealed class ProviderStreamTests
{
    private static readonly StreamLimits Limits = new(TimeSpan.FromSeconds(20), 1 << 20);

    /// <summary>What providers send, and what is meant: content, thoughts, finish reason, usage and how it ends.</summary>
    public static TheoryData<string, string> Recorded => new()
    {
        {
            "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"你好 😀\"}}]}\n\n"
            + "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":7}}\n\ndata: [DONE]\n\n",
            "你好 😀||stop|TokenUsage { Prompt = 5, Completion = 2, Total = 7, CacheHits = 0, CacheMisses = 0 }|said"
        },
        {
            // DeepSeek: thoughts first, usage with its cache; CRLF and comments as from a proxy; no [DONE].
            ": keep-alive\r\n\r\ndata: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\",\"content\":null}}]}\r\n\r\n: keep-alive\r\n\r\nevent: message\r\nid: 7\r\n"
            + "data: {\"choices\":[{\"delta\":{\"content\":\"yes\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":3,\"prompt_cache_hit_tokens\":8,\"prompt_cache_miss_tokens\":2}}\r\n\r\n",
            "yes|hm|stop|TokenUsage { Prompt = 10, Completion = 3, Total = 13, CacheHits = 8, CacheMisses = 2 }|not said"
        },
        {
            // Usage with every piece, lone CR, data over two lines, no space behind the colon, an empty event.
            "data:{\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\r\rdata:\r\r"
            + "data:{\"choices\":[{\"delta\":{\"content\":\"b\"}}],\rdata:\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,\"prompt_tokens_details\":{\"cached_tokens\":1}}}\r\rdata:[DONE]\r\r",
            "ab|||TokenUsage { Prompt = 1, Completion = 2, Total = 3, CacheHits = 1, CacheMisses = 0 }|said"
        },
        {
            "data: {\"choices\":[{\"delta\":{\"content\":\"half\"}}]}\n\ndata: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"code\":null}}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"never\"}}]}\n\n",
            "half||||failed: overloaded (server_error)"
        },
        { "event: error\ndata: {\"message\":\"no\",\"code\":503}\n\n", "||||failed: no (503)" },
        { "data: {\"error\":\"plain words\"}\n\n", "||||failed: plain words ()" },
        { "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\"}}]}}]}\n\n", "tools||||not said" },
        { "data: {\"choices\":null,\"usage\":{\"prompt_tokens\":-1,\"completion_tokens\":\"x\"}}\n\n", "|||TokenUsage { Prompt = 0, Completion = 0, Total = 0, CacheHits = 0, CacheMisses = 0 }|not said" },
        { "data: {\"choices\":[{\"delta\":{\"content\":\"a\\n\\\"\\/\\ud83d\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"\\ude00 b\"}}]}\n\n", "a\n\"/😀 b||||not said" }, // Cut between the halves of a character.
        { "", "||||not said" },
    };

    [Theory]
    [MemberData(nameof(Recorded))]
    public async Task Stream_CutAnywhere_SaysTheSame(string text, string expected)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Assert.Equal(expected, await ReadAsync(new PiecesStream([bytes])));
        Assert.Equal(expected, await ReadAsync(new PiecesStream([.. bytes.Select(one => new[] { one })])));
        for (int cut = 1; cut < bytes.Length; cut++)
            Assert.Equal(expected, await ReadAsync(new PiecesStream([bytes[..cut], bytes[cut..]])));
    }

    [Fact]
    public async Task Piece_HasItsJsonAsItWasWritten()
    {
        const string Json = "{\"choices\":[{\"delta\":{\"content\":\"x\"}}],\"vendor_field\": [1.50, \"\\u00e9\"]}";
        await foreach (StreamPart part in ProviderStream.ReadAsync(new PiecesStream([Encoding.UTF8.GetBytes($"data: {Json}\n\n")]), Limits))
        {
            if (part is StreamPart.Chunk chunk)
                Assert.Equal(Json, Encoding.UTF8.GetString(chunk.Json.Span));
            else
                Assert.Equal(new StreamPart.Ended(false), part);
        }
    }

    [Theory]
    [InlineData("data: {\"choices\":\n\n")]
    [InlineData("data: <html>\n\n")]
    [InlineData("data: 7\n\n")]
    public async Task Stream_ThatIsNoJson_IsMalformed(string text) =>
        Assert.Equal(StreamProblem.Malformed, (await Assert.ThrowsAsync<StreamException>(() => ReadAsync(new PiecesStream([Encoding.UTF8.GetBytes(text)])))).Problem);

    [Fact]
    public async Task Stream_ThatBreaks_GivesWhatCameAndSaysSo()
    {
        List<string> contents = [];
        PiecesStream broken = new([Encoding.UTF8.GetBytes("data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n")]) { AtEnd = () => throw new IOException("reset by peer") };
        StreamException problem = await Assert.ThrowsAsync<StreamException>(async () =>
        {
            await foreach (StreamPart part in ProviderStream.ReadAsync(broken, Limits))
                contents.Add(((StreamPart.Chunk)part).Content);
        });

        Assert.Equal(StreamProblem.Broken, problem.Problem);
        Assert.Equal(["x"], contents);
    }

    [Fact]
    public async Task Stream_ThatFallsSilent_IsGivenUp()
    {
        PiecesStream silent = new([": hello\n"u8.ToArray()]) { AtEnd = () => Timeout.InfiniteTimeSpan };

        Assert.Equal(StreamProblem.Silent, (await Assert.ThrowsAsync<StreamException>(() => ReadAsync(silent, Limits with { Silence = TimeSpan.FromMilliseconds(50) }))).Problem);
        Assert.True(silent.IsDisposed);
    }

    [Fact]
    public async Task Stream_ThatIsCancelled_SaysThatAndNotSilence()
    {
        using CancellationTokenSource cancel = new();
        PiecesStream waiting = new([]) { AtEnd = () => { cancel.Cancel(); return Timeout.InfiniteTimeSpan; } };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ReadAsync(waiting, Limits, cancel.Token));
    }

    [Fact]
    public async Task Stream_WithoutEnd_IsCutOff()
    {
        PiecesStream endless = new(Enumerable.Repeat(Encoding.UTF8.GetBytes("data: " + new string('x', 10_000)), 200));

        Assert.Equal(StreamProblem.TooLong, (await Assert.ThrowsAsync<StreamException>(() => ReadAsync(endless, Limits))).Problem);
    }

    /// <summary>Whatever a provider sends: an answer, or a <see cref="StreamException"/>.</summary>
    [Fact]
    public async Task Stream_OfMutilatedEvents_HasAnEndOrAReason()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        byte[][] recorded = [.. Recorded.Select(row => Encoding.UTF8.GetBytes((string)row[0]))];
        for (int i = 0; i < 3000; i++)
        {
            List<byte> bytes = [.. recorded[random.Next(recorded.Length)], .. recorded[random.Next(recorded.Length)]];
            for (int change = random.Next(1, 6); change > 0 && bytes.Count > 0; change--)
            {
                int at = random.Next(bytes.Count);
                switch (random.Next(4))
                {
                    case 0: bytes[at] = (byte)random.Next(256); break;
                    case 1: bytes.RemoveRange(at, random.Next(bytes.Count - at)); break;
                    case 2: bytes.Insert(at, "\"\\{}[]:,\n\ru0"u8[random.Next(12)]); break;
                    default: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(8, bytes.Count - at))); break;
                }
            }

            try
            {
                await foreach (StreamPart part in ProviderStream.ReadAsync(new PiecesStream([[.. bytes]]), Limits))
                    Assert.NotNull(part);
                _ = StreamOpening.Of([.. bytes]);
                _ = ProviderError.Read(Encoding.UTF8.GetString([.. bytes]));
                _ = Completion.Read(bytes.ToArray());
            }
            catch (StreamException)
            {
                // Said with a reason.
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}, {Convert.ToHexString([.. bytes])}: {exception}");
            }
        }
    }

    private static async Task<string> ReadAsync(Stream body, StreamLimits? limits = null, CancellationToken cancel = default)
    {
        string content = "", reasoning = "", end = "none";
        string? finish = null;
        TokenUsage? usage = null;
        await foreach (StreamPart part in ProviderStream.ReadAsync(body, limits ?? Limits, cancel))
        {
            Assert.Equal("none", end);
            switch (part)
            {
                case StreamPart.Chunk chunk:
                    content += chunk.HasToolCalls ? "tools" : chunk.Content;
                    reasoning += chunk.Reasoning;
                    finish ??= chunk.FinishReason;
                    usage = chunk.Usage ?? usage;
                    break;
                case StreamPart.Failed failed:
                    end = $"failed: {failed.Message} ({failed.Code})";
                    break;
                case StreamPart.Ended ended:
                    end = ended.IsSaid ? "said" : "not said";
                    break;
            }
        }

        return $"{content}|{reasoning}|{finish}|{usage}|{end}";
    }

    /// <summary>Comes in these pieces, one with each read.</summary>
    private sealed class PiecesStream(IEnumerable<byte[]> pieces) : MemoryStream
    {
        private readonly Queue<byte> _rest = new();
        private readonly IEnumerator<byte[]> _pieces = pieces.GetEnumerator();

        /// <summary>How long the end is waited for.</summary>
        public Func<TimeSpan> AtEnd { get; init; } = () => TimeSpan.Zero;

        public bool IsDisposed { get; private set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_rest.Count == 0 && _pieces.MoveNext())
            {
                foreach (byte one in _pieces.Current)
                    _rest.Enqueue(one);
            }

            if (_rest.Count == 0)
            {
                await Task.Delay(AtEnd(), cancellationToken);
                return 0;
            }

            int count = 0;
            while (count < buffer.Length && _rest.TryDequeue(out byte next))
                buffer.Span[count++] = next;
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            _pieces.Dispose();
            base.Dispose(disposing);
        }
    }
}
