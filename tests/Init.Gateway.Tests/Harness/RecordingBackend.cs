using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;

namespace Init.Gateway.Tests.Harness;

/// <summary>A backend that keeps each request byte for byte, and answers what the test says. It speaks no more HTTP than that.</summary>
internal sealed class RecordingBackend : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Func<BackendRequest, Task> _answer;
    private readonly Task _accepting;

    /// <param name="answer">May wait for ever: it is given up when the backend is disposed of.</param>
    public RecordingBackend(Func<BackendRequest, Task>? answer = null)
    {
        _answer = answer ?? (request => request.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public ConcurrentQueue<BackendRequest> Requests { get; } = new();

    public string Url => $"http://{_listener.LocalEndpoint}";

    public BackendRequest Last => Requests.Last();

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> serving = [];
        try
        {
            while (true)
                serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token)));
        }
        catch (Exception) when (_end.IsCancellationRequested)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using TcpClient owned = client;
        using CancellationTokenRegistration closing = _end.Token.Register(client.Close);
        NetworkStream stream = client.GetStream();
        try
        {
            while (await ReadHeadAsync(stream) is { } head)
            {
                BackendRequest request = new(head, stream);
                Requests.Enqueue(request);
                await _answer(request).WaitAsync(_end.Token);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or SocketException or WebSocketException or OperationCanceledException)
        {
            // The gateway has hung up, or the test is over.
        }
    }

    private static async Task<string?> ReadHeadAsync(NetworkStream stream)
    {
        StringBuilder head = new();
        byte[] one = new byte[1];
        while (await stream.ReadAsync(one) == 1)
        {
            head.Append((char)one[0]);
            if (head.Length >= 4 && head.ToString(head.Length - 4, 4) == "\r\n\r\n")
                return head.ToString();
        }

        return null;
    }
}

/// <param name="Head">Request line and headers, bytes as characters.</param>
/// <param name="Stream">For the body and the answer.</param>
internal sealed record BackendRequest(string Head, NetworkStream Stream)
{
    public string Line => Head[..Head.IndexOf("\r\n", StringComparison.Ordinal)];

    /// <summary>The value; null when it is not there. Fails when it is there twice.</summary>
    public string? Header(string name) =>
        Head.Split("\r\n").Skip(1).Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(line => line[(name.Length + 1)..].Trim()).SingleOrDefault();

    public Task SendAsync(string text) => Stream.WriteAsync(Encoding.Latin1.GetBytes(text)).AsTask();
}
