using FsCheck;
using FsCheck.Fluent;

namespace Init.Supervision.Tests;

public sealed class BackoffTests
{
    private static readonly BackoffPolicy Steady = new() { Jitter = 0 };

    [Theory]
    [InlineData(1, 500)]
    [InlineData(2, 1_000)]
    [InlineData(3, 2_000)]
    [InlineData(6, 16_000)]
    [InlineData(7, 30_000)]
    [InlineData(int.MaxValue, 30_000)]
    public void Delay_WhenItNeverRan_DoublesUpToTheLimit(int attempt, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Backoff.DelayBefore(Steady, attempt, hadBeenRunning: false, chance: 0.5));

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 500)]
    [InlineData(3, 1_000)]
    public void Delay_WhenItHadBeenRunning_IsOneStepShorter(int attempt, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Backoff.DelayBefore(Steady, attempt, hadBeenRunning: true, chance: 0.5));

    [Theory]
    [InlineData(0.0, 400)]
    [InlineData(0.5, 500)]
    [InlineData(1.0, 600)]
    public void Delay_WhenThereIsJitter_VariesByIt(double chance, int milliseconds) => Assert.Equal(
        TimeSpan.FromMilliseconds(milliseconds), Backoff.DelayBefore(Steady with { Jitter = 0.2 }, 1, hadBeenRunning: false, chance));

    [Fact]
    public void Delay_WhateverThePolicy_IsWithinItsBounds()
    {
        Gen<TimeSpan> time = Gen.Choose(0, int.MaxValue).Select(milliseconds => TimeSpan.FromMilliseconds(milliseconds));
        var policies =
            from initial in time
            from max in time
            from factor in Gen.Choose(100, 100_000).Select(percent => percent / 100.0)
            from jitter in Gen.Choose(0, 100).Select(percent => percent / 100.0)
            select new BackoffPolicy { Initial = initial, Max = max, Factor = factor, Jitter = jitter };
        var cases =
            from policy in policies
            from attempt in Gen.OneOf(Gen.Choose(1, 20), Gen.Choose(1, int.MaxValue))
            from hadBeenRunning in Gen.Elements(true, false)
            from chance in Gen.Choose(0, 1000).Select(thousandths => thousandths / 1000.0)
            select (policy, attempt, hadBeenRunning, chance);

        Prop.ForAll(cases.ToArbitrary(), test =>
        {
            TimeSpan delay = Backoff.DelayBefore(test.policy, test.attempt, test.hadBeenRunning, test.chance);
            bool free = test is { attempt: 1, hadBeenRunning: true };
            return delay >= TimeSpan.Zero && delay <= test.policy.Max && (!free || delay == TimeSpan.Zero);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    [Fact]
    public void Delay_WhenTheAttemptIsNone_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Backoff.DelayBefore(Steady, 0, hadBeenRunning: false, chance: 0.5));
}
