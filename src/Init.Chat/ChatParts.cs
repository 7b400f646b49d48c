using Init.Chat.CallLog;
using Init.Chat.Generation;
using Init.Chat.Http;
using Init.Chat.Http.Endpoints;
using Init.Chat.Keys;
using Init.Chat.Providers;
using Init.Chat.Rendering;
using Init.Chat.Store;
using Init.Chat.Upstream;
using Init.Config;
using Microsoft.Extensions.Logging;

namespace Init.Chat;

/// <summary>The role cannot begin. The message is for people, with the place and the remedy.</summary>
public sealed class ChatStartException(string message) : Exception(message);

/// <summary>Everything that the role is made of, put together by its options.</summary>
internal sealed class ChatParts : IAsyncDisposable
{
    private readonly UpstreamClient _upstream;

    private ChatParts(ChatServices services, UpstreamClient upstream) => (Services, _upstream) = (services, upstream);

    public ChatServices Services { get; }

    /// <exception cref="StoreException">The store cannot be opened.</exception>
    /// <exception cref="ChatStartException">The options cannot be used.</exception>
    public static async Task<ChatParts> OpenAsync(ChatOptions options, string version, ILogger log, CancellationToken cancellation = default)
    {
        if (options.AdminKey is { } given && AdminKey.ProblemOf(given) is { } weak)
            throw new ChatStartException($"cannot use {ChatOptions.AdminKeyVariable}: it {weak} (make one: head -c 24 /dev/urandom | base64)");
        ModelList.Read models = ModelFile.Read(options.ModelsFile) switch
        {
            ModelList.Read read => read,
            ModelList.Refused refused => throw new ChatStartException($"cannot use the list of models {options.ModelsFile}: {string.Join("; ", refused.Problems)}"),
            _ => throw new InvalidOperationException(),
        };

        TimeProvider time = TimeProvider.System;
        IChatStore store = await ChatStores.OpenAsync(ChatStores.PlaceOf(options), cancellation);
        try
        {
            AdminKey admin = await AdminKey.OpenAsync(store, options.AdminKey, log, cancellation);
            ChatAccounts accounts = await ChatAccounts.OpenAsync(store, time, log, cancellation);
            UpstreamClient upstream = new(models.Models, name => options.Variables.GetValueOrDefault(name), new UpstreamOptions(), time, log);
            string owner = $"{Environment.MachineName}:{options.StateDirectory}";
            int interrupted = await store.InterruptTasksAsync(owner, cancellation);
            if (interrupted > 0)
                log.Interrupted(interrupted);
            GeneratorOptions generation = new() { RunningMax = options.Concurrency, WaitingMax = options.Queue };
            RenderOptions rendering = new() { Directory = options.Rendering.Directory, DefaultStyle = options.Rendering.Style, Kept = options.Rendering.Keep, ParallelMax = options.Rendering.Concurrency };
            return new ChatParts(
                new ChatServices
                {
                    Options = options,
                    Version = version,
                    Log = log,
                    Time = time,
                    Store = store,
                    Upstream = upstream,
                    Generator = new Generator(upstream, store, owner, accounts, generation, time, log),
                    Accounts = accounts,
                    Gate = new KeyGate(accounts.Keys, time),
                    AdminKey = admin,
                    Texts = new UserTexts(options.NicknameFile, options.PromptDirectory),
                    Renderer = new PictureRenderer(rendering, log),
                },
                upstream);
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>What runs is ended and kept first; the store goes last.</summary>
    public async ValueTask DisposeAsync()
    {
        await Services.Generator.DisposeAsync();
        await Services.Accounts.DisposeAsync();
        await Services.Renderer.DisposeAsync();
        _upstream.Dispose();
        await Services.Store.DisposeAsync();
    }
}
