using System.Collections.Concurrent;
using System.Text;
using Fake;
using Init.Chat.Providers;
using Init.Chat.Upstream;
using Microsoft.Extensions.Logging;

namespace Init.Chat.Tests.Upstream;

/// <summary>A real provider on loopback, and the client that asks it.</summary>
internal sealed class UpstreamBench : IAsyncDisposable
{
    public static readonly UpstreamOptions Quick = new()
    {
        Connect = TimeSpan.FromSeconds(10),
        FirstByte = TimeSpan.FromSeconds(30),
        Silence = TimeSpan.FromSeconds(30),
        Total = TimeSpan.FromSeconds(60),
        RepeatPause = TimeSpan.FromMilliseconds(20),
        EchoPace = TimeSpan.Zero,
    };

    private UpstreamBench(FakeProvider provider, UpstreamClient client, LinesLogger log) => (Provider, Client, Log) = (provider, client, log);

    public FakeProvider Provider { get; }

    public UpstreamClient Client { get; }

    public LinesLogger Log { get; }

    /// <summary>A key is "key-of-VARIABLE-secret"; a variable that begins with "NO" has none.</summary>
    public static string? Key(string variable) => variable.StartsWith("NO", StringComparison.Ordinal) ? null : KeyOf(variable);

    public static string KeyOf(string variable) => $"key-of-{variable}-zq7Xw2";

    /// <param name="models">Of the provider's URL.</param>
    /// <param name="script">What the provider does; null: what the model's id says.</param>
    /// <param name="options">Null: <see cref="Quick"/>.</param>
    public static async Task<UpstreamBench> StartAsync(Func<string, IEnumerable<ModelInfo>> models, Func<FakeRequest, string?>? script = null, UpstreamOptions? options = null)
    {
        FakeProvider provider = await FakeProvider.StartAsync();
        provider.Script = script;
        LinesLogger log = new();
        return new UpstreamBench(provider, new UpstreamClient([.. models(provider.Url)], Key, options ?? Quick, TimeProvider.System, log), log);
    }

    public static ModelInfo Model(string url, string id, params string[] keys) => new("fake", id, id, "chat", url, [.. keys]);

    public static UpstreamRequest Ask(string text, string model = "chat", bool isStream = true) =>
        new(model, "/chat/completions", Encoding.UTF8.GetBytes($$"""{"messages":[{"role":"user","content":"{{text}}"}],"stream":{{(isStream ? "true" : "false")}}}"""), isStream);

    /// <summary>The text of an answer; it is finished as answered.</summary>
    public static async Task<string> ReadAsync(UpstreamAnswer answer)
    {
        await using (answer)
        {
            StringBuilder text = new();
            await foreach (StreamPart part in answer.PartsAsync(CancellationToken.None))
            {
                if (part is StreamPart.Chunk chunk)
                    text.Append(chunk.Content);
                else if (part is StreamPart.Failed failed)
                    text.Append($"[{failed.Message}]");
            }

            answer.Finish(new CallOutcome.Answered());
            return text.ToString();
        }
    }

    public async Task<string> SayAsync(string text, string model = "chat", bool isStream = true) => await ReadAsync(await Client.CallAsync(Ask(text, model, isStream), CancellationToken.None));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Provider.DisposeAsync();
    }
}

internal sealed class LinesLogger : ILogger
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue($"{formatter(state, exception)} {exception}");
}
