using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using KestrelServerOptions = Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions;

namespace Init.Backup.Tests.Harness;

/// <param name="RequestBytes">That arrived.</param>
public sealed record GitRequest(string Method, string PathAndQuery, string? Authorization, long RequestBytes);

/// <summary>Real git over real HTTP, on loopback: <c>git http-backend</c>, credentials required, and <see cref="GitFault"/>s on command.</summary>
public sealed class GitServer : IAsyncDisposable
{
    public const string User = "someone";
    public const string Token = "ghp_TestTokenThatMustNeverBeSeenAnywhere01";

    private readonly WebApplication _server;
    private readonly string _directory;
    private readonly ConcurrentQueue<GitRequest> _requests = new();
    private volatile IReadOnlyList<GitFault> _faults = [];
    private int _writes;
    private int _requestsLeft = int.MaxValue;

    private GitServer(string directory, int port, X509Certificate2? certificate)
    {
        _directory = directory;
        Port = port;
        Scheme = certificate is null ? "http" : "https";
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            Listen(kestrel, port, certificate);
        });
        _server = builder.Build();
        _server.Run(AnswerAsync);
    }

    public int Port { get; }

    public string Scheme { get; }

    public string Host => $"127.0.0.1:{Port}";

    /// <summary>Everything that was asked for, in order of arrival.</summary>
    public IReadOnlyCollection<GitRequest> Requests => _requests;

    /// <summary>Requests that were given to git to change something, whether it did or not.</summary>
    public int Writes => _writes;

    /// <summary>Whether the network is there at all: false cuts every connection at its first byte.</summary>
    public bool IsReachable { get; set; } = true;

    /// <summary>Whether a request was cut since <see cref="CutAfter"/>.</summary>
    public bool HasCut => Volatile.Read(ref _requestsLeft) < 0;

    /// <summary>Asked first; true: it has answered. For everything that is not git: the API of GitHub.</summary>
    public Func<HttpContext, Task<bool>>? Other { get; set; }

    /// <param name="directory">The repositories' parent; made when missing.</param>
    /// <param name="certificate">Null: plain HTTP.</param>
    public static async Task<GitServer> StartAsync(string directory, X509Certificate2? certificate = null)
    {
        Directory.CreateDirectory(directory);
        using TcpListener probe = new(IPAddress.Loopback, 0);
        probe.Start();
        int port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        GitServer server = new(directory, port, certificate);
        await server._server.StartAsync();
        return server;
    }

    public string UrlOf(string repository) => $"{Scheme}://{Host}/{repository}";

    public string PathOf(string repository) => Path.Combine(_directory, repository);

    /// <summary>An empty repository.</summary>
    /// <param name="repository">"owner/name.git".</param>
    /// <param name="objectBytesMax">As GitHub has it, 100 MB.</param>
    public string CreateRepository(string repository, long objectBytesMax = 100_000_000)
    {
        string path = PathOf(repository);
        Run("git", "init", "--quiet", "--bare", "--initial-branch=main", path);
        foreach (string setting in new[] { "http.receivepack", "uploadpack.allowFilter", "receive.fsckObjects" })
            Run("git", $"--git-dir={path}", "config", setting, "true");
        string hook = Path.Combine(path, "hooks", "pre-receive");
        Directory.CreateDirectory(Path.GetDirectoryName(hook)!);
        File.WriteAllText(hook, GitHubHook.Text(objectBytesMax));
        Run("chmod", "755", hook);
        return path;
    }

    /// <summary>From now on, instead of the faults before. The first one that fits a request is for it.</summary>
    public void Misbehave(params GitFault[] faults)
    {
        foreach (GitFault fault in _faults)
            fault.Release();
        _faults = faults;
    }

    /// <summary>The network goes away after so many requests, until this is called again; null: it stays.</summary>
    public void CutAfter(int? requests) => Volatile.Write(ref _requestsLeft, requests ?? int.MaxValue);

    public async ValueTask DisposeAsync()
    {
        Misbehave();
        using CancellationTokenSource atOnce = new(TimeSpan.FromMilliseconds(100));
        await _server.StopAsync(atOnce.Token);
        await _server.DisposeAsync();
    }

    internal static void Listen(KestrelServerOptions kestrel, int port, X509Certificate2? certificate) => kestrel.Listen(IPAddress.Loopback, port, listen =>
    {
        if (certificate is not null)
            listen.UseHttps(certificate);
    });

    /// <returns>False: the network is not there for this request.</returns>
    internal bool TakeRequest() => IsReachable && Interlocked.Decrement(ref _requestsLeft) >= 0;

    private static void Run(string program, params string[] arguments)
    {
        using Process git = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false })!;
        git.WaitForExit();
        if (git.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: exit code {git.ExitCode}");
    }

    private static bool IsKnown(string? authorization) =>
        authorization == "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Token}")) || authorization is $"Bearer {Token}" or $"token {Token}";

    private async Task AnswerAsync(HttpContext context)
    {
        if (!TakeRequest())
        {
            context.Abort();
            return;
        }

        string asked = context.Request.Path + context.Request.QueryString;
        string? authorization = context.Request.Headers.Authorization;
        CountedBody body = new(context.Request.Body);
        GitFault? fault = _faults.FirstOrDefault(fault => fault.TryTake(asked));
        try
        {
            if (fault is { Status: { } status })
                await RefuseAsync(context, fault, status);
            else if (Other is null || !await Other(context))
                await AnswerWithGitAsync(context, authorization, body, fault);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or BadHttpRequestException)
        {
            context.Abort(); // The client has gone, or we are ending.
        }
        finally
        {
            _requests.Enqueue(new GitRequest(context.Request.Method, asked, authorization, body.Count));
        }
    }

    private static async Task RefuseAsync(HttpContext context, GitFault fault, int status)
    {
        fault.Show();
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain";
        foreach (var (name, value) in fault.Headers)
            context.Response.Headers[name] = value;
        await context.Response.WriteAsync(fault.Body);
    }

    private async Task AnswerWithGitAsync(HttpContext context, string? authorization, CountedBody body, GitFault? fault)
    {
        if (!IsKnown(authorization))
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"GitHub\"";
            return;
        }

        if (context.Request.Method == "POST" && context.Request.Path.Value!.EndsWith("/git-receive-pack", StringComparison.Ordinal))
            Interlocked.Increment(ref _writes);
        using Process git = StartBackend(context.Request);
        try
        {
            Task input = SendRequestAsync(context, body, git, fault);
            await SendAnswerAsync(context, git, fault);
            await input;
        }
        finally
        {
            git.StandardOutput.Close(); // Git that still writes to us ends by it; one that is in the middle of a change is left to it.
        }
    }

    private Process StartBackend(HttpRequest request)
    {
        ProcessStartInfo start = new("git", ["http-backend"]) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        string path = Environment.GetEnvironmentVariable("PATH")!;
        start.Environment.Clear();
        (string, string)[] variables =
        [
            ("PATH", path), ("GIT_PROJECT_ROOT", _directory), ("GIT_HTTP_EXPORT_ALL", "1"), ("GIT_CONFIG_NOSYSTEM", "1"), ("HOME", _directory),
            ("REQUEST_METHOD", request.Method), ("PATH_INFO", request.Path.Value!), ("QUERY_STRING", request.QueryString.Value!.TrimStart('?')), ("REMOTE_USER", User),
            ("REMOTE_ADDR", "127.0.0.1"), ("CONTENT_TYPE", request.ContentType ?? ""), ("HTTP_CONTENT_ENCODING", request.Headers.ContentEncoding.ToString()),
            ("GIT_PROTOCOL", request.Headers["Git-Protocol"].ToString()),
        ];
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        // No CONTENT_LENGTH: what it says is waited for by git http-backend in a loop without pause when less comes (2.39); without it the end of its input is the end.
        return Process.Start(start)!;
    }

    private static async Task SendRequestAsync(HttpContext context, CountedBody body, Process git, GitFault? fault)
    {
        try
        {
            await CopyAsync(body, git.StandardInput.BaseStream, fault?.HangRequestAt, fault?.CutRequestAt, 0, fault, context);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            context.Abort();
        }
        finally
        {
            git.StandardInput.Close();
        }
    }

    private static async Task SendAnswerAsync(HttpContext context, Process git, GitFault? fault)
    {
        Stream output = git.StandardOutput.BaseStream;
        while (await ReadLineAsync(output) is { Length: > 0 } line)
        {
            string[] header = line.Split(": ", 2);
            if (header[0] == "Status")
                context.Response.StatusCode = int.Parse(header[1].Split(' ')[0]);
            else
                context.Response.Headers[header[0]] = header[1];
        }

        if (fault?.CutAnswerAt == 0)
        {
            await git.WaitForExitAsync(); // It does what it was asked to, and nobody hears of it.
            fault.Show();
            context.Abort();
            return;
        }

        context.Features.Get<IHttpResponseBodyFeature>()!.DisableBuffering();
        await CopyAsync(output, context.Response.Body, fault?.HangAnswerAt, fault?.CutAnswerAt, fault?.BytesPerSecond ?? 0, fault, context);
    }

    private static async Task CopyAsync(Stream from, Stream to, long? hangAt, long? cutAt, int bytesPerSecond, GitFault? fault, HttpContext context)
    {
        byte[] buffer = new byte[64 * 1024];
        long total = 0;
        while (true)
        {
            if (hangAt <= total)
                await fault!.HangAsync(context.RequestAborted);
            if (cutAt <= total)
            {
                fault!.Show();
                throw new IOException("cut, as was asked for");
            }

            long most = Math.Min(buffer.Length, Math.Min(hangAt > total ? hangAt.Value - total : long.MaxValue, cutAt > total ? cutAt.Value - total : long.MaxValue));
            if (bytesPerSecond > 0)
            {
                most = Math.Min(most, Math.Max(1, bytesPerSecond / 20));
                fault!.Show();
                await Task.Delay(50, context.RequestAborted);
            }

            int count = await from.ReadAsync(buffer.AsMemory(0, (int)most), context.RequestAborted);
            if (count == 0)
                return;
            await to.WriteAsync(buffer.AsMemory(0, count), context.RequestAborted);
            await to.FlushAsync(context.RequestAborted);
            total += count;
        }
    }

    private static async Task<string?> ReadLineAsync(Stream stream)
    {
        List<byte> line = [];
        byte[] one = new byte[1];
        while (await stream.ReadAsync(one) == 1)
        {
            if (one[0] == '\n')
                return Encoding.ASCII.GetString([.. line]).TrimEnd('\r');
            line.Add(one[0]);
        }

        return null;
    }

    /// <summary>Counts what is read of a request.</summary>
    private sealed class CountedBody(Stream inner) : Stream
    {
        public long Count { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int count = await inner.ReadAsync(buffer, cancellationToken);
            Count += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
