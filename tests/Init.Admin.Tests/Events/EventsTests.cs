using System.Threading.Channels;
using Init.Admin.Events;
using Init.Admin.Tests.Harness;
using Init.Control;

namespace Init.Admin.Tests.Events;

public sealed class EventsTests : IAsyncLifetime
{
    private readonly Channel<ControlItem> _raised = Channel.CreateUnbounded<ControlItem>();
    private GatewayUnderTest _gateway = null!;

    public async Task InitializeAsync()
    {
        _gateway = await GatewayUnderTest.StartAsync();
        _gateway.Supervisor.OnAsk = async (_, onItem, cancellation) =>
        {
            await foreach (ControlItem item in _raised.Reader.ReadAllAsync(cancellation))
                await onItem!(item);
            return new ControlAnswer.Lost("it is gone");
        };
    }

    public Task DisposeAsync() => _gateway.DisposeAsync().AsTask();

    [Fact]
    public async Task Event_WhenItHappens_IsSentWithIdTypeAndData()
    {
        using RawConnection client = await FollowAsync();

        Raise("program.running", "web");

        string sent = await client.ReadUntilAsync("\n\n");
        Assert.Matches("id: [0-9a-f]{8}-1\nevent: program.running\ndata: {\"time\":1,\"type\":\"program.running\",\"name\":\"web\"}\n\n$", sent);
    }

    [Fact]
    public async Task Events_WhenSomeAreWanted_AreThoseOnly()
    {
        using RawConnection client = await FollowAsync("?type=program.*&name=web");

        Raise("config.updated", null);
        Raise("program.running", "bot");
        Raise("program.running", "web");

        Assert.Contains("-3\n", await client.ReadUntilAsync("\n\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_ThatComesBack_GetsWhatItHasMissed()
    {
        using (RawConnection first = await FollowAsync())
        {
            Raise("program.running", "a");
            string id = (await first.ReadUntilAsync("\n\n")).Split("id: ")[1].Split('\n')[0];
            Raise("program.running", "b");
            await first.ReadUntilAsync("\"b\"");

            using RawConnection second = await FollowAsync(header: $"Last-Event-ID: {id}\r\n");
            string sent = await second.ReadUntilAsync("}\n\n");
            Assert.Contains("\"b\"", sent, StringComparison.Ordinal);
            Assert.DoesNotContain("missed", sent, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("00000000-5")]
    public async Task Client_WithAnIdOfAnotherTime_IsToldThatItMissedSomething(string id)
    {
        using RawConnection client = await FollowAsync(header: $"Last-Event-ID: {id}\r\n");

        Raise("program.running", "web");

        Assert.Contains("event: missed\n", await client.ReadUntilAsync("\"web\""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hub_WhenAClientIsSlow_LeavesOutTheOldestAndSaysSo()
    {
        FakeSupervisor supervisor = new() { OnAsk = _gateway.Supervisor.OnAsk };
        await using EventHub hub = new(supervisor, TimeProvider.System);
        using EventHub.Subscription slow = hub.Subscribe(null);
        using EventHub.Subscription probe = hub.Subscribe(null);

        for (int i = 0; i < EventHub.QueueMax + 10; i++)
            Raise("program.running", "web");
        long seen = 0;
        while (seen < EventHub.QueueMax + 10)
        {
            Assert.True(await probe.WaitAsync(TimeSpan.FromSeconds(20), default));
            while (probe.TryRead(out NumberedEvent next))
                seen = next.Number;
        }

        Assert.True(slow.HasMissed);
        Assert.True(slow.TryRead(out NumberedEvent oldest));
        Assert.Equal(11, oldest.Number);
    }

    private void Raise(string type, string? name) => _raised.Writer.TryWrite(new ControlItem.EventRaised(new ControlEvent { Time = 1, Type = type, Name = name }));

    private async Task<RawConnection> FollowAsync(string query = "", string header = "")
    {
        RawConnection client = _gateway.Connect();
        client.Send($"GET /api/v1/events{query} HTTP/1.1\r\nHost: localhost\r\n{header}\r\n");
        Assert.Contains("Content-Type: text/event-stream", await client.ReadUntilAsync(":\n\n"), StringComparison.Ordinal);
        return client;
    }
}
