using Init.Base;
using Init.Control;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.LongRun;

/// <summary>
/// Init itself gets each signal at each moment of its life. Whatever comes, it loses none of its processes out of sight, and the Init that is started after it
/// finds nothing in its way. KILL and TERM always; INIT_KILL_MATRIX=all for every signal.
/// </summary>
public sealed class KillMatrixTests
{
    private const string Config = """
        [init]
        shutdown = "5s"
        [program.slow]
        command = ["${DUMMY}", "say", "slow runs", "pause"]
        start_grace = "0s"
        hooks = { before_start = ["${DUMMY}", "say", "hook runs", "sleep", "300"] }
        ready = { delay = "200ms" }
        [program.gated]
        command = ["${DUMMY}", "fork", "1", "setsid", "pause", "then", "say", "gated runs", "pause"]
        requires = ["slow"]
        start_grace = "0s"
        [program.stubborn]
        command = ["${DUMMY}", "ignore", "15", "say", "stubborn runs", "pause"]
        start_grace = "0s"
        stop = { grace = "400ms" }
        [program.failing]
        command = ["${DUMMY}", "exit", "1"]
        backoff = { initial = "100ms", max = "100ms", attempts = 0 }
        [program.flood]
        command = ["${DUMMY}", "flood"]
        start_grace = "0s"
        stdout = { mirror = false, max_size = "64KiB", keep = 2 }
        """;

    private static readonly int[] Ending = [Signals.SIGTERM, Signals.SIGINT, Signals.SIGQUIT];

    private static readonly (string Name, Action<InitUnderTest> Reach)[] Moments =
    [
        ("boot", init => init.WaitForLine("slow: STOPPED ->")),
        ("hook", init => init.WaitForLine("hook runs")),
        ("gating", init => init.WaitForLine("gated: STOPPED -> WAITING")),
        ("backoff", init => init.WaitForLine("failing: STARTING -> BACKOFF")),
        ("running", init => init.WaitForReady("gated")),
        ("stopping", init =>
        {
            init.WaitForReady("stubborn");
            init.Ask(new ControlRequest.Stop(["stubborn"], Wait: false));
            init.WaitForLine("stubborn: RUNNING -> STOPPING");
        }),
        ("reloading", init =>
        {
            init.WaitForReady("gated");
            init.WriteConfig(Config.Replace("\"stubborn runs\"", "\"stubborn runs again\"", StringComparison.Ordinal));
            init.Signal(Signals.SIGHUP);
            init.WaitForLine("stubborn: RUNNING -> STOPPING");
        }),
        ("shutdown", init =>
        {
            init.WaitForReady("gated");
            init.Signal(Signals.SIGTERM);
            init.WaitForLine("stubborn: RUNNING -> STOPPING");
        }),
    ];

    public static TheoryData<string, string> Cells()
    {
        string[] always = ["SIGKILL", "SIGTERM"], others = ["SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGSTOP", "SIGSEGV"];
        string[] signals = Environment.GetEnvironmentVariable("INIT_KILL_MATRIX") == "all" ? [.. always, .. others] : always;
        var cells = new TheoryData<string, string>();
        foreach (var (moment, _) in Moments)
        {
            foreach (string signal in signals)
                cells.Add(moment, signal);
        }

        return cells;
    }

    [RootTheory]
    [MemberData(nameof(Cells))]
    public void Init_SignalledAtAnyMoment_LeavesNothingAndIsFollowedByAnother(string moment, string signalName)
    {
        Assert.True(SignalNames.TryParse(signalName, out int signal));
        using InitUnderTest init = InitUnderTest.Start(Config, new InitOptions { AsPid1 = false, StartsAgain = true });
        Moments.Single(entry => entry.Name == moment).Reach(init);
        int first = init.Pid;
        string mark = InstanceOf(init);

        init.Signal(signal);
        if (signal == Signals.SIGSTOP)
        {
            init.WaitUntil(() => ProcFs.Read(first) is { State: 'T' }, "it to stop");
            init.Watch(TimeSpan.FromMilliseconds(300));
            init.Signal(Signals.SIGCONT);
        }

        bool ends = moment == "shutdown" || signal is Signals.SIGKILL or Signals.SIGSEGV || Ending.Contains(signal);
        if (ends)
        {
            bool killed = signal is Signals.SIGKILL or Signals.SIGSEGV;
            init.WaitForLine($"init ended with {(killed ? 128 + signal : 0)}");
            init.WaitForNextInit();
            List<ProcessInfo> left = [];
            init.WaitUntil(
                () => (left = Marked(init, mark)).Count == 0,
                () => $"what the first one has left behind to be ended: {string.Join(", ", left.Select(process => InitUnderTest.CommandLineOf(process.Pid)))}");
        }

        init.WaitForReady("gated");
        init.WaitForReady("flood");
        init.WaitForState("failing", "BACKOFF");
        if (ends || moment != "stopping")
            init.WaitForReady("stubborn");
        Assert.Equal(ends, init.Pid != first);
        Assert.DoesNotContain(init.Lines, line => line.Contains("set aside", StringComparison.Ordinal)); // No half-written state.
    }

    /// <summary>The mark by which all processes of this Init can be told, from the environment of one of them.</summary>
    private static string InstanceOf(InitUnderTest init)
    {
        string? mark = null;
        init.WaitUntil(
            () => (mark = init.ProcessesInside()
                .Where(process => process.ParentPid == init.Pid)
                .Select(process => ProcFs.ReadEnvironmentValue(process.Pid, "INIT_INSTANCE"))
                .FirstOrDefault(value => value is not null)) is not null,
            "a child with a mark");
        return mark!;
    }

    private static List<ProcessInfo> Marked(InitUnderTest init, string mark) =>
        init.ProcessesInside().FindAll(process => ProcFs.ReadEnvironmentValue(process.Pid, "INIT_INSTANCE") == mark);
}
