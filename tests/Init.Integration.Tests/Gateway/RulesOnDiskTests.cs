using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Init.Base;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Gateway;

/// <summary>What an edit that was answered is worth: kills at any moment, and disks that are full.</summary>
public sealed class RulesOnDiskTests
{
    private const int Kills = 6;

    [RootFact]
    public async Task Edits_ThatWereAnswered_SurviveKillsOfTheGateway()
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        using InitUnderTest init = Start();
        using CancellationTokenSource end = new();
        ConcurrentDictionary<string, long> answered = new();
        ConcurrentDictionary<string, bool> sent = new();
        Task[] editors = [.. Enumerable.Range(0, 4).Select(i => Task.Run(() => EditAsync(init, $"editor-{i}", answered, sent, end.Token)))];

        for (int kill = 0; kill < Kills; kill++)
        {
            // Somewhere among edits that succeed, whatever the machine is busy with.
            int before = answered.Count;
            init.WaitUntil(() => answered.Count >= before + 3 || editors.Any(editor => editor.IsCompleted), "edits to succeed");
            init.Watch(TimeSpan.FromMilliseconds(random.Next(100)));
            Assert.Equal(0, Processes.Kill(GatewayFixture.PidOf(init), Signals.SIGKILL));
        }

        await end.CancelAsync();
        await Task.WhenAll(editors);
        JsonNode list = await ListAsync(init);

        HashSet<string> there = [.. list["rules"]!.AsArray().Select(rule => (string)rule!["id"]!)];
        Assert.True(answered.Keys.All(there.Contains), $"lost (seed {seed}): {string.Join(", ", answered.Keys.Where(id => !there.Contains(id)))}");
        Assert.All(there, id => Assert.True(sent.ContainsKey(id), id));
        Assert.Equal(answered.Count, answered.Values.Distinct().Count());
        Assert.True(answered.Values.Max() <= (long)list["revision"]!);
        Assert.DoesNotContain(init.Lines, line => line.Contains("cannot use", StringComparison.Ordinal));
        init.EndInOrder();
    }

    [RootFact]
    public async Task Edit_WhenTheDiskIsFull_Is507AndWorksAgainWhenThereIsRoom()
    {
        int port = FreePorts.Take(1)[0];
        using InitUnderTest init = GatewayFixture.Start(
            "",
            $"""
            [gateway.proxy]
            listen = ["127.0.0.1:{port}"]
            rules = "small/routes.json"
            """,
            new InitOptions { Prelude = "mkdir $DIR/small && mount -t tmpfs -o size=64k none $DIR/small" });
        using RulesClient client = new(init);
        Assert.Equal(HttpStatusCode.OK, (await client.AskAsync("PUT", "routes", Redirecting("/before"))).Status);

        Inside(init, "dd if=/dev/zero of=small/fill bs=1k 2> /dev/null; test -s small/fill");
        var (status, body) = await client.AskAsync("PUT", "routes", Redirecting("/after"));

        Assert.Equal((HttpStatusCode.InsufficientStorage, "not_saved"), (status, (string?)body["code"]));
        Assert.Contains("No space left on device", (string?)body["detail"], StringComparison.Ordinal);
        Assert.EndsWith("/before", Location(port), StringComparison.Ordinal);
        Assert.Equal("/before", (string?)(await client.AskAsync("GET", "routes")).Body["rules"]![0]!["redirect_to"]);

        Inside(init, "rm small/fill");
        Assert.Equal(HttpStatusCode.OK, (await client.AskAsync("PUT", "routes", Redirecting("/after"))).Status);
        Assert.EndsWith("/after", Location(port), StringComparison.Ordinal);
        init.EndInOrder();
    }

    private static InitUnderTest Start() => GatewayFixture.Start(
        "",
        $"""
        [gateway.proxy]
        listen = ["127.0.0.1:{FreePorts.Take(1)[0]}"]
        rules = "routes.json"
        """,
        new InitOptions { Files = new Dictionary<string, string> { ["routes.json"] = """{"version":1,"revision":1,"rules":[]}""" } });

    /// <summary>Creates one rule after another, each decided by the revision before it. What got no answer may have been done or not.</summary>
    private static async Task EditAsync(InitUnderTest init, string name, ConcurrentDictionary<string, long> answered, ConcurrentDictionary<string, bool> sent, CancellationToken end)
    {
        using RulesClient client = new(init);
        for (int i = 0; !end.IsCancellationRequested; i++)
        {
            string id = $"{name}-{i}";
            try
            {
                long revision = (long)(await client.AskAsync("GET", "routes")).Body["revision"]!;
                sent[id] = true;
                var (status, body) = await client.AskAsync("POST", "routes/rules", $$"""{"id":"{{id}}"}""", revision);
                if (status == HttpStatusCode.Created)
                    Assert.True(answered.TryAdd(id, (long)body["revision"]!));
                else
                    Assert.Equal(HttpStatusCode.PreconditionFailed, status);
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException)
            {
                // Until the next one listens; asked often, so that it is edited from its first moment.
                await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None);
            }
        }
    }

    private static async Task<JsonNode> ListAsync(InitUnderTest init)
    {
        using RulesClient client = new(init);
        for (Instant end = MonotonicClock.Now + InitUnderTest.Patience; ;)
        {
            try
            {
                return (await client.AskAsync("GET", "routes")).Body;
            }
            catch (HttpRequestException) when (MonotonicClock.Now < end)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50));
            }
        }
    }

    private static string Redirecting(string to) => $$"""{"rules":[{"id":"go","match":{"path_equal":"/now"},"action":"redirect","redirect_to":"{{to}}"}]}""";

    private static string Location(int port) =>
        TestProcess.Run(["curl", "--silent", "--max-time", "20", "--output", "/dev/null", "--write-out", "%{redirect_url}", $"http://127.0.0.1:{port}/now"]).Stdout;

    /// <summary>A shell command in Init's directory and mount namespace.</summary>
    private static void Inside(InitUnderTest init, string command) =>
        Assert.Equal(ExitStatus.Exited(0), TestProcess.Run(["nsenter", "--target", $"{init.Pid}", "--mount", "sh", "-c", $"cd {init.Directory} && {command}"]).Status);
}
