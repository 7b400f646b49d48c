using System.Diagnostics;
using System.Globalization;
using Init.Bench.ChatStore;
using Init.Chat.Store;

// store DIRECTORY CONTEXTS SECONDS: fills a store and a tree of files with the same contexts, and asks both for the same. Prints a table.
string directory = Argument(0, "/tmp/chat-store-bench");
int contexts = int.Parse(Argument(1, "100000"), CultureInfo.InvariantCulture);
TimeSpan duration = TimeSpan.FromSeconds(int.Parse(Argument(2, "15"), CultureInfo.InvariantCulture));
string Argument(int index, string otherwise) => args.Length > index ? args[index] : otherwise;

Directory.CreateDirectory(directory);
Console.Error.WriteLine($"{contexts} contexts in {directory}; load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
Console.WriteLine("| | per second | p50 | p99 | worst |");
Console.WriteLine("| --- | ---: | ---: | ---: | ---: |");

await using (IChatStore store = await ChatStores.OpenAsync(Path.Combine(directory, "chat.db"), CancellationToken.None))
{
    long start = Stopwatch.GetTimestamp();
    await Parallel.ForEachAsync(Enumerable.Range(0, contexts), new ParallelOptions { MaxDegreeOfParallelism = 256 }, async (number, stop) =>
        _ = await store.PutContextAsync(Load.User(number), "default", Load.History, 0, stop));
    Console.Error.WriteLine($"filled the store in {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s");

    await Load.RunAsync("store: get", duration, contexts, (user, _) => store.ContextAsync(user, "default", CancellationToken.None));
    await Load.RunAsync("store: append (a message, by the revision that was read; the read is in it)", duration, contexts, async (user, _) =>
    {
        StoredContext context = await store.ContextAsync(user, "default", CancellationToken.None);
        await store.PutContextAsync(user, "default", context.Messages.Add(Load.Answer), context.Revision, CancellationToken.None);
    });
    await Load.RunAsync("store: a task begins", duration, contexts, (user, id) => store.BeginTaskAsync(Load.Start(user, id), CancellationToken.None));
    await Load.RunAsync("store: a whole chat (get, begin, end with two messages, call and usage)", duration, contexts, async (user, id) =>
    {
        await store.ContextAsync(user, "default", CancellationToken.None);
        await store.BeginTaskAsync(Load.Start(user, "whole-" + id), CancellationToken.None);
        await store.EndTaskAsync(Load.End(user, "whole-" + id), CancellationToken.None);
    });
    await Load.RunAsync("store: get, beside as many tasks that begin and end", duration, contexts, (user, _) => store.ContextAsync(user, "default", CancellationToken.None), async (user, id) =>
    {
        await store.BeginTaskAsync(Load.Start(user, "beside-" + id), CancellationToken.None);
        long before = Stopwatch.GetTimestamp();
        await store.EndTaskAsync(Load.End(user, "beside-" + id), CancellationToken.None);
        return Stopwatch.GetElapsedTime(before);
    }, "store: append as chats do: the end of these tasks (two messages, call and usage)");
}

Console.Error.WriteLine($"{new FileInfo(Path.Combine(directory, "chat.db")).Length >> 20} MiB");
FileTree tree = new(Path.Combine(directory, "tree"));
Parallel.For(0, contexts, number => tree.Write(Load.User(number), Load.History));
await Load.RunAsync("a file for each context, as the original: get", duration, contexts, (user, _) => Task.Run(() => tree.Read(user)));
await Load.RunAsync("a file for each context, as the original: append (truncated and written, not synchronised)", duration, contexts, (user, _) => Task.Run(() => tree.Append(user, Load.Answer, synchronise: false)));
await Load.RunAsync("a file for each context: append, synchronised", duration, contexts, (user, _) => Task.Run(() => tree.Append(user, Load.Answer, synchronise: true)));
Console.Error.WriteLine($"load afterwards {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
