using System.Text.Json;
using Init.Engine.Control;
using Init.Linux;

namespace Init.Control.Tests.Server;

public class DescriptorExhaustionTests
{
    private const string Version = "{\"v\":1,\"id\":1,\"op\":\"version\"}";
    private readonly ControlServerLimits _limits = new() { AcceptPause = TimeSpan.FromMilliseconds(100) };

    [Fact]
    public void Server_WhenNobodyIsIdle_PausesSaysSoOnceAndGoesOn()
    {
        using ServerFixture fixture = new(_limits);
        using RawClient busy = fixture.Connect();
        busy.Send("{\"v\":1,\"id\":6,\"op\":\"events\"}\n");
        fixture.Await(() => fixture.Handler.Followers.Count == 1, "it follows, so that it is not idle");
        RunOut(fixture, true);

        using RawClient late = fixture.Connect();
        fixture.Await(() => fixture.Reports.Any(line => line.Contains("Too many open files", StringComparison.Ordinal)), "it was said");
        long before = fixture.WakeUps();
        Thread.Sleep(500); // The claim is about a stretch of time.

        Assert.InRange(fixture.WakeUps() - before, 2, 12);
        Assert.Single(fixture.Reports);
        RunOut(fixture, false);
        Assert.True(late.Ask(Version).GetProperty("ok").GetBoolean());
    }

    [Fact]
    public void Server_WhenSomebodyIsIdle_ClosesHimForTheNewcomer()
    {
        using ServerFixture fixture = new(_limits);
        using RawClient idle = fixture.Connect();
        idle.Ask(Version);
        fixture.OnLoop(() => fixture.Server.AcceptNext = listener =>
            fixture.Server.ConnectionCount > 0 ? new OpenResult(-1, Errno.EMFILE) : UnixSockets.Accept(listener));

        using RawClient late = fixture.Connect();

        Assert.True(late.Ask(Version).GetProperty("ok").GetBoolean());
        JsonElement error = Assert.Single(idle.ReadToEnd()).GetProperty("error");
        Assert.Equal("too-many-connections", error.GetProperty("code").GetString());
    }

    [Fact]
    public void Server_WhenTheNewcomerGotTheLastOne_KeepsHim()
    {
        using ServerFixture fixture = new(_limits);

        // As the kernel has it: the table is full, which is looked at before the queue, and the queue is empty.
        fixture.OnLoop(() => fixture.Server.AcceptNext = listener =>
            UnixSockets.Accept(listener) is { Succeeded: true } accepted ? accepted : new OpenResult(-1, Errno.EMFILE));

        using RawClient newcomer = fixture.Connect();

        Assert.True(newcomer.Ask(Version).GetProperty("ok").GetBoolean());
        Assert.Empty(fixture.Reports);
    }

    [Fact]
    public void Server_WhenTheSpareWasOfNoUse_HasItAgainForTheNextTurn()
    {
        using ServerFixture fixture = new(_limits);
        int calls = 0;
        fixture.OnLoop(() => fixture.Server.AcceptNext = listener => ++calls switch
        {
            1 or 3 => new OpenResult(-1, Errno.EMFILE),
            2 => new OpenResult(-1, Errno.EAGAIN),
            _ => UnixSockets.Accept(listener),
        });

        using RawClient newcomer = fixture.Connect();

        Assert.True(newcomer.Ask(Version).GetProperty("ok").GetBoolean());
        Assert.Empty(fixture.Reports);
    }

    private static void RunOut(ServerFixture fixture, bool isOut) => fixture.OnLoop(() =>
        fixture.Server.AcceptNext = isOut ? _ => new OpenResult(-1, Errno.EMFILE) : UnixSockets.Accept);
}
