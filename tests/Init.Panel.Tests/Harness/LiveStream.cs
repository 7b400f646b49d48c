using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Init.Panel.Tests.Harness;

/// <summary>A request that goes on, and what has come of it.</summary>
internal sealed class LiveStream : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    private readonly Pipe _pipe = new();
    private readonly CancellationTokenSource _gone = new();
    private readonly StringBuilder _text = new();

    public Task Ended { get; private set; } = Task.CompletedTask;

    public static async Task<LiveStream> OpenAsync(PanelUnderTest panel, string path = "/admin/api/v1/live")
    {
        LiveStream stream = new();
        DefaultHttpContext context = panel.NewContext("GET", path);
        context.Response.Body = stream._pipe.Writer.AsStream();
        context.Features.Set<Microsoft.AspNetCore.Http.Features.IHttpRequestLifetimeFeature>(new Lifetime(stream._gone));
        stream.Ended = Task.Run(async () =>
        {
            await panel.Pipeline(context);
            await stream._pipe.Writer.CompleteAsync();
        }).WaitAsync(Patience);
        _ = await stream.ReadUntilAsync(":\n\n");
        return stream;
    }

    /// <summary>What has come up to this, and not been read yet.</summary>
    public async Task<string> ReadUntilAsync(string part)
    {
        using CancellationTokenSource patience = new(Patience);
        while (true)
        {
            int at = _text.ToString().IndexOf(part, StringComparison.Ordinal);
            if (at >= 0)
            {
                string text = _text.ToString(0, at + part.Length);
                _ = _text.Remove(0, text.Length);
                return text;
            }

            ReadResult result = await _pipe.Reader.ReadAsync(patience.Token);
            foreach (ReadOnlyMemory<byte> piece in result.Buffer)
                _ = _text.Append(Encoding.UTF8.GetString(piece.Span));
            _pipe.Reader.AdvanceTo(result.Buffer.End);
            Assert.False(result.IsCompleted && result.Buffer.IsEmpty, $"the stream ended before \"{part}\": {_text}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _gone.CancelAsync();
        await _pipe.Reader.CompleteAsync();
        await Ended;
        _gone.Dispose();
    }

    private sealed class Lifetime(CancellationTokenSource gone) : Microsoft.AspNetCore.Http.Features.IHttpRequestLifetimeFeature
    {
        public CancellationToken RequestAborted { get; set; } = gone.Token;

        public void Abort() => gone.Cancel();
    }
}
