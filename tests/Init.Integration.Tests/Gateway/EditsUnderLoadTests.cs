using System.Net;
using System.Net.Sockets;
using System.Text;
using Init.Integration.Tests.Harness;

namespace Init.Integration.Tests.Gateway;

/// <summary>An edit closes nothing that is under way: neither a WebSocket nor an event stream, however many there are and however often it happens.</summary>
public sealed class EditsUnderLoadTests
{
    private const int Sockets = 1000, Streams = 100, Edits = 1000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [RootFact]
    public async Task AThousandEdits_CloseNoneOfAThousandWebSocketsAndAHundredEventStreams()
    {
        await using PeerBackend backend = new();
        int port = FreePorts.Take(1)[0];
        string rules = Document(backend.Port, 0);
        using InitUnderTest init = GatewayFixture.Start(
            "",
            $"""
            [gateway.proxy]
            listen = ["127.0.0.1:{port}"]
            rules = "routes.json"
            """,
            new InitOptions { Files = new Dictionary<string, string> { ["routes.json"] = rules.Insert(1, "\"version\":1,\"revision\":1,") } });
        _ = init.WaitForLine($"listens on http://127.0.0.1:{port}");
        using RulesClient client = new(init);
        using CancellationTokenSource patience = new(Patience);
        List<Peer> sockets = [], streams = [];
        try
        {
            for (int i = 0; i < Sockets; i++)
                sockets.Add(await Peer.ConnectAsync(port, "GET /api/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", "HTTP/1.1 101 ", patience.Token));
            for (int i = 0; i < Streams; i++)
                streams.Add(await Peer.ConnectAsync(port, "GET /api/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n", "HTTP/1.1 200 ", patience.Token));

            using CancellationTokenSource enough = new();
            Task<int> talking = TalkAsync(sockets, enough.Token, patience.Token);
            Task<int>[] listening = [.. streams.Select(stream => stream.CountAsync("data: ", enough.Token, patience.Token))];
            for (int i = 1; i <= Edits; i++)
            {
                // The rule they came by changes its backend, is switched off, and goes away and comes back, with the default backend.
                var (status, body) = await ((i % 4) switch
                {
                    1 => client.AskAsync("PATCH", "routes/rules/api", """{"backend":"http://127.0.0.1:1"}"""),
                    2 => client.AskAsync("PATCH", "routes/rules/api", """{"enabled":false}"""),
                    3 => client.AskAsync("DELETE", "routes/rules/api"),
                    _ => client.AskAsync("PUT", "routes", Document(backend.Port, i)),
                });
                Assert.True(status == HttpStatusCode.OK, $"edit {i}: {body}");
            }

            await enough.CancelAsync();
            int messages = await talking;
            int[] events = await Task.WhenAll(listening);

            // Each of them is still there, and still answered.
            Assert.True(messages > 0 && events.All(count => count > 0), $"{messages} messages, {events.Min()} events");
            foreach (Peer socket in sockets)
                await socket.SendAndExpectAsync("after", patience.Token);
            foreach (Peer stream in streams)
                await stream.ReadUntilAsync("data: ", patience.Token);
            Assert.Equal((Sockets, Streams), (backend.SocketsOpen, backend.StreamsOpen));
            Assert.Equal(Edits + 1, (int)(await client.AskAsync("GET", "routes")).Body["revision"]!);
        }
        finally
        {
            foreach (Peer peer in sockets.Concat(streams))
                peer.Dispose();
        }

        init.EndInOrder();
    }

    private static string Document(int backend, int edit) =>
        $$"""{"default_backend":"http://127.0.0.1:{{1 + (edit % 9)}}","rules":[{"id":"api","match":{"path_prefix":"/api/"},"backend":"http://127.0.0.1:{{backend}}"},{"id":"other-{{edit}}"}]}""";

    /// <returns>How many messages came back, over all of them, one after another and again.</returns>
    private static async Task<int> TalkAsync(List<Peer> sockets, CancellationToken enough, CancellationToken patience)
    {
        int count = 0;
        while (!enough.IsCancellationRequested)
        {
            await sockets[count % sockets.Count].SendAndExpectAsync($"message {count}", patience);
            count++;
        }

        return count;
    }

    /// <summary>A client on a connection of its own. Frames have a length of one byte and are masked with zeros.</summary>
    private sealed class Peer(Socket socket) : IDisposable
    {
        private readonly StringBuilder _received = new();
        private readonly byte[] _buffer = new byte[4096];

