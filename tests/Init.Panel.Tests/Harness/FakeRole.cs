using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Init.Panel.Tests.Harness;

/// <summary>A backup's role on a socket, which answers what the test says: lines of docs/reference/backup.md#its-socket without an id.</summary>
internal sealed class FakeRole : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _end = new();
    private readonly List<JsonElement> _requests = [];
    private readonly Func<JsonElement, IEnumerable<string>> _answer;
    private readonly string _path;

    /// <param name="path">Of the socket.</param>
    /// <param name="answer">Called for each request; "wait" as a line keeps the connection open until the role ends.</param>
    public FakeRole(string path, Func<JsonElement, IEnumerable<string>> answer)
    {
        _path = path;
        _answer = answer;
        File.Delete(path);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        _ = Task.Run(ServeAsync);
    }

    public IReadOnlyList<JsonElement> Requests
    {
        get
        {
            lock (_requests)
                return [.. _requests];
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        File.Delete(_path);
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptAsync(_end.Token);
                _ = Task.Run(() => ServeAsync(client));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The role has ended.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using NetworkStream stream = new(client, ownsSocket: true);
        using StreamReader lines = new(stream, Encoding.UTF8);
        try
        {
            while (await lines.ReadLineAsync(_end.Token) is { } line)
            {
                JsonElement request = JsonDocument.Parse(line).RootElement;
                lock (_requests)
                    _requests.Add(request);
                foreach (string reply in _answer(request))
                {
                    if (reply == "wait")
                        await Task.Delay(Timeout.Infinite, _end.Token);
                    await stream.WriteAsync(Encoding.UTF8.GetBytes(reply + "\n"));
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The role has ended, or the client has gone.
        }
    }
}
