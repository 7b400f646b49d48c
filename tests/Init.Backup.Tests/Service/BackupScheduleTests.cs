using Init.Backup.Service;
using Init.Base;

namespace Init.Backup.Tests.Service;

public sealed class BackupScheduleTests
{
    private static readonly SchedulePolicy Policy = new(
        Interval: TimeSpan.FromSeconds(180), Quiet: TimeSpan.FromSeconds(5), QuietMax: TimeSpan.FromSeconds(60), Pace: TimeSpan.FromSeconds(10), RetryFirst: TimeSpan.FromSeconds(5), RetryMax: TimeSpan.FromMinutes(10));

    private Instant _now = new(0);
    private ScheduleState _state = ScheduleState.Initial;

    [Fact]
    public void Schedule_WhenTheGateOpens_BacksUpAtOnce() => Assert.Equal(BackupReason.Request, Feed(new ScheduleEvent.Opened()).Run);

    [Fact]
    public void Schedule_BeforeTheGateIsOpen_KeepsRequests()
    {
        Assert.Null(Feed(new ScheduleEvent.Requested()).Run);
        Assert.Equal(Instant.Never, BackupSchedule.NextLook(_state, Policy));
        Assert.NotNull(Feed(new ScheduleEvent.Opened()).Run);
    }

    [Fact]
    public void Schedule_WhenAStormOfRequestsComesDuringARun_MakesOneMore()
    {
        Open();
        Advance(20);
        Assert.NotNull(Feed(new ScheduleEvent.Requested()).Run);
        for (int i = 0; i < 50; i++)
            Assert.Null(Feed(new ScheduleEvent.Requested()).Run);
        Advance(1);
        Assert.Null(Feed(new ScheduleEvent.Succeeded()).Run); // Paced.
        Advance(9);
        Assert.Equal(BackupReason.Request, Feed(new ScheduleEvent.TimeCame()).Run);
        Advance(20);
        Assert.Null(Feed(new ScheduleEvent.Succeeded()).Run);
        Assert.Null(Feed(new ScheduleEvent.TimeCame()).Run);
    }

    [Fact]
    public void Schedule_WhenFilesChange_WaitsUntilItIsQuiet()
    {
        Open();
        Advance(20);
        Feed(new ScheduleEvent.Changed());
        Advance(4);
        Feed(new ScheduleEvent.Changed());
        Advance(4);
        Assert.Null(Feed(new ScheduleEvent.TimeCame()).Run);
        Advance(1);
        Assert.Equal(BackupReason.Change, Feed(new ScheduleEvent.TimeCame()).Run);
    }

    [Fact]
    public void Schedule_WhenItIsNeverQuiet_DoesNotWaitForEver()
    {
        Open();
        Advance(20);
        int waited = 0;
        while (Feed(new ScheduleEvent.Changed()).Run is null)
        {
            Advance(1);
            waited++;
        }

        Assert.Equal(60, waited);
    }

    [Fact]
    public void Schedule_WhenARunFails_TriesAgainLaterAndLater()
    {
        Open();
        Feed(new ScheduleEvent.Failed(null));
        List<double> pauses = [];
        for (int i = 0; i < 9; i++)
        {
            Instant next = BackupSchedule.NextLook(_state, Policy);
            pauses.Add((next - _now).TotalSeconds);
            _now = next;
            Assert.NotNull(Feed(new ScheduleEvent.TimeCame()).Run);
            Advance(20);
            Feed(new ScheduleEvent.Failed(null));
        }

        Assert.Equal([10, 10, 20, 40, 80, 160, 180 - 20, 180 - 20, 180 - 20], pauses); // The interval goes on beside it.
    }

    [Fact]
    public void Schedule_WhenTheRemoteAsksForPatience_LeavesItAlone()
    {
        Open();
        Feed(new ScheduleEvent.Failed(TimeSpan.FromMinutes(7)));
        Assert.Null(Feed(new ScheduleEvent.Requested()).Run);
        Advance(419);
        Assert.Null(Feed(new ScheduleEvent.TimeCame()).Run);
        Advance(1);
        Assert.NotNull(Feed(new ScheduleEvent.TimeCame()).Run);
    }

    [Fact]
    public void Schedule_AtTheEnd_MakesALastBackupAfterTheOneUnderWay()
    {
        Open(finish: false);
        Assert.Equal((null, false), RunAndEnd(new ScheduleEvent.Ending()));
        Assert.Equal((BackupReason.Shutdown, false), RunAndEnd(new ScheduleEvent.Succeeded()));
        Assert.Equal((null, true), RunAndEnd(new ScheduleEvent.Failed(null)));
    }

