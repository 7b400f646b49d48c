using Init.Base;
using Init.Chat.Keys;

namespace Init.Chat.Tests.Keys;

public sealed class KeyLedgerTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateOnly Today = new(2026, 11, 22);
    private static readonly Instant T0 = new(1_000_000_000);

    [Fact]
    public void Request_WhenTheRateIsUsedUp_WaitsForTheNext()
    {
        KeyLedger ledger = new(new ApiKeyLimits { RequestsPerMinute = 3 }, T0);
        for (int i = 0; i < 3; i++)
            Assert.Null(ledger.TakeRequest(T0));

        KeyRefusal refused = Assert.IsType<KeyRefusal>(ledger.TakeRequest(T0));
        Assert.Equal("rate_limit_exceeded", refused.Code);
        Assert.InRange(refused.RetryAfter.TotalSeconds, 20, 20.1);
        Assert.NotNull(ledger.TakeRequest(T0 + TimeSpan.FromSeconds(19)));
        Assert.Null(ledger.TakeRequest(T0 + refused.RetryAfter));
    }

    [Fact]
    public void Request_WhenMuchTimeHasPassed_HasNoMoreThanAMinutesWorth()
    {
        KeyLedger ledger = new(new ApiKeyLimits { RequestsPerMinute = 2 }, T0);
        Instant later = T0 + TimeSpan.FromDays(3);
        Assert.Null(ledger.TakeRequest(later));
        Assert.Null(ledger.TakeRequest(later));
        Assert.NotNull(ledger.TakeRequest(later));
    }

    [Fact]
    public void Call_WhenItTookMoreThanEstimated_IsPaidBackBeforeTheNext()
    {
        KeyLedger ledger = new(new ApiKeyLimits { TokensPerMinute = 600 }, T0);
        Assert.Null(ledger.BeginCall(100, T0, Noon));
        ledger.EndCall(100);
        ledger.Book(1200, 0, Today); // Overdrawn by 600: a minute's worth.

        KeyRefusal refused = Assert.IsType<KeyRefusal>(ledger.BeginCall(60, T0, Noon));
        Assert.InRange(refused.RetryAfter.TotalSeconds, 65, 67);
        Assert.Null(ledger.BeginCall(60, T0 + refused.RetryAfter, Noon));
    }

    [Fact]
    public void Call_WhenItIsLargerThanTheBucket_WaitsUntilItIsFull()
    {
        KeyLedger ledger = new(new ApiKeyLimits { TokensPerMinute = 10 }, T0);
        Assert.Null(ledger.BeginCall(1000, T0, Noon));
        Assert.NotNull(ledger.BeginCall(1000, T0, Noon));
    }

    [Fact]
    public void Call_WhenTheDaysTokensAreUsedUp_WaitsForTheNextDay()
    {
        KeyLedger ledger = new(new ApiKeyLimits { TokensPerDay = 100 }, T0);
        Assert.Null(ledger.BeginCall(10, T0, Noon));
        ledger.EndCall(10);
        ledger.Book(100, 0, Today);

        KeyRefusal refused = Assert.IsType<KeyRefusal>(ledger.BeginCall(1, T0, Noon));
        Assert.Equal("insufficient_quota", refused.Code);
        Assert.Equal(TimeSpan.FromHours(12), refused.RetryAfter);
        Assert.Null(ledger.BeginCall(1, T0, Noon.AddHours(12)));
    }

    [Fact]
    public void Call_WhenOthersAreUnderWay_CountsTheirEstimates()
    {
        KeyLedger ledger = new(new ApiKeyLimits { TokensPerDay = 100 }, T0);
        Assert.Null(ledger.BeginCall(60, T0, Noon));
        Assert.Null(ledger.BeginCall(60, T0, Noon));
        Assert.NotNull(ledger.BeginCall(1, T0, Noon));
        ledger.EndCall(60);
        Assert.Null(ledger.BeginCall(1, T0, Noon));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Call_WhenABudgetIsUsedUp_WaitsForTheNextDayOrMonth(bool isDay)
    {
        KeyLedger ledger = new(isDay ? new ApiKeyLimits { BudgetPerDay = 0.5m } : new ApiKeyLimits { BudgetPerMonth = 0.5m }, T0);
        ledger.Book(10, 499_999, Today);
        Assert.Null(ledger.BeginCall(0, T0, Noon));
        ledger.Book(10, 1, Today);

        KeyRefusal refused = Assert.IsType<KeyRefusal>(ledger.BeginCall(0, T0, Noon));
        Assert.Equal(isDay ? TimeSpan.FromHours(12) : TimeSpan.FromDays(8.5), refused.RetryAfter);
        Assert.Equal(isDay, ledger.BeginCall(0, T0, Noon.AddDays(1)) is null);
        Assert.Null(ledger.BeginCall(0, T0, Noon.AddDays(9)));
    }

    [Fact]
    public void Learn_WhenTheStoreKnowsMoreOrLess_KeepsWhatIsMore()
    {
        KeyLedger ledger = new(ApiKeyLimits.None, T0);
        ledger.Book(50, 5, Today);
        ledger.Learn(new KeyUsage(Today, 20, 2, 100));
        Assert.Equal(new KeyUsage(Today, 50, 5, 100), ledger.Used(Today));
        ledger.Learn(new KeyUsage(Today.AddDays(-1), 900, 900, 900));
        Assert.Equal(new KeyUsage(Today, 50, 5, 100), ledger.Used(Today));
    }

    [Fact]
    public void Change_WhenTheLimitIsRaised_KeepsWhatWasTaken()
    {
        KeyLedger ledger = new(new ApiKeyLimits { RequestsPerMinute = 2 }, T0);
        Assert.Null(ledger.TakeRequest(T0));
        Assert.Null(ledger.TakeRequest(T0));
        ledger.Change(new ApiKeyLimits { RequestsPerMinute = 3 }, T0);
        Assert.Null(ledger.TakeRequest(T0));
        Assert.NotNull(ledger.TakeRequest(T0));
    }

    /// <summary>However many threads come, no more are let in than there is room for.</summary>
    [Fact]
    public void Request_WhenManyComeAtOnce_LetsInAsManyAsThereMayBe()
    {
        KeyLedger ledger = new(new ApiKeyLimits { RequestsPerMinute = 1000 }, T0);
        int granted = 0;
        Parallel.For(0, 5000, _ =>
        {
            if (ledger.TakeRequest(T0) is null)
                Interlocked.Increment(ref granted);
        });
        Assert.Equal(1000, granted);
    }
}
