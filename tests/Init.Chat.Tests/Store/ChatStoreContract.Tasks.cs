using System.Collections.Immutable;
using Init.Chat.Store;

namespace Init.Chat.Tests.Store;

public abstract partial class ChatStoreContract
{
    protected static TaskStart Start(string id, string user = "u", string? branch = "b", string owner = "me") =>
        new(id, owner, user, branch, Said("question " + id), "chat", "key", T0);

    protected static CallRecord Call(string id, string user = "u", long prompt = 10, long completion = 5) => new()
    {
        Id = id,
        Model = "m",
        UserId = user,
        KeyId = "key",
        TaskStartTime = T0.ToUnixTimeMilliseconds() * 1_000_000,
        PromptTokens = prompt,
        CompletionTokens = completion,
        TotalTokens = prompt + completion,
        CostMicros = 7,
        ChunkTimes = [1, 2, 3],
    };

    protected static TaskEnd End(string id, string answer = "answer", CallRecord? call = null) =>
        new(id, TaskState.Done, [new("user", "question " + id), new("assistant", answer) { Reasoning = "why" }], call, null, T0.AddSeconds(2));

    private async Task<long> CallCountAsync(IChatStore store)
    {
        long count = 0;
        await foreach (CallRecord _ in store.CallsAsync(new CallFilter(), None))
            count++;
        return count;
    }

    [StoreFact]
    public async Task Task_WhenItEnds_AppendsLogsAndCountsTogether()
    {
        await Store.PutContextAsync("u", "b", Said("before"), 0, None);
        long revision = (await Store.ContextAsync("u", "b", None)).Revision;
        await Store.BeginTaskAsync(Start("t1"), None);
        Assert.Equal(new TaskInfo("t1", "me", "u", "b", "chat", "key", TaskState.Running, "", "", null, T0, null), await Store.TaskAsync("t1", None));
        await Store.CheckpointAsync([new TaskCheckpoint("t1", "ans", "w"), new TaskCheckpoint("unknown", "x", "")], None);
        Assert.Equal("ans", (await Store.TaskAsync("t1", None))!.Content);

        Assert.True(await Store.EndTaskAsync(End("t1", call: Call("c1")), None));
        await ReopenAsync();
        Assert.Equal(["before", "question t1", "answer"], (await Store.ContextAsync("u", "b", None)).Messages.Select(message => message.Content));
        Assert.True((await Store.ContextAsync("u", "b", None)).Revision > revision);
        Assert.Equal(new TaskInfo("t1", "me", "u", "b", "chat", "key", TaskState.Done, "answer", "why", null, T0, T0.AddSeconds(2)), await Store.TaskAsync("t1", None));
        Assert.Equal([new UsageSum(new DateOnly(2026, 11, 22), "m", "u", "key", 1, 0, 10, 5, 15, 7)], (await Store.UsageAsync(new UsageFilter(new DateOnly(2026, 1, 1)), None)).ToArray());
    }

    [StoreFact]
    public async Task Task_WhenItEndsAgain_DoesNothing()
    {
        await Store.BeginTaskAsync(Start("t1"), None);
        bool[] ended = await Task.WhenAll(Enumerable.Range(0, 10).Select(number => Store.EndTaskAsync(End("t1", $"answer {number}", Call($"c{number}")), None)));
        Assert.Single(ended, true);
        Assert.False(await Store.EndTaskAsync(End("t1"), None));
        Assert.False(await Store.EndTaskAsync(End("never begun"), None));
        await Store.CheckpointAsync([new TaskCheckpoint("t1", "late", "")], None);
        Assert.Equal(2, (await Store.ContextAsync("u", "b", None)).Messages.Length);
        Assert.NotEqual("late", (await Store.TaskAsync("t1", None))!.Content);
        Assert.Equal(1, await CallCountAsync(Store));
        Assert.Equal(1, (await Store.UsageAsync(new UsageFilter(new DateOnly(2026, 1, 1)), None)).Single().Calls);
    }

