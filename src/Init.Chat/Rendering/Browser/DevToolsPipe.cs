using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;

namespace Init.Chat.Rendering.Browser;

/// <summary>Chromium's DevTools protocol over two pipes: JSON with a NUL behind each message. Calls may be made at the same time.</summary>
/// <param name="toBrowser">Its descriptor 3.</param>
/// <param name="fromBrowser">Its descriptor 4.</param>
internal sealed class DevToolsPipe(Stream toBrowser, Stream fromBrowser) : IDisposable
{
    private const int BufferUsual = 64 << 10;

    /// <summary>The picture comes in one message, in base64.</summary>
    private const int MessageBytesMax = 192 << 20;

    private readonly ConcurrentDictionary<int, (TaskCompletionSource<JsonElement> Answer, string? Session)> _open = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private volatile Exception? _ended;
    private int _lastId;

    /// <exception cref="DevToolsException">The browser refused, or has gone.</exception>
    public async Task<JsonElement> CallAsync(string method, string? session, Action<Utf8JsonWriter>? parameters, CancellationToken cancellation)
    {
        int id = Interlocked.Increment(ref _lastId);
        TaskCompletionSource<JsonElement> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _open[id] = (answer, session);
        try
        {
            if (_ended is { } ended)
                throw new DevToolsException("the browser has ended", ended);
            await SendAsync(id, method, session, parameters, cancellation);
            return await answer.Task.WaitAsync(cancellation);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            throw new DevToolsException("the browser has ended", exception);
        }
        finally
        {
            _open.TryRemove(id, out _);
        }
    }

    /// <summary>Reads until the browser has gone. Never faults.</summary>
    public async Task ReadAsync()
    {
        byte[] buffer = new byte[BufferUsual];
        int filled = 0;
        try
        {
            while (true)
            {
                int count = await fromBrowser.ReadAsync(buffer.AsMemory(filled));
                if (count == 0)
                    throw new EndOfStreamException("the pipe has ended");

                int begin = 0, searched = filled;
                filled += count;
                int length;
                while ((length = buffer.AsSpan(searched, filled - searched).IndexOf((byte)0)) >= 0)
                {
                    int end = searched + length;
                    await TakeAsync(buffer.AsMemory(begin..end));
                    begin = searched = end + 1;
                }

                buffer.AsSpan(begin, filled - begin).CopyTo(buffer);
                filled -= begin;
                Fit(ref buffer, filled);
            }
        }
        catch (Exception exception) when (exception is IOException or JsonException or ObjectDisposedException or InvalidOperationException or DevToolsException)
        {
            _ended = exception;
            Fail(session: null, exception);
        }
    }

    public void Dispose() => _writing.Dispose();

    // A picture makes it large once; it is not kept so.
    private static void Fit(ref byte[] buffer, int filled)
    {
        int size = filled == buffer.Length ? buffer.Length * 2 : filled == 0 ? BufferUsual : buffer.Length;
        if (size > MessageBytesMax)
            throw new DevToolsException("a message of the browser is too long");
        if (size != buffer.Length)
            Array.Resize(ref buffer, size);
    }

    private async Task SendAsync(int id, string method, string? session, Action<Utf8JsonWriter>? parameters, CancellationToken cancellation)
    {
        ArrayBufferWriter<byte> message = new();
        using (Utf8JsonWriter json = new(message))
        {
            json.WriteStartObject();
            json.WriteNumber("id", id);
            json.WriteString("method", method);
            if (session is not null)
                json.WriteString("sessionId", session);
            json.WriteStartObject("params");
            parameters?.Invoke(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        message.Write<byte>([0]);

        // Half a message would spoil all that follow: once begun it is written to its end.
        await _writing.WaitAsync(cancellation);
        try
        {
            await toBrowser.WriteAsync(message.WrittenMemory, CancellationToken.None);
            await toBrowser.FlushAsync(CancellationToken.None);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task TakeAsync(ReadOnlyMemory<byte> message)
    {
        using var document = JsonDocument.Parse(message);
        JsonElement root = document.RootElement;
        string? session = root.TryGetProperty("sessionId", out JsonElement owner) ? owner.GetString() : null;
        if (root.TryGetProperty("id", out JsonElement id))
        {
            if (!_open.TryGetValue(id.GetInt32(), out (TaskCompletionSource<JsonElement> Answer, string? Session) open))
                return;
            if (root.TryGetProperty("error", out JsonElement error))
                open.Answer.TrySetException(new DevToolsException(error.TryGetProperty("message", out JsonElement text) ? text.GetString() ?? "" : "it was refused"));
            else
                open.Answer.TrySetResult(root.GetProperty("result").Clone());
            return;
        }

        switch (root.TryGetProperty("method", out JsonElement method) ? method.GetString() : null)
        {
            case "Fetch.requestPaused":
                // Nothing of a page is to be fetched, whatever asks for it.
                string request = root.GetProperty("params").GetProperty("requestId").GetString() ?? "";
                await SendAsync(Interlocked.Increment(ref _lastId), "Fetch.failRequest", session, json =>
                {
                    json.WriteString("requestId", request);
                    json.WriteString("errorReason", "AccessDenied");
                }, CancellationToken.None);
                return;
            case "Inspector.targetCrashed":
                Fail(session, new DevToolsException("the page has crashed the browser, or needs more memory than there is"));
                return;
        }
    }

    private void Fail(string? session, Exception why)
    {
        foreach ((TaskCompletionSource<JsonElement> answer, string? owner) in _open.Values)
        {
            if (session is null || owner == session)
                answer.TrySetException(why as DevToolsException ?? new DevToolsException("the browser has ended", why));
        }
    }
}

internal sealed class DevToolsException(string message, Exception? inner = null) : Exception(message, inner);
