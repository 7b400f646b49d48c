using System.Text.RegularExpressions;
using Init.Integration.Tests.Harness;
using Init.Integration.Tests.Supervisord;

namespace Init.Integration.Tests.Supervisorctl;

/// <summary>A supervisorctl, supervisor's or ours, with a server to talk to.</summary>
internal sealed partial class ClientUnderTest(string path, SupervisorRun server, string port = "") : IDisposable
{
    public const string Theirs = "/usr/bin/supervisorctl";

    /// <summary>The link that ./build has made beside the binary.</summary>
    public static string Ours { get; } = Path.Combine(Path.GetDirectoryName(TestPaths.Init)!, "supervisorctl");

    public SupervisorRun Server => server;

    /// <summary>Waits until the server answers, and all of these processes run.</summary>
    public void WaitForRunning(params string[] processes) => server.WaitUntil(
        () => Run("@CTL@ -c @DIR@/supervisord.conf status") is var status
            && processes.All(process => status.Contains($"\n{process} ", StringComparison.Ordinal) && Line(status, process).Contains(" RUNNING ", StringComparison.Ordinal)),
        "the server to run its programs");

    /// <summary>Begins a shell command; it may use @CTL@, @DIR@ and @PORT@.</summary>
    public TestProcess Begin(string command) => TestProcess.Start(
        ["sh", "-c", command.Replace("@CTL@", path, StringComparison.Ordinal).Replace("@DIR@", server.Directory, StringComparison.Ordinal).Replace("@PORT@", port, StringComparison.Ordinal)],
        directory: server.Directory);

    /// <summary>What the command has printed, and its exit code, without what differs between two runs.</summary>
    public string Finish(TestProcess process)
    {
        string code = process.WaitForExit().ToString();
        string text = $"\n{process.Stdout}\n(stderr) {process.Stderr}\n{code}"
            .Replace(path, "CTL", StringComparison.Ordinal).Replace(server.Directory, "DIR", StringComparison.Ordinal);
        if (port.Length > 0)
            text = text.Replace($":{port}", ":PORT", StringComparison.Ordinal);
        text = Uptime().Replace(text, "pid N, uptime T");
        text = Time().Replace(text, "TIME");
        text = Number().Replace(text, "N");

        // Theirs names lines of Python.
        return Error().Replace(text, "error:");
    }

    public void Dispose() => server.Dispose();

    private string Run(string command)
    {
        using TestProcess process = Begin(command);
        return Finish(process);
    }

    private static string Line(string text, string process) => text.Split('\n').First(line => line.StartsWith($"{process} ", StringComparison.Ordinal));

    [GeneratedRegex(@"pid \d+, uptime [0-9:]+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Uptime();

    [GeneratedRegex(@"[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Time();

    [GeneratedRegex(@"^\d+$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Number();

    [GeneratedRegex(@"error: .*", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Error();
}
