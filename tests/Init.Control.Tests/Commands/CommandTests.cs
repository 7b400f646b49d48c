using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using Init.Applets;
using Init.Base;
using Init.Config;
using Init.Control.Tests.Server;

namespace Init.Control.Tests.Commands;

public class CommandTests
{
    /// <summary>Each is run as it stands; what it says and its exit code are in Golden/commands.txt.</summary>
    private static readonly string[] CommandLines =
    [
        "status", "status web once chat", "status db", "status spare", "status worker bots:*", "status wbe", "status web wbe", "status --json web wbe", "status --names",
        "health", "health --socket /nowhere/control.sock", "health http://127.0.0.1:1/", "health 127.0.0.1:1", "health --json",
        "start web db mail chat spare wbe", "start spare --no-wait", "start", "start --json spare mail", "start spare --nowait", "start all --rolling",
        "stop all", "restart worker --rolling", "restart spare",
        "signal usr1 worker", "signal TREM web", "signal 10 db", "signal TERM",
        "reload web", "reload", "clear web db",
        "pid", "pid web", "pid db", "pid worker db wbe", "pid --json worker:0",
        "tail web", "tail -f -n 5 worker:0", "tail --bytes 100 --stderr web", "tail -n 1 --bytes 1 web", "tail -n many web", "tail -n -1 web", "tail", "tail --stderr", "tail a b",
        "env web", "env worker", "env wbe", "env --json web",
        "explain db", "explain --json db",
        "send web hello", "send wbe hello", "send web",
        "add bots", "add bots wbe", "add --json bots", "remove bots", "add",
        "reread", "reread --json", "update", "shutdown", "restart-init", "version", "version --json",
        "events --json",
        "completion tcsh", "stauts", "",
    ];

    [Fact]
    public void Commands_SayWhatTheyAlwaysSaid()
    {
        using ServerFixture fixture = new(handler: new StackHandler());
        StringBuilder transcript = new();
        foreach (string line in CommandLines)
        {
            Run result = Init(line, new() { ["INIT_SOCKET"] = fixture.SocketPath });
            transcript.Append($"$ initctl {line}".TrimEnd()).Append('\n').Append(result.Text);
            transcript.Append(result.Code == 0 ? "\n" : $"[{result.Code}]\n\n");
        }

        Golden.Check("commands.txt", transcript.ToString());
    }

    [Fact]
    public void Colours_AreForTerminals()
    {
        using ServerFixture fixture = new(handler: new StackHandler());
        Run result = Init("status web mail", new() { ["INIT_SOCKET"] = fixture.SocketPath }, hasColour: true);

        Assert.Contains("\x1b[32mRUNNING", result.Text);
        Assert.Contains("\x1b[31mFATAL", result.Text);
        Assert.DoesNotContain("\x1b", Init("status web mail", new() { ["INIT_SOCKET"] = fixture.SocketPath }).Text);
    }

    [Fact]
    public void Supervisor_WhenThereIsNone_IsSaidWithThePath()
    {
        Run result = Init("status", new() { ["INIT_SOCKET"] = "/nowhere/control.sock" });

        Assert.Equal(ExitCode.Unreachable, result.Code);
        Assert.StartsWith("cannot reach init at /nowhere/control.sock: there is no socket (is init running?", result.Text, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Unreachable, Init("status", new() { ["INIT_SOCKET"] = "/" + new string('x', 200) }).Code);
        Assert.Equal(ExitCode.Success, Init("version", new() { ["INIT_SOCKET"] = "/nowhere/control.sock" }).Code);
    }

