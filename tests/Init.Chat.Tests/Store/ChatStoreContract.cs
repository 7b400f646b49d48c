using System.Collections.Immutable;
using Init.Chat.Store;

namespace Init.Chat.Tests.Store;

/// <summary>What holds for every store. Each test has an empty one.</summary>
public abstract partial class ChatStoreContract : IAsyncLifetime
{
    protected static readonly DateTimeOffset T0 = new(2026, 11, 22, 1, 2, 3, 456, TimeSpan.Zero);

    /// <summary>Names that a path, an index, a collation or an encoding would make something else of.</summary>
    protected static readonly string[] Names =
    [
        "..", ".", "a/b", "a_b", "A", "a", "ä", "a\u0308", "😀", "\uFFFD", "x\0y", "x0y", "\u001A", "\u001A0", "%", "_", "'; DROP TABLE items; --", " ", "a ", "\uD800", "\uDC00",
        new('n', ItemKey.NameLengthMax), new('漢', ItemKey.NameLengthMax), "CON", "default", "\n",
    ];

    protected IChatStore Store { get; private set; } = null!;

    protected static CancellationToken None => CancellationToken.None;

    public async Task InitializeAsync() => Store = await OpenAsync();

    public virtual async Task DisposeAsync() => await Store.DisposeAsync();

    /// <summary>The same database again, as another process would.</summary>
    protected abstract Task<IChatStore> OpenAsync();

    protected static ImmutableArray<ChatMessage> Said(params string[] texts) => [.. texts.Select((text, index) => new ChatMessage(index % 2 == 0 ? "user" : "assistant", text))];

