using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Fake;

namespace Init.Chat.Tests.Http;

/// <summary>Answers as they come, and answers that are found again.</summary>
public sealed class AnswerStreamTests
{
    private const string Slow = "m;words=40;rate=40";

    [Theory]
    [InlineData("true", null, "text/event-stream")]
    [InlineData("true", "application/x-ndjson", "application/x-ndjson")]
    [InlineData("ndjson", null, "application/x-ndjson")]
    [InlineData("sse", "application/x-ndjson", "text/event-stream")]
    public async Task Stream_WhenAskedFor_ComesInTheFormThatIsAccepted(string stream, string? accept, string type)
    {
        await using ChatHost host = await ChatHost.StartAsync();
        HttpRequestMessage request = Ask("hello world", ("stream", stream));
        if (accept is not null)
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        using HttpResponseMessage answer = await host.Local.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal((HttpStatusCode.OK, type), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.Equal("no", Assert.Single(answer.Headers.GetValues("X-Accel-Buffering")));

        string body = await answer.Content.ReadAsStringAsync();
        Assert.Equal("hello world", string.Concat(Pieces(body)));
        Assert.Contains("\"state\":\"done\"", body.Trim().Split('\n')[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_WhenItGoesAwayAndComesBack_GetsTheRestAndLosesNothing()
    {
        await using FakeProvider provider = await FakeProvider.StartAsync();
        await using ChatHost host = await ChatHost.StartAsync(ChatHost.ModelsOf(provider.Url, Slow));
        string task, read = "", last = "0";
        using (HttpResponseMessage answer = await host.Local.SendAsync(Ask("a b c", ("stream", "true")), HttpCompletionOption.ResponseHeadersRead))
        {
            task = Assert.Single(answer.Headers.GetValues("X-Task-Id"));
            using StreamReader lines = new(await answer.Content.ReadAsStreamAsync());
            for (int pieces = 0; pieces < 5;)
            {
                string line = (await lines.ReadLineAsync())!;
                if (line.StartsWith("id: ", StringComparison.Ordinal))
                    last = line[4..];
                foreach (string piece in Pieces(line))
                {
                    read += piece;
                    pieces++;
                }
            }
        }

        HttpRequestMessage again = new(HttpMethod.Get, $"/chat/task/{task}/events");
        again.Headers.Add("Last-Event-ID", last);
        var (_, rest) = await host.SendAsync(again);
        string whole = JsonDocument.Parse((await host.GetAsync($"/chat/task/{task}")).Body).RootElement.GetProperty("content").GetString()!;
        Assert.Equal(40, whole.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(whole, read + string.Concat(Pieces(rest)));
        Assert.Equal(whole, string.Concat(Pieces((await host.GetAsync($"/chat/task/{task}/events?from=0")).Body)));
        Assert.Contains(JsonEncodedText.Encode(whole).ToString(), (await host.GetAsync("/userdata/context/get/u")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Task_WhenCancelled_EndsAndKeepsWhatThereIs()
    {
        await using FakeProvider provider = await FakeProvider.StartAsync();
        await using ChatHost host = await ChatHost.StartAsync(ChatHost.ModelsOf(provider.Url, "m;words=100000;rate=50"));
        using HttpResponseMessage answer = await host.Local.SendAsync(Ask("a b c", ("stream", "true")), HttpCompletionOption.ResponseHeadersRead);
        string task = Assert.Single(answer.Headers.GetValues("X-Task-Id"));
        using StreamReader lines = new(await answer.Content.ReadAsStreamAsync());
        while (!Pieces((await lines.ReadLineAsync())!).Any())
        {
        }

        Assert.Contains(task, (await host.GetAsync("/chat/tasks?user=u&state=running")).Body, StringComparison.Ordinal);
        var (status, body) = await host.SendAsync(new HttpRequestMessage(HttpMethod.Delete, $"/chat/task/{task}"));
        Assert.Equal((200, "cancelled"), (status, JsonDocument.Parse(body).RootElement.GetProperty("state").GetString()));
        Assert.Equal(409, (await host.SendAsync(new HttpRequestMessage(HttpMethod.Delete, $"/chat/task/{task}"))).Status);
        Assert.Contains("\"interrupted\":true", (await host.GetAsync("/userdata/context/get/u")).Body, StringComparison.Ordinal);
        Assert.Contains("\"state\":\"cancelled\"", await lines.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Equal((404, """{"detail":"Task not found"}"""), await host.GetAsync("/chat/task/none"));
    }

    [Fact]
    public async Task Role_WhenItBeginsAgain_HasEverything()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        await host.SayAsync("u", "one");
        await host.FormAsync("/userdata/prompt/set/u", ("prompt", "p"));
        await host.FormAsync("/userdata/config/set/u/int", ("key", "max_tokens"), ("value", "7"));
        await host.FormAsync("/userdata/context/change/v", ("new_branch_id", "second"));
        string[] paths = ["/userdata/context/get/u", "/userdata/prompt/get/u", "/userdata/config/get/u", "/userdata/context/now_branch/v", "/calllog", "/chat/tasks"];
        string[] before = await Task.WhenAll(paths.Select(async path => (await host.GetAsync(path)).Body));
        await host.RestartAsync();
        Assert.Equal(before, await Task.WhenAll(paths.Select(async path => (await host.GetAsync(path)).Body)));
        Assert.Equal("two", await host.SayAsync("u", "two"));
    }

    private static HttpRequestMessage Ask(string message, params (string Name, string Value)[] fields) => new(HttpMethod.Post, "/chat/completion/u")
    {
        Content = new FormUrlEncodedContent(fields.Append(("message", message)).Select(field => KeyValuePair.Create(field.Item1, field.Item2))),
    };

    /// <summary>Of events or lines; the last event has the whole answer, and is none.</summary>
    private static IEnumerable<string> Pieces(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            string json = line.StartsWith("data: ", StringComparison.Ordinal) ? line[6..] : line;
            if (!json.StartsWith('{'))
                continue;
            using JsonDocument document = JsonDocument.Parse(Encoding.UTF8.GetBytes(json));
            if (document.RootElement.TryGetProperty("content", out JsonElement piece) && !document.RootElement.TryGetProperty("state", out _))
                yield return piece.GetString()!;
        }
    }
}
