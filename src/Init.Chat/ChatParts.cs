using Init.Chat.Http;
using Init.Config;
using Microsoft.Extensions.Logging;

namespace Init.Chat;

/// <summary>Everything that the role is made of, put together by its options.</summary>
internal sealed class ChatParts : IAsyncDisposable
{
    private ChatParts(ChatServices services) => Services = services;

    public ChatServices Services { get; }

    /// <exception cref="Store.StoreException">The store cannot be opened.</exception>
    public static Task<ChatParts> OpenAsync(ChatOptions options, string version, ILogger log) =>
        Task.FromResult(new ChatParts(new ChatServices { Options = options, Version = version, Log = log, Store = null!, Upstream = null!, Generator = null!, Accounts = null!, AdminKey = null!, Texts = new UserTexts(options.NicknameFile, options.PromptDirectory) }));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