    [Fact]
    public void Schedule_WhenItEndsBehindAClosedGate_BacksNothingUp() => Assert.Equal((null, true), RunAndEnd(new ScheduleEvent.Ending()));

    /// <summary>Any order of events: never two runs at once, no pace broken, and after all of it whatever was asked for has been taken up by a run that began later.</summary>
    [Fact]
    public void Schedule_WhateverHappens_KeepsItsPromises()
    {
        for (int round = 0; round < 3000; round++)
        {
            int seed = Environment.TickCount + round;
            Random random = new(seed);
            (_state, _now) = (ScheduleState.Initial, new Instant(random.Next()));
            bool isOpen = false, isRunning = false, isEnding = false, hasEnded = false;
            Instant? began = null, wantedSince = null;
            Instant notBefore = new(0);
            for (int step = 0; step < 60; step++)
            {
                Advance(random.Next(3) == 0 ? random.Next(400) : random.Next(8));
                ScheduleEvent input = random.Next(10) switch
                {
                    0 when !isOpen => new ScheduleEvent.Opened(),
                    1 or 2 => new ScheduleEvent.Requested(),
                    3 or 4 => new ScheduleEvent.Changed(),
                    5 when isRunning => new ScheduleEvent.Failed(random.Next(2) == 0 ? null : TimeSpan.FromSeconds(random.Next(60))),
                    6 or 7 when isRunning => new ScheduleEvent.Succeeded(),
                    8 when random.Next(10) == 0 => new ScheduleEvent.Ending(),
                    _ => new ScheduleEvent.TimeCame(),
                };
                bool fails = input is ScheduleEvent.Failed;
                isOpen |= input is ScheduleEvent.Opened;
                isEnding |= input is ScheduleEvent.Ending;
                isRunning &= input is not (ScheduleEvent.Succeeded or ScheduleEvent.Failed);
                if (input is ScheduleEvent.Requested or ScheduleEvent.Opened or ScheduleEvent.Changed || fails)
                    wantedSince ??= _now;
                if (input is ScheduleEvent.Failed { RetryAfter: { } asked })
                    notBefore = _now + asked > notBefore ? _now + asked : notBefore;

                ScheduleStep taken = Feed(input, random.NextDouble());
                string place = $"seed {seed}, step {step}";
                if (taken.Run is { } reason)
                {
                    Assert.False(isRunning, place);
                    Assert.True(isOpen && !hasEnded, place);
                    Assert.True(reason == BackupReason.Shutdown || began is null || _now - began.Value >= Policy.Pace, place);
                    Assert.True(reason == BackupReason.Shutdown || _now >= notBefore, place);
                    (isRunning, began, wantedSince) = (true, _now, null);
                    hasEnded = reason == BackupReason.Shutdown;
                }

                if (taken.End)
                {
                    Assert.True(isEnding && !isRunning, place);
                    hasEnded = true;
                }

                if (isOpen && !isRunning && !isEnding)
                {
                    Instant next = BackupSchedule.NextLook(_state, Policy);
                    Assert.True(next - _now <= Policy.Interval + TimeSpan.FromSeconds(60), place);
                }
            }

            // Whoever still wants something gets a run at the time that is named, without another event.
            if (isRunning)
                Feed(new ScheduleEvent.Succeeded());
            if (isOpen && !isEnding && wantedSince is not null && !_state.IsRunning)
            {
                _now = BackupSchedule.NextLook(_state, Policy);
                Assert.True(Feed(new ScheduleEvent.TimeCame()).Run is not null, $"seed {seed}: what was asked for was forgotten");
            }
        }
    }

    private void Open(bool finish = true)
    {
        Feed(new ScheduleEvent.Opened());
        if (finish && _state.IsRunning)
            Feed(new ScheduleEvent.Succeeded());
        if (finish)
            return;
        Assert.True(_state.IsRunning);
    }

    private void Advance(double seconds) => _now += TimeSpan.FromSeconds(seconds);

    private (BackupReason? Run, bool End) RunAndEnd(ScheduleEvent input)
    {
        ScheduleStep step = Feed(input);
        return (step.Run, step.End);
    }

    private ScheduleStep Feed(ScheduleEvent input, double jitter = 0)
    {
        ScheduleStep step = BackupSchedule.Step(_state, input, Policy, _now, jitter);
        _state = step.State;
        return step;
    }
}
