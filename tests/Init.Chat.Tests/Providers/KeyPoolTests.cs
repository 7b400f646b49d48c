using Init.Base;
using Init.Chat.Providers;

namespace Init.Chat.Tests.Providers;

public sealed class KeyPoolTests
{
    private static readonly Instant T0 = new(1_000_000_000_000);

    private static readonly PoolEntry A = new("google", "KEY_A", "flash"), B = new("google", "KEY_B", "flash"), C = new("deepseek", "KEY_C", "chat", Weight: 2);

    [Fact]
    public void Keys_TakeTurnsByTheirWeights()
    {
        KeyPool pool = NewPool(A, B, C);

        Assert.Equal("CABC" + "CABC", string.Concat(Enumerable.Range(0, 8).Select(_ => NameOf(pool.Choose(null, [], T0)))));
    }

    [Fact]
    public void Choice_LeavesOutWhatWasTriedAndWhatIsNotMeant()
    {
        KeyPool pool = NewPool(A, B, C);

        Assert.Equal("B", NameOf(pool.Choose(entry => entry.ModelId == "flash", [A], T0)));
        Assert.IsType<PoolChoice.Exhausted>(pool.Choose(entry => entry.ModelId == "flash", [A, B], T0));
        Assert.IsType<PoolChoice.Exhausted>(NewPool().Choose(null, [], T0));
    }

    [Theory]
    [InlineData(null, 65)]
    [InlineData(7.5, 7.5)]
    [InlineData(0.0, 65)]
    [InlineData(1e9, 172800)]
    public void RateLimit_RestsTheKeyForThisModelOnly(double? retryAfter, double rest)
    {
        PoolEntry other = A with { ModelId = "pro" };
        KeyPool pool = NewPool(A, other);
        pool.Note(A, new CallOutcome.RateLimited(retryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null), T0);

        Assert.Equal(new PoolChoice.Use(other), pool.Choose(null, [], T0));
        Assert.Equal(new PoolChoice.Wait(TimeSpan.FromSeconds(rest)), pool.Choose(null, [other], T0));
        Assert.Equal(new PoolChoice.Use(A), pool.Choose(null, [other], T0 + TimeSpan.FromSeconds(rest)));
    }

    [Fact]
    public void RateLimit_InARow_DoublesUntilAnAnswer()
    {
        KeyPool pool = NewPool(A);
        Instant now = T0;
        List<double> rests = [];
        for (int i = 0; i < 6; i++)
        {
            pool.Note(A, new CallOutcome.RateLimited(null), now);
            TimeSpan rest = Assert.IsType<PoolChoice.Wait>(pool.Choose(null, [], now)).For;
            rests.Add(rest.TotalSeconds);
            now += rest;
        }

        Assert.Equal([65, 130, 260, 520, 900, 900], rests);
        pool.Note(A, new CallOutcome.Answered(), now);
        pool.Note(A, new CallOutcome.RateLimited(null), now);
        Assert.Equal(new PoolChoice.Wait(TimeSpan.FromSeconds(65)), pool.Choose(null, [], now));
    }

    [Fact]
    public void Quota_RestsForADay()
    {
        KeyPool pool = NewPool(A);
        pool.Note(A, new CallOutcome.QuotaSpent(null), T0);
        pool.Note(A, new CallOutcome.RateLimited(TimeSpan.FromSeconds(1)), T0); // Of a call that was under way.

        Assert.Equal(new PoolChoice.Wait(TimeSpan.FromHours(24)), pool.Choose(null, [], T0));
        Assert.Equal("quota", Assert.Single(pool.Health(T0)).Reason);
    }

    [Fact]
    public void RefusedKey_RestsForAllModelsOfItsProvider()
    {
        PoolEntry pro = A with { ModelId = "pro" };
        PoolEntry elsewhere = A with { Provider = "other" };
        KeyPool pool = NewPool(A, pro, elsewhere);
        pool.Note(A, new CallOutcome.KeyRefused(), T0);

        Assert.Equal(new PoolChoice.Use(elsewhere), pool.Choose(null, [], T0));
        Assert.Equal(new PoolChoice.Wait(TimeSpan.FromHours(1)), pool.Choose(null, [elsewhere], T0));
        Assert.Equal(["refused", "refused", null], pool.Health(T0).Select(health => health.Reason));
    }

    [Fact]
    public void Breakdowns_RestAKeyAfterTheThirdInARow()
    {
        KeyPool pool = NewPool(A);
        foreach (CallOutcome outcome in new CallOutcome[] { new CallOutcome.Broken(), new CallOutcome.Broken(), new CallOutcome.Answered(), new CallOutcome.Broken(), new CallOutcome.RequestRefused(), new CallOutcome.Broken() })
        {
            pool.Note(A, outcome, T0);
            Assert.Equal(new PoolChoice.Use(A), pool.Choose(null, [], T0));
        }

        pool.Note(A, new CallOutcome.Broken(), T0);
        Assert.Equal(new PoolChoice.Wait(TimeSpan.FromSeconds(30)), pool.Choose(null, [], T0));
        pool.Note(A, new CallOutcome.Broken(), T0 + TimeSpan.FromSeconds(30));
        Assert.Equal(new PoolChoice.Wait(TimeSpan.FromSeconds(60)), pool.Choose(null, [], T0 + TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Health_CountsACallWhenItBegins()
    {
        KeyPool pool = NewPool(A, B);
        pool.Choose(null, [], T0);
        pool.Choose(null, [], T0);
        pool.Choose(null, [], T0);
        pool.Note(B, new CallOutcome.RateLimited(TimeSpan.FromSeconds(10)), T0);

        Assert.Equal(
            [new KeyHealth(A, 2, 0, TimeSpan.Zero, null), new KeyHealth(B, 1, 1, TimeSpan.FromSeconds(4), "rate")],
            pool.Health(T0 + TimeSpan.FromSeconds(6)).AsEnumerable());
    }

    [Fact]
    public void Pool_WithAKeyTwiceOrWithoutWeight_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => NewPool(A, A with { Weight = 2 }));
        Assert.Throws<ArgumentException>(() => NewPool(A with { Weight = 0 }));
    }

    private static KeyPool NewPool(params PoolEntry[] entries) => new(entries, new KeyPoolPolicy());

    private static string NameOf(PoolChoice choice) => Assert.IsType<PoolChoice.Use>(choice).Entry.KeyVariable[^1..];
}
