using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Init.Integration.Tests.Harness;
using Xunit.Abstractions;

namespace Init.Integration.Tests.Gateway;

/// <summary>The public port of the published binary beside Debian's nginx, with the same raw requests, in front of the same kind of server that keeps what it gets.</summary>
public sealed class SmugglingTests(ITestOutputHelper output)
{
    /// <summary>A busy machine may take its time for the first answer; after this much silence behind it no further one is waited for.</summary>
    private const int FirstMilliseconds = 5000, QuietMilliseconds = 700;

    [RootFact]
    public async Task Backends_SeeOneWholeRequestForEachThatIsAccepted_AndWhatNginxShowsThem()
    {
        using Recorder behindOurs = new(), behindNginx = new();
        int[] ports = FreePorts.Take(2);
        using InitUnderTest init = GatewayFixture.Start(
            """
            [program.nginx]
            command = ["nginx", "-c", "${DIR}/nginx.conf", "-p", "${DIR}"]
            """,
            $"""
            [gateway.proxy]
            listen = ["127.0.0.1:{ports[0]}"]
            rules = "routes.json"
            """,
            new InitOptions
            {
                Files = new Dictionary<string, string>
                {
                    ["routes.json"] = $$"""{"default_backend":"http://127.0.0.1:{{behindOurs.Port}}","rules":[]}""",
                    ["nginx.conf"] = NginxConf(ports[1], behindNginx.Port),
                },
            });
        init.WaitUntil(() => Listens(ports[0]) && Listens(ports[1]), "both proxies");
        List<string> problems = [];
        foreach (var (name, request, difference) in SmugglingCorpus.Requests)
        {
            string[] seen = await Task.WhenAll(SeenAsync(ports[0], request, behindOurs), SeenAsync(ports[1], request, behindNginx));
            output.WriteLine($"{name}: ours {seen[0]}; nginx {seen[1]}");
            if (seen[0].Contains("BROKEN INVARIANT", StringComparison.Ordinal))
                problems.Add($"{name}: {seen[0]}");
            if (seen[0] == seen[1] != difference is null)
                problems.Add($"{name}: ours {seen[0]}; nginx {seen[1]}; listed: {difference ?? "no difference"}");
        }

        Assert.Equal("", string.Join('\n', problems));
        init.EndInOrder();
    }

    private static async Task<string> SeenAsync(int port, string request, Recorder recorder)
    {
        recorder.Requests.Clear();
        List<string> statuses = await AskAsync(port, request);
        string[] whole = [.. recorder.Requests];
        bool isKept = whole.Length == statuses.Count(status => status == "200") && !whole.Any(seen => seen.Contains("ambiguous", StringComparison.Ordinal));
        return $"[{string.Join(' ', statuses)}] {string.Join(" | ", whole)}{(isKept ? "" : " BROKEN INVARIANT")}";
    }

    /// <summary>The status of each answer.</summary>
    private static async Task<List<string>> AskAsync(int port, string request)
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        await socket.SendAsync(Encoding.Latin1.GetBytes(request));
        StringBuilder all = new();
        byte[] buffer = new byte[65536];
        try
        {
            while (true)
            {
                using CancellationTokenSource quiet = new(all.Length == 0 ? FirstMilliseconds : QuietMilliseconds);
                int count = await socket.ReceiveAsync(buffer, quiet.Token);
                if (count == 0)
                    break;

                all.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // It has said all that it has to say.
        }

        return [.. all.ToString().Split("HTTP/1.1 ").Skip(1).Select(answer => answer[..3])];
    }

    private static bool Listens(int port)
    {
        try
        {
            using TcpClient client = new("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string NginxConf(int port, int backend) => $$"""
        daemon off;
        worker_processes 1;
        pid nginx.pid;
        error_log stderr;
        events {}
        http {
          access_log off;
          client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
          server {
            listen 127.0.0.1:{{port}};
            location / {
              proxy_pass http://127.0.0.1:{{backend}};
              proxy_http_version 1.1;
              proxy_set_header Connection "";
              proxy_set_header Host $http_host;
              proxy_request_buffering off;
            }
          }
        }

        """;

    /// <summary>Reads requests as strictly as can be, answers each that is whole, and keeps what made it up: line, framing, Host, body.</summary>
    private sealed class Recorder : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public Recorder()
        {
            _listener.Start();
            _ = AcceptAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public ConcurrentQueue<string> Requests { get; } = new();

        public void Dispose() => _listener.Dispose();

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                    _ = ServeAsync(await _listener.AcceptTcpClientAsync());
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // The end.
            }
        }

        private async Task ServeAsync(TcpClient client)
        {
            using TcpClient owned = client;
            NetworkStream stream = client.GetStream();
            try
            {
                while (await ReadUntilAsync(stream, "\r\n\r\n") is { } head)
                {
                    string[] lines = head.TrimEnd().Split("\r\n");
                    string[] lengths = Values(lines, "Content-Length"), codings = Values(lines, "Transfer-Encoding");
                    bool isAmbiguous = lengths.Length + codings.Length > 1 || lines.Skip(1).Any(line => line.Length == 0 || line[0] is ' ' or '\t' || line.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0);
                    string? body = codings.Length > 0 ? await ReadChunksAsync(stream) : await ReadExactlyAsync(stream, lengths.Length > 0 ? int.Parse(lengths[0], NumberStyles.None, CultureInfo.InvariantCulture) : 0);
                    if (body is null)
                        return; // It was broken off, and so is no request.

                    Requests.Enqueue($"{lines[0]} {(codings.Length > 0 ? "chunked" : lengths.Length > 0 ? "length" : "none")} host {string.Join(',', Values(lines, "Host"))} body \"{body}\"{(isAmbiguous ? " ambiguous" : "")}");
                    await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray());
                }
            }
            catch (Exception exception) when (exception is IOException or FormatException or ObjectDisposedException)
            {
                // Given up.
            }
        }

        private static string[] Values(string[] lines, string name) =>
            [.. lines.Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(line => line[(name.Length + 1)..].Trim())];

        private static async Task<string?> ReadChunksAsync(NetworkStream stream)
        {
            StringBuilder body = new();
            while (await ReadUntilAsync(stream, "\r\n") is { } line)
            {
                int size = int.Parse(line.TrimEnd(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                if (await ReadExactlyAsync(stream, size + 2) is not { } chunk)
                    return null;
                if (size == 0)
                    return body.ToString();

                body.Append(chunk, 0, size);
            }

            return null;
        }

        private static async Task<string?> ReadExactlyAsync(NetworkStream stream, int count)
        {
            byte[] bytes = new byte[count];
            return await stream.ReadAtLeastAsync(bytes, count, throwOnEndOfStream: false) == count ? Encoding.Latin1.GetString(bytes) : null;
        }

        private static async Task<string?> ReadUntilAsync(NetworkStream stream, string end)
        {
            StringBuilder text = new();
            byte[] one = new byte[1];
            while (await stream.ReadAsync(one) == 1)
            {
                text.Append((char)one[0]);
                if (text.Length >= end.Length && text.ToString(text.Length - end.Length, end.Length) == end)
                    return text.ToString();
            }

            return null;
        }
    }
}
