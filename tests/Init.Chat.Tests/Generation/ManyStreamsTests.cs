using System.Collections.Immutable;
using Init.Chat.Generation;
using Init.Chat.Store;
using Init.Chat.Tests.Upstream;

namespace Init.Chat.Tests.Generation;

/// <summary>The generator with the real client and a provider over HTTP.</summary>
public sealed class ManyStreamsTests
{
    [Fact]
    public async Task ParallelStreams_OfManyUsers_MixNothing()
    {
        const int Users = 50, Streams = 4;
        await using UpstreamBench upstream = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, "m;words=30;rate=60;cut=7;usage=each", "A", "B")]);
        await using GeneratorBench bench = new(upstream.Client, GeneratorBench.Quick with { Grace = TimeSpan.FromSeconds(20) });

        var texts = await Task.WhenAll(
            from user in Enumerable.Range(0, Users)
            from stream in Enumerable.Range(0, Streams)
            select RunAsync(bench, $"user{user}", $"canary-{user}-{stream}-é"));

        Assert.All(texts, pair => Assert.Equal(string.Join(' ', Enumerable.Repeat(pair.Canary, 30)), pair.Text));
        Assert.Equal(Users * Streams, bench.Store.Calls.Count);
        Assert.Equal(Users * Streams, bench.Store.Calls.Select(call => call.Id).Distinct().Count());
        Assert.All(bench.Store.Calls, call => Assert.Equal((30, false), (call.CompletionTokens, call.IsEstimated)));
        Assert.Equal((Users * Streams, Users * Streams), upstream.Provider.Answers);
        Assert.All(bench.Store.Contexts, context =>
        {
            Assert.Equal(2 * Streams, context.Value.Length);
            Assert.All(context.Value, message => Assert.Contains($"canary-{context.Key.User[4..]}-", message.Content, StringComparison.Ordinal));
            for (int i = 0; i < context.Value.Length; i += 2)
                Assert.Equal(("user", "assistant", true), (context.Value[i].Role, context.Value[i + 1].Role, context.Value[i + 1].Content.StartsWith(context.Value[i].Content, StringComparison.Ordinal)));
        });
    }

    [Fact]
    public async Task ParallelStreams_WithARealStore_AreKeptInTheOrderOfTheirTurns()
    {
        const int Users = 20, Streams = 3;
        string folder = Directory.CreateTempSubdirectory("init-chat-generator-").FullName;
        try
        {
            await using UpstreamBench upstream = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, "m;words=20;rate=100;usage=none", "A")]);
            await using IChatStore store = await ChatStores.OpenAsync(Path.Combine(folder, "chat.db"), CancellationToken.None);
            await using (GeneratorBench bench = new(upstream.Client, GeneratorBench.Quick, store))
            {
                await Task.WhenAll(
                    from user in Enumerable.Range(0, Users)
                    from stream in Enumerable.Range(0, Streams)
                    select TakeTurnAsync(bench, store, $"user{user}", $"canary-{user}-{stream}"));
            }

            for (int user = 0; user < Users; user++)
            {
                ImmutableArray<ChatMessage> messages = (await store.ContextAsync($"user{user}", "default", CancellationToken.None)).Messages;
                Assert.Equal(2 * Streams, messages.Length);
                for (int i = 0; i < messages.Length; i += 2)
                    Assert.Equal(string.Join(' ', Enumerable.Repeat(messages[i].Content, 20)), messages[i + 1].Content);
            }

            Assert.Empty(await store.TasksAsync(new TaskFilter(State: TaskState.Running), CancellationToken.None));
            Assert.Equal(Users * Streams, (await store.UsageAsync(new UsageFilter(DateOnly.MinValue), CancellationToken.None)).Sum(sum => sum.Calls));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("m;cut=1;crlf;comments", "done", false)]
    [InlineData("m;usage=none", "done", true)]
    [InlineData("m;as=json", "done", false)]
    [InlineData("m;error=3", "failed", true)]
    [InlineData("m;reset=3;usage=each", "failed", false)]
    [InlineData("m;silence=3", "failed", true)]
    public async Task Provider_HoweverItBehaves_IsCountedOnce(string model, string outcome, bool isEstimated)
    {
        await using UpstreamBench upstream = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, model, "A")], options: UpstreamBench.Quick with { Silence = TimeSpan.FromMilliseconds(500) });
        await using GeneratorBench bench = new(upstream.Client);

        GenerationResult result = await (await bench.StartAsync("a b c d")).Completion;

        CallRecord call = Assert.Single(bench.Store.Calls);
        Assert.Equal((outcome, isEstimated), (call.Outcome, call.IsEstimated));
        Assert.True(call.TotalTokens > 0 && call.RequestStartTime > 0 && call.RequestEndTime >= call.RequestStartTime && call.TaskEndTime >= call.StreamProcessingEndTime);
        Assert.Equal(outcome == "done" ? "a b c d" : "a b", result.Content);
        Assert.Equal(outcome == "failed", bench.Store.Contexts[("ann", "default")][1].IsInterrupted);
        Assert.Equal(outcome == "failed" ? 1 : 0, upstream.Client.Health.Single().Failures);
    }

    [Fact]
    public async Task Cancel_EndsTheProvidersAnswer()
    {
        await using UpstreamBench upstream = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, "m;words=100000;rate=100", "A")]);
        await using GeneratorBench bench = new(upstream.Client);
        IGeneration generation = await bench.StartAsync("a b c d");
        await GeneratorBench.UntilAsync(() => generation.Length > 10);

        generation.Cancel();

        Assert.Equal(TaskState.Cancelled, (await generation.Completion).State);
        await GeneratorBench.UntilAsync(() => upstream.Provider.Running == 0);
    }

    [Fact]
    public async Task Key_IsInNoTaskAndNoStore()
    {
        string[] scripts = [";status=401;body=quotes-key", ";status=400;body=quotes-key", ";status=200;body=quotes-key;as=events", ";error=2;code=key-of-A-zq7Xw2"];
        string everything = "";
        foreach (string script in scripts)
        {
            await using UpstreamBench upstream = await UpstreamBench.StartAsync(url => [UpstreamBench.Model(url, "m", "A")], _ => script);
            await using GeneratorBench bench = new(upstream.Client);
            GenerationResult result = await (await bench.StartAsync("a b c")).Completion;
            Assert.Equal(TaskState.Failed, result.State);
            ImmutableArray<object> all = [result, .. bench.Store.Ends.Values, .. bench.Store.Calls, .. bench.Log.Lines, .. upstream.Log.Lines];
            everything += string.Join('\n', all);
        }

        Assert.DoesNotContain("zq7Xw2", everything, StringComparison.Ordinal);
    }

    private static async Task TakeTurnAsync(GeneratorBench bench, IChatStore store, string user, string text)
    {
        IAsyncDisposable turn = await store.EnterContextAsync(user, "default", CancellationToken.None);
        Assert.Equal(TaskState.Done, (await (await bench.StartAsync(text, user, turn: turn)).Completion).State);
    }

    private static async Task<(string Canary, string Text)> RunAsync(GeneratorBench bench, string user, string canary)
    {
        IGeneration generation = await bench.StartAsync(canary, user);
        string text = "";
        await foreach (GenerationEvent next in generation.FollowAsync(0, CancellationToken.None))
        {
            if (next is GenerationEvent.Delta delta)
                text += delta.Content;
        }

        Assert.Equal(text, (await generation.Completion).Content);
        return (canary, text);
    }
}
