using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Init.Chat.Keys;
using Init.Chat.Providers;
using Init.Chat.Store;
using Init.Chat.Tests.OpenAi;
using Init.Chat.Upstream;

namespace Init.Chat.Tests.Clients;

/// <summary>The npm package "openai" in a process of Node, through the published door with a key. Its version is that of package-lock.json.</summary>
public sealed class NodeClientTests
{
    private static readonly SemaphoreSlim Installing = new(1, 1);

    /// <summary>Calls that fail are told to the client at once: it is the client that tries again here.</summary>
    private static readonly UpstreamOptions NoPatience = new()
    {
        TriesMax = 1,
        WaitMax = TimeSpan.Zero,
        Pool = new KeyPoolPolicy { RateRest = TimeSpan.FromMilliseconds(300), BrokenRest = TimeSpan.FromMilliseconds(300) },
    };

    [Fact]
    public async Task Client_WhenItListsModels_ReadsThem() =>
        Assert.Equal("""{"ids":["chat","m"],"one":"fake"}""", (await RunAsync("m", "models")).Said.ToJsonString());

    [Fact]
    public async Task Client_WhenItAsks_GetsTheAnswer()
    {
        (JsonNode said, CallRecord[] calls) = await RunAsync("m", "whole");
        Assert.Equal("é 🙂 three", (string?)said["content"]);
        Assert.True((bool?)said["hasRequestId"]);
        Assert.Equal((6L, "done"), ((long)said["tokens"]!, Assert.Single(calls).Outcome));
    }

    [Theory]
    [InlineData("m;words=20", 1)]
    [InlineData("m;words=20;cut=1;crlf;comments", 1)]
    [InlineData("m;words=20;usage=each", 0)]
    public async Task Client_WhenItStreams_GetsTheText(string id, int empty)
    {
        (JsonNode said, CallRecord[] calls) = await RunAsync(id, "stream");
        Assert.Equal(string.Join(' ', Enumerable.Range(0, 20).Select(i => new[] { "é", "🙂", "three" }[i % 3])), (string?)said["content"]);
        Assert.Equal((23L, "stop", empty, 23L), ((long)said["tokens"]!, (string?)said["finish"], (int)said["empty"]!, Assert.Single(calls).TotalTokens));
    }

    [Fact]
    public async Task Client_WhenItAborts_HasItsCallCountedOnce()
    {
        (JsonNode said, CallRecord[] calls) = await RunAsync("m;words=50;rate=100", "abort");
        Assert.Equal(3, (int)said["chunks"]!);
        Assert.Equal(("cancelled", 53L, false), (Assert.Single(calls).Outcome, calls[0].TotalTokens, calls[0].IsEstimated));
    }

    [Theory]
    [InlineData("m;tools")]
    [InlineData("m;tools;cut=3")]
    public async Task Client_WhenAToolIsCalledInFragments_JoinsThem(string id) =>
        Assert.Equal("""{"name":"look","arguments":{"at":"sky"},"finish":"tool_calls"}""", (await RunAsync(id, "tools")).Said.ToJsonString());

    [Theory]
    [InlineData(";status=429")]
    [InlineData(";status=429;retry-ms=200")]
    [InlineData(";status=500")]
    [InlineData(";status=503")]
    public async Task Client_WhenTheProviderFailsOnce_TriesAgainByItself(string script)
    {
        int asked = 0;
        (JsonNode said, CallRecord[] calls) = await RunAsync("m", "retry", host => host.Provider.Script = _ => Interlocked.Increment(ref asked) == 1 ? script : "m", NoPatience, 2);
        Assert.Equal("é 🙂 three", (string?)said["content"]);
        Assert.Equal(["failed", "done"], calls.Select(call => call.Outcome));
    }

    [Fact]
    public async Task Client_WhenTheModelIsUnknown_ThrowsWhatItCallsThat() => Assert.Equal(
        """{"kind":"NotFoundError","status":404,"code":"model_not_found","message":"there is no model of type or id \u0022nobody\u0022","hasRequestId":true}""",
        (await RunAsync("m", "error", calls: 0)).Said.ToJsonString());

    [Fact]
    public async Task Client_WhenTheKeyIsWrong_ThrowsWhatItCallsThat()
    {
        JsonNode said = (await RunAsync("m", "error", calls: 0, key: "sk-123456")).Said;
        Assert.Equal(("AuthenticationError", 401, "invalid_api_key"), ((string?)said["kind"], (int)said["status"]!, (string?)said["code"]));
    }

    [Fact]
    public async Task Client_WhenAStreamBreaksOff_ThrowsAndHasWhatCameBefore()
    {
        JsonNode said = (await RunAsync("m;words=9;error=4", "broken")).Said;
        Assert.Equal(("APIError", "é 🙂 three"), ((string?)said["kind"], (string?)said["content"]));
        Assert.Contains("it went wrong in the middle", (string?)said["message"]);
    }

    [Fact]
    public async Task Client_WhenItAsksForEmbeddings_GetsThem() => Assert.Equal("""{"vector":[0.25,-1,3e-7]}""", (await RunAsync("m", "embeddings")).Said.ToJsonString());

    private static async Task<(JsonNode Said, CallRecord[] Calls)> RunAsync(string id, string scenario, Action<OpenAiHost>? prepare = null, UpstreamOptions? options = null, int calls = 1, string? key = null)
    {
        await InstallAsync();
        await using OpenAiHost host = await OpenAiHost.StartAsync(url => [OpenAiHost.Model(url, id)], calls: options);
        prepare?.Invoke(host);
        await using PublishedPort port = new(host.Services.Options.PublishedSocket);
        key ??= (await host.Accounts.Keys.CreateAsync("node", ApiKeyLimits.None, CancellationToken.None)).Text;
        string said = await NodeAsync("node", "openai.mjs", port.Url, key, scenario);
        return (JsonNode.Parse(said)!, [.. await host.CallsAsync(scenario == "models" ? 0 : calls)]);
    }

    private static async Task InstallAsync()
    {
        await Installing.WaitAsync();
        try
        {
            if (!File.Exists(Path.Combine(Folder(), "node_modules", "openai", "package.json")))
                _ = await NodeAsync("npm", "ci", "--no-audit", "--no-fund");
        }
        finally
        {
            _ = Installing.Release();
        }
    }

    private static async Task<string> NodeAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder(), UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        using CancellationTokenSource limit = new(TimeSpan.FromMinutes(2));
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await errors}");
        return await output;
    }

    private static string Folder([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;
}
