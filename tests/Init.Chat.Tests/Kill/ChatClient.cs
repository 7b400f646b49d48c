using System.Collections.Immutable;
using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace Init.Chat.Tests.Kill;

/// <summary>A client of the role, which dies before its eyes.</summary>
internal sealed class ChatClient(string url) : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(120) };

    /// <returns>Acknowledged, or not: then the connection has broken.</returns>
    public async Task<Said> SayAsync(string user, string text, string answer, bool isStream)
    {
        string? taskId = null;
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Post, $"{url}/chat/completion/{user}");
            request.Content = new FormUrlEncodedContent([new("message", text), new("stream", isStream ? "true" : "false")]);
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            taskId = response.Headers.TryGetValues("X-Task-Id", out var ids) ? ids.First() : null;
            Assert.True(response.StatusCode == HttpStatusCode.OK, $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
            JsonElement? end = isStream ? await FollowAsync(response) : JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync()).RootElement;
            if (end is not { } result)
                return new Said(text, answer, false, taskId); // The stream has ended without its end.
            Assert.Equal("done", result.GetProperty("state").GetString());
            Assert.Equal(answer, result.GetProperty("content").GetString());
            return new Said(text, answer, true, result.GetProperty("task_id").GetString());
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return new Said(text, answer, false, taskId);
        }
    }

    public async Task<ImmutableArray<Kept>> ContextAsync(string user)
    {
        using JsonDocument context = JsonDocument.Parse(await _http.GetByteArrayAsync($"{url}/userdata/context/get/{user}"));
        return
        [
            .. context.RootElement.EnumerateArray().Select(message => new Kept(
                message.GetProperty("role").GetString()!, message.GetProperty("content").GetString()!, message.TryGetProperty("interrupted", out JsonElement mark) && mark.GetBoolean())),
        ];
    }

    public async Task<int> RunningAsync()
    {
        using JsonDocument tasks = JsonDocument.Parse(await _http.GetByteArrayAsync($"{url}/chat/tasks?state=running"));
        return tasks.RootElement.GetArrayLength();
    }

    /// <summary>Calls that were logged behind a number: their numbers, tasks, outcomes and tokens.</summary>
    public async Task<List<(long Seq, string TaskId, string Outcome, long Tokens)>> CallsAsync(long after)
    {
        string lines = await _http.GetStringAsync($"{url}/calllog/stream?after={after}");
        return
        [
            .. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
            {
                using JsonDocument call = JsonDocument.Parse(line);
                JsonElement root = call.RootElement;
                return (root.GetProperty("seq").GetInt64(), root.GetProperty("task_id").GetString()!, root.GetProperty("outcome").GetString()!, root.GetProperty("completion_tokens").GetInt64());
            }),
        ];
    }

    public void Dispose() => _http.Dispose();

    private static async Task<JsonElement?> FollowAsync(HttpResponseMessage response)
    {
        string joined = "";
        SseParser<string> parser = SseParser.Create(await response.Content.ReadAsStreamAsync());
        await foreach (SseItem<string> item in parser.EnumerateAsync())
        {
            if (item.EventType == "end")
            {
                JsonElement end = JsonDocument.Parse(item.Data).RootElement;
                Assert.Equal(end.GetProperty("content").GetString(), joined);
                return end;
            }

            if (item.EventType == "message" && JsonDocument.Parse(item.Data).RootElement.TryGetProperty("content", out JsonElement content))
                joined += content.GetString();
        }

        return null;
    }
}
