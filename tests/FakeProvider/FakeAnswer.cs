using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Fake;

/// <summary>One answer, whole or as a stream that goes wrong where its script says.</summary>
internal sealed class FakeAnswer
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A reset takes with it what the other side has not read yet; this gives it the time.</summary>
    private static readonly TimeSpan ResetPause = TimeSpan.FromMilliseconds(100);

    private readonly FakeScript _script;
    private readonly string _id;
    private readonly string _model;
    private readonly List<string> _words;
    private readonly int _promptTokens;

    public FakeAnswer(FakeScript script, JsonObject body, string id)
    {
        (_script, _id, _model) = (script, id, (string?)body["model"] ?? "");
        string[] said = [.. (body["messages"] as JsonArray ?? []).Where(message => (string?)message!["role"] == "user").Select(message => message!["content"]?.ToString() ?? "")];
        string[] last = (said.LastOrDefault() ?? "nothing").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (last.Length == 0)
            last = ["nothing"];
        int count = script.Words > 0 ? script.Words : last.Length;
        _words = [.. Enumerable.Range(0, count).Select(i => (i == 0 ? "" : " ") + last[i % last.Length])];
        _promptTokens = (body["messages"] as JsonArray ?? []).Sum(message => (message!["content"]?.ToString() ?? "").Split(' ').Length);
    }

    public JsonObject Whole()
    {
        JsonObject message = new() { ["role"] = "assistant", ["content"] = _script.Tools ? null : string.Concat(_words) };
        if (_script.Reasoning > 0)
            message["reasoning_content"] = Thoughts();
        if (_script.Tools)
            message["tool_calls"] = new JsonArray(new JsonObject { ["id"] = "call_1", ["type"] = "function", ["function"] = new JsonObject { ["name"] = "look", ["arguments"] = "{\"at\":\"sky\"}" } });
        JsonObject whole = new()
        {
            ["id"] = _id,
            ["object"] = "chat.completion",
            ["created"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
            ["model"] = _model,
            ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["message"] = message, ["finish_reason"] = _script.Tools ? "tool_calls" : "stop" }),
        };
        if (_script.Usage != "none")
            whole["usage"] = Usage(_words.Count);
        return whole;
    }

    public async Task StreamAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        await context.Response.StartAsync(context.RequestAborted);
        if (_script.Wait > 0)
            await Task.Delay(_script.Wait, context.RequestAborted);
        long began = Environment.TickCount64;
        StringBuilder joined = new();
        int number = 0, held = 0;
        foreach (string data in Events())
        {
            if (await MisbehavesAsync(context, number, joined))
                return;
            if (_script.Rate > 0 && number > 0)
            {
                long due = began + (number * 1000L / _script.Rate);
                if (due > Environment.TickCount64)
                    await Task.Delay((int)(due - Environment.TickCount64), context.RequestAborted);
            }

            string end = _script.Crlf ? "\r\n" : "\n";
            joined.Append(_script.Comments ? $": keep-alive{end}{end}" : "").Append("data: ").Append(data).Append(end).Append(end);
            number++;
            if (++held >= _script.Join)
            {
                held = 0;
                await WriteAsync(context, joined);
            }
        }

        await WriteAsync(context, joined);
        await MisbehavesAsync(context, number, joined);
    }

    private async Task<bool> MisbehavesAsync(HttpContext context, int number, StringBuilder joined)
    {
        if (number == _script.ErrorAt)
        {
            joined.Append($$$"""data: {"error":{"message":"it went wrong in the middle","type":"{{{_script.ErrorCode}}}","code":null}}""").Append("\n\n");
            await WriteAsync(context, joined);
            return true;
        }

        if (number == _script.ResetAt)
        {
            await WriteAsync(context, joined);
            await Task.Delay(ResetPause, context.RequestAborted);
            context.Abort();
            return true;
        }

        if (number == _script.SilentAt)
        {
            await WriteAsync(context, joined);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        }

        return false;
    }

    private IEnumerable<string> Events()
    {
        if (_script.Huge > 0)
            yield return Chunk(new JsonObject { ["content"] = new string('x', _script.Huge) }, null, 0);
        yield return Chunk(new JsonObject { ["role"] = "assistant", ["content"] = "" }, null, 0);
        for (int i = 0; i < _script.Reasoning; i++)
            yield return Chunk(new JsonObject { ["reasoning_content"] = "hm ", ["content"] = null }, null, 0);
        if (_script.Tools)
        {
            yield return Chunk(Tool(new JsonObject { ["name"] = "look", ["arguments"] = "" }, isFirst: true), null, 0);
            foreach (string fragment in new[] { "{\"at\"", ":\"sky", "\"}" })
                yield return Chunk(Tool(new JsonObject { ["arguments"] = fragment }, isFirst: false), null, 0);
        }
        else
        {
            for (int i = 0; i < _words.Count; i++)
                yield return Chunk(new JsonObject { ["content"] = _words[i] }, null, i + 1);
        }

        yield return Chunk(new JsonObject(), _script.Tools ? "tool_calls" : "stop", _words.Count);
        if (_script.Usage == "last")
        {
            JsonObject last = Head(_words.Count);
            last["choices"] = new JsonArray();
            last["usage"] = Usage(_words.Count);
            yield return last.ToJsonString(Plain);
        }

        if (!_script.Undone)
            yield return "[DONE]";
    }

    private static JsonObject Tool(JsonObject function, bool isFirst)
    {
        JsonObject call = new() { ["index"] = 0, ["function"] = function };
        if (isFirst)
        {
            call["id"] = "call_1";
            call["type"] = "function";
        }

        return new JsonObject { ["tool_calls"] = new JsonArray(call) };
    }

    private string Chunk(JsonObject delta, string? finish, int words)
    {
        JsonObject chunk = Head(words);
        chunk["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = finish });
        return chunk.ToJsonString(Plain);
    }

    private JsonObject Head(int words)
    {
        JsonObject head = new() { ["id"] = _id, ["object"] = "chat.completion.chunk", ["created"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds(), ["model"] = _model };
        if (_script.Usage == "each")
            head["usage"] = Usage(words);
        return head;
    }

    private JsonObject Usage(int words)
    {
        JsonObject usage = new() { ["prompt_tokens"] = _promptTokens, ["completion_tokens"] = words, ["total_tokens"] = _promptTokens + words };
        if (_script.Cache > 0)
        {
            usage["prompt_cache_hit_tokens"] = _script.Cache;
            usage["prompt_cache_miss_tokens"] = _promptTokens - _script.Cache;
        }

        return usage;
    }

    private string Thoughts() => string.Concat(Enumerable.Repeat("hm ", _script.Reasoning));

    private async Task WriteAsync(HttpContext context, StringBuilder text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
        text.Clear();
        int piece = _script.Cut > 0 ? _script.Cut : Math.Max(1, bytes.Length);
        for (int at = 0; at < bytes.Length; at += piece)
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(at, Math.Min(piece, bytes.Length - at)), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }
}
