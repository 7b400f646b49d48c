using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Init.Backup.Store;

namespace Init.Backup.Remote;

/// <summary>What git said when it had talked to a remote.</summary>
/// <param name="Errors">Its standard error without progress; secrets are taken out.</param>
/// <param name="Response">The last answer over HTTP; null: there was none.</param>
/// <param name="SilentFor">Set: it was ended because nothing more came.</param>
internal sealed record NetworkAnswer(int ExitCode, string Output, IReadOnlyList<string> Errors, HttpHead? Response, TimeSpan? SilentFor);

/// <summary>Of an answer over HTTP, what decides.</summary>
internal sealed record HttpHead(int Status)
{
    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);
}

/// <summary>
/// Runs the git commands that talk to a remote. The token is in the environment of that git and nowhere else, and bound to the remote's host: redirects are not followed,
/// because git would send the same header to wherever they lead. Git's trace of HTTP (without content; it blots out credentials by itself) tells the status and the headers
/// which its messages do not.
/// </summary>
internal sealed partial class NetworkGit(string repository, RemoteAddress address, string? shallowFile = null)
{
    private const int LinesMax = 500;
    private const int LineCharactersMax = 2000;

    /// <summary>How a network that is not open to the world is reached, and whose certificates it trusts.</summary>
    private static readonly string[] PassedOn =
    [
        "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE",
    ];

    private readonly string[] _secrets = SecretsOf(address);

    /// <summary>Git in another repository than the store.</summary>
    public NetworkGit In(string other) => new(other, address);

    /// <summary>The same, with another list of commits whose parents are missing.</summary>
    public NetworkGit WithShallowFile(string path) => new(repository, address, path);

    /// <param name="arguments">The command, as git has it, without the remote's URL: "{remote}" stands for it, "{remote-url}" where a path does not do.</param>
    /// <param name="silence">How long nothing may come from git.</param>
    /// <param name="progress">Null: nobody wants to know.</param>
    /// <param name="cancel">Ends git and all that it has started.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public NetworkAnswer Run(TimeSpan silence, Action<TransferProgress>? progress, CancellationToken cancel, params string[] arguments)
    {
        cancel.ThrowIfCancellationRequested();
        GitRunner git = new(repository, configuration: ConfigurationFor(silence), environment: Surroundings());
        using Process process = git.Start([.. arguments.Where(IsMeant).Select(argument => argument switch { "{remote}" => address.Url, "{remote-url}" => UrlOf(address), _ => argument })]);
        process.StandardInput.Close();
        Listener listener = new(progress);
        var output = GitRunner.ReadLimited(process.StandardOutput);
        Task errors = listener.ReadAsync(process.StandardError);
        bool isSilent = false;
        using (cancel.Register(() => KillTree(process)))
        {
            while (!process.WaitForExit(TimeSpan.FromMilliseconds(500)))
            {
                if (listener.SilentFor <= silence)
                    continue;
                isSilent = true;
                KillTree(process);
            }
        }

        // A helper that outlives git would hold the pipes for ever.
        bool isWhole = Task.WaitAll([output, errors], TimeSpan.FromSeconds(cancel.IsCancellationRequested || isSilent ? 0.3 : 10));
        cancel.ThrowIfCancellationRequested();
        return new NetworkAnswer(process.ExitCode, isWhole ? output.Result : "", [.. listener.Lines().Select(Redact)], listener.Response, isSilent ? silence : null);
    }

    /// <summary>The text without our token in any of its forms.</summary>
    public string Redact(string text) => _secrets.Aggregate(text, (left, secret) => left.Replace(secret, "…", StringComparison.Ordinal));

    /// <summary>The programs at the other side are ours to choose only at a path.</summary>
    private bool IsMeant(string argument) =>
        address.IsPath || !(argument.StartsWith("--upload-pack=", StringComparison.Ordinal) || argument.StartsWith("--receive-pack=", StringComparison.Ordinal));

    private static string UrlOf(RemoteAddress address) => address.IsPath ? "file://" + address.Url.Replace("%", "%25", StringComparison.Ordinal) : address.Url;

    private static string[] SecretsOf(RemoteAddress address) => string.IsNullOrEmpty(address.Token)
        ? []
        : [address.Token, Uri.EscapeDataString(address.Token), Basic(address)];

    private static string Basic(RemoteAddress address) => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{(string.IsNullOrEmpty(address.User) ? "x-access-token" : address.User)}:{address.Token}"));

