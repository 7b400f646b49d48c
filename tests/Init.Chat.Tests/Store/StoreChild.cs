using System.Collections.Immutable;
using System.Diagnostics;
using Init.Chat.Store;

namespace Init.Chat.Tests.Store;

/// <summary>Another process with the store open.</summary>
internal sealed class StoreChild : IAsyncDisposable
{
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private StoreChild(Process process) => _process = process;

    public StreamReader Output => _process.StandardOutput;

    public static StoreChild Start(params string[] arguments) => new(Process.Start(
        new ProcessStartInfo("dotnet", ["exec", typeof(StoreChild).Assembly.Location, "store", .. arguments]) { RedirectStandardOutput = true, UseShellExecute = false })!);

    public async Task WaitForAsync(string line)
    {
        while (await Output.ReadLineAsync().WaitAsync(AnswerMax) is { } said)
        {
            if (said == line)
                return;
        }

        Assert.Fail($"the child ended without \"{line}\"");
    }

    public async Task<string> LastLineAsync() => (await Output.ReadToEndAsync().WaitAsync(AnswerMax)).TrimEnd().Split('\n')[^1];

    /// <summary>As nothing can be prepared for.</summary>
    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>What it does.</summary>
    public static async Task RunAsync(string[] arguments)
    {
        await using IChatStore store = await ChatStores.OpenAsync(arguments[1], TimeSpan.FromSeconds(1), TimeProvider.System, CancellationToken.None);
        switch (arguments)
        {
            case ["turns", _, var rounds]:
                await TakeTurnsAsync(store, int.Parse(rounds));
                break;
            case ["hold", _]:
                await store.BeginTaskAsync(new TaskStart("held", "child", "u", "b", [new("user", "question held")], "chat", null, DateTimeOffset.UtcNow), CancellationToken.None);
                await store.CheckpointAsync([new TaskCheckpoint("held", "half", "")], CancellationToken.None);
                await using (await store.EnterContextAsync("u", "b", CancellationToken.None))
                {
                    Console.WriteLine("holding");
                    await Task.Delay(Timeout.Infinite);
                }

                break;
            case ["write", _, var first]:
                await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => WriteAsync(store, writer, int.Parse(first))));
                break;
        }
    }

    private static async Task TakeTurnsAsync(IChatStore store, int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            await using (await store.EnterContextAsync("u", "b", CancellationToken.None))
            {
                StoredContext context = await store.ContextAsync("u", "b", CancellationToken.None);
                await Task.Yield();
                ImmutableArray<ChatMessage> more = context.Messages.Add(new ChatMessage("user", $"{context.Messages.Length}"));
                if (!await store.PutContextAsync("u", "b", more, context.Revision, CancellationToken.None))
                {
                    Console.WriteLine("another was in the middle of it");
                    return;
                }
            }
        }

        Console.WriteLine("done");
    }

    /// <summary>Says each task when its end is acknowledged.</summary>
    private static async Task WriteAsync(IChatStore store, int writer, int first)
    {
        for (int i = first; ; i++)
        {
            string id = $"{writer}-{i}";
            ImmutableArray<ChatMessage> said = [new("user", "question " + id)];
            await store.BeginTaskAsync(new TaskStart(id, "child", $"u{writer}", "b", said, "chat", null, DateTimeOffset.UtcNow), CancellationToken.None);
            CallRecord call = new() { Id = id, Model = "m", UserId = $"u{writer}", PromptTokens = 1, TaskStartTime = 1 };
            TaskEnd end = new(id, TaskState.Done, said.Add(new("assistant", "answer " + id + new string('.', 500))), call, null, DateTimeOffset.UtcNow);
            await store.EndTaskAsync(end, CancellationToken.None);
            lock (store)
                Console.WriteLine(id);
        }
    }
}
