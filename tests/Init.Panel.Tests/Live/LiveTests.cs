using Init.Admin.Backend;
using Init.Control;
using Init.Panel.Tests.Harness;

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
        await using LiveStream live = await LiveStream.OpenAsync(panel);

        string text = await live.ReadUntilAsync("event: programs\n");
        Assert.Contains("event: routes\ndata: {\"revision\":", text, StringComparison.Ordinal);
        string data = await live.ReadUntilAsync("\n\n");
        Assert.Contains("\"server_state\":\"running\",\"programs\":[]}", data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_AfterAChangeOfTheRules_TellsTheRevision()
    {
        await using PanelUnderTest panel = await SignedInAsync(new Supervisor());
        await using LiveStream live = await LiveStream.OpenAsync(panel);
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
        await using LiveStream live = await LiveStream.OpenAsync(panel);

        _ = await live.ReadUntilAsync("event: unreachable\ndata: {\"detail\":\"cannot reach the supervisor: ");
        supervisor.IsGone = false;
        _ = await live.ReadUntilAsync("event: programs\n");
    }

    [Fact]
    public async Task Stream_WhenItsUserIsSignedOut_EndsWithThat()
    {
        await using PanelUnderTest panel = await SignedInAsync(new Supervisor());
        await using LiveStream live = await LiveStream.OpenAsync(panel);
        _ = await live.ReadUntilAsync("event: routes\n");
        _ = await panel.SendAsync("DELETE", Session, adjust: context => context.Request.Headers["X-Requested-With"] = "init-panel");

        _ = await live.ReadUntilAsync("event: signed_out\ndata: {}\n\n");
        await live.Ended;
    }

    [Fact]
    public async Task Stream_WhenTheSessionRunsOut_EndsWithThat()
    {
        await using PanelUnderTest panel = await SignedInAsync(new Supervisor());
        await using LiveStream live = await LiveStream.OpenAsync(panel);
        _ = await live.ReadUntilAsync("event: programs\n");
        panel.Clock.Advance(TimeSpan.FromDays(7));

        _ = await live.ReadUntilAsync("event: signed_out\ndata: {}\n\n");
        await live.Ended;
    }

    [Fact]
    public async Task Streams_BeyondTheirNumber_AreRefused()
    {
        await using PanelUnderTest panel = await SignedInAsync(new Supervisor());
        List<LiveStream> open = [];
        for (int i = 0; i < 50; i++)
            open.Add(await LiveStream.OpenAsync(panel));

        Assert.Equal(503, (await panel.SendAsync("GET", Live)).Status);
        foreach (LiveStream stream in open)
            await stream.DisposeAsync();
        await using LiveStream another = await LiveStream.OpenAsync(panel);
        _ = await another.ReadUntilAsync("event: routes\n");
    }

    [Fact]
    public async Task Supervisor_IsAskedOnceForAllAndNotWhenNobodyListens()
    {
        Supervisor supervisor = new();
        await using PanelUnderTest panel = await SignedInAsync(supervisor);
        await Task.Delay(TimeSpan.FromMilliseconds(300));
        Assert.Equal(0, supervisor.Asked);

        List<LiveStream> open = [];
        for (int i = 0; i < 10; i++)
            open.Add(await LiveStream.OpenAsync(panel));
        foreach (LiveStream stream in open)
            _ = await stream.ReadUntilAsync("event: programs\n");
        int asked = supervisor.Asked;
        Assert.True(asked < 10, $"asked {asked} times for ten panels");
        foreach (LiveStream stream in open)
            await stream.DisposeAsync();

        // The one that is under way, and no further.
        await Task.Delay(TimeSpan.FromSeconds(5));
        Assert.InRange(supervisor.Asked, asked, asked + 2);
    }

    [Fact]
    public async Task FollowedEvents_EndWithTheSessionToo()
    {
        await using PanelUnderTest panel = await SignedInAsync(new Supervisor());
        await using LiveStream events = await LiveStream.OpenAsync(panel, "/admin/api/v1/events");
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
}
