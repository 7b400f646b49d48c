using System.Collections.Concurrent;
using Init.Chat.CallLog;
using Init.Chat.Generation;
using Init.Chat.Store;
using Init.Chat.Tests.Upstream;
using Init.Chat.Upstream;

namespace Init.Chat.Tests.Generation;

internal sealed class GeneratorBench : ICallWatch, IAsyncDisposable
{
    public static readonly GeneratorOptions Quick = new() { Checkpoint = TimeSpan.FromMilliseconds(20), Grace = TimeSpan.FromMilliseconds(100), StoreRetryFor = TimeSpan.FromMilliseconds(300), StoreRetryAtEnd = TimeSpan.FromMilliseconds(200) };

    public GeneratorBench(IUpstream? upstream = null, GeneratorOptions? options = null, IChatStore? store = null)
    {
        Generator = new Generator(upstream ?? Upstream, store ?? Store, "owner", this, options ?? Quick, TimeProvider.System, Log);
    }

    public ScriptedUpstream Upstream { get; } = new();

    public RecordingStore Store { get; } = new();

    public LinesLogger Log { get; } = new();

    public Generator Generator { get; }

    /// <summary>Calls that were told of.</summary>
    public ConcurrentQueue<CallRecord> Told { get; } = new();

    public static GenerationRequest Ask(string text, string user = "ann", string? branch = "default", IAsyncDisposable? turn = null) => new()
    {
        User = user,
        Branch = branch,
        Messages = [new ChatMessage("system", "be kind"), new ChatMessage("user", text)],
        Said = [new ChatMessage("user", text)],
        ModelType = "chat",
        Turn = turn,
        TaskStartTime = 1,
        CallPrepareStartTime = 2,
    };

    public Task<IGeneration> StartAsync(string text, string user = "ann", string? branch = "default", IAsyncDisposable? turn = null) => Generator.StartAsync(Ask(text, user, branch, turn), CancellationToken.None);

    /// <summary>Waits for something that is about to be so.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        for (int i = 0; !condition(); i++)
        {
            Assert.True(i < 2000, "it has not come about within 20 s");
            await Task.Delay(10);
        }
    }

    public void Ended(CallRecord call) => Told.Enqueue(call);

    public ValueTask DisposeAsync() => Generator.DisposeAsync();
}

/// <summary>The turn of a context, which knows whether it is over.</summary>
internal sealed class Turn : IAsyncDisposable
{
    public int Ends { get; private set; }

    public ValueTask DisposeAsync()
    {
        Ends++;
        return ValueTask.CompletedTask;
    }
}
