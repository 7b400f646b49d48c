using Init.Config;
using Init.Engine.Listeners;
using Init.Engine.Logging;
using Init.Engine.Tests.Logging;

namespace Init.Engine.Tests.Listeners;

public sealed class SupervisordEventsTests : IDisposable
{
    private readonly PumpHarness _harness = PumpHarness.Create();
    private readonly SupervisordEvents _events;
    private readonly List<string> _heard = [];

    public SupervisordEventsTests()
    {
        _events = new SupervisordEvents(_harness.Main);
        _harness.Pump.OutputEvents.WantsLogs = true;
        _harness.Pump.OutputEvents.Receive = output => _events.RaiseOutput(new SupervisordEvent("PROCESS_LOG_STDOUT", output.Text) { Instance = output.Source.Instance });
        _events.Subscribe(_ => true, happening => _heard.Add(happening.Body));
    }

    [Fact]
    public void Event_ComesToThoseWhoWantIt()
    {
        var ticks = new List<string>();
        IDisposable subscription = _events.Subscribe(type => type == "TICK_5", happening => ticks.Add(happening.Body));

        _events.Raise(new SupervisordEvent("TICK_5", "a"));
        _events.Raise(new SupervisordEvent("TICK_60", "b"));
        subscription.Dispose();
        _events.Raise(new SupervisordEvent("TICK_5", "c"));

        Assert.Equal(["a"], ticks);
        Assert.Equal(["a", "b", "c"], _heard);
    }

    [Fact]
    public void LastWords_ComeBeforeTheEnd_AndTheOrderOfAllElseIsKept()
    {
        for (int round = 0; round < 50; round++)
        {
            _heard.Clear();
            int web = Attach("web");
            int other = Attach("other");
            PumpHarness.Write(web, "last words");
            _events.AwaitOutput("web", _harness.Pump);
            _events.Raise(new SupervisordEvent("PROCESS_STATE_EXITED", "web ended"));
            PumpHarness.Write(other, "other output");
            _events.AwaitOutput("other", _harness.Pump);
            _events.Raise(new SupervisordEvent("PROCESS_STATE_EXITED", "other ended"));

            _harness.Until(() => _heard.Count == 4, "all events");

            Assert.Equal(["last words", "web ended"], _heard.Where(text => !text.StartsWith("other", StringComparison.Ordinal)));
            Assert.Equal(["other output", "other ended"], _heard.Where(text => text.StartsWith("other", StringComparison.Ordinal)));
            Assert.True(_heard.IndexOf("web ended") < _heard.IndexOf("other ended"));
            _harness.Close(web);
            _harness.Close(other);
        }
    }

    [Fact]
    public void Events_WhenTheLogThreadHangs_WaitOnlySoLong()
    {
        // A pump that was never started stands for one that hangs.
        using var hanging = new LogPump(new LogPumpOptions { MainLoop = _harness.Main });
        _events.AwaitOutput("web", hanging);
        _events.Raise(new SupervisordEvent("PROCESS_STATE_EXITED", "web ended"));
        Assert.Empty(_heard);

        _harness.Until(() => _heard.Count == 1, "the event all the same");
    }

    [Fact]
    public void Events_WhenVeryManyWait_AreNotKeptAnyLonger()
    {
        using var hanging = new LogPump(new LogPumpOptions { MainLoop = _harness.Main });
        _events.AwaitOutput("web", hanging);

        for (int i = 0; i < 10_000; i++)
            _events.Raise(new SupervisordEvent("TICK_5", $"{i}"));

        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => $"{i}"), _heard);
    }

    public void Dispose() => _harness.Dispose();

    private int Attach(string instance) =>
        _harness.Attach(instance, new LogSpec(null, default, 0, Mirror: false) { RaisesEvents = true }, source: new OutputSource(instance));
}