        public static async Task<Peer> ConnectAsync(int port, string request, string expected, CancellationToken patience)
        {
            Peer peer = new(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
            await peer.ConnectAsync(port, patience);
            await peer.SendAsync(Encoding.ASCII.GetBytes(request), patience);
            string head = await peer.ReadUntilAsync("\r\n\r\n", patience);
            Assert.StartsWith(expected, head, StringComparison.Ordinal);
            return peer;
        }

        public async Task SendAndExpectAsync(string text, CancellationToken patience)
        {
            await SendAsync([0x81, (byte)(0x80 | text.Length), 0, 0, 0, 0, .. Encoding.ASCII.GetBytes(text)], patience);
            await ReadUntilAsync(text, patience);
        }

        public async Task<int> CountAsync(string part, CancellationToken enough, CancellationToken patience)
        {
            int count = 0;
            for (; !enough.IsCancellationRequested; count++)
                await ReadUntilAsync(part, patience);
            return count;
        }

        /// <summary>Fails when the connection is closed first.</summary>
        public async Task<string> ReadUntilAsync(string part, CancellationToken patience)
        {
            int at;
            while ((at = _received.ToString().IndexOf(part, StringComparison.Ordinal)) < 0)
            {
                int count = await socket.ReceiveAsync(_buffer, patience);
                Assert.True(count > 0, $"the connection was closed before \"{part}\" came");
                _received.Append(Encoding.Latin1.GetString(_buffer, 0, count));
            }

            string read = _received.ToString(0, at + part.Length);
            _received.Remove(0, at + part.Length);
            return read;
        }

        public void Dispose() => socket.Dispose();

        private async Task ConnectAsync(int port, CancellationToken patience) => await socket.ConnectAsync(IPAddress.Loopback, port, patience);

        private async Task SendAsync(byte[] bytes, CancellationToken patience) => Assert.Equal(bytes.Length, await socket.SendAsync(bytes, patience));
    }

    /// <summary>Answers what wants a WebSocket by sending back each message, and anything else by an event every 50 ms.</summary>
    private sealed class PeerBackend : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _end = new();
        private readonly Task _accepting;
        private int _socketsOpen, _streamsOpen;

        public PeerBackend()
        {
            _listener.Start(backlog: 1000);
            _accepting = AcceptAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public int SocketsOpen => Volatile.Read(ref _socketsOpen);

        public int StreamsOpen => Volatile.Read(ref _streamsOpen);

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
                    serving.Add(ServeAsync(await _listener.AcceptSocketAsync(_end.Token)));
            }
            catch (Exception) when (_end.IsCancellationRequested)
            {
                await Task.WhenAll(serving);
            }
        }

        private async Task ServeAsync(Socket socket)
        {
            using Socket owned = socket;
            byte[] buffer = new byte[4096];
            try
            {
                StringBuilder head = new();
                while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
                    head.Append(Encoding.Latin1.GetString(buffer, 0, await ReceiveAsync(socket, buffer)));

                if (head.ToString().Contains("websocket", StringComparison.Ordinal))
                    await EchoAsync(socket, buffer);
                else
                    await StreamAsync(socket);
            }
            catch (Exception exception) when (exception is SocketException or EndOfStreamException or OperationCanceledException)
            {
                // The gateway has hung up, or the test is over.
            }
        }

        private async Task EchoAsync(Socket socket, byte[] buffer)
        {
            await socket.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"u8.ToArray(), _end.Token);
            Interlocked.Increment(ref _socketsOpen);
            try
            {
                while (true)
                {
                    int count = await ReceiveAsync(socket, buffer);
                    await socket.SendAsync(buffer.AsMemory(0, count), _end.Token);
                }
            }
            finally
            {
                Interlocked.Decrement(ref _socketsOpen);
            }
        }

        private async Task StreamAsync(Socket socket)
        {
            await socket.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"u8.ToArray(), _end.Token);
            Interlocked.Increment(ref _streamsOpen);
            try
            {
                while (true)
                {
                    await socket.SendAsync("data: tick\n\n"u8.ToArray(), _end.Token);
                    await Task.Delay(TimeSpan.FromMilliseconds(50), _end.Token);
                }
            }
            finally
            {
                Interlocked.Decrement(ref _streamsOpen);
            }
        }

        private async Task<int> ReceiveAsync(Socket socket, byte[] buffer)
        {
            int count = await socket.ReceiveAsync(buffer, _end.Token);
            return count > 0 ? count : throw new EndOfStreamException();
        }
    }
}
