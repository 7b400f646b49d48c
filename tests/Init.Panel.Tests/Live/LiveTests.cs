using System.IO.Pipelines;
using System.Text;
using Init.Admin.Backend;
using Init.Control;
using Init.Panel.Tests.Harness;
using Microsoft.AspNetCore.Http;

namespace Init.Panel.Tests.Live;

/// <summary>The stream that each open panel has.</summary>
public sealed class LiveTests
{
    private const string Live = "/admin/api/v1/live", Session = "/admin/api/v1/session";

    [Fact]
    public async Task Stream_BeginsWithTheRevisionAndThePrograms()
    {
        Supervisor supervisor = new();
        await using PanelUnderTest panel = await SignedInAsync(supervisor);
        await using Stream live = await Stream.OpenAsync(panel);

        string text = await live.ReadUntilAsync("event: programs\n");
        Assert.Contains("event: routes\ndata: {\"revision\":", text, StringComparison.Ordinal);
        string data = await live.ReadUntilAsync("\n\n");
        Assert.Contains("\"server_state\":\"running\",\"programs\":[]}", data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_AfterAChangeOfTheRules_TellsTheRevision()
    {
        await using PanelUnderTest panel = await SignedInAsync(new Supervisor());
        await using Stream live = await Stream.OpenAsync(panel);
        _ = await live.ReadUntilAsync("event: routes\n");
        string before = await live.ReadUntilAsync("\n\n");
        Assert.Equal(200, (await panel.SendAsync("PUT", "/admin/api/v1/routes/default-backend", "{\"default_backend\":\"http://127.0.0.1:1\"}")).Status);

        _ = await live.ReadUntilAsync("event: routes\n");
        Assert.NotEqual(before, await live.ReadUntilAsync("\n\n"));
    }

    [Fact]
    public async Task Stream_WhenTheSupervisorIsGone_SaysSo()
    {
        Supervisor supervisor = new() { IsGone = true };
        await using PanelUnderTest panel = await SignedInAsync(supervisor);
        await using Stream live = await Stream.OpenAsync(panel);

        _ = await live.ReadUntilAsync("event: unreachable\ndata: {\"detail\":\"cannot reach the supervisor: ");
        supervisor.IsGone = false;
        _ = await live.ReadUntilAsync("event: programs\n");
    }

    [Fact]
    public async Task Stream_WhenItsUserIsSignedOut_EndsWithThat()
    {
        await using PanelUnderTest panel = await SignedInAsync(new Supervisor());
        await using Stream live = await Stream.OpenAsync(panel);
        _ = await live.ReadUntilAsync("event: routes\n");
        _ = await panel.SendAsync("DELETE", Session, adjust: context => context.Request.Headers["X-Requested-With"] = "init-panel");

        _ = await live.ReadUntilAsync("event: signed_out\ndata: {}\n\n");
        await live.Ended;
    }

    [Fact]
    public async Task Stream_WhenTheSessionRunsOut_EndsWithThat()
    {
        await using PanelUnderTest panel = await SignedInAsync(new Supervisor());
        await using Stream live = await Stream.OpenAsync(panel);
        _ = await live.ReadUntilAsync("event: programs\n");
        panel.Clock.Advance(TimeSpan.FromDays(7));

        _ = await live.ReadUntilAsync("event: signed_out\ndata: {}\n\n");
        await live.Ended;
    }

    [Fact]
    public async Task Streams_BeyondTheirNumber_AreRefused()
    {
        await using PanelUnderTest panel = await SignedInAsync(new Supervisor());
        List<Stream> open = [];
        for (int i = 0; i < 50; i++)
            open.Add(await Stream.OpenAsync(panel));

        Assert.Equal(503, (await panel.SendAsync("GET", Live)).Status);
        foreach (Stream stream in open)
            await stream.DisposeAsync();
        await using Stream another = await Stream.OpenAsync(panel);
        _ = await another.ReadUntilAsync("event: routes\n");
    }

    [Fact]
    public async Task Supervisor_IsAskedOnceForAllAndNotWhenNobodyListens()
    {
        Supervisor supervisor = new();
        await using PanelUnderTest panel = await SignedInAsync(supervisor);
        await Task.Delay(TimeSpan.FromMilliseconds(300));
        Assert.Equal(0, supervisor.Asked);

        List<Stream> open = [];
        for (int i = 0; i < 10; i++)
            open.Add(await Stream.OpenAsync(panel));
        foreach (Stream stream in open)
            _ = await stream.ReadUntilAsync("event: programs\n");
        int asked = supervisor.Asked;
        Assert.True(asked < 10, $"asked {asked} times for ten panels");
        foreach (Stream stream in open)
            await stream.DisposeAsync();

        // The one that is under way, and no further.
        await Task.Delay(TimeSpan.FromSeconds(5));
        Assert.InRange(supervisor.Asked, asked, asked + 2);
    }

    [Fact]
    public async Task FollowedEvents_EndWithTheSessionToo()
    {
        await using PanelUnderTest panel = await SignedInAsync(new Supervisor());
        await using Stream events = await Stream.OpenAsync(panel, "/admin/api/v1/events");
        _ = await events.ReadUntilAsync(":\n\n");
        _ = await panel.SendAsync("DELETE", Session, adjust: context => context.Request.Headers["X-Requested-With"] = "init-panel");

        await events.Ended;
    }

    private static async Task<PanelUnderTest> SignedInAsync(Supervisor supervisor)
    {
        PanelUnderTest panel = PanelUnderTest.Start(backend: supervisor);
        Assert.Equal(200, (await panel.SignInAsync()).Status);
        return panel;
    }

    private sealed class Supervisor : IControlBackend
    {
        private int _asked;

        public int Asked => _asked;

        public bool IsGone { get; set; }

        public async Task<ControlAnswer> AskAsync(ControlRequest request, ControlItemSink? onItem = null, Action<long>? onDropped = null, CancellationToken cancellation = default)
        {
            if (request is ControlRequest.Events)
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
            _ = Interlocked.Increment(ref _asked);
            return IsGone ? new ControlAnswer.Lost("it is gone") : new ControlAnswer.Done(new ControlResult.Status([], []));
        }
    }

    /// <summary>A request that goes on, and what has come of it.</summary>
    private sealed class Stream : IAsyncDisposable
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

        private readonly Pipe _pipe = new();
        private readonly CancellationTokenSource _gone = new();
        private readonly StringBuilder _text = new();

        public Task Ended { get; private set; } = Task.CompletedTask;

        public static async Task<Stream> OpenAsync(PanelUnderTest panel, string path = Live)
        {
            Stream stream = new();
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
}
