using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Fake;
using Init.Admin.Hosting;
using Init.Chat.CallLog;
using Init.Chat.Generation;
using Init.Chat.Http;
using Init.Chat.Keys;
using Init.Chat.Providers;
using Init.Chat.Store;
using Init.Chat.Tests.Http;
using Init.Chat.Upstream;
using Init.Config;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Init.Chat.Tests.OpenAi;

/// <summary>The chat API's server on real sockets, with a real store, before a provider that does what the model's id says (<see cref="FakeScript"/>).</summary>
internal sealed class OpenAiHost : IAsyncDisposable
{
    public const string ProviderKey = "sk-provider-0123456789abcdef";

    private readonly string _directory;
    private readonly LineLoggerProvider _log = new(fd: 2, LogLevel.Error);
    private readonly UpstreamClient _upstream;
    private readonly ChatServer _server;

    private OpenAiHost(string directory, FakeProvider provider, IChatStore store, ChatAccounts accounts, UpstreamClient upstream, ChatServices services, ChatServer server)
    {
        (_directory, Provider, Store, Accounts, _upstream, Services, _server) = (directory, provider, store, accounts, upstream, services, server);
        Local = new HttpClient(new SocketsHttpHandler { ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = new Uri($"http://{server.Address}") };
        Published = ChatHost.Over(services.Options.PublishedSocket);
        Administration = ChatHost.Over(services.Options.ControlSocket);
    }

    public FakeProvider Provider { get; }

    public IChatStore Store { get; }

    public ChatAccounts Accounts { get; }

    public ChatServices Services { get; }

    public IPEndPoint Address => _server.Address;

    public HttpClient Local { get; }

    public HttpClient Published { get; }

    public HttpClient Administration { get; }

    /// <param name="models">Of the provider at the URL.</param>
    /// <param name="change">Of the options.</param>
    /// <param name="calls">How providers are called; null: with pauses that are short.</param>
    public static async Task<OpenAiHost> StartAsync(Func<string, ImmutableArray<ModelInfo>> models, Func<ChatOptions, ChatOptions>? change = null, UpstreamOptions? calls = null)
    {
        string directory = Directory.CreateTempSubdirectory("chat-").FullName;
        ChatOptions options = new(directory, directory) { Listen = new HttpEndpoint { Address = IPAddress.Loopback, Port = 0 }, Publish = "/chat" };
        options = change?.Invoke(options) ?? options;
        FakeProvider provider = await FakeProvider.StartAsync();
        IChatStore store = await ChatStores.OpenAsync(Path.Combine(directory, "chat.db"), CancellationToken.None);
        ChatAccounts accounts = await ChatAccounts.OpenAsync(store, TimeProvider.System, NullLogger.Instance);
        UpstreamClient upstream = new(models(provider.Url), name => name == "KEY" ? ProviderKey : null, calls ?? new UpstreamOptions { RepeatPause = TimeSpan.FromMilliseconds(10) }, TimeProvider.System, NullLogger.Instance);
        LineLoggerProvider log = new(fd: 2, LogLevel.Error);
        Generator generator = new(upstream, store, "test", accounts, new GeneratorOptions(), TimeProvider.System, NullLogger.Instance);
        ChatServices services = new()
        {
            Options = options,
            Log = log,
            Store = store,
            Upstream = upstream,
            Generator = generator,
            Renderer = null!,
            Accounts = accounts,
            Gate = new KeyGate(accounts.Keys, TimeProvider.System),
            AdminKey = null!,
            Texts = new UserTexts(options.NicknameFile, options.PromptDirectory),
        };
        return new OpenAiHost(directory, provider, store, accounts, upstream, services, await ChatServer.StartAsync(services, ChatRoutes.Create(), log));
    }

    /// <summary>One model of type "chat" with this script as its id.</summary>
    public static Task<OpenAiHost> StartAsync(string id, ModelPrice? price = null, Func<ChatOptions, ChatOptions>? change = null) => StartAsync(url => [Model(url, id) with { Price = price }], change);

    public static ModelInfo Model(string url, string id, string type = "chat") => new("fake", id, id, type, url, ["KEY"]) { TakesStreamOptions = true };

    /// <summary>By the published door, with this key.</summary>
    public Task<HttpResponseMessage> AskAsync(string? key, HttpMethod method, string path, string? body = null)
    {
        HttpRequestMessage message = new(method, path);
        if (key is not null)
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (body is not null)
            message.Content = Json(body);
        return Published.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
    }

    public static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    public static string Say(string text, string more = "") => $$"""{"model":"chat","messages":[{"role":"user","content":"{{text}}"}]{{more}}}""";

    /// <summary>Calls in the store's log, when there are as many.</summary>
    public async Task<List<CallRecord>> CallsAsync(int count)
    {
        for (int i = 0; i < 500; i++)
        {
            List<CallRecord> calls = [];
            await foreach (CallRecord call in Store.CallsAsync(new CallFilter(), CancellationToken.None))
                calls.Add(call);
            if (calls.Count >= count)
                return calls;
            await Task.Delay(20);
        }

        throw new TimeoutException($"there are not {count} calls in the log after 10 s");
    }

    public async ValueTask DisposeAsync()
    {
        Local.Dispose();
        Published.Dispose();
        Administration.Dispose();
        await _server.DisposeAsync();
        await Services.Generator.DisposeAsync();
        await Accounts.DisposeAsync();
        _upstream.Dispose();
        await Store.DisposeAsync();
        await Provider.DisposeAsync();
        _log.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