    [StoreFact]
    public async Task Task_WhenItFailsOrIsNotSaved_LeavesTheContextAlone()
    {
        await Store.BeginTaskAsync(Start("failed"), None);
        await Store.BeginTaskAsync(Start("unsaved", branch: null), None);
        Assert.True(await Store.EndTaskAsync(new TaskEnd("failed", TaskState.Failed, [], null, "no provider", T0), None));
        Assert.True(await Store.EndTaskAsync(End("unsaved"), None));
        Assert.Empty(await Store.UsersAsync(ItemKind.Context, None));
        Assert.Equal("no provider", (await Store.TaskAsync("failed", None))!.Problem);
        Assert.Equal("answer", (await Store.TaskAsync("unsaved", None))!.Content);
    }

    [StoreFact]
    public async Task Tasks_ByFilter_AreTheNewestFirst()
    {
        for (int i = 0; i < 5; i++)
            await Store.BeginTaskAsync(Start($"t{i}", i % 2 == 0 ? "even" : "odd") with { Started = T0.AddSeconds(i) }, None);
        await Store.EndTaskAsync(End("t2"), None);
        Assert.Equal(["t4", "t3", "t2", "t1", "t0"], (await Store.TasksAsync(new TaskFilter(), None)).Select(task => task.Id));
        Assert.Equal(["t4", "t0"], (await Store.TasksAsync(new TaskFilter("even", TaskState.Running), None)).Select(task => task.Id));
        Assert.Equal(["t4", "t3"], (await Store.TasksAsync(new TaskFilter(Limit: 2), None)).Select(task => task.Id));
        Assert.Null(await Store.TaskAsync("none", None));
    }

    [StoreFact]
    public async Task Interrupt_OfAnOwner_KeepsWhatWasAskedAndAnswered()
    {
        await Store.BeginTaskAsync(Start("partial", "one"), None);
        await Store.BeginTaskAsync(Start("silent", "two"), None);
        await Store.BeginTaskAsync(Start("thinking", "three"), None);
        await Store.BeginTaskAsync(Start("ended", "four"), None);
        await Store.BeginTaskAsync(Start("other", "five", owner: "somebody else"), None);
        await Store.CheckpointAsync([new TaskCheckpoint("partial", "so far", "r"), new TaskCheckpoint("thinking", "", "hm")], None);
        await Store.EndTaskAsync(End("ended"), None);

        Assert.Equal(3, await Store.InterruptTasksAsync("me", None));
        Assert.Equal(0, await Store.InterruptTasksAsync("me", None));
        Assert.Equal([new("user", "question partial"), new("assistant", "so far") { Reasoning = "r", IsInterrupted = true }], (await Store.ContextAsync("one", "b", None)).Messages.ToArray());
        Assert.Equal([new("user", "question silent")], (await Store.ContextAsync("two", "b", None)).Messages.ToArray());
        Assert.Equal([new("user", "question thinking"), new("assistant", "") { Reasoning = "hm", IsInterrupted = true }], (await Store.ContextAsync("three", "b", None)).Messages.ToArray());
        Assert.Equal(2, (await Store.ContextAsync("four", "b", None)).Messages.Length);
        TaskInfo partial = (await Store.TaskAsync("partial", None))!;
        Assert.Equal((TaskState.Interrupted, "so far"), (partial.State, partial.Content));
        Assert.Equal(TaskState.Running, (await Store.TaskAsync("other", None))!.State);
        Assert.False(await Store.EndTaskAsync(End("partial"), None));

        // Who had answered has taken something; who had not, as far as anybody knows, has not.
        CallRecord[] calls = [.. (await ListAsync(new CallFilter())).Where(call => call.Outcome == "interrupted")];
        Assert.Equal(["one", "three"], calls.Select(call => call.UserId).Order(StringComparer.Ordinal));
        Assert.All(calls, call => Assert.True(call is { IsEstimated: true, CompletionTokens: > 0, PromptTokens: > 0 }, call.ToString()));
        Assert.Equal(calls.Sum(call => call.TotalTokens), (await Store.UsageAsync(new UsageFilter(DateOnly.MinValue), None)).Where(sum => sum.UserId is "one" or "three").Sum(sum => sum.TotalTokens));
    }

