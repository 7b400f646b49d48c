using System.Globalization;
using System.Text.RegularExpressions;
using Init.Base;
using Init.Integration.Tests.Harness;

namespace Init.Integration.Tests.Supervisord;

/// <summary>A test that runs the real supervisord beside Init; where it is not installed, it is shown as skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SupervisordFactAttribute : FactAttribute
{
    public SupervisordFactAttribute() => Skip = File.Exists(SupervisorRun.Supervisord) ? null : "needs supervisord";
}

/// <summary>As <see cref="SupervisordFactAttribute"/>, with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SupervisordTheoryAttribute : TheoryAttribute
{
    public SupervisordTheoryAttribute() => Skip = File.Exists(SupervisorRun.Supervisord) ? null : "needs supervisord";
}

/// <summary>A test for root that needs supervisord, or its Python modules.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SupervisordRootFactAttribute : FactAttribute
{
    public SupervisordRootFactAttribute() => Skip = new SupervisordFactAttribute().Skip ?? new RootFactAttribute().Skip;
}

/// <summary>
/// A supervisord.conf, run by supervisord or by Init, in a directory of its own. The file may use @DIR@ (that directory); it is given a [supervisord] section with
/// everything in it.
/// </summary>
internal sealed partial class SupervisorRun : IDisposable
{
    public const string Supervisord = "/usr/bin/supervisord";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestProcess _process;

    private SupervisorRun(TestProcess process, string directory)
    {
        _process = process;
        Directory = directory;
    }

    public string Directory { get; }

    public int Pid => _process.Pid;

    public string Stdout => _process.Stdout;

    public string Stderr => _process.Stderr;

    /// <summary>supervisord first, so that its slower start is not what the other waits for.</summary>
    public static (SupervisorRun Supervisord, SupervisorRun Init) StartBoth(string config, string daemonKeys = "") =>
        (StartSupervisord(config, daemonKeys), StartInit(config, daemonKeys));

    /// <param name="config">The file, but for [supervisord].</param>
    /// <param name="daemonKeys">Lines for [supervisord].</param>
    /// <param name="before">Called with the directory before the start.</param>
    public static SupervisorRun StartSupervisord(string config, string daemonKeys = "", Action<string>? before = null) =>
        Start(config, directory => [Supervisord, "-n", "-c", ConfigIn(directory)], daemonKeys, before);

    public static SupervisorRun StartInit(string config, string daemonKeys = "", Action<string>? before = null, params string[] wrapper) =>
        Start(config, directory => [.. wrapper, TestPaths.Init, "run", "-c", ConfigIn(directory)], daemonKeys, before);

    /// <summary>A link called "supervisord", with these options; @DIR@ may be in them too. A relative -c is relative to the directory.</summary>
    public static SupervisorRun StartLink(string config, string daemonKeys, params string[] options) =>
        Start(
            config,
            directory => [Path.Combine(directory, "supervisord"), .. options.Select(option => option.Replace("@DIR@", directory, StringComparison.Ordinal))],
            daemonKeys,
            directory => File.CreateSymbolicLink(Path.Combine(directory, "supervisord"), TestPaths.Init));

    /// <summary>Init with a supervisor.toml, which may use @DIR@ too. The supervisord.conf is beside it, for clients.</summary>
    public static SupervisorRun StartInitWithToml(string config, string toml) =>
        Start(
            config,
            directory => [TestPaths.Init, "run", "-c", Path.Combine(directory, "supervisor.toml")],
            daemonKeys: "",
            directory => File.WriteAllText(Path.Combine(directory, "supervisor.toml"), toml.Replace("@DIR@", directory, StringComparison.Ordinal)));

    /// <summary>The main log so far.</summary>
    public string[] Log => File.Exists(PathOf("supervisord.log")) ? File.ReadAllLines(PathOf("supervisord.log")) : [];

    /// <summary>The main log without what differs from run to run: time, pids, and whose children were inherited.</summary>
    public IEnumerable<string> Story => Log
        .Where(line => !line.Contains("reaped unknown pid", StringComparison.Ordinal))
        .Select(line => Numbers().Replace(line[24..], "${before}N"));

    public string PathOf(string name) => Path.Combine(Directory, name);

    public string Read(string name) => File.Exists(PathOf(name)) ? File.ReadAllText(PathOf(name)) : "";

    /// <summary>What the main log says of one process, in order.</summary>
    public string[] StoryOf(string process) =>
        [.. Story.Where(line => Regex.IsMatch(line, $@"[ ']{Regex.Escape(process)}(?:[ ']|$)", RegexOptions.None, TimeSpan.FromSeconds(1)))];

    /// <summary>When the main log says this, in seconds after the first time.</summary>
    public double[] TimesOf(string text)
    {
        DateTime[] times = [.. Log.Where(line => line.Contains(text, StringComparison.Ordinal))
            .Select(line => DateTime.ParseExact(line[..23], "yyyy-MM-dd HH:mm:ss,fff", CultureInfo.InvariantCulture))];
        return [.. times.Select(time => (time - times[0]).TotalSeconds)];
    }

    public void WaitForLog(string text, int times = 1) =>
        WaitUntil(() => Log.Count(line => line.Contains(text, StringComparison.Ordinal)) >= times, $"\"{text}\" {times} times in the main log");

    public void WaitUntil(Func<bool> condition, string what) =>
        _process.WaitUntil(condition, () => $"{what}\n--- main log\n{string.Join('\n', Log)}", Patience);

    public void Signal(int signal) => _process.Signal(signal);

    public ExitStatus WaitForExit() => _process.WaitForExit();

    public ExitStatus End(int signal = Linux.Signals.SIGTERM)
    {
        Signal(signal);
        return WaitForExit();
    }

    public void Dispose()
    {
        _process.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static string ConfigIn(string directory) => Path.Combine(directory, "supervisord.conf");

    private static SupervisorRun Start(string config, Func<string, string[]> command, string daemonKeys, Action<string>? before)
    {
        string directory = System.IO.Directory.CreateTempSubdirectory("init-sv-").FullName;
        Assert.Equal(0, Linux.Files.ChangeMode(directory, 0x1FF /* 0777 */));
        System.IO.Directory.CreateDirectory(Path.Combine(directory, "auto"));
        string text = $"""
            [supervisord]
            nodaemon=true
            logfile=@DIR@/supervisord.log
            pidfile=@DIR@/supervisord.pid
            childlogdir=@DIR@/auto
            {daemonKeys}
            {config}
            """.Replace("@DIR@", directory, StringComparison.Ordinal);
        File.WriteAllText(ConfigIn(directory), text);
        before?.Invoke(directory);
        return new SupervisorRun(TestProcess.Start(command(directory), directory: directory), directory);
    }

    [GeneratedRegex(@"(?<before>pid |\()\d+(?!\d*;)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Numbers();
}
