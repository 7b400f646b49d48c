using Init.Admin.Hosting;
using Init.Gateway.Tests.Harness;

namespace Init.Gateway.Tests;

public sealed class MemoryTrimTests : IDisposable
{
    private readonly SteppedClock _clock = new();
    private readonly MemoryTrim _trim;
    private int _trims;

    public MemoryTrimTests() => _trim = new MemoryTrim(_clock, () => _trims++);

    public void Dispose() => _trim.Dispose();

    [Fact]
    public void Rest_AfterWork_IsTrimmedOnce_AndThenNoTimerIsSet()
    {
        _trim.NoteWork();
        Seconds(10);

        Assert.Equal(1, _trims);
        Assert.Equal(0, _clock.Pending);
    }

    [Fact]
    public void Work_ThatGoesOn_IsNotInterrupted()
    {
        for (int i = 0; i < 600; i++)
        {
            _trim.NoteWork();
            Seconds(1);
        }

        Assert.Equal(0, _trims);
        Seconds(10);
        Assert.Equal(1, _trims);
    }

    [Fact]
    public void Work_EveryTenSeconds_CostsOneTrimAMinute()
    {
        for (int i = 0; i < 60; i++)
        {
            _trim.NoteWork();
            Seconds(10);
        }

        Assert.InRange(_trims, 9, 11);
    }

    [Fact]
    public void Work_RightAfterATrim_IsTrimmedWhenTheMinuteIsOver()
    {
        _trim.NoteWork();
        Seconds(10);
        _trim.NoteWork();
        Seconds(40);
        Assert.Equal(1, _trims);

        Seconds(40);
        Assert.Equal(2, _trims);
        Assert.Equal(0, _clock.Pending);
    }

    private void Seconds(int seconds) => _clock.Advance(TimeSpan.FromSeconds(seconds));
}
