using System.Collections;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Init.Config;

namespace Init.Chat.Tests.Kill;

/// <summary>The role in a process of its own, to be killed: the published binary with INIT_BINARY, and otherwise the same code from this assembly ("role FILE").</summary>
internal sealed class ChatRoleProcess : IDisposable
{
    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly List<string> _lines = [];

    private ChatRoleProcess(Process process, string url)
    {
        (_process, Url) = (process, url);
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Url { get; }

    public string Log
    {
        get
        {
            lock (_lines)
                return string.Join('\n', _lines);
        }
    }

    /// <param name="folder">Where its configuration and its data are.</param>
    /// <param name="models">The list, as JSON.</param>
    /// <param name="database">Of PostgreSQL; null: SQLite in the folder.</param>
    public static ChatRoleProcess Start(string folder, string models, string? database)
    {
        int port = FreePort();
        string file = Path.Combine(folder, "supervisor.toml");
        File.WriteAllText(Path.Combine(folder, "models.json"), models);
        File.WriteAllText(file, $"""
            [init]
            state_dir = "{folder}/state"

            [chat]
            listen = "127.0.0.1:{port}"
            data_dir = "{folder}/data"
            models = "{folder}/models.json"
            {(database is null ? "" : "database_env = \"KILL_DATABASE\"")}
            """);
        string? binary = Environment.GetEnvironmentVariable("INIT_BINARY") is { Length: > 0 } given ? given : null;
        ProcessStartInfo start = binary is not null
            ? new ProcessStartInfo(binary, ["chat", "run", "-c", file])
            : new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", ["exec", typeof(ChatRoleProcess).Assembly.Location, "role", file]);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.UseShellExecute = false;
        start.Environment["DOTNET_TieredPGO"] = "0"; // It lives for a moment.
        start.Environment["KEY_A"] = "sk-kill-canary-a";
        if (database is not null)
            start.Environment["KILL_DATABASE"] = database;
        return new ChatRoleProcess(Process.Start(start)!, $"http://127.0.0.1:{port}");
    }

    /// <summary>What it is, in this assembly.</summary>
    public static Task RunAsync(string file)
    {
        Dictionary<string, string> environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(pair => (string)pair.Key, pair => (string)pair.Value!);
        ConfigResult result = ConfigLoader.Load(file, new SystemConfigFiles(), environment);
        if (result.Config?.Chat is { } options)
            return ChatRole.RunAsync(options, "test");
        foreach (var problem in result.Problems)
            Console.Error.WriteLine(problem);
        throw new InvalidOperationException("the configuration cannot be used");
    }

    public async Task ReadyAsync()
    {
        using HttpClient http = new() { Timeout = TimeSpan.FromSeconds(5) };
        Stopwatch watch = Stopwatch.StartNew();
        while (true)
        {
            Assert.False(_process.HasExited, $"the role has ended:\n{Log}");
            Assert.True(watch.Elapsed < StartMax, $"the role is not ready:\n{Log}");
            try
            {
                using HttpResponseMessage response = await http.GetAsync(Url + "/healthz");
                if (response.StatusCode == HttpStatusCode.OK)
                    return;
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
            {
                // Not yet.
            }

            await Task.Delay(10);
        }
    }

    /// <summary>As nothing can be prepared for.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static int FreePort()
    {
        using TcpListener free = new(IPAddress.Loopback, 0);
        free.Start();
        return ((IPEndPoint)free.LocalEndpoint).Port;
    }

    private void Add(string? line)
    {
        if (line is null)
            return;
        lock (_lines)
        {
            if (_lines.Count < 1000)
                _lines.Add(line);
        }
    }
}
