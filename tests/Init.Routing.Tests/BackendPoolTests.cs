using System.Collections.Immutable;
using Init.Routing.Actions;
using Init.Routing.Rules;

namespace Init.Routing.Tests;

public sealed class BackendPoolTests
{
    private static readonly ImmutableArray<RuleBackend> Three = [new("http://a", 1), new("http://b", 2), new("http://c", 5)];
    private static readonly bool[] AllUp = [true, true, true];

    [Theory]
    [InlineData(0.0, 0)]
    [InlineData(0.124, 0)]
    [InlineData(0.125, 1)]
    [InlineData(0.374, 1)]
    [InlineData(0.375, 2)]
    [InlineData(0.9999999, 2)]
    public void Choice_WhenNothingSticks_FollowsTheWeights(double chance, int expected) => Assert.Equal(new BackendChoice(expected, null, false), Pool(null).Choose(null, AllUp, chance));

    [Theory]
    [InlineData(0.0, 0)]
    [InlineData(0.2, 2)]
    [InlineData(0.99, 2)]
    public void Choice_WhenOneIsDown_SharesItsWeight(double chance, int expected) => Assert.Equal(expected, Pool(null).Choose(null, [true, false, true], chance).Index);

    [Fact]
    public void Choice_WhenAllAreDown_TriesOneAndSaysSo() => Assert.Equal(new BackendChoice(1, null, NoneHealthy: true), Pool(null).Choose(null, [false, false, false], 0.2));

    [Fact]
    public void Cookie_WhenThereIsNone_IsSetAndKeepsTheClientThere()
    {
        BackendPool pool = Pool(new StickySessions("stick", null));

        BackendChoice first = pool.Choose(null, AllUp, chance: 0);
        Assert.Equal((0, pool.Tokens[0]), (first.Index, first.StickyCookie));
        Assert.Equal(new BackendChoice(0, null, false), pool.Choose(first.StickyCookie, AllUp, chance: 0.99));
    }

    [Fact]
    public void Cookie_WhenItsBackendIsDownOrUnknown_IsSetAnew()
    {
        BackendPool pool = Pool(new StickySessions("stick", null));

        Assert.Equal(new BackendChoice(2, pool.Tokens[2], false), pool.Choose(pool.Tokens[0], [false, true, true], chance: 0.99));
        Assert.Equal(new BackendChoice(2, pool.Tokens[2], false), pool.Choose("forged", AllUp, chance: 0.99));
    }

    [Fact]
    public void Cookie_WhenTheListChanges_StillNamesTheSameBackend() =>
        Assert.Equal(Pool(null).Tokens[2], new BackendPool([Three[2]], null).Tokens[0]);

    [Fact]
    public void Key_WhenABackendLeaves_MovesOnlyWhatWasThere()
    {
        BackendPool pool = Pool(new StickySessions(null, "X-User"));
        int[] counts = new int[3];
        for (int i = 0; i < 8000; i++)
        {
            int before = pool.Choose($"user{i}", AllUp, chance: 0).Index;
            int after = pool.Choose($"user{i}", [true, true, false], chance: 0).Index;

            counts[before]++;
            Assert.True(before == 2 ? after != 2 : after == before);
        }

        // 1 : 2 : 5, within five standard deviations.
        Assert.InRange(counts[0], 850, 1150);
        Assert.InRange(counts[1], 1800, 2200);
        Assert.InRange(counts[2], 4780, 5220);
    }

    private static BackendPool Pool(StickySessions? sticky) => new(Three, sticky);
}