    protected async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        Store = await OpenAsync();
    }

    [StoreFact]
    public async Task Context_WhenNobodyHasWritten_IsEmptyAndMakesNoUser()
    {
        Assert.Equal(StoredContext.Empty with { Messages = [] }, await Store.ContextAsync("u", "default", None) with { Messages = [] });
        Assert.Equal("default", await Store.CurrentBranchAsync(ItemKind.Context, "u", None));
        Assert.Empty(await Store.BranchesAsync(ItemKind.Context, "u", None));
        Assert.Empty(await Store.UsersAsync(ItemKind.Context, None));
        Assert.Null(await Store.DocumentAsync(new ItemKey(ItemKind.Prompt, "u", "default"), None));
    }

    [StoreFact]
    public async Task Names_WhateverTheyAre_EachIsAUserAndABranchOfItsOwn()
    {
        for (int i = 0; i < Names.Length; i++)
        {
            string user = Names[i], branch = Names[^(i + 1)];
            Assert.True(await Store.PutContextAsync(user, branch, Said($"context {i}"), 0, None));
            foreach (ItemKind kind in new[] { ItemKind.Prompt, ItemKind.Config })
                await Store.PutDocumentAsync(new ItemKey(kind, user, branch), $"{kind} {i}", None);
            await Store.SelectBranchAsync(ItemKey.Context(user, branch), None);
        }

        await ReopenAsync();
        Assert.Equal(Names.Order(StringComparer.Ordinal), await Store.UsersAsync(ItemKind.Context, None));
        for (int i = 0; i < Names.Length; i++)
        {
            string user = Names[i], branch = Names[^(i + 1)];
            Assert.Equal([$"context {i}"], (await Store.ContextAsync(user, branch, None)).Messages.Select(message => message.Content));
            Assert.Equal($"Prompt {i}", await Store.DocumentAsync(new ItemKey(ItemKind.Prompt, user, branch), None));
            Assert.Equal($"Config {i}", await Store.DocumentAsync(new ItemKey(ItemKind.Config, user, branch), None));
            Assert.Equal([branch], (await Store.BranchesAsync(ItemKind.Context, user, None)).Select(info => info.Name));
            Assert.Equal(branch, await Store.CurrentBranchAsync(ItemKind.Context, user, None));
        }
    }

    [StoreFact]
    public async Task Name_WhenEmptyOrTooLong_IsRefused()
    {
        foreach (string name in new[] { "", new string('n', ItemKey.NameLengthMax + 1) })
        {
            await Assert.ThrowsAsync<ArgumentException>(() => Store.PutContextAsync(name, "default", Said("x"), 0, None));
            await Assert.ThrowsAsync<ArgumentException>(() => Store.PutDocumentAsync(new ItemKey(ItemKind.Prompt, "u", name), "x", None));
            await Assert.ThrowsAsync<ArgumentException>(() => Store.SelectBranchAsync(ItemKey.Context("u", name), None));
        }

        Assert.Empty(await Store.UsersAsync(ItemKind.Context, None));
    }

    [StoreFact]
    public async Task Context_WhenPut_IsReadAsItWas()
    {
        ImmutableArray<ChatMessage> messages =
        [
            new("system", "s"), new("user", "say \"{x}\"\n漢字 😀 \0 \u001A </script>") { Name = "Ann" },
            new("assistant", "") { ToolCalls = """[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]""" }, new("tool", "42") { ToolCallId = "c1" },
            new("assistant", "so") { Reasoning = "hm", IsPrefix = true, IsInterrupted = true },
        ];
        Assert.True(await Store.PutContextAsync("u", "b", messages, 0, None));
        await ReopenAsync();
        Assert.Equal(messages.ToArray(), (await Store.ContextAsync("u", "b", None)).Messages.ToArray());
    }

    [StoreFact]
    public async Task Put_WhenAnotherRevisionIsThere_DoesNothing()
    {
        Assert.True(await Store.PutContextAsync("u", "b", Said("1", "2", "3"), 0, None));
        Assert.False(await Store.PutContextAsync("u", "b", Said("x"), 0, None));
        StoredContext first = await Store.ContextAsync("u", "b", None);
        Assert.True(await Store.PutContextAsync("u", "b", Said("1", "B", "3", "4"), first.Revision, None));
        Assert.False(await Store.PutContextAsync("u", "b", Said("x"), first.Revision, None));
        StoredContext second = await Store.ContextAsync("u", "b", None);
        Assert.True(second.Revision > first.Revision);
        Assert.Equal(["1", "B", "3", "4"], second.Messages.Select(message => message.Content));
        Assert.True(await Store.PutContextAsync("u", "b", Said("1"), second.Revision, None));
        Assert.Equal(["1"], (await Store.ContextAsync("u", "b", None)).Messages.Select(message => message.Content));
        Assert.Equal(1, (await Store.BranchesAsync(ItemKind.Context, "u", None)).Single().Length);
        Assert.False(await Store.PutContextAsync("nobody", "b", Said("x"), 7, None));
    }

    [StoreFact]
    public async Task Put_WhenTheContextWasDeletedAndMadeAgain_TakesNoOldRevision()
    {
        await Store.PutContextAsync("u", "b", Said("old"), 0, None);
        long old = (await Store.ContextAsync("u", "b", None)).Revision;
        Assert.True(await Store.DeleteAsync(ItemKey.Context("u", "b"), None));
        Assert.Equal(0, (await Store.ContextAsync("u", "b", None)).Revision);
        await Store.PutContextAsync("u", "b", Said("new"), 0, None);
        Assert.False(await Store.PutContextAsync("u", "b", Said("lost"), old, None));
    }

    [StoreFact]
    public async Task Settings_OfABranch_StayWithItsMessages()
    {
        await Store.PutContextAsync("u", "b", Said("1"), 0, None);
        await Store.PutBranchSettingsAsync("u", "b", new BranchSettings("be kind", "reasoner"), None);
        StoredContext context = await Store.ContextAsync("u", "b", None);
        Assert.Equal(new BranchSettings("be kind", "reasoner"), context.Settings);
        Assert.True(await Store.PutContextAsync("u", "b", Said("2"), context.Revision, None));
        Assert.Equal(new BranchSettings("be kind", "reasoner"), (await Store.ContextAsync("u", "b", None)).Settings);

        await Store.PutBranchSettingsAsync("u", "new", new BranchSettings(null, "chat"), None);
        Assert.Equal(["b", "new"], (await Store.BranchesAsync(ItemKind.Context, "u", None)).Select(info => info.Name));
        await Store.PutBranchSettingsAsync("u", "b", new BranchSettings(null, null), None);
        Assert.Equal(new BranchSettings(null, null), (await Store.ContextAsync("u", "b", None)).Settings);
        await Store.PutBranchSettingsAsync("u", "never", new BranchSettings(null, null), None);
        Assert.Equal(2, (await Store.BranchesAsync(ItemKind.Context, "u", None)).Length);
        Assert.True(await Store.DeleteAsync(ItemKey.Context("u", "new"), None));
        Assert.Equal(new BranchSettings(null, null), (await Store.ContextAsync("u", "new", None)).Settings);
    }

    [StoreFact]
    public async Task Documents_WhenPut_AreReplacedAndListed()
    {
        ItemKey key = new(ItemKind.Prompt, "u", "default");
        await Store.PutDocumentAsync(key, "one", None);
        await Store.PutDocumentAsync(key, "zwei \0 😀", None);
        Assert.Equal("zwei \0 😀", await Store.DocumentAsync(key, None));
        BranchInfo info = Assert.Single(await Store.BranchesAsync(ItemKind.Prompt, "u", None));
        Assert.Equal("zwei \0 😀".Length, info.Length);
        Assert.InRange(info.Changed, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(1));
        Assert.Null(await Store.DocumentAsync(key with { Kind = ItemKind.Config }, None));
        Assert.Empty(await Store.UsersAsync(ItemKind.Config, None));
        await Store.PutDocumentAsync(key, "", None);
        Assert.Equal("", await Store.DocumentAsync(key, None));
        Assert.True(await Store.DeleteAsync(key, None));
        Assert.False(await Store.DeleteAsync(key, None));
        Assert.Null(await Store.DocumentAsync(key, None));
        Assert.Empty(await Store.UsersAsync(ItemKind.Prompt, None));
    }

    [StoreFact]
    public async Task Delete_OfTheCurrentBranch_LeavesTheChoiceAndTheOthers()
    {
        await Store.PutContextAsync("u", "a", Said("1"), 0, None);
        await Store.PutContextAsync("u", "b", Said("2"), 0, None);
        await Store.SelectBranchAsync(ItemKey.Context("u", "a"), None);
        Assert.True(await Store.DeleteAsync(ItemKey.Context("u", "a"), None));
        Assert.False(await Store.DeleteAsync(ItemKey.Context("u", "a"), None));
        Assert.Equal("a", await Store.CurrentBranchAsync(ItemKind.Context, "u", None));
        Assert.Equal("default", await Store.CurrentBranchAsync(ItemKind.Prompt, "u", None));
        Assert.Equal(["b"], (await Store.BranchesAsync(ItemKind.Context, "u", None)).Select(info => info.Name));
    }

    [StoreFact]
    public async Task Clone_CopiesMessagesAndSettings_AndBothGoTheirWays()
    {
        await Store.PutContextAsync("u", "a", Said("1", "2"), 0, None);
        await Store.PutBranchSettingsAsync("u", "a", new BranchSettings("p", "m"), None);
        Assert.Equal(BranchOutcome.Done, await Store.CloneAsync(ItemKey.Context("u", "a"), "b", None));
        Assert.Equal(BranchOutcome.Exists, await Store.CloneAsync(ItemKey.Context("u", "a"), "b", None));
        Assert.Equal(BranchOutcome.Missing, await Store.CloneAsync(ItemKey.Context("u", "none"), "c", None));
        StoredContext clone = await Store.ContextAsync("u", "b", None);
        Assert.Equal(new BranchSettings("p", "m"), clone.Settings);
        Assert.True(await Store.PutContextAsync("u", "b", clone.Messages.Add(new ChatMessage("user", "3")), clone.Revision, None));
        Assert.Equal(["1", "2"], (await Store.ContextAsync("u", "a", None)).Messages.Select(message => message.Content));
        Assert.Equal(["1", "2", "3"], (await Store.ContextAsync("u", "b", None)).Messages.Select(message => message.Content));

        await Store.PutDocumentAsync(new ItemKey(ItemKind.Config, "u", "x"), "{}", None);
        Assert.Equal(BranchOutcome.Done, await Store.CloneAsync(new ItemKey(ItemKind.Config, "u", "x"), "y", None));
        Assert.Equal("{}", await Store.DocumentAsync(new ItemKey(ItemKind.Config, "u", "y"), None));
    }

    [StoreFact]
    public Task Rename_OfTheChosenBranch_TakesTheChoiceAlong() => RenameAsync("b", choose: true);

    [StoreFact]
    public Task Rename_OfTheBranchOfWhoHasChosenNone_IsTheirChoiceFromThenOn() => RenameAsync(ItemKey.DefaultBranch, choose: false);

    private async Task RenameAsync(string branch, bool choose)
    {
        await Store.PutContextAsync("u", branch, Said("1"), 0, None);
        await Store.PutContextAsync("u", "other", Said("2"), 0, None);
        if (choose)
            await Store.SelectBranchAsync(ItemKey.Context("u", branch), None);
        Assert.Equal(BranchOutcome.Exists, await Store.RenameAsync(ItemKey.Context("u", branch), "other", None));
        Assert.Equal(BranchOutcome.Missing, await Store.RenameAsync(ItemKey.Context("u", "none"), "x", None));
        Assert.Equal(BranchOutcome.Done, await Store.RenameAsync(ItemKey.Context("u", branch), "new", None));
        Assert.Equal("new", await Store.CurrentBranchAsync(ItemKind.Context, "u", None));
        Assert.Equal(["1"], (await Store.ContextAsync("u", "new", None)).Messages.Select(message => message.Content));
        Assert.Equal(0, (await Store.ContextAsync("u", branch, None)).Revision);
        Assert.Equal(BranchOutcome.Done, await Store.RenameAsync(ItemKey.Context("u", "other"), branch, None));
        Assert.Equal("new", await Store.CurrentBranchAsync(ItemKind.Context, "u", None));
    }

    [StoreFact]
    public async Task Keys_WhenPut_AreListedReplacedAndDeleted()
    {
        StoredApiKey key = new("k1", "hash", "bot \0", """{"users":["a"]}""", T0, null);
        await Store.PutApiKeyAsync(key, None);
        await Store.PutApiKeyAsync(key with { Id = "k2", Created = T0.AddSeconds(1) }, None);
        await Store.PutApiKeyAsync(key with { Revoked = T0.AddDays(1) }, None);
        Assert.Equal([key with { Revoked = T0.AddDays(1) }, key with { Id = "k2", Created = T0.AddSeconds(1) }], (await Store.ApiKeysAsync(None)).ToArray());
        Assert.True(await Store.DeleteApiKeyAsync("k1", None));
        Assert.False(await Store.DeleteApiKeyAsync("k1", None));
        Assert.Single((await Store.ApiKeysAsync(None)).ToArray());
    }

    [StoreFact]
    public async Task Values_WhenPut_AreReplacedAndRemoved()
    {
        Assert.Null(await Store.ValueAsync("admin", None));
        await Store.PutValueAsync("admin", "1", None);
        await Store.PutValueAsync("admin", "2", None);
        await ReopenAsync();
        Assert.Equal("2", await Store.ValueAsync("admin", None));
        await Store.PutValueAsync("admin", null, None);
        Assert.Null(await Store.ValueAsync("admin", None));
    }
}