    [StoreFact]
    public async Task Interrupt_AfterTheOwnerHasGone_FindsItsTasks()
    {
        await Store.BeginTaskAsync(Start("t1"), None);
        await Store.CheckpointAsync([new TaskCheckpoint("t1", "so far", "")], None);
        Assert.Equal(0, await Store.InterruptTasksAsync("new", None));
        await ReopenAsync();
        Assert.Equal(1, await Store.InterruptTasksAsync("new", None));
        Assert.True((await Store.ContextAsync("u", "b", None)).Messages[1].IsInterrupted);
    }

    [StoreFact]
    public async Task Appends_AtTheSameTime_AllArriveWholeAndOnce()
    {
        const int tasks = 120;
        await Parallel.ForEachAsync(Enumerable.Range(0, tasks), new ParallelOptions { MaxDegreeOfParallelism = 12 }, async (number, _) =>
        {
            await Store.BeginTaskAsync(Start($"t{number}"), None);
            Assert.True(await Store.EndTaskAsync(End($"t{number}", $"answer {number}", Call($"c{number}")), None));
        });

        ImmutableArray<ChatMessage> messages = (await Store.ContextAsync("u", "b", None)).Messages;
        Assert.Equal(2 * tasks, messages.Length);
        for (int i = 0; i < messages.Length; i += 2)
            Assert.Equal(messages[i].Content.Replace("question t", "answer "), messages[i + 1].Content);
        Assert.Equal(tasks, messages.Select(message => message.Content).Where(text => text.StartsWith("answer", StringComparison.Ordinal)).Distinct().Count());
        UsageSum sum = Assert.Single(await Store.UsageAsync(new UsageFilter(new DateOnly(2026, 1, 1)), None));
        Assert.Equal((tasks, tasks * 10L), (sum.Calls, sum.PromptTokens));
        Assert.Equal(2 * tasks, (await Store.BranchesAsync(ItemKind.Context, "u", None)).Single().Length);
    }

    [StoreFact]
    public async Task Write_ThatFails_HarmsNoOtherOfTheSameMoment()
    {
        await Store.BeginTaskAsync(Start("twice"), None);
        Task refused = Assert.ThrowsAsync<StoreException>(() => Store.BeginTaskAsync(Start("twice"), None));
        Task[] others = [.. Enumerable.Range(0, 20).Select(number => Store.PutValueAsync($"v{number}", "x", None))];
        await refused;
        await Task.WhenAll(others);
        for (int i = 0; i < 20; i++)
            Assert.Equal("x", await Store.ValueAsync($"v{i}", None));
    }