    private Dictionary<string, string> Surroundings()
    {
        Dictionary<string, string> variables = new()
        {
            ["GIT_TRACE_CURL"] = "1",
            ["GIT_TRACE_CURL_NO_DATA"] = "1",
            ["GIT_TRACE_REDACT"] = "1",
        };
        if (shallowFile is not null)
            variables["GIT_SHALLOW_FILE"] = shallowFile;
        foreach (string name in PassedOn)
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
                variables[name] = value;
        }

        foreach (var (name, value) in CertificateTrust.ForGit())
            variables[name] = value;
        return variables;
    }

    private List<(string Key, string Value)> ConfigurationFor(TimeSpan silence)
    {
        List<(string, string)> configuration =
        [
            ("protocol.allow", "never"),
            ("protocol.https.allow", "always"),
            ("protocol.http.allow", "always"),
            ("protocol.file.allow", "always"),
            ("http.followRedirects", "false"),
            ("credential.helper", ""),
            // For a git that has lost us: it must not hang, and hold the store's lock, for ever.
            ("http.lowSpeedLimit", "1"),
            ("http.lowSpeedTime", Math.Max(1, (int)silence.TotalSeconds).ToString()),
            // What is larger goes in pieces, which some proxies do not take; what is smaller is kept in memory.
            ("http.postBuffer", "8388608"),
            ("push.negotiate", "false"),
        ];
        if (!string.IsNullOrEmpty(address.Token) && !address.IsPath)
            configuration.Add(($"http.{new Uri(address.Url).GetLeftPart(UriPartial.Authority)}/.extraHeader", $"Authorization: Basic {Basic(address)}"));
        return configuration;
    }

    private static void KillTree(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has ended by itself, or part of it has.
        }
    }

    /// <summary>Hears git's standard error: progress, the trace of HTTP, and what is meant for people.</summary>
    private sealed partial class Listener(Action<TransferProgress>? progress)
    {
        private readonly Queue<string> _lines = new();
        private long _heardAt = Stopwatch.GetTimestamp();

        public HttpHead? Response { get; private set; }

        public TimeSpan SilentFor => Stopwatch.GetElapsedTime(Volatile.Read(ref _heardAt));

        public string[] Lines()
        {
            lock (_lines)
                return [.. _lines];
        }

        public async Task ReadAsync(StreamReader reader)
        {
            char[] buffer = new char[4096];
            StringBuilder line = new();
            int count;
            while ((count = await reader.ReadAsync(buffer)) > 0)
            {
                Volatile.Write(ref _heardAt, Stopwatch.GetTimestamp());
                foreach (char character in buffer.AsSpan(0, count))
                {
                    if (character is '\n' or '\r')
                    {
                        Take(line.ToString());
                        line.Clear();
                    }
                    else if (line.Length < LineCharactersMax)
                    {
                        line.Append(character);
                    }
                }
            }

            Take(line.ToString());
        }

        private void Take(string line)
        {
            Match trace = Trace().Match(line);
            if (trace.Success)
            {
                Hear(trace.Groups["what"].Value);
                return;
            }

            if (GitProgress.Parse(line) is { } step)
            {
                progress?.Invoke(step);
                return;
            }

            line = line.TrimEnd();
            if (line.Length == 0)
                return;
            lock (_lines)
            {
                if (_lines.Count == LinesMax)
                    _lines.Dequeue();
                _lines.Enqueue(line);
            }
        }

        private void Hear(string what)
        {
            Match status = Status().Match(what);
            if (status.Success)
            {
                Response = new HttpHead(int.Parse(status.Groups["status"].ValueSpan));
                return;
            }

            string[] header = what.StartsWith("<= Recv header: ", StringComparison.Ordinal) ? what["<= Recv header: ".Length..].Split(": ", 2) : [];
            if (Response is not null && header is [{ Length: < 100 }, _] && Response.Headers.Count < 100)
                Response.Headers[header[0]] = header[1].Trim();
        }

        [GeneratedRegex(@"^(\d\d:\d\d:\d\d\.\d+ )?http\.c:\d+ +(?<what>.*)$", RegexOptions.ExplicitCapture, 1000)]
        private static partial Regex Trace();

        [GeneratedRegex(@"^<= Recv header: HTTP/[0-9.]+ (?<status>\d{3})", RegexOptions.ExplicitCapture, 1000)]
        private static partial Regex Status();
    }
}
