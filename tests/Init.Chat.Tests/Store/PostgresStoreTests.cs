using System.Diagnostics;
using Init.Chat.Store;

namespace Init.Chat.Tests.Store;

[Collection("postgres")]
public sealed class PostgresStoreTests(PostgresServer server) : ChatStoreContract
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(1);

    private string? _database;

    private string Database => _database ??= server.NewDatabase();

    protected override Task<IChatStore> OpenAsync() => ChatStores.OpenAsync(Database, Lease, TimeProvider.System, None);

    [StoreFact]
    public async Task Open_ByManyAtOnce_MakesTheTablesOnce()
    {
        string database = server.NewDatabase();
        IChatStore[] stores = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => ChatStores.OpenAsync(database, None)));
        await stores[0].PutValueAsync("a", "b", None);
        Assert.Equal("b", await stores[5].ValueAsync("a", None));
        Assert.Equal("1", server.Ask(database, "SELECT string_agg(version::text, ',') FROM init_chat.schema_version"));
        foreach (IChatStore store in stores)
            await store.DisposeAsync();
    }

    [StoreFact]
    public async Task Open_OfTablesFromTheFuture_IsRefused()
    {
        server.Ask(Database, "UPDATE init_chat.schema_version SET version = 99");
        Assert.Contains("version 99", (await Assert.ThrowsAsync<StoreException>(OpenAsync)).Message);
    }

    [StoreFact]
    public async Task Open_WithoutAServer_NamesThePlaceAndNoPassword()
    {
        StoreException refused = await Assert.ThrowsAsync<StoreException>(() => ChatStores.OpenAsync("postgresql://ann:secret-canary@127.0.0.1:9/chat", None));
        Assert.Contains("127.0.0.1:9", refused.Message);
        Assert.DoesNotContain("secret-canary", refused.ToString());
        Assert.DoesNotContain("secret-canary", (await Assert.ThrowsAsync<StoreException>(() => ChatStores.OpenAsync("Host=x;Port=secret-canary", None))).ToString());
    }

    [StoreFact]
    public async Task Turns_OverTwoStores_AreTakenOneByOneInTheOrderOfComing()
    {
        await using IChatStore other = await OpenAsync();
        IAsyncDisposable first = await Store.EnterContextAsync("u", "b", None);
        List<int> order = [];
        List<Task> waiting = [];
        for (int i = 0; i < 4; i++)
        {
            waiting.Add(TakeAsync(i % 2 == 0 ? other : Store, i));
            // Of each store one has a ticket; who else has come waits there.
            await UntilAsync(() => server.Ask(Database, "SELECT count(*) FROM init_chat.turns") == "2");
        }

        Assert.Empty(order);
        await first.DisposeAsync();
        await Task.WhenAll(waiting).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(4, order.Count);
        Assert.Equal(0, order[0]);
        Assert.True(order.IndexOf(0) < order.IndexOf(2) && order.IndexOf(1) < order.IndexOf(3));
        Assert.Equal("0", server.Ask(Database, "SELECT count(*) FROM init_chat.turns"));

        async Task TakeAsync(IChatStore store, int number)
        {
            await using (await store.EnterContextAsync("u", "b", None))
                order.Add(number);
        }
    }

    [StoreFact]
    public async Task Turns_OfTwoProcesses_NeverOverlap()
    {
        // A counter that is read, and written by its revision: one that another process is in the middle of is refused.
        const int rounds = 25;
        await using StoreChild one = StoreChild.Start("turns", Database, rounds.ToString());
        await using StoreChild two = StoreChild.Start("turns", Database, rounds.ToString());
        Assert.Equal("done", await one.LastLineAsync());
        Assert.Equal("done", await two.LastLineAsync());
        Assert.Equal(2 * rounds, (await Store.ContextAsync("u", "b", None)).Messages.Length);
    }

    [StoreFact]
    public async Task Turn_OfAProcessThatDied_IsOverWithItsLease()
    {
        StoreChild child = StoreChild.Start("hold", Database);
        await child.WaitForAsync("holding");
        using (CancellationTokenSource soon = new(TimeSpan.FromSeconds(2)))
        {
            // Longer than the lease: it is renewed while the process lives.
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.EnterContextAsync("u", "b", soon.Token));
        }

        Assert.Equal(0, await Store.InterruptTasksAsync("nobody", None));
        child.Kill();
        long start = Stopwatch.GetTimestamp();
        await using (await Store.EnterContextAsync("u", "b", None).WaitAsync(TimeSpan.FromSeconds(20)))
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(10));

        // Nobody asks for it: the other processes look for such tasks by themselves.
        await UntilAsync(async () => (await Store.TasksAsync(new TaskFilter(State: TaskState.Interrupted), None)).Length == 1);
        Assert.Equal([new("user", "question held"), new("assistant", "half") { IsInterrupted = true }], (await Store.ContextAsync("u", "b", None)).Messages.ToArray());
        await child.DisposeAsync();
    }

    private static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (long start = Stopwatch.GetTimestamp(); !await condition(); await Task.Delay(20))
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60), "it did not come to pass");
    }
}