    [StoreFact]
    public async Task Calls_ByFilter_ComeInPagesInTheirOrder()
    {
        const int count = 600;
        await Store.AppendCallsAsync([.. Enumerable.Range(0, count).Select(number => Call($"c{number}", number % 2 == 0 ? "even" : "odd") with
        {
            TaskStartTime = T0.AddSeconds(number).ToUnixTimeMilliseconds() * 1_000_000,
            Model = number == 7 ? "special" : "m",
            Outcome = number == 7 ? "failed" : "done",
            KeyId = number == 8 ? null : "key",
        })], None);
        await Store.AppendCallsAsync([], None);

        List<CallRecord> all = await ListAsync(new CallFilter());
        Assert.Equal(Enumerable.Range(0, count).Select(number => $"c{number}"), all.Select(call => call.Id));
        Assert.True(all.Zip(all.Skip(1)).All(pair => pair.First.Seq < pair.Second.Seq));
        Assert.Equal([1L, 2, 3], all[0].ChunkTimes.ToArray());
        Assert.Equal(["c599", "c598", "c597"], (await ListAsync(new CallFilter(NewestFirst: true, Limit: 3))).Select(call => call.Id));
        Assert.Equal(count, (await ListAsync(new CallFilter(NewestFirst: true))).Count);
        Assert.Equal(["c598", "c599"], (await ListAsync(new CallFilter(AfterSeq: all[597].Seq))).Select(call => call.Id));
        Assert.Equal(["c599"], (await ListAsync(new CallFilter(AfterSeq: all[598].Seq, NewestFirst: true))).Select(call => call.Id));
        Assert.Equal(count / 2, (await ListAsync(new CallFilter(User: "odd"))).Count);
        Assert.Equal("c7", Assert.Single(await ListAsync(new CallFilter(Model: "special"))).Id);
        Assert.Equal(count - 1, (await ListAsync(new CallFilter(KeyId: "key"))).Count);
        Assert.Equal(["c3", "c4"], (await ListAsync(new CallFilter(Since: T0.AddSeconds(3), Until: T0.AddSeconds(5)))).Select(call => call.Id));

        ImmutableArray<UsageSum> sums = await Store.UsageAsync(new UsageFilter(new DateOnly(2026, 11, 22)), None);
        Assert.Equal(count, sums.Sum(sum => sum.Calls));
        Assert.Equal(1, sums.Single(sum => sum.Model == "special").Failures);
        Assert.Equal(1, sums.Single(sum => sum.KeyId is null).Calls);
        Assert.Equal(count / 2, (await Store.UsageAsync(new UsageFilter(new DateOnly(2026, 1, 1), User: "odd"), None)).Sum(sum => sum.Calls));
        Assert.Empty(await Store.UsageAsync(new UsageFilter(new DateOnly(2026, 11, 23)), None));
    }

    private async Task<List<CallRecord>> ListAsync(CallFilter filter)
    {
        List<CallRecord> calls = [];
        await foreach (CallRecord call in Store.CallsAsync(filter, None))
            calls.Add(call);
        return calls;
    }

    [StoreFact]
    public async Task Turns_WhenTooManyWait_AreRefusedAndTheOthersGoOn()
    {
        List<Task<IAsyncDisposable>> turns = [];
        for (int i = 0; i <= StoreLimits.TurnsWaitingMax; i++)
            turns.Add(Store.EnterContextAsync("u", "b", None));
        await Assert.ThrowsAsync<ContextBusyException>(() => Store.EnterContextAsync("u", "b", None));
        await using (await Store.EnterContextAsync("u", "another", None))
        {
            foreach (Task<IAsyncDisposable> turn in turns)
                await (await turn.WaitAsync(TimeSpan.FromSeconds(30))).DisposeAsync();
        }
    }

    [StoreFact]
    public async Task Turns_OfAContext_AreTakenInTheOrderOfComing()
    {
        List<int> order = [];
        IAsyncDisposable first = await Store.EnterContextAsync("u", "b", None);
        using CancellationTokenSource impatient = new();
        Task<IAsyncDisposable> leaving = Store.EnterContextAsync("u", "b", impatient.Token);
        List<Task> waiting = [];
        for (int i = 0; i < 5; i++)
            waiting.Add(TakeAsync(i));
        await using (await Store.EnterContextAsync("u", "another", None))
        await using (await Store.EnterContextAsync("U", "b", None))
            Assert.Empty(order);

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        await first.DisposeAsync();
        await first.DisposeAsync();
        await Task.WhenAll(waiting).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal([0, 1, 2, 3, 4], order);

        async Task TakeAsync(int number)
        {
            await using (await Store.EnterContextAsync("u", "b", None))
            {
                order.Add(number);
                await Task.Yield();
            }
        }
    }
}
