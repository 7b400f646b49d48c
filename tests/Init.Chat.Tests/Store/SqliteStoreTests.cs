using Init.Chat.Store;
using Init.Linux;

namespace Init.Chat.Tests.Store;

public sealed class SqliteStoreTests : ChatStoreContract
{
    private readonly string _folder = Directory.CreateTempSubdirectory("init-chat-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "state", "chat.db");

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    protected override Task<IChatStore> OpenAsync() => ChatStores.OpenAsync(Path, None);

    [Fact]
    public async Task File_WhenMade_IsForTheOwnerAlone()
    {
        await Store.PutValueAsync("a", "b", None);
        Assert.Equal(0x1C0 /* 0700 */, Files.StatusOf(System.IO.Path.Combine(_folder, "state"))!.Value.Mode);
        foreach (string file in Directory.EnumerateFiles(System.IO.Path.Combine(_folder, "state")))
            Assert.Equal((file, 0x180 /* 0600 */), (file, Files.StatusOf(file)!.Value.Mode));
    }

    [Fact]
    public async Task Turns_WhenAnotherStoreRunsChatsOnTheFile_AreRefused()
    {
        await using (await Store.EnterContextAsync("u", "b", None))
        {
        }

        await using IChatStore other = await OpenAsync();
        StoreException refused = await Assert.ThrowsAsync<StoreException>(() => other.EnterContextAsync("u", "b", None));
        Assert.Contains(Path, refused.Message);
        await Assert.ThrowsAsync<StoreException>(() => other.BeginTaskAsync(Start("t"), None));
        await other.PutValueAsync("from another", "yes", None);
        Assert.Equal("yes", await Store.ValueAsync("from another", None));
    }

    [Fact]
    public async Task Open_OfTablesFromTheFuture_IsRefusedAndLeavesThem()
    {
        await Store.PutValueAsync("a", "b", None);
        await Store.DisposeAsync();
        SqliteShell.Run(Path, "PRAGMA user_version = 99");
        StoreException refused = await Assert.ThrowsAsync<StoreException>(OpenAsync);
        Assert.Contains("version 99", refused.Message);
        SqliteShell.Run(Path, "PRAGMA user_version = 1");
        await ReopenAsync();
        Assert.Equal("b", await Store.ValueAsync("a", None));
    }

    [Fact]
    public async Task Open_OfAnotherProgramsDatabase_IsRefused()
    {
        string other = System.IO.Path.Combine(_folder, "other.db");
        SqliteShell.Run(other, "CREATE TABLE theirs (x)");
        Assert.Contains("another program", (await Assert.ThrowsAsync<StoreException>(() => ChatStores.OpenAsync(other, None))).Message);
    }

    [Fact]
    public async Task Open_OfWhatIsNoDatabase_NamesTheFileAndTheRemedyAndLeavesIt()
    {
        string other = System.IO.Path.Combine(_folder, "notes.txt");
        await File.WriteAllTextAsync(other, new string('x', 5000));
        StoreException refused = await Assert.ThrowsAsync<StoreException>(() => ChatStores.OpenAsync(other, None));
        Assert.Contains(other, refused.Message);
        Assert.Contains("backup", refused.Message);
        Assert.Equal(new string('x', 5000), await File.ReadAllTextAsync(other));
    }

    [Fact]
    public async Task Read_OfADamagedFile_NamesTheFileAndTheRemedy()
    {
        for (int i = 0; i < 200; i++)
            await Store.PutDocumentAsync(new ItemKey(ItemKind.Prompt, $"u{i}", "b"), new string('p', 3000), None);
        await Store.DisposeAsync();
        using (FileStream file = File.OpenWrite(Path))
        {
            file.Position = 4096;
            file.Write(new byte[(file.Length - 4096) & ~4095]);
        }

        // The schema is on the first page, and whole.
        StoreException refused = await Assert.ThrowsAsync<StoreException>(async () =>
        {
            await ReopenAsync();
            await Store.UsersAsync(ItemKind.Prompt, None);
        });
        Assert.Contains(Path, refused.Message);
        Assert.Contains("damaged", refused.Message);
    }

    [Fact]
    public async Task Writer_WhenKilledAgainAndAgain_LosesNothingThatWasAcknowledged()
    {
        await Store.DisposeAsync();
        List<string> acknowledged = [];
        Random random = new(7);
        for (int round = 0; round < 6; round++)
        {
            await using StoreChild child = StoreChild.Start("write", Path, $"{round * 1_000_000}");
            while (acknowledged.Count < (round + 1) * 40)
                acknowledged.Add(await child.Output.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)) ?? throw new InvalidOperationException("it ended by itself"));
            await Task.Delay(random.Next(30)); // Any moment is as good as any other.
            child.Kill();
            while (await child.Output.ReadLineAsync() is { Length: > 0 } rest)
                acknowledged.Add(rest);
        }

        await ReopenAsync();
        Assert.Equal("ok", SqliteShell.Run(Path, "PRAGMA integrity_check").Trim());
        HashSet<string> answers = [], called = [];
        for (int writer = 0; writer < 8; writer++)
        {
            var messages = (await Store.ContextAsync($"u{writer}", "b", None)).Messages;
            for (int i = 0; i < messages.Length; i += 2)
            {
                Assert.StartsWith(messages[i].Content.Replace("question", "answer") + ".", messages[i + 1].Content);
                Assert.True(answers.Add(messages[i].Content["question ".Length..]));
            }
        }

        await foreach (CallRecord call in Store.CallsAsync(new CallFilter(), None))
            Assert.True(called.Add(call.Id));
        Assert.Empty(acknowledged.Except(answers));
        Assert.Equal(answers.Order(), called.Order());
        Assert.Equal(called.Count, (await Store.UsageAsync(new UsageFilter(new DateOnly(1970, 1, 1)), None)).Sum(sum => sum.Calls));
        int running = (await Store.TasksAsync(new TaskFilter(State: TaskState.Running), None)).Length;
        Assert.Equal(running, await Store.InterruptTasksAsync("new", None));
    }

    [SmallDiskFact]
    public async Task Disk_WhenFull_RefusesTheWriteAndKeepsTheRest()
    {
        using (SmallDisk disk = SmallDisk.Mount(System.IO.Path.Combine(_folder, "disk"), "4m")!)
        {
            await using IChatStore store = await ChatStores.OpenAsync(System.IO.Path.Combine(disk.Path, "chat.db"), None);
            await store.PutValueAsync("kept", "yes", None);
            StoreException full = await Assert.ThrowsAsync<StoreException>(async () =>
            {
                for (int i = 0; i < 1000; i++)
                    await store.PutDocumentAsync(new ItemKey(ItemKind.Prompt, $"u{i}", "b"), new string('p', 100_000), None);
            });
            Assert.Contains("disk", full.Message);
            Assert.Equal("yes", await store.ValueAsync("kept", None));
            int users = (await store.UsersAsync(ItemKind.Prompt, None)).Length;
            Assert.InRange(users, 1, 100);
            Assert.Equal("ok", SqliteShell.Run(System.IO.Path.Combine(disk.Path, "chat.db"), "PRAGMA integrity_check").Trim());
        }
    }
}
