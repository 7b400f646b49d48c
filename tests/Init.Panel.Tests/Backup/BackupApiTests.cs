using System.Text.Json;
using Init.Panel.Tests.Harness;

namespace Init.Panel.Tests.Backup;

/// <summary>The backup over HTTP, in front of a role that says what the test wants.</summary>
public sealed class BackupApiTests
{
    private const string Root = "/admin/api/v1/backup", Commit = "0123456789abcdef0123456789abcdef01234567", Ok = """{"id":1,"ok":true}""";

    [Theory]
    [InlineData("GET", "/status")]
    [InlineData("POST", "/now")]
    [InlineData("GET", "/history")]
    [InlineData("GET", $"/files?commit={Commit}")]
    [InlineData("GET", "/diff")]
    [InlineData("GET", $"/content?commit={Commit}&path=a")]
    [InlineData("GET", "/restore")]
    [InlineData("POST", "/restore")]
    public async Task Stranger_GetsNothing(string method, string path)
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();
        await using FakeRole role = new(panel.BackupSocket, _ => [Ok]);

        PanelUnderTest.Answer answer = await panel.SendAsync(method, Root + path, method == "POST" ? "{}" : null);

        Assert.Equal((401, "not_signed_in"), (answer.Status, answer.Code));
        Assert.Empty(role.Requests);
    }

    [Theory]
    [InlineData("POST", "/now", "{}")]
    [InlineData("POST", "/restore", $$"""{"commit":"{{Commit}}","paths":["a"]}""")]
    [InlineData("GET", $"/content?commit={Commit}&path=a", null)]
    public async Task ForeignPage_IsRefused(string method, string path, string? body)
    {
        await using PanelUnderTest panel = await SignedInAsync();
        await using FakeRole role = new(panel.BackupSocket, _ => [Ok]);

        PanelUnderTest.Answer answer = await panel.SendAsync(method, Root + path, body, context => context.Request.Headers["Sec-Fetch-Site"] = "cross-site");

        Assert.Equal((403, "foreign_page"), (answer.Status, answer.Code));
        Assert.Empty(role.Requests);
    }

    [Fact]
    public async Task Status_IsWhatTheRoleSays_OrThatNoneRuns()
    {
        await using PanelUnderTest panel = await SignedInAsync();
        PanelUnderTest.Answer without = await panel.SendAsync("GET", Root + "/status");
        await using FakeRole role = new(panel.BackupSocket, _ => ["""{"id":1,"ok":true,"result":{"stage":"idle","proof":{"at":7}}}"""]);
        PanelUnderTest.Answer with = await panel.SendAsync("GET", Root + "/status");

        Assert.Equal("""{"running":false,"program":"backup"}""", without.Body);
        Assert.Equal("""{"running":true,"program":"backup","status":{"stage":"idle","proof":{"at":7}}}""", with.Body);
    }

    [Fact]
    public async Task Questions_WithoutARole_Are503()
    {
        await using PanelUnderTest panel = await SignedInAsync();

        foreach (string path in new[] { "/history", "/diff", $"/files?commit={Commit}", $"/content?commit={Commit}&path=a" })
        {
            PanelUnderTest.Answer answer = await panel.SendAsync("GET", Root + path);
            Assert.Equal((503, "no_backup"), (answer.Status, answer.Code));
        }

        Assert.Equal(503, (await panel.SendAsync("POST", Root + "/now", "{}")).Status);
    }

    [Fact]
    public async Task Now_WithWait_TellsTheOutcome()
    {
        await using PanelUnderTest panel = await SignedInAsync();
        bool works = true;
        await using FakeRole role = new(panel.BackupSocket, _ => [works ? Ok : """{"id":1,"ok":false,"error":{"code":"failed","message":"cannot push: no route"}}"""]);

        PanelUnderTest.Answer noted = await panel.SendAsync("POST", Root + "/now", "{}");
        PanelUnderTest.Answer done = await panel.SendAsync("POST", Root + "/now", """{"wait":true}""");
        works = false;
        PanelUnderTest.Answer failed = await panel.SendAsync("POST", Root + "/now", """{"wait":true}""");

        Assert.Equal((202, """{"done":false}"""), (noted.Status, noted.Body));
        Assert.Equal((200, """{"done":true}"""), (done.Status, done.Body));
        Assert.Equal((409, "failed", "cannot push: no route"), (failed.Status, failed.Code, failed.Json.GetProperty("detail").GetString()));
        Assert.Equal([false, true, true], role.Requests.Select(request => request.GetProperty("wait").GetBoolean()));
    }

    [Fact]
    public async Task Lists_ArePassedOn()
    {
        await using PanelUnderTest panel = await SignedInAsync();
        await using FakeRole role = new(panel.BackupSocket, request => request.GetProperty("op").GetString() switch
        {
            "history" => [$$$"""{"id":1,"item":{"commit":"{{{Commit}}}","at":5,"entries":2,"changed":1,"more":true}}""", """{"id":1,"ok":true,"result":{"total":1,"shallow":true}}"""],
            "files" => ["""{"id":1,"item":{"name":"é","path":"d/%C3%A9","kind":"file","size":3}}""", Ok],
            _ => ["""{"id":1,"item":{"path":"d/a","change":"added","size":3}}""", """{"id":1,"ok":true,"result":{"total":12345}}"""],
        });

        PanelUnderTest.Answer history = await panel.SendAsync("GET", Root + "/history?limit=7&path=d&all=1");
        PanelUnderTest.Answer files = await panel.SendAsync("GET", Root + $"/files?commit={Commit}&path=d");
        PanelUnderTest.Answer diff = await panel.SendAsync("GET", Root + $"/diff?from={Commit}");

        Assert.Equal($$"""{"commits":[{"commit":"{{Commit}}","at":5,"entries":2,"changed":1}],"shallow":true}""", history.Body);
        Assert.Equal("d/%C3%A9", files.Json.GetProperty("entries")[0].GetProperty("path").GetString());
        Assert.False(files.Json.GetProperty("truncated").GetBoolean());
        Assert.Equal("""{"changes":[{"path":"d/a","change":"added","size":3}],"total":12345}""", diff.Body);
        Assert.Equal(
            [$$"""{"v":1,"id":1,"op":"history","limit":7,"all":true,"path":"d"}""", $$"""{"v":1,"id":1,"op":"files","commit":"{{Commit}}","path":"d"}""", $$"""{"v":1,"id":1,"op":"diff","from":"{{Commit}}"}"""],
            role.Requests.Select(request => request.GetRawText()));
    }

    [Fact]
    public async Task Files_BeyondTheirNumber_AreLeftOutAndThatIsSaid()
    {
        await using PanelUnderTest panel = await SignedInAsync();
        await using FakeRole role = new(panel.BackupSocket, _ => [.. Enumerable.Range(0, 10_000).Select(i => $$$"""{"id":1,"item":{"name":"{{{i}}}","path":"{{{i}}}","kind":"file"}}"""), """{"id":1,"ok":true,"result":{"total":10001}}"""]);

        PanelUnderTest.Answer files = await panel.SendAsync("GET", Root + $"/files?commit={Commit}");

        Assert.Equal(10_000, files.Json.GetProperty("entries").GetArrayLength());
        Assert.True(files.Json.GetProperty("truncated").GetBoolean());
    }

    [Theory]
    [InlineData("GET", "/history?limit=0", null)]
    [InlineData("GET", "/history?limit=x", null)]
    [InlineData("GET", "/files", null)]
    [InlineData("GET", "/files?commit=--output", null)]
    [InlineData("GET", "/diff?from=HEAD", null)]
    [InlineData("GET", $"/content?commit={Commit}", null)]
    [InlineData("POST", "/now", "[")]
    [InlineData("POST", "/restore", """{"commit":"HEAD","paths":["a"]}""")]
    [InlineData("POST", "/restore", $$"""{"commit":"{{Commit}}","paths":[]}""")]
    [InlineData("POST", "/restore", $$"""{"commit":"{{Commit}}","paths":["a"],"to":"b"}""")]
    [InlineData("POST", "/restore", $$"""{"commit":"{{Commit}}"}""")]
    public async Task Nonsense_Is400AndDoesNotReachTheRole(string method, string path, string? body)
    {
        await using PanelUnderTest panel = await SignedInAsync();
        await using FakeRole role = new(panel.BackupSocket, _ => [Ok]);

        Assert.Equal(400, (await panel.SendAsync(method, Root + path, body)).Status);
        Assert.Empty(role.Requests);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{}")]
    [InlineData("""{"id":1,"item":{"commit":7}}""")]
    [InlineData("""{"id":1,"item":null}""")]
    public async Task Role_ThatTalksNonsense_Is503(string line)
    {
        await using PanelUnderTest panel = await SignedInAsync();
        await using FakeRole role = new(panel.BackupSocket, _ => [line, Ok]);

        PanelUnderTest.Answer answer = await panel.SendAsync("GET", Root + "/history");

        Assert.Equal((503, "no_answer"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Content_IsADownloadThatLeavesNothing()
    {
        await using PanelUnderTest panel = await SignedInAsync();
        await using FakeRole role = new(panel.BackupSocket, request =>
        {
            if (request.GetProperty("op").GetString() == "files")
                return ["""{"id":1,"item":{"name":"ä \"x\".html","path":"d/%C3%A4.html","kind":"file","size":9}}""", Ok];
            string directory = Path.Combine(request.GetProperty("to").GetString()!, "d");
            Directory.CreateDirectory(directory);
            File.WriteAllText(Path.Combine(directory, "ä \"x\".html"), "<script/>");
            return ["""{"id":1,"item":{"files":1,"files_total":1,"bytes":9,"bytes_total":9}}""", """{"id":1,"ok":true,"result":{"files":1,"written":1}}"""];
        });

        PanelUnderTest.Answer answer = await panel.SendAsync("GET", Root + $"/content?commit={Commit}&path=d%2F%25C3%25A4.html");

        Assert.Equal((200, "<script/>"), (answer.Status, answer.Body));
        Assert.StartsWith("attachment; filename=", answer.Headers.ContentDisposition, StringComparison.Ordinal);
        Assert.Contains("filename*=UTF-8''%C3%A4%20%22x%22.html", answer.Headers.ContentDisposition.ToString(), StringComparison.Ordinal);
        Assert.Equal(("application/octet-stream", "nosniff", "sandbox; default-src 'none'"), ((string?)answer.Headers.ContentType, (string?)answer.Headers.XContentTypeOptions, (string?)answer.Headers.ContentSecurityPolicy));
        Assert.Equal("d/%C3%A4.html", role.Requests[1].GetProperty("paths")[0].GetString());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(panel.Directory, "scratch")));
    }

    [Theory]
    [InlineData("""{"id":1,"item":{"name":"b","path":"a/b","kind":"file"}}""", Ok, 409, "not_a_file")] // A directory is what is in it.
    [InlineData("""{"id":1,"item":{"name":"a","path":"a","kind":"link"}}""", Ok, 409, "not_a_file")]
    [InlineData("""{"id":1,"item":{"name":"b","path":"b","kind":"file"}}""", """{"id":1,"ok":false,"error":{"code":"unknown-path","message":"x"}}""", 404, "not_found")]
    public async Task Content_OfWhatIsNoFile_IsRefused(string item, string end, int status, string code)
    {
        await using PanelUnderTest panel = await SignedInAsync();
        await using FakeRole role = new(panel.BackupSocket, _ => [item, end]);

        PanelUnderTest.Answer answer = await panel.SendAsync("GET", Root + $"/content?commit={Commit}&path=a");

        Assert.Equal((status, code), (answer.Status, answer.Code));
        Assert.Single(role.Requests);
    }

    [Fact]
    public async Task Content_ThatIsALinkOnceRestored_IsNotFollowed()
    {
        await using PanelUnderTest panel = await SignedInAsync();
        await using FakeRole role = new(panel.BackupSocket, request =>
        {
            if (request.GetProperty("op").GetString() == "files")
                return ["""{"id":1,"item":{"name":"a","path":"a","kind":"file"}}""", Ok];
            File.CreateSymbolicLink(Path.Combine(request.GetProperty("to").GetString()!, "a"), panel.StorePath);
            return [Ok];
        });

        PanelUnderTest.Answer answer = await panel.SendAsync("GET", Root + $"/content?commit={Commit}&path=a");

        Assert.Equal((409, "failed"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Restore_GoesOnByItselfAndTellsWhatBecameOfIt()
    {
        await using PanelUnderTest panel = await SignedInAsync();
        using ManualResetEventSlim go = new();
        await using FakeRole role = new(panel.BackupSocket, _ => Lines());

        PanelUnderTest.Answer before = await panel.SendAsync("GET", Root + "/restore");
        PanelUnderTest.Answer begun = await panel.SendAsync("POST", Root + "/restore", $$"""{"commit":"{{Commit}}","paths":["d","e/f"],"to":"/somewhere"}""");
        JsonElement running = await UntilAsync(panel, restore => restore.TryGetProperty("progress", out _));
        PanelUnderTest.Answer second = await panel.SendAsync("POST", Root + "/restore", $$"""{"commit":"{{Commit}}","paths":["d"]}""");
        go.Set();
        JsonElement done = await UntilAsync(panel, restore => restore.GetProperty("state").GetString() == "done");

        Assert.Equal("""{"restore":null}""", before.Body);
        Assert.Equal((202, "running"), (begun.Status, begun.Json.GetProperty("restore").GetProperty("state").GetString()));
        Assert.Equal(4, running.GetProperty("progress").GetProperty("files_total").GetInt64());
        Assert.Equal((409, "restore_running"), (second.Status, second.Code));
        Assert.Equal("/home/d.local-1", done.GetProperty("result").GetProperty("kept_aside")[0].GetString());
        Assert.Equal("""{"v":1,"id":1,"op":"restore","commit":"0123456789abcdef0123456789abcdef01234567","paths":["d","e/f"],"to":"/somewhere"}""", Assert.Single(role.Requests).GetRawText());

        IEnumerable<string> Lines()
        {
            yield return """{"id":1,"item":{"files":1,"files_total":4,"bytes":10,"bytes_total":40}}""";
            go.Wait(TimeSpan.FromSeconds(30));
            yield return """{"id":1,"ok":true,"result":{"files":4,"written":3,"kept_aside":["/home/d.local-1"],"notes":["x"]}}""";
        }
    }

    [Fact]
    public async Task Restore_WhileProgramsRun_IsRefusedUntilItIsAskedForAllTheSame()
    {
        await using PanelUnderTest panel = await SignedInAsync();
        await using FakeRole role = new(panel.BackupSocket, request => request.TryGetProperty("live", out JsonElement live) && live.GetBoolean()
            ? ["""{"id":1,"ok":true,"result":{"files":1,"written":1}}"""]
            : ["""{"id":1,"ok":false,"error":{"code":"programs-running","message":"cannot restore in place: bot is running"}}"""]);

        Assert.Equal(202, (await panel.SendAsync("POST", Root + "/restore", $$"""{"commit":"{{Commit}}","paths":["d"]}""")).Status);
        JsonElement refused = await UntilAsync(panel, restore => restore.GetProperty("state").GetString() == "failed");
        Assert.Equal(202, (await panel.SendAsync("POST", Root + "/restore", $$"""{"commit":"{{Commit}}","paths":["d"],"live":true}""")).Status);
        JsonElement done = await UntilAsync(panel, restore => restore.GetProperty("state").GetString() == "done");

        Assert.True(refused.GetProperty("programs_run").GetBoolean());
        Assert.Contains("bot is running", refused.GetProperty("problem").GetString(), StringComparison.Ordinal);
        Assert.False(done.TryGetProperty("programs_run", out _));
    }

    [Theory]
    [InlineData("""{"id":1,"ok":false,"error":{"code":"failed","message":"cannot write: disk full"}}""", "cannot write: disk full")]
    [InlineData("""{"id":1,"ok":true,"result":{}}""", "not of this protocol")]
    [InlineData(Ok, "of another kind")]
    public async Task Restore_ThatFails_SaysWhy(string line, string why)
    {
        await using PanelUnderTest panel = await SignedInAsync();
        await using FakeRole role = new(panel.BackupSocket, _ => [line]);

        Assert.Equal(202, (await panel.SendAsync("POST", Root + "/restore", $$"""{"commit":"{{Commit}}","paths":["d"]}""")).Status);
        JsonElement ended = await UntilAsync(panel, restore => restore.GetProperty("state").GetString() != "running");

        Assert.Equal("failed", ended.GetProperty("state").GetString());
        Assert.Contains(why, ended.GetProperty("problem").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Live_TellsOfTheBackup_AndOfOneThatIsGoneAndBack()
    {
        await using PanelUnderTest panel = await SignedInAsync();
        await using LiveStream live = await LiveStream.OpenAsync(panel);
        _ = await live.ReadUntilAsync("event: backup\ndata: {\"running\":false,\"program\":\"backup\"}\n\n");

        await using (FakeRole role = new(panel.BackupSocket, _ => ["{\"id\":1,\"item\":{\"stage\":\"restoring\"\r}}", """{"id":1,"item":{"stage":"idle"}}""", "wait"]))
        {
            // The first may have been overtaken by the second.
            _ = await live.ReadUntilAsync("event: backup\ndata: {\"running\":true,\"program\":\"backup\",\"status\":{\"stage\":\"idle\"}}\n\n");
            Assert.Equal("follow", role.Requests.Single().GetProperty("op").GetString());
        }

        _ = await live.ReadUntilAsync("event: backup\ndata: {\"running\":false,\"program\":\"backup\"}\n\n");
        await using FakeRole another = new(panel.BackupSocket, _ => ["""{"id":1,"item":{"stage":"starting"}}""", "wait"]);
        _ = await live.ReadUntilAsync("{\"stage\":\"starting\"}}\n\n");
    }

    [Fact]
    public async Task Role_IsFollowedOnceForAll()
    {
        await using PanelUnderTest panel = await SignedInAsync();
        await using FakeRole role = new(panel.BackupSocket, _ => ["""{"id":1,"item":{"stage":"idle"}}""", "wait"]);
        await using LiveStream one = await LiveStream.OpenAsync(panel);
        _ = await one.ReadUntilAsync("event: backup\n");
        await using LiveStream two = await LiveStream.OpenAsync(panel);
        _ = await two.ReadUntilAsync("event: backup\n");

        Assert.Single(role.Requests);
    }

    private static async Task<PanelUnderTest> SignedInAsync()
    {
        PanelUnderTest panel = PanelUnderTest.Start();
        Assert.Equal(200, (await panel.SignInAsync()).Status);
        return panel;
    }

    private static async Task<JsonElement> UntilAsync(PanelUnderTest panel, Func<JsonElement, bool> isSo)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(30));
        while (true)
        {
            JsonElement restore = (await panel.SendAsync("GET", Root + "/restore")).Json.GetProperty("restore");
            if (isSo(restore))
                return restore;
            await Task.Delay(20, patience.Token);
        }
    }
}
