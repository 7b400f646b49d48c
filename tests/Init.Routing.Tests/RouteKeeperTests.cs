using System.Text;
using Init.Linux;
using Init.Routing.Json;
using Init.Routing.Store;

namespace Init.Routing.Tests;

public sealed class RouteKeeperTests : IDisposable
{
    private static readonly CommandContext Owner = new("owner", new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero));

    private readonly string _directory = Directory.CreateTempSubdirectory("init-keeper-").FullName;

    private string FilePath => Path.Combine(_directory, "routes.json");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task CarryOut_WhenItIsDone_IsOnDiskAndInForceAndTold()
    {
        using RouteKeeper keeper = Open();
        List<long> told = [];
        keeper.Changed += (_, _) =>
        {
            RouteState state = keeper.InForce.State;
            told.Add(state.Revision);

            // Whoever is told finds it everywhere.
            Assert.Same(state.Configuration, keeper.Source.Current.Configuration);
            Assert.Equal(state.Revision, RouteFile.Load(FilePath, Owner.At).State.Revision);
        };

        Assert.IsType<RouteCommandResult.Done>(await keeper.CarryOutAsync(Create("x"), Owner));
        Assert.IsType<RouteCommandResult.Done>(await keeper.CarryOutAsync(new RouteCommand.Delete("x"), Owner));
        Assert.IsType<RouteCommandResult.NotFound>(await keeper.CarryOutAsync(new RouteCommand.Delete("x"), Owner));

        Assert.Equal([2L, 3], told);
    }

    [Fact]
    public async Task CarryOut_WhenNothingIsDifferent_WritesNothing()
    {
        using RouteKeeper keeper = Open();
        Assert.Null(await keeper.SettleAsync());
        File.Delete(FilePath);

        Assert.IsType<RouteCommandResult.Done>(await keeper.CarryOutAsync(new RouteCommand.ReplaceAll(RuleWriter.ToUtf8(keeper.InForce.State.Configuration)), Owner));

        Assert.False(File.Exists(FilePath));
    }

    [Fact]
    public async Task CarryOut_WhenItCannotBeWritten_ChangesNothingAndSaysWhy()
    {
        using RouteKeeper keeper = Open();
        RoutesInForce before = keeper.InForce;
        bool isTold = false;
        keeper.Changed += (_, _) => isTold = true;
        Directory.CreateDirectory(FilePath + ".new"); // Where the new file would be written.

        var result = Assert.IsType<RouteCommandResult.NotSaved>(await keeper.CarryOutAsync(Create("x"), Owner));

        Assert.Equal($"cannot write {FilePath}: Is a directory (errno 21)", result.Why);
        Assert.Same(before, keeper.InForce);
        Assert.Same(before.Table, keeper.Source.Current);
        Assert.False(isTold);

        Directory.Delete(FilePath + ".new");
        Assert.IsType<RouteCommandResult.Done>(await keeper.CarryOutAsync(Create("x"), Owner));
    }

    [Fact]
    public async Task CarryOut_FromManyAtOnce_LosesNoneAndLetsOneWinByRevision()
    {
        using RouteKeeper keeper = Open();

        RouteCommandResult[] created = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => keeper.CarryOutAsync(Create($"new-{i}"), Owner)));
        RouteCommandResult[] guarded = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => keeper.CarryOutAsync(Create($"late-{i}"), Owner with { IfMatch = 51 })));

        Assert.All(created, result => Assert.IsType<RouteCommandResult.Done>(result));
        Assert.Single(guarded.OfType<RouteCommandResult.Done>());
        Assert.Equal(19, guarded.OfType<RouteCommandResult.Conflict>().Count());
        Assert.Equal(RuleWriter.ToUtf8(keeper.InForce.State.Configuration), RuleWriter.ToUtf8(RouteFile.Load(FilePath, Owner.At).State.Configuration));
        Assert.Equal(52, keeper.InForce.State.Revision);
    }

    [Fact]
    public async Task Settle_AfterAFileOfTheOriginal_WritesOursAndThePasswordIsGivenOnce()
    {
        File.WriteAllText(FilePath, """{"admin_password":"hunter2","default_backend":"http://127.0.0.1:1","rules":[{"id":"x","match":{}}]}""");
        using RouteKeeper keeper = Open();
        Assert.Contains("hunter2", File.ReadAllText(FilePath), StringComparison.Ordinal);

        Assert.Equal("hunter2", keeper.TakeAdminPassword());
        Assert.Null(keeper.TakeAdminPassword());
        Assert.Null(await keeper.SettleAsync());

        Assert.DoesNotContain("hunter2", File.ReadAllText(FilePath), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", File.ReadAllText(FilePath + ".original"), StringComparison.Ordinal);
        LoadedRoutes again = RouteFile.Load(FilePath, Owner.At);
        Assert.Equal(("x", true), (again.State.Configuration.Rules.Single().Id, again.IsSaved));
    }

    [Fact]
    public async Task Settle_WhenThereIsNoDirectory_MakesItForItsOwnerOnly()
    {
        string path = Path.Combine(_directory, "deep/er/routes.json");
        using RouteKeeper keeper = RouteKeeper.Open(path, Owner.At);

        Assert.Null(await keeper.SettleAsync());

        Assert.Equal(0x1C0 /* 0700 */, Files.StatusOf(Path.GetDirectoryName(path)!)?.Mode);
        Assert.True(RouteFile.Load(path, Owner.At).IsSaved);
    }

    [Fact]
    public async Task TakeOver_OfWhatARestoreBroughtBack_IsInForceWithItsHistory()
    {
        using (RouteKeeper old = Open())
        {
            _ = await old.CarryOutAsync(Create("x"), Owner);
            _ = await old.CarryOutAsync(Create("y"), Owner);
        }

        byte[] backup = File.ReadAllBytes(FilePath);
        File.Delete(FilePath);
        using RouteKeeper keeper = Open();
        Assert.Null(await keeper.SettleAsync());
        Assert.Empty(await keeper.TakeOverAsync(Owner.At));
        int told = 0;
        keeper.Changed += (_, _) => told++;

        Restore(backup);
        Assert.StartsWith($"took over {FilePath}", Assert.Single(await keeper.TakeOverAsync(Owner.At)), StringComparison.Ordinal);
        Assert.Empty(await keeper.TakeOverAsync(Owner.At));

        Assert.Equal(1, told);
        Assert.Contains("y", keeper.Source.Current.Configuration.Rules.Select(rule => rule.Id));
        Assert.IsType<RouteCommandResult.Done>(await keeper.CarryOutAsync(new RouteCommand.Undo(), Owner));
        Assert.DoesNotContain("y", keeper.InForce.State.Configuration.Rules.Select(rule => rule.Id));
    }

    /// <summary>A revision that somebody has seen is not given to another document.</summary>
    [Fact]
    public async Task TakeOver_OfAnotherDocumentWithTheSameRevision_IsAChangeOfItsOwn()
    {
        using RouteKeeper keeper = Open();
        Assert.Null(await keeper.SettleAsync());

        Restore("""{"default_backend":"http://127.0.0.1:1","rules":[{"id":"x","match":{}}],"admin_password":"hunter22"}"""u8.ToArray());
        _ = await keeper.TakeOverAsync(Owner.At);

        Assert.Equal(2, keeper.InForce.State.Revision);
        Assert.Equal("x", keeper.InForce.State.Configuration.Rules.Single().Id);
        Assert.Equal("hunter22", keeper.TakeAdminPassword());
        Assert.Null(await keeper.SettleAsync());
        Assert.Equal(2, RouteFile.Load(FilePath, Owner.At).State.Revision);
    }

    [Fact]
    public async Task TakeOver_OfWhatCannotBeUsed_ChangesNothingAndLeavesIt()
    {
        using RouteKeeper keeper = Open();
        _ = await keeper.CarryOutAsync(Create("x"), Owner);
        RoutesInForce before = keeper.InForce;

        Restore("{ half"u8.ToArray());
        string note = Assert.Single(await keeper.TakeOverAsync(Owner.At));

        Assert.StartsWith($"cannot use {FilePath}, which somebody has changed: ", note, StringComparison.Ordinal);
        Assert.Same(before, keeper.InForce);
        Assert.Equal("{ half", File.ReadAllText(FilePath));
        Assert.Empty(await keeper.TakeOverAsync(Owner.At)); // Said once.
    }

    [Fact]
    public async Task CarryOut_WhenARestoreWasFaster_StartsFromWhatItBrought()
    {
        using (RouteKeeper old = Open())
            _ = await old.CarryOutAsync(Create("x"), Owner);
        byte[] backup = File.ReadAllBytes(FilePath);
        File.Delete(FilePath);
        using RouteKeeper keeper = Open();
        Assert.Null(await keeper.SettleAsync());

        Restore(backup);
        Assert.IsType<RouteCommandResult.Done>(await keeper.CarryOutAsync(Create("y"), Owner));

        string[] ids = [.. RouteFile.Load(FilePath, Owner.At).State.Configuration.Rules.Select(rule => rule.Id)];
        Assert.Contains("x", ids);
        Assert.Contains("y", ids);
    }

    [Fact]
    public async Task Settle_WhenARestoreWasFaster_LeavesItsFile()
    {
        using RouteKeeper keeper = Open();

        Restore("""{"default_backend":"http://127.0.0.1:1","rules":[]}"""u8.ToArray());

        Assert.Null(await keeper.SettleAsync());
        _ = await keeper.TakeOverAsync(Owner.At);
        Assert.Empty(keeper.InForce.State.Configuration.Rules);
    }

    /// <summary>Renamed into place, as a restore does it.</summary>
    private void Restore(byte[] content)
    {
        File.WriteAllBytes(FilePath + ".restored", content);
        File.Move(FilePath + ".restored", FilePath, overwrite: true);
    }

    private RouteKeeper Open() => RouteKeeper.Open(FilePath, Owner.At);

    private static RouteCommand.Create Create(string id) => new(Encoding.UTF8.GetBytes($$"""{"id":"{{id}}"}"""));
}