    [Theory]
    [InlineData("--socket /option", "", "/option")]
    [InlineData("", "INIT_SOCKET=/variable", "/variable")]
    [InlineData("-c /etc/other.toml", "INIT_SOCKET=/variable", "/run/other.sock")]
    [InlineData("", "INIT_CONFIG=/etc/other.toml", "/run/other.sock")]
    [InlineData("", "INIT_CONFIG=/etc/relative.toml WHERE=there", "/etc/there/control.sock")]
    [InlineData("", "INIT_CONFIG=/etc/broken.toml HOME=/home/user", "/run/broken.sock")]
    [InlineData("", "INIT_CONFIG=/etc/missing.toml HOME=/home/user", "/home/user/.local/state/init/control.sock")]
    [InlineData("", "", "/var/state/control.sock")]
    public void Socket_IsFound(string options, string environment, string expected)
    {
        Dictionary<string, string> variables = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(variable => variable.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);

        Assert.StartsWith($"cannot reach init at {expected}: ", Init($"status {options}", variables).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_PrintsAllProblemsOrThePlan()
    {
        Run bad = Init("check -c /etc/bad.toml", []);
        Run good = Init("check -c /etc/other.toml", []);

        Assert.Equal(1, bad.Code);
        Assert.Equal(2, bad.Text.Split('\n').Count(line => line.StartsWith("/etc/bad.toml:", StringComparison.Ordinal) && line.Contains(": program.", StringComparison.Ordinal)));
        Assert.EndsWith("/etc/bad.toml: 2 problems\n", bad.Text, StringComparison.Ordinal);
        Assert.Equal((0, "/etc/other.toml: no problems\n"), (good.Code, good.Text));
        Assert.Contains("web", Init("check --explain -c /etc/other.toml", []).Text);
        Assert.Equal(1, Init("check -c /etc/missing.toml", []).Code);
    }

    [Fact]
    public void Reference_HasTheHelpOfEveryCommand()
    {
        StringBuilder text = new();
        foreach (var (name, _) in ControlCommands.All)
            text.Append($"### init {name}\n\n```text\n{Init($"{name} --help", [], name: "init").Text.Trim()}\n```\n\n");

        const string Begin = "<!-- the help of every command; written by CommandTests -->\n", End = "<!-- end of the help -->";
        string path = Path.Combine(Path.GetDirectoryName(Here())!, "../../../docs/reference/cli.md");
        string page = File.ReadAllText(path);
        int from = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, to = page.IndexOf(End, StringComparison.Ordinal);
        string expected = "\n" + text;
        if (page[from..to] != expected)
        {
            File.WriteAllText(path, page[..from] + expected + page[to..]);
            Assert.Equal(expected, page[from..to]);
        }
    }

    [Theory]
    [InlineData("200 OK", 0, "healthy\n")]
    [InlineData("302 Found", 0, "healthy\n")]
    [InlineData("503 Service Unavailable", 1, "URL: status 503\n")]
    public async Task Health_AsksTheAddresses(string status, int code, string text)
    {
        using ServerFixture fixture = new(handler: new StackHandler());
        using TcpListener server = new(IPAddress.Loopback, 0);
        server.Start();
        string url = $"http://{server.LocalEndpoint}/healthz";
        Task answering = AnswerOnceAsync(server, $"HTTP/1.1 {status}\r\nContent-Length: 0\r\nLocation: http://127.0.0.1:1/\r\nConnection: close\r\n\r\n");

        Run result = await Task.Run(() => Init($"health {url}", new() { ["INIT_SOCKET"] = fixture.SocketPath }));

        await answering;
        Assert.Equal((code, text), (result.Code, result.Text.Replace(url, "URL", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("bash", "bash")]
    [InlineData("zsh", "zsh")]
    [InlineData("fish", "fish")]
    public void Completion_KnowsEveryCommand(string shell, string command)
    {
        string script = Init($"completion {shell}", []).Text;

        Assert.All(ControlCommands.All, verb => Assert.Contains(verb.Name, script, StringComparison.Ordinal));
        string? found = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => Path.Combine(folder, command)).FirstOrDefault(File.Exists);
        if (found is null)
            return; // That shell is not installed here.

        string file = Path.GetTempFileName();
        File.WriteAllText(file, script);
        using System.Diagnostics.Process process = System.Diagnostics.Process.Start(found, ["-n", file]);
        Assert.True(process.WaitForExit(20_000));
        Assert.Equal(0, process.ExitCode);
        File.Delete(file);
    }

    [Theory]
    [InlineData(0, "0:00:00")]
    [InlineData(62.9, "0:01:02")]
    [InlineData(86_400, "1 day, 0:00:00")]
    [InlineData(200_000, "2 days, 7:33:20")]
    public void Uptime_IsAsSupervisordHasIt(double seconds, string expected) => Assert.Equal(expected, HumanText.Uptime(seconds));

    [Fact]
    public void Table_ShowsTimesInTheZoneGiven()
    {
        ProgramStatus nightly = Samples.InState("nightly", "STOPPED", 0) with { NextRun = 1_700_000_000_000 };

        Assert.EndsWith("next run 2023-11-14 22:13:20", StatusTable.Render([nightly], TimeZoneInfo.Utc, (_, text) => text)[1], StringComparison.Ordinal);
        Assert.Equal("2023-11-14 22:13:20.123 program.running worker:0 STARTING -> RUNNING (pid 4242)",
            FollowApplets.Line(((ControlItem.EventRaised)Samples.Items[^1].Item).Event, TimeZoneInfo.Utc));
    }

    [Theory]
    [InlineData("RUNNING", false, true, true)]
    [InlineData("STARTING", false, false, false)]
    [InlineData("WAITING", false, false, false)]
    [InlineData("FATAL", false, false, false)]
    [InlineData("ABSENT", false, true, true)]
    [InlineData("STOPPED", false, true, false)]
    [InlineData("STOPPED", true, false, false)]
    public void State_IsFineOrNot(string state, bool isWanted, bool whenAllAreAsked, bool whenNamed)
    {
        ProgramStatus program = Samples.InState("a", state, 0) with { Wanted = isWanted };

        Assert.Equal(whenAllAreAsked, StatusTable.IsFine(program, wasNamed: false));
        Assert.Equal(whenNamed, StatusTable.IsFine(program, wasNamed: true));
        Assert.True(StatusTable.IsFine(program with { State = "EXITED", LastExitSuccess = true }, wasNamed: true));
        Assert.False(StatusTable.IsFine(program with { State = "EXITED", LastExitSuccess = false }, wasNamed: true));
        Assert.True(StatusTable.IsFine(program with { State = "STOPPED", NextRun = 1 }, wasNamed: true));
    }

    /// <param name="Code">The exit code.</param>
    /// <param name="Text">Standard output and standard error, in the order in which they were written.</param>
    private readonly record struct Run(int Code, string Text);

    private static Run Init(string line, Dictionary<string, string> environment, bool hasColour = false, string name = "initctl")
    {
        using MemoryStream both = new();
        Screen screen = new(both, both, isTerminal: false, hasColour);
        string[] arguments = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int code = ControlCommands.Run(
            name, ControlCommands.All.Select(command => command.Name), arguments.Length == 0 ? ["--help"] : arguments, screen, environment, new FakeFiles(), () => "0.1.0");
        screen.Flush();
        return new Run(code, Encoding.UTF8.GetString(both.ToArray()));
    }

    private static async Task AnswerOnceAsync(TcpListener server, string answer)
    {
        using TcpClient client = await server.AcceptTcpClientAsync();
        await using NetworkStream stream = client.GetStream();
        _ = await stream.ReadAsync(new byte[4096]);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
    }

    private static string Here([CallerFilePath] string path = "") => path;

    private sealed class FakeFiles : IConfigFiles
    {
        private static readonly Dictionary<string, string> Texts = new()
        {
            ["supervisor.toml"] = "[init]\nstate_dir = \"/var/state\"\n",
            ["/etc/other.toml"] = "[init]\ncontrol = \"/run/other.sock\"\n[program.web]\ncommand = \"/bin/web\"\n",
            ["/etc/relative.toml"] = "[init]\nstate_dir = \"${WHERE}\"\n",
            ["/etc/broken.toml"] = "[init]\ncontrol = \"/run/broken.sock\"\nshutdown = \"soon\"\n[program.web]\ncomand = 3\n",
            ["/etc/bad.toml"] = "[program.web]\ncomand = \"x\"\n",
        };

        public string UserId => "1000";

        public string FullPath(string path) => Path.GetFullPath(path, "/work-dir");

        public ConfigFile Read(string path, int sizeMax)
        {
            string shown = path.StartsWith("/work-dir/", StringComparison.Ordinal) ? path["/work-dir/".Length..] : path;
            return Texts.TryGetValue(shown, out string? text) ? new ConfigFile.Content(Encoding.UTF8.GetBytes(text)) : new ConfigFile.Missing();
        }

        public bool IsDirectory(string path) => false;

        public ImmutableArray<string> Glob(string directory, string pattern, int countMax) => [];

        public bool HasTimeZone(string name) => true;
    }
}
