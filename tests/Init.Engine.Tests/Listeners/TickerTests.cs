using Init.Engine.Listeners;

namespace Init.Engine.Tests.Listeners;

public sealed class TickerTests : LoopTest
{
    [Fact]
    public void Ticks_ComeAtMultiplesOfTheirPeriod_WhileSomebodyWantsThem()
    {
        // A clock of its own, ten seconds behind: the timer is set by it and is due at once each time, for the kernel's clock is later.
        var clock = new HandClock { Now = DateTimeOffset.FromUnixTimeSeconds(7190) };
        var events = new SupervisordEvents(Loop);
        using var ticker = new Ticker(Loop, clock, events);
        events.InterestChanged = ticker.Update;
        var heard = new List<string>();
        using IDisposable subscription = events.Subscribe(type => type is "TICK_5" or "TICK_3600", tick => heard.Add($"{tick.Type} {tick.Body}"));

        RunFor(TimeSpan.FromMilliseconds(30));
        Assert.Empty(heard); // The clock stands still.

        clock.Now = DateTimeOffset.FromUnixTimeSeconds(7201);
        RunUntil(() => heard.Count > 0, "ticks");
        clock.Now = DateTimeOffset.FromUnixTimeSeconds(7202);
        RunFor(TimeSpan.FromMilliseconds(30));

        Assert.Equal(["TICK_5 when:7200", "TICK_3600 when:7200"], heard);

        // Back to before: a tick as well, and no storm of them.
        clock.Now = DateTimeOffset.FromUnixTimeSeconds(7100);
        RunUntil(() => heard.Count > 2, "ticks of a clock that was set back");
        RunFor(TimeSpan.FromMilliseconds(30));
        Assert.Equal(["TICK_5 when:7100", "TICK_3600 when:3600"], heard[2..]);
    }

    [Fact]
    public void Timer_WhenNobodyWantsTicks_DoesNotWakeTheLoop()
    {
        var clock = new HandClock { Now = DateTimeOffset.UtcNow - TimeSpan.FromHours(1) };
        var events = new SupervisordEvents(Loop);
        using var ticker = new Ticker(Loop, clock, events);
        events.InterestChanged = ticker.Update;
        events.Subscribe(type => type == "TICK_5", _ => { }).Dispose();
        using IDisposable other = events.Subscribe(type => type == "PROCESS_STATE", _ => { });
        Loop.RunOnce(Linux.MonotonicClock.Now);
        long before = Loop.WakeUps;

        Loop.RunOnce(Linux.MonotonicClock.Now + TimeSpan.FromMilliseconds(200));

        Assert.Equal(1, Loop.WakeUps - before);
        Assert.True(Linux.MonotonicClock.Now - Loop.Now < TimeSpan.FromMilliseconds(100), "it slept until its limit");
    }

    private sealed class HandClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
