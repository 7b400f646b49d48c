using System.Collections.Immutable;
using Init.Chat.Generation;
using Init.Chat.Providers;
using Init.Chat.Store;
using Init.Chat.Upstream;

namespace Init.Chat.Tests.Generation;

public sealed class GeneratorTests
{
    [Fact]
    public async Task Generation_WhenDone_IsStoredWithItsCallBeforeAnybodyIsTold()
    {
        await using GeneratorBench bench = new();
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bench.Store.Before = what => what == "end" ? release.Task : Task.CompletedTask;
        Turn turn = new();
        ScriptedAnswer answer = bench.Upstream.Next();

        IGeneration generation = await bench.StartAsync("hi", turn: turn);
        Assert.Equal("owner", bench.Store.Starts[generation.TaskId].Owner);
        Assert.Equal([new ChatMessage("user", "hi")], bench.Store.Starts[generation.TaskId].Said.AsEnumerable());
        answer.Say("", "hm").Say("good ").Say("day", finish: "stop", usage: new TokenUsage(9, 2, 11, 4, 5)).Done();
        await GeneratorBench.UntilAsync(() => answer.IsDisposed);

        Assert.False(generation.Completion.IsCompleted);
        Assert.Equal((0, 0), (turn.Ends, bench.Told.Count));
        release.SetResult();
        GenerationResult result = await generation.Completion;
        Assert.Equal((TaskState.Done, "good day", "hm", "answer-7", "stop"), (result.State, result.Content, result.Reasoning, result.Id, result.FinishReason));
        Assert.Equal([new ChatMessage("user", "hi"), new ChatMessage("assistant", "good day") { Reasoning = "hm" }], bench.Store.Contexts[("ann", "default")].AsEnumerable());
        CallRecord call = Assert.Single(bench.Store.Calls);
        Assert.Same(call, Assert.Single(bench.Told));
        Assert.Equal((11, 9, 2, 4, 5, 13, false), (call.TotalTokens, call.PromptTokens, call.CompletionTokens, call.CacheHitCount, call.CacheMissCount, call.CostMicros, call.IsEstimated));
        Assert.Equal((3, 0, 2, 1_700_000_000, "done"), (call.TotalChunk, call.EmptyChunk, call.ChunkTimes.Length, call.CreatedTime, call.Outcome));
        Assert.Equal((8, 2, 17), (call.NewContentLength, call.ReasoningContentLength, call.TotalContextLength));
        Assert.Equal(1, turn.Ends);
        Assert.IsType<CallOutcome.Answered>(Assert.Single(answer.Outcomes));
    }

    /// <summary>Whatever way it ends, at whatever piece: usage once, the turn over, the answer so far kept and marked.</summary>
    [Theory]
    [InlineData("done")]
    [InlineData("cancel")]
    [InlineData("break")]
    [InlineData("fail")]
    [InlineData("cut")]
    [InlineData("shutdown")]
    public async Task Generation_EndedAtAnyPiece_CountsItsUsageOnce(string way)
    {
        for (int pieces = 0; pieces <= 5; pieces++)
        {
            GeneratorBench bench = new();
            Turn turn = new();
            ScriptedAnswer answer = bench.Upstream.Next();
            IGeneration generation = await bench.StartAsync("one two three", turn: turn);
            await GeneratorBench.UntilAsync(() => bench.Upstream.Bodies.Count == 1);
            string text = "";
            for (int i = 0; i < pieces; i++)
            {
                answer.Say($"w{i} ");
                text += $"w{i} ";
            }

            await GeneratorBench.UntilAsync(() => generation.Length == text.Length);
            Task closing = Task.CompletedTask;
            switch (way)
            {
                case "done": answer.Done(); break;
                case "cancel": generation.Cancel(); generation.Cancel(); break;
                case "break": answer.Break(StreamProblem.Broken); break;
                case "fail": answer.Over(new StreamPart.Failed("no", null)); break;
                case "cut": answer.Over(new StreamPart.Ended(false)); break;
                default: closing = bench.DisposeAsync().AsTask(); break;
            }

            GenerationResult result = await generation.Completion;
            await closing;
            TaskState state = way switch { "done" => TaskState.Done, "cancel" => TaskState.Cancelled, "shutdown" => TaskState.Interrupted, _ => TaskState.Failed };
            Assert.Equal((state, text), (result.State, result.Content));
            Assert.Equal(state == TaskState.Done, result.Problem is null);
            Assert.Equal(state, bench.Store.Ends[generation.TaskId].State);
            CallRecord call = Assert.Single(bench.Store.Calls);
            Assert.True(call.IsEstimated && call.PromptTokens > 0 && call.CompletionTokens == TokenEstimate.Of(text));
            Assert.Equal((1, 1), (bench.Told.Count, turn.Ends));
            Assert.Equal(state.ToString().ToLowerInvariant(), call.Outcome);
            ImmutableArray<ChatMessage> context = bench.Store.Contexts.GetValueOrDefault(("ann", "default"), []);
            bool isAnswer = pieces > 0, isSaid = isAnswer || state is TaskState.Done or TaskState.Interrupted;
            Assert.Equal((isSaid ? 1 : 0) + (isAnswer ? 1 : 0), context.Length);
            if (isAnswer)
                Assert.Equal(new ChatMessage("assistant", text) { IsInterrupted = state != TaskState.Done }, context[1]);
            await bench.DisposeAsync();
        }
    }

