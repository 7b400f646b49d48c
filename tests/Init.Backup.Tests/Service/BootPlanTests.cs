using Init.Backup.Remote;
using Init.Backup.Service;

namespace Init.Backup.Tests.Service;

/// <summary>The table of docs/reference/backup.md, row by row.</summary>
public sealed class BootPlanTests
{
    private static readonly BootFacts Both = new("L", "R", IsRemoteKnown: true, WasAcknowledged: true, HistoryRelation.Same, IsIntact: true, IsInUse: false);

    [Fact]
    public void Plan_WhenThereIsNothingAnywhere_RestoresNothing() =>
        AssertPlan(Both with { Local = null, Remote = null, WasAcknowledged = false }, BootRestore.Nothing, LocalHistory.Continued, isSaid: false);

    [Theory]
    [InlineData(HistoryRelation.Same)]
    [InlineData(HistoryRelation.RemoteIsBehind)]
    public void Plan_WhenTheDiskIsIntactAndTheRemoteIsNotAhead_RestoresNothing(HistoryRelation relation) =>
        AssertPlan(Both with { Relation = relation }, BootRestore.Nothing, LocalHistory.Continued, isSaid: false);

    [Theory]
    [InlineData(HistoryRelation.Same)]
    [InlineData(HistoryRelation.RemoteIsBehind)]
    public void Plan_WhenTheDiskIsNotIntact_RestoresWhatIsHere(HistoryRelation relation) =>
        AssertPlan(Both with { Relation = relation, IsIntact = false }, BootRestore.Local, LocalHistory.Continued, isSaid: false);

    [Fact]
    public void Plan_WhenTheStoreIsGone_RestoresTheRemote() => AssertPlan(Both with { Local = null }, BootRestore.Remote, LocalHistory.Continued, isSaid: false);

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void Plan_WhenTheRemoteIsEmpty_GoesOnAndSaysItIfItWasNot(bool wasAcknowledged, bool isSaid) =>
        AssertPlan(Both with { Remote = null, WasAcknowledged = wasAcknowledged }, BootRestore.Nothing, LocalHistory.Continued, isSaid);

    [Fact]
    public void Plan_WhenTheRemoteIsEmptyAndTheDiskToo_RestoresWhatTheStoreHas() =>
        AssertPlan(Both with { Remote = null, IsIntact = false }, BootRestore.Local, LocalHistory.Continued, isSaid: true);

    [Fact]
    public void Plan_WhenAnotherInstanceWentOn_KeepsWhatIsOnlyHereAndRestoresTheRemote() =>
        AssertPlan(Both with { Relation = HistoryRelation.RemoteIsAhead }, BootRestore.Remote, LocalHistory.PushedAside, isSaid: false);

    [Theory]
    [InlineData(HistoryRelation.Diverged)]
    [InlineData(HistoryRelation.Unrelated)]
    public void Plan_WhenTheHistoriesDiffer_KeepsOursAsideAndSaysSo(HistoryRelation relation) =>
        AssertPlan(Both with { Relation = relation }, BootRestore.Remote, LocalHistory.PushedAside, isSaid: true);

    [Fact]
    public void Plan_WhenTheRemoteHasTheSameFilesWithAnotherHistory_TakesThat() =>
        AssertPlan(Both with { Relation = HistoryRelation.SameFiles }, BootRestore.Nothing, LocalHistory.Adopted, isSaid: false);

    [Fact]
    public void Plan_WhileProgramsRun_PutsNothingUnderTheirFeet()
    {
        foreach (HistoryRelation relation in Enum.GetValues<HistoryRelation>())
        {
            foreach (bool isIntact in new[] { true, false })
                Assert.Equal(BootRestore.Nothing, BootPlan.For(Both with { Relation = relation, IsIntact = isIntact, IsInUse = true }).Restore);
        }

        AssertPlan(Both with { Relation = HistoryRelation.Diverged, IsInUse = true }, BootRestore.Nothing, LocalHistory.Joined, isSaid: true);
        AssertPlan(Both with { Local = null, IsInUse = true }, BootRestore.Nothing, LocalHistory.Joined, isSaid: true);
    }

    [Theory]
    [InlineData("L", true, BootRestore.Nothing)]
    [InlineData("L", false, BootRestore.Local)]
    [InlineData(null, true, BootRestore.Nothing)]
    public void Plan_WithoutTheRemote_StartsWithWhatTheDiskHas(string? local, bool isIntact, BootRestore restore) =>
        AssertPlan(Both with { Local = local, Remote = null, IsRemoteKnown = false, IsIntact = isIntact }, restore, LocalHistory.Continued, isSaid: true);

    private static void AssertPlan(BootFacts facts, BootRestore restore, LocalHistory history, bool isSaid)
    {
        BootPlan plan = BootPlan.For(facts);
        Assert.Equal((restore, history, isSaid), (plan.Restore, plan.History, plan.Note is not null));
    }
}
