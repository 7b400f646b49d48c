using System.Net;
using Init.Base;
using Init.Panel.SignIn;

namespace Init.Panel.Tests.SignIn;

public sealed class SignInThrottleTests
{
    private static readonly Instant T0 = new(1_000_000_000_000);

    private readonly SignInThrottle _throttle = new();

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:2::1", false)]
    public void Lanes_OfTwoAddresses_AreTheSameForOneAddressAndOneNetwork(string one, string other, bool isSame) =>
        Assert.Equal(isSame, AttemptLane.OfAddress(IPAddress.Parse(one)) == AttemptLane.OfAddress(IPAddress.Parse(other)));

    [Fact]
    public void Failures_OfOneAddress_DoubleTheDelayUpToItsLimit()
    {
        AttemptLane lane = Stranger(1);
        Instant now = T0;
        List<double> delays = [];
        for (int i = 0; i < 12; i++)
        {
            Assert.Equal(TimeSpan.Zero, _throttle.Begin(lane, now));
            TimeSpan delay = _throttle.DelayOf(lane, now);
            delays.Add(delay.TotalSeconds);
            now += delay;
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300], delays);
    }

    [Fact]
    public void Failure_ThatIsKnownLate_DelaysFromThenOn()
    {
        Instant later = T0 + TimeSpan.FromSeconds(3);
        _ = _throttle.Begin(Stranger(1), T0);
        _throttle.Fail(Stranger(1), later);

        Assert.Equal(TimeSpan.FromSeconds(1), _throttle.DelayOf(Stranger(1), later));
    }

    [Fact]
    public void Attempts_AtTheSameTime_AreOne()
    {
        int begun = Enumerable.Range(0, 1000).Count(_ => _throttle.Begin(Stranger(1), T0) == TimeSpan.Zero);

        Assert.Equal(1, begun);
    }

    [Fact]
    public void Failures_AfterPeace_AreForgotten()
    {
        AttemptLane lane = Stranger(1);
        Instant now = T0;
        for (int i = 0; i < 5; i++)
        {
            now += _throttle.DelayOf(lane, now);
            _ = _throttle.Begin(lane, now);
        }

        now += SignInThrottle.Peace;
        Assert.Equal(TimeSpan.Zero, _throttle.Begin(lane, now));
        Assert.Equal(TimeSpan.FromSeconds(1), _throttle.DelayOf(lane, now));
    }

    [Fact]
    public void Success_ForgetsTheFailuresAndCostsTheOthersNothing()
    {
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(TimeSpan.Zero, _throttle.Begin(Stranger(i), T0));
            _throttle.Succeed(Stranger(i));
        }

        Assert.Equal(0, _throttle.Count);
        Assert.Equal(TimeSpan.Zero, _throttle.DelayOf(Stranger(1), T0));
    }

    [Fact]
    public void Strangers_WhoHaveUsedUpTheBudget_DoNotKeepOutADeviceOrANewAddress()
    {
        for (int i = 0; i < SignInThrottle.StrangersPerMinute; i++)
            Assert.Equal(TimeSpan.Zero, _throttle.Begin(Stranger(i), T0));
        Instant later = T0 + TimeSpan.FromMilliseconds(500);

        Assert.Equal(TimeSpan.Zero, _throttle.Begin(AttemptLane.OfDevice("mine"), later));
        Assert.Equal(TimeSpan.Zero, _throttle.Begin(Stranger(1000), later));
        Assert.True(_throttle.Begin(Stranger(1001), later) > TimeSpan.Zero, "the slow lane has no end");
        Assert.True(_throttle.DelayOf(Stranger(1001), later) <= SignInThrottle.SlowLane);
    }

    [Fact]
    public void AddressWithFailures_WhenTheBudgetIsUsedUp_DoesNotTakeTheSlowLane()
    {
        for (int i = 0; i < SignInThrottle.StrangersPerMinute; i++)
            _ = _throttle.Begin(Stranger(i), T0);
        for (int i = 0; i < 3; i++)
            _ = _throttle.Begin(Stranger(100 + i), T0 + TimeSpan.FromSeconds(0.1));

        // A second later the delay of the first one's own failure is over; another has taken what the budget has got back.
        Instant later = T0 + TimeSpan.FromSeconds(1);
        Assert.Equal(TimeSpan.Zero, _throttle.Begin(Stranger(200), later));
        Assert.True(_throttle.Begin(Stranger(0), later) > TimeSpan.Zero);
        Assert.Equal(TimeSpan.Zero, _throttle.DelayOf(Stranger(201), later + SignInThrottle.SlowLane));
    }

    /// <summary>A crowd that does whatever a crowd can think of, a hundred times over: what is promised holds at every moment.</summary>
    [Fact]
    public void Promises_InAnyCrowd_AreKept()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            Random random = new(seed);
            SignInThrottle throttle = new();
            Instant now = T0;
            Queue<Instant> begun = new();
            Dictionary<int, (int Failures, Instant Last)> lanes = [];
            int owners = 0, ownersLetIn = 0;
            for (int step = 0; step < 3000; step++)
            {
                now += TimeSpan.FromMilliseconds(random.Next(random.Next(10) == 0 ? 5000 : 200));
                int who = random.Next(random.Next(2) == 0 ? 3 : 2000);
                AttemptLane lane = Stranger(who);
                TimeSpan foretold = throttle.DelayOf(lane, now);
                TimeSpan delay = throttle.Begin(lane, now);
                Assert.Equal(foretold, delay);
                Assert.InRange(delay, TimeSpan.Zero, SignInThrottle.DelayMax);
                if (delay == TimeSpan.Zero)
                {
                    var (failures, last) = lanes.GetValueOrDefault(who);
                    if (failures > 0 && now - last < SignInThrottle.Peace)
                        Assert.True(now - last >= SignInThrottle.DelayAfter(failures), $"seed {seed}, step {step}: too early after {failures} failures");
                    else
                        failures = 0;
                    lanes[who] = (failures + 1, now);
                    begun.Enqueue(now);
                }

                while (begun.Count > 0 && now - begun.Peek() >= TimeSpan.FromMinutes(1))
                    _ = begun.Dequeue();

                // A full bucket, what flows in during the minute, and the slow lane.
                Assert.True(begun.Count <= (2 * SignInThrottle.StrangersPerMinute) + 13, $"seed {seed}, step {step}: {begun.Count} attempts of strangers within a minute");

                // The owner, at home, who mistypes now and then, and waits as long as he is told.
                if (random.Next(100) == 0)
                {
                    owners++;
                    AttemptLane own = AttemptLane.OfDevice("owner");
                    Instant at = now + throttle.DelayOf(own, now);
                    ownersLetIn += at - now <= SignInThrottle.DelayMax && throttle.Begin(own, at) == TimeSpan.Zero ? 1 : 0;
                    throttle.Succeed(own);
                }
            }

            Assert.Equal(owners, ownersLetIn);
        }
    }

    [Fact]
    public void Lanes_WhenTheTableIsFull_MakeRoomFromThoseWithTheFewestFailures()
    {
        AttemptLane persistent = AttemptLane.OfDevice("persistent");
        _ = _throttle.Begin(persistent, T0);
        Instant now = T0 + TimeSpan.FromSeconds(1);
        _ = _throttle.Begin(persistent, now);
        for (int i = 0; i < SignInThrottle.LanesMax + 100; i++)
            _ = _throttle.Begin(AttemptLane.OfDevice($"{i}"), now);

        Assert.Equal(SignInThrottle.LanesMax, _throttle.Count);
        Assert.True(_throttle.DelayOf(persistent, now) > TimeSpan.FromSeconds(1.5));
    }

    private static AttemptLane Stranger(int number) => AttemptLane.OfAddress(new IPAddress([10, (byte)(number >> 16), (byte)(number >> 8), (byte)number]));
}