    [Fact]
    public async Task Provider_ThatRefuses_LeavesTheContextAsItWas()
    {
        await using GeneratorBench bench = new();
        bench.Upstream.Refusal = new UpstreamException(429, "rate_limited", "later") { RetryAfter = TimeSpan.FromSeconds(7) };
        Turn turn = new();

        GenerationResult result = await (await bench.StartAsync("hi", turn: turn)).Completion;

        Assert.Equal((TaskState.Failed, new GenerationProblem(429, "rate_limited", "later", TimeSpan.FromSeconds(7))), (result.State, result.Problem));
        Assert.Empty(bench.Store.Contexts);
        Assert.Empty(bench.Store.Calls);
        Assert.Equal(("later", 1), (bench.Store.Ends[result.TaskId].Problem, turn.Ends));
    }

    [Fact]
    public async Task Fault_OfOurs_EndsTheTaskToo()
    {
        await using GeneratorBench bench = new();
        bench.Upstream.Refusal = new InvalidOperationException("a fault");

        GenerationResult result = await (await bench.StartAsync("hi")).Completion;

        Assert.Equal((TaskState.Failed, "internal_error"), (result.State, result.Problem!.Code));
        Assert.DoesNotContain("a fault", result.Problem.Message, StringComparison.Ordinal);
        Assert.Contains(bench.Log.Lines, line => line.Contains("a fault", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Follower_LeavingAndComingBackAtEveryEvent_SeesEachOnce()
    {
        await using GeneratorBench bench = new();
        ScriptedAnswer answer = bench.Upstream.Next();
        IGeneration generation = await bench.StartAsync("hi");
        string whole = "";
        Task<string> slow = FollowAsync(generation, pause: true);
        List<Task<string>> late = [];
        for (int i = 0; i < 40; i++)
        {
            whole += $"{i} ";
            answer.Say($"{i} ");
            late.Add(FollowAsync(generation, pause: false));
        }

        string joined = "";
        long seq = 0;
        for (int i = 0; i < 10; i++)
        {
            await foreach (GenerationEvent next in generation.FollowAsync(seq, CancellationToken.None))
            {
                if (next is not GenerationEvent.Delta delta)
                    break;
                Assert.True(delta.Seq > seq);
                (seq, joined) = (delta.Seq, joined + delta.Content);
                break;
            }

            if (seq == 40)
                break;
        }

        answer.Done();
        await generation.Completion;
        Assert.Equal(whole, await slow);
        Assert.All(await Task.WhenAll(late), text => Assert.Equal(whole, text));
        for (long after = 0; after <= 42; after++)
        {
            List<GenerationEvent> rest = [];
            await foreach (GenerationEvent next in generation.FollowAsync(after, CancellationToken.None))
                rest.Add(next);
            string before = string.Concat(Enumerable.Range(0, (int)Math.Min(after, 40)).Select(i => $"{i} "));
            Assert.Equal(whole, before + string.Concat(rest.OfType<GenerationEvent.Delta>().Select(delta => delta.Content)));
            Assert.Equal(after < 41 ? 41 : null, rest.LastOrDefault()?.Seq);
        }
    }

    [Fact]
    public async Task Follower_WhoLeaves_EndsNothing()
    {
        await using GeneratorBench bench = new();
        ScriptedAnswer answer = bench.Upstream.Next();
        IGeneration generation = await bench.StartAsync("hi");
        using CancellationTokenSource gone = new();
        ValueTask<bool> waiting = generation.FollowAsync(0, gone.Token).GetAsyncEnumerator(gone.Token).MoveNextAsync();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);

        answer.Say("still here").Done();

        Assert.Equal("still here", (await generation.Completion).Content);
    }

    [Fact]
    public async Task Places_AreLimitedInAllAndForAUser()
    {
        await using GeneratorBench bench = new(options: GeneratorBench.Quick with { RunningMax = 2, WaitingMax = 2, PerUserMax = 3 });
        Turn turn = new();
        List<IGeneration> begun = [await bench.StartAsync("1"), await bench.StartAsync("2"), await bench.StartAsync("3")];
        await Assert.ThrowsAsync<GeneratorBusyException>(() => bench.StartAsync("4", turn: turn));
        begun.Add(await bench.StartAsync("5", user: "bob"));
        await Assert.ThrowsAsync<GeneratorBusyException>(() => bench.StartAsync("6", user: "eve", turn: turn));
        Assert.Equal((2, 4, 4), (turn.Ends, bench.Generator.Running.Length, bench.Store.Starts.Count));
        await GeneratorBench.UntilAsync(() => bench.Upstream.Bodies.Count == 2);

        begun[3].Cancel();
        Assert.Equal(TaskState.Cancelled, (await begun[3].Completion).State);
        for (int i = 0; i < 3; i++)
            bench.Upstream.Next().Say($"{i}").Done();
        await Task.WhenAll(begun.Select(one => one.Completion));

        Assert.Equal(3, bench.Upstream.Bodies.Count);
        Assert.Empty(bench.Generator.Running);
    }

    [Fact]
    public async Task Start_ThatCannotBeStored_AsksNobody()
    {
        await using GeneratorBench bench = new(options: GeneratorBench.Quick with { PerUserMax = 1 });
        bench.Store.Before = _ => throw new StoreException("disk full");
        Turn turn = new();

        await Assert.ThrowsAsync<StoreException>(() => bench.StartAsync("hi", turn: turn));

        Assert.Empty(bench.Upstream.Bodies);
        Assert.Equal(1, turn.Ends);
        bench.Store.Before = _ => Task.CompletedTask;
        bench.Upstream.Next().Say("x").Done();
        Assert.Equal("x", (await (await bench.StartAsync("hi")).Completion).Content);
    }

    [Fact]
    public async Task Start_ThatMayOrMayNotBeStored_IsNoTaskThatRunsForEver()
    {
        await using GeneratorBench bench = new();
        bench.Store.Before = what => what == "begun" ? throw new StoreException("the connection broke") : Task.CompletedTask;

        await Assert.ThrowsAsync<StoreException>(() => bench.StartAsync("hi"));

        await GeneratorBench.UntilAsync(() => bench.Store.Ends.Count == 1);
        Assert.Equal(bench.Store.Starts.Keys, bench.Store.Ends.Keys);
        Assert.Empty(bench.Upstream.Bodies);
    }

    [Fact]
    public async Task Answer_ThatIsNotSaved_IsKeptWithItsTaskOnly()
    {
        await using GeneratorBench bench = new();
        bench.Upstream.Next().Say("x").Done();
        IGeneration generation = await bench.StartAsync("hi", branch: null);
        await generation.Completion;

        Assert.Equal("x", bench.Store.Ends[generation.TaskId].Append[^1].Content);
        Assert.Empty(bench.Store.Contexts);
    }

    [Fact]
    public async Task End_ThatIsRefusedForAWhile_IsStoredOnce()
    {
        await using GeneratorBench bench = new();
        int refusals = 2;
        bench.Store.Before = what => what == "end" && refusals-- > 0 ? throw new StoreException("busy") : Task.CompletedTask;
        bench.Upstream.Next().Say("x").Done();

        GenerationResult result = await (await bench.StartAsync("hi")).Completion;

        Assert.Equal((TaskState.Done, (GenerationProblem?)null), (result.State, result.Problem));
        Assert.Single(bench.Store.Calls);
        Assert.Equal(2, bench.Store.Contexts[("ann", "default")].Length);
    }

    [Fact]
    public async Task End_ThatIsNeverStored_IsToldAsSuchAndCountedLater()
    {
        await using GeneratorBench bench = new();
        bool isDown = true;
        bench.Store.Before = what => what is not ("begin" or "begun") && isDown ? throw new StoreException("down") : Task.CompletedTask;
        bench.Upstream.Next().Say("x").Done();
        IGeneration generation = await bench.StartAsync("hi");

        GenerationResult result = await generation.Completion;
        Assert.Equal((TaskState.Failed, "not_stored", 503), (result.State, result.Problem!.Code, result.Problem.Status));
        Assert.Empty(bench.Told);
        isDown = false;
        await GeneratorBench.UntilAsync(() => bench.Store.Ends.Count == 1);

        Assert.Equal(TaskState.Failed, bench.Store.Ends[generation.TaskId].State);
        Assert.Empty(bench.Store.Contexts);
        Assert.Single(bench.Store.Calls);
        await GeneratorBench.UntilAsync(() => bench.Told.Count == 1);
    }

    [Fact]
    public async Task Task_ThatAnotherProcessHasEnded_IsToldAsInterrupted()
    {
        await using GeneratorBench bench = new();
        ScriptedAnswer answer = bench.Upstream.Next();
        IGeneration generation = await bench.StartAsync("hi");
        await bench.Store.EndTaskAsync(new TaskEnd(generation.TaskId, TaskState.Interrupted, [new ChatMessage("user", "hi")], null, null, DateTimeOffset.UtcNow), CancellationToken.None);
        answer.Say("x").Done();

        GenerationResult result = await generation.Completion;

        Assert.Equal((TaskState.Interrupted, "interrupted"), (result.State, result.Problem!.Code));
        Assert.Single(bench.Store.Calls);
        Assert.Single(bench.Store.Contexts[("ann", "default")]);
    }

    [Fact]
    public async Task Checkpoints_KeepWhatIsNewAndNothingElse()
    {
        await using GeneratorBench bench = new();
        ScriptedAnswer first = bench.Upstream.Next(), second = bench.Upstream.Next();
        IGeneration one = await bench.StartAsync("1"), two = await bench.StartAsync("2", user: "bob");
        first.Say("a", "r");
        second.Say("b");
        await GeneratorBench.UntilAsync(() => bench.Store.Checkpoints.SelectMany(list => list).Count() == 2);
        first.Say("c");
        await GeneratorBench.UntilAsync(() => bench.Store.Checkpoints.SelectMany(list => list).Count() == 3);

        Assert.Single(bench.Store.Checkpoints.Last());
        Assert.EndsWith("c", bench.Store.Checkpoints.Last()[0].Content + bench.Store.Checkpoints.Last()[0].Reasoning.Replace("r", "", StringComparison.Ordinal), StringComparison.Ordinal);
        one.Cancel();
        two.Cancel();
        await Task.WhenAll(one.Completion, two.Completion);
    }

    [Fact]
    public async Task Ended_CanBeFoundUntilThereAreTooMany()
    {
        await using GeneratorBench bench = new(options: GeneratorBench.Quick with { KeptMax = 2 });
        List<string> ids = [];
        for (int i = 0; i < 3; i++)
        {
            bench.Upstream.Next().Say("x").Done();
            IGeneration generation = await bench.StartAsync("hi");
            await generation.Completion;
            ids.Add(generation.TaskId);
        }

        Assert.Null(bench.Generator.Find(ids[0]));
        Assert.Equal("x", (await bench.Generator.Find(ids[2])!.Completion).Content);
    }

    [Fact]
    public async Task Ended_IsForgottenAfterAWhile()
    {
        await using GeneratorBench bench = new(options: GeneratorBench.Quick with { KeptFor = TimeSpan.FromMilliseconds(200) });
        bench.Upstream.Next().Say("x").Done();
        IGeneration generation = await bench.StartAsync("hi");
        await generation.Completion;

        await GeneratorBench.UntilAsync(() => bench.Generator.Find(generation.TaskId) is null);
    }

    [Fact]
    public async Task Answer_WithoutEnd_IsEndedAtItsLimit()
    {
        await using GeneratorBench bench = new(options: GeneratorBench.Quick with { AnswerLengthMax = 1000 });
        ScriptedAnswer answer = bench.Upstream.Next();
        IGeneration generation = await bench.StartAsync("hi");
        for (int i = 0; i < 200; i++)
            answer.Say("0123456789");

        GenerationResult result = await generation.Completion;

        Assert.Equal((TaskState.Failed, "answer_too_long"), (result.State, result.Problem!.Code));
        Assert.InRange(result.Content.Length, 1000, 1010);
        Assert.IsType<CallOutcome.Answered>(Assert.Single(answer.Outcomes));
        Assert.True(bench.Store.Contexts[("ann", "default")][1].IsInterrupted);
    }

    [Fact]
    public async Task Empty_AnswersAndMessages_AreNotAppended()
    {
        await using GeneratorBench bench = new();
        bench.Upstream.Next().Done();
        IGeneration generation = await bench.Generator.StartAsync(GeneratorBench.Ask("hi") with { Said = [new ChatMessage("user", "hi"), new ChatMessage("user", "")] }, CancellationToken.None);

        Assert.Equal(TaskState.Done, (await generation.Completion).State);
        Assert.Equal([new ChatMessage("user", "hi")], bench.Store.Contexts[("ann", "default")].AsEnumerable());
    }

    [Fact]
    public async Task Character_CutIntoHalves_IsOneEvent()
    {
        await using GeneratorBench bench = new();
        bench.Upstream.Next().Say("a\ud83d").Say("\ude00b", "\ud83d").Say("", "\ude01").Done();
        IGeneration generation = await bench.StartAsync("hi");
        GenerationResult result = await generation.Completion;

        Assert.Equal(("a😀b", "😁"), (result.Content, result.Reasoning));
        await foreach (GenerationEvent next in generation.FollowAsync(1, CancellationToken.None))
        {
            Assert.Equal(("😀b", "😁"), next is GenerationEvent.Delta delta ? (delta.Content, delta.Reasoning) : default);
            break;
        }
    }

    [Fact]
    public async Task Shutdown_LetsNobodyInAndStoresAll()
    {
        GeneratorBench bench = new();
        IGeneration generation = await bench.StartAsync("hi");

        await bench.DisposeAsync();

        Assert.Equal(TaskState.Interrupted, (await generation.Completion).State);
        await Assert.ThrowsAsync<GeneratorBusyException>(() => bench.StartAsync("again"));
    }

    private static async Task<string> FollowAsync(IGeneration generation, bool pause)
    {
        string text = "";
        long seq = 0;
        await foreach (GenerationEvent next in generation.FollowAsync(0, CancellationToken.None))
        {
            Assert.True(next.Seq > seq);
            seq = next.Seq;
            if (next is GenerationEvent.Delta delta)
                text += delta.Content;
            else
                Assert.Equal(text, ((GenerationEvent.Ended)next).Result.Content);
            if (pause)
                await Task.Delay(5);
        }

        return text;
    }
}
