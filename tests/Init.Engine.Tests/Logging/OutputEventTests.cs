using System.Text;
using Init.Base;
using Init.Config;
using Init.Engine.Logging;

namespace Init.Engine.Tests.Logging;

public sealed class OutputEventTests : IDisposable
{
    private readonly PumpHarness _harness = PumpHarness.Create();
    private readonly List<OutputEvent> _heard = [];
    private readonly OutputSource _source = new("web") { Pid = 42 };

    public OutputEventTests()
    {
        _harness.Pump.OutputEvents.Receive = _heard.Add;
        _harness.Pump.OutputEvents.WantsLogs = true;
        _harness.Pump.OutputEvents.WantsCaptures = true;
    }

    [Fact]
    public void Capture_OverSeveralWrites_IsAnEventAndNotInTheLog()
    {
        int stdout = Attach(_harness.File("log") with { CaptureMax = new ByteSize(1000) });

        PumpHarness.Write(stdout, "line 1\n<!--XSUPER");
        _harness.Settle();
        PumpHarness.Write(stdout, "VISOR:BEGIN-->the ");
        _harness.Settle();
        PumpHarness.Write(stdout, "capture<!--XSUPERVISOR:END-->line 2\n");
        _harness.Until(() => _heard.Count > 0 && _harness.Text("log").Contains("line 2", StringComparison.Ordinal), "the capture");

        Assert.Equal(new OutputEvent(_source, OutputStream.Stdout, IsCapture: true, "the capture"), Assert.Single(_heard));
        Assert.Equal("line 1\nline 2\n", _harness.Text("log"));
    }

    [Fact]
    public void HeldBackBeginningOfATag_IsLoggedAtTheEnd()
    {
        int stdout = Attach(_harness.File("log") with { CaptureMax = new ByteSize(1000) });

        PumpHarness.Write(stdout, "prompt <!--");
        _harness.Close(stdout);

        _harness.Until(() => _harness.Text("log") == "prompt <!--", "the rest");
    }

    [Fact]
    public void Output_IsAnEventForEachPiece_CapturesIncluded()
    {
        int stdout = Attach(new LogSpec(null, default, 0, Mirror: false) { RaisesEvents = true, CaptureMax = new ByteSize(1000) });

        PumpHarness.Write(stdout, "before<!--XSUPERVISOR:BEGIN-->inside<!--XSUPERVISOR:END-->after\n");
        _harness.Until(() => _heard.Count == 4, "four events");

        Assert.Equal(
            [("before", false), ("inside", false), ("inside", true), ("after\n", false)],
            _heard.Select(heard => (heard.Text, heard.IsCapture)));
    }

    [Fact]
    public void Output_WhenNobodyWantsIt_IsNoEvent()
    {
        _harness.Pump.OutputEvents.WantsLogs = false;
        int stdout = Attach(new LogSpec(null, default, 0, Mirror: false) { RaisesEvents = true });

        PumpHarness.Write(stdout, "unheard\n");
        _harness.UntilReceived("web", 8);
        _harness.Pump.OutputEvents.WantsLogs = true;
        PumpHarness.Write(stdout, "heard\n");
        _harness.Until(() => _heard.Count > 0, "an event");

        Assert.Equal("heard\n", Assert.Single(_heard).Text);
    }

    [Fact]
    public void Flood_WhenTheMainLoopIsHeldUp_IsDroppedAndCounted()
    {
        int stdout = Attach(new LogSpec(null, default, 0, Mirror: false) { RaisesEvents = true });
        byte[] piece = Encoding.ASCII.GetBytes(new string('x', 60_000));
        const int Pieces = 100;

        // The main loop does not run meanwhile.
        for (int i = 1; i <= Pieces; i++)
        {
            PumpHarness.Write(stdout, piece);
            SpinWait.SpinUntil(() => _harness.Pump.StatisticsOf("web").Bytes >= i * piece.Length, PumpHarness.Patience);
        }

        Assert.True(_harness.Pump.OutputEvents.Dropped > 0);
        _harness.Settle();
        Assert.InRange(_heard.Sum(heard => heard.Text.Length), 1, OutputEventRelay.OnTheWayMax);

        // It has caught up: what comes now is told again.
        _heard.Clear();
        PumpHarness.Write(stdout, "after\n");
        _harness.Until(() => _heard.Count > 0, "an event after the flood");
        Assert.Equal("after\n", _heard[^1].Text);
    }

    [Fact]
    public void Drain_ComesAfterTheEventsOfWhatWasWrittenBefore()
    {
        int stdout = Attach(new LogSpec(null, default, 0, Mirror: false) { RaisesEvents = true });
        for (int i = 0; i < 50; i++)
        {
            _heard.Clear();
            bool isDrained = false;
            PumpHarness.Write(stdout, "last words\n");
            _harness.Pump.Drain("web", () =>
            {
                isDrained = true;
                Assert.Equal("last words\n", Assert.Single(_heard).Text);
            });
            _harness.Until(() => isDrained, "the end of the drain");
        }
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("gr\u00fcn", "gr\u00fcn")]
    public void Decode_OfText_IsTheText(string text, string expected) => Assert.Equal(expected, OutputEventRelay.Decode(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Decode_OfOtherBytes_IsPythonsNotation()
    {
        Assert.Equal(@"Undecodable: b'a\xff\n\t\r\\\x00""~'", OutputEventRelay.Decode([0x61, 0xff, 0x0a, 0x09, 0x0d, 0x5c, 0x00, 0x22, 0x7e]));
        Assert.Equal(@"Undecodable: b""it's\xff""", OutputEventRelay.Decode([.. "it's"u8, 0xff]));
        Assert.Equal(@"Undecodable: b'\'""\xff'", OutputEventRelay.Decode([0x27, 0x22, 0xff]));
    }

    public void Dispose() => _harness.Dispose();

    private int Attach(LogSpec spec) => _harness.Attach("web", spec, source: _source);
}
