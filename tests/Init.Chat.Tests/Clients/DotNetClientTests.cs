using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using Init.Chat.Keys;
using Init.Chat.Providers;
using Init.Chat.Store;
using Init.Chat.Tests.OpenAi;
using Init.Chat.Upstream;
using OpenAI;
using OpenAI.Chat;

namespace Init.Chat.Tests.Clients;

/// <summary>The NuGet package "OpenAI" through the published door with a key.</summary>
public sealed class DotNetClientTests
{
    [Fact]
    public async Task Client_WhenItAsks_GetsTheAnswer()
    {
        await using Session session = await Session.StartAsync("m");
        ChatCompletion answer = await session.Client.GetChatClient("chat").CompleteChatAsync("é 🙂 three");
        Assert.Equal(("é 🙂 three", 6), (answer.Content[0].Text, answer.Usage.TotalTokenCount));
        Assert.Equal(session.KeyId, Assert.Single(await session.Host.CallsAsync(1)).KeyId);
    }

    [Theory]
    [InlineData("m;words=20")]
    [InlineData("m;words=20;cut=1;crlf;comments")]
    [InlineData("m;words=20;usage=none")]
    public async Task Client_WhenItStreams_GetsTheTextAndTheUsage(string id)
    {
        await using Session session = await Session.StartAsync(id);
        StringBuilder text = new();
        ChatTokenUsage? usage = null;
        await foreach (StreamingChatCompletionUpdate update in session.Client.GetChatClient("chat").CompleteChatStreamingAsync("a bc"))
        {
            foreach (ChatMessageContentPart part in update.ContentUpdate)
                _ = text.Append(part.Text);
            usage = update.Usage ?? usage;
        }

        Assert.Equal(string.Join(' ', Enumerable.Range(0, 20).Select(i => new[] { "a", "bc" }[i % 2])), text.ToString());
        Assert.Equal(Assert.Single(await session.Host.CallsAsync(1)).TotalTokens, usage!.TotalTokenCount); // This client always asks for it.
    }

    [Fact]
    public async Task Client_WhenItAborts_HasItsCallCountedOnce()
    {
        await using Session session = await Session.StartAsync("m;words=50;rate=100");
        using CancellationTokenSource leave = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            int chunks = 0;
            await foreach (StreamingChatCompletionUpdate _ in session.Client.GetChatClient("chat").CompleteChatStreamingAsync(["word"], cancellationToken: leave.Token))
            {
                if (++chunks == 3)
                    await leave.CancelAsync();
            }
        });
        CallRecord call = Assert.Single(await session.Host.CallsAsync(1));
        Assert.Equal(51, call.TotalTokens);
    }

    [Fact]
    public async Task Client_WhenAToolIsCalledInFragments_JoinsThem()
    {
        await using Session session = await Session.StartAsync("m;tools;cut=2");
        ChatTool tool = ChatTool.CreateFunctionTool("look", functionParameters: BinaryData.FromString("""{"type":"object","properties":{"at":{"type":"string"}}}"""));
        StringBuilder arguments = new();
        string? name = null;
        await foreach (StreamingChatCompletionUpdate update in session.Client.GetChatClient("chat").CompleteChatStreamingAsync([new UserChatMessage("look up")], new ChatCompletionOptions { Tools = { tool } }))
        {
            foreach (StreamingChatToolCallUpdate call in update.ToolCallUpdates)
            {
                name ??= call.FunctionName;
                _ = arguments.Append(call.FunctionArgumentsUpdate);
            }
        }

        Assert.Equal(("look", """{"at":"sky"}"""), (name, arguments.ToString()));
        Assert.Contains("\"tools\":", session.Host.Provider.Requests.Single().Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(";status=429;retry-ms=100")]
    [InlineData(";status=500")]
    public async Task Client_WhenTheProviderFailsOnce_TriesAgainByItself(string script)
    {
        await using Session session = await Session.StartAsync("m", new UpstreamOptions { TriesMax = 1, WaitMax = TimeSpan.Zero, Pool = new KeyPoolPolicy { RateRest = TimeSpan.FromMilliseconds(300) } });
        int asked = 0;
        session.Host.Provider.Script = _ => Interlocked.Increment(ref asked) == 1 ? script : "m";
        ChatCompletion answer = await session.Client.GetChatClient("chat").CompleteChatAsync("hello");
        Assert.Equal(("hello", 2), (answer.Content[0].Text, asked));
    }

    [Fact]
    public async Task Client_WhenTheModelIsUnknown_Throws()
    {
        await using Session session = await Session.StartAsync("m");
        ClientResultException exception = await Assert.ThrowsAsync<ClientResultException>(async () => await session.Client.GetChatClient("nobody").CompleteChatAsync("hello"));
        Assert.Equal(404, exception.Status);
        Assert.Contains("model_not_found", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_WhenItListsModelsAndAsksForEmbeddings_GetsThem()
    {
        await using Session session = await Session.StartAsync("m");
        Assert.Equal(["chat", "m"], (await session.Client.GetOpenAIModelClient().GetModelsAsync()).Value.Select(model => model.Id));
        ClientResult result = await session.Client.GetEmbeddingClient("chat").GenerateEmbeddingsAsync(BinaryContent.Create(BinaryData.FromString("""{"model":"chat","input":"x"}""")));
        Assert.Contains("embedding", result.GetRawResponse().Content.ToString(), StringComparison.Ordinal);
    }

    private sealed class Session(OpenAiHost host, PublishedPort port, OpenAIClient client, string keyId) : IAsyncDisposable
    {
        public OpenAiHost Host => host;

        public OpenAIClient Client => client;

        public string KeyId => keyId;

        public static async Task<Session> StartAsync(string id, UpstreamOptions? calls = null)
        {
            OpenAiHost host = await OpenAiHost.StartAsync(url => [OpenAiHost.Model(url, id)], calls: calls);
            PublishedPort port = new(host.Services.Options.PublishedSocket);
            NewApiKey key = await host.Accounts.Keys.CreateAsync("dotnet", ApiKeyLimits.None, CancellationToken.None);
            return new Session(host, port, new OpenAIClient(new ApiKeyCredential(key.Text), new OpenAIClientOptions { Endpoint = new Uri(port.Url), RetryPolicy = new ClientRetryPolicy(2) }), key.Stored.Id);
        }

        public async ValueTask DisposeAsync()
        {
            await port.DisposeAsync();
            await host.DisposeAsync();
        }
    }
}
