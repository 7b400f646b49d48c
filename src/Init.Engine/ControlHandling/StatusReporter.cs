using System.Globalization;
using Init.Base;
using Init.Config;
using Init.Control;
using Init.Engine.Journal;
using Init.Engine.Logging;
using Init.Engine.Programs;
using Init.Engine.Timetables;
using Init.Linux;
using Init.Supervision;

namespace Init.Engine.ControlHandling;

/// <summary>Puts into words what is true of programs now.</summary>
public sealed class StatusReporter(Supervisor core, ProgramTable programs, LogPump pump, Scheduler scheduler)
{
    /// <param name="program">Of whom.</param>
    /// <param name="usage">False: without CPU time and memory, for which /proc is read.</param>
    public ProgramStatus StatusOf(ProgramRuntime program, bool usage = true)
    {
        ProgramPolicy policy = program.Definition.Policy;
        ProgramState state = core.Knows(program.Name) ? core.StateOf(program.Name) : new ProgramState();
        Instant now = MonotonicClock.Now;
        TimeSpan? uptime = state is { Pid: not null, SpawnedAt: { } spawned } ? now - spawned : null;
        TimeSpan? nextTry = state is { Phase: ProgramPhase.Backoff, Deadline: { } due } ? due - now : null;
        ProcessInfo? process = usage && state.Pid is { } pid ? ProcFs.Read(pid) : null;
        LogStatistics log = pump.StatisticsOf(program.Name);
        DateTimeOffset? nextRun = scheduler.NextRun(program.Name);
        var waitingFor = state.Phase == ProgramPhase.Waiting ? core.BlockersOf(program.Name) : [];
        return new ProgramStatus
        {
            Name = program.Name,
            Program = policy.Program,
            Groups = programs.GroupsOf(program),
            Group = program.Definition.SupervisordGroup,
            Process = program.Definition.SupervisordProcess,
            Index = program.Definition.Index,
            State = EventJournal.NameOf(state.Phase),
            StateCode = (int)state.Phase,
            Pid = state.Pid,
            Ready = state.Ready,
            Health = HealthOf(policy, state),
            Since = program.ChangedAt.ToUnixTimeMilliseconds(),
            StartedAt = program.Record.StartedAt?.ToUnixTimeMilliseconds(),
            StoppedAt = program.Record.StoppedAt?.ToUnixTimeMilliseconds(),
            UptimeSeconds = uptime?.TotalSeconds,
            Restarts = state.Restarts,
            Attempt = state.Attempt,
            LastExit = state.LastExit?.ToString(),
            LastExitSuccess = state.LastExit is { } exit ? !exit.WasSignalled && policy.SuccessExitCodes.Contains(exit.Code) : null,
            Problem = state.Problem,
            StatusText = state.Pid is null ? null : program.StatusText,
            ExitStatus = program.Record.ExitStatus,
            SpawnError = program.Record.SpawnError,
            WaitingFor = [.. waitingFor.Select(blocker => blocker.Name)],
            NextRun = nextRun?.ToUnixTimeMilliseconds(),
            NextTrySeconds = nextTry is { } wait ? Math.Max(0, wait.TotalSeconds) : null,
            Enabled = policy.Enabled,
            Wanted = state.Wanted,
            Optional = policy.Optional,
            Critical = policy.Critical,
            Description = Describe(program, state, uptime, nextTry, nextRun, waitingFor),
            CpuSeconds = process?.CpuTime.TotalSeconds,
            MemoryBytes = process?.ResidentBytes,
            StdoutLog = program.Definition.Stdout?.File,
            StderrLog = ReferenceEquals(program.Definition.Stderr, program.Definition.Stdout) ? null : program.Definition.Stderr?.File,
            LogBytes = log.Bytes,
            LogDroppedLines = log.MirrorDroppedLines,
        };
    }

    /// <summary>Null without a health probe.</summary>
    public static string? HealthOf(ProgramPolicy policy, ProgramState state) => policy.Health is null ? null : state.Health.ToString().ToLowerInvariant();

    public ControlResult.Explanation Explain(IReadOnlyList<ProgramRuntime> selected)
    {
        var waits = new List<UnmetRequirement>();
        var exits = new List<ProgramExit>();
        var probes = new List<ProbeReport>();
        var lines = new List<string>();
        foreach (ProgramRuntime program in selected.Where(program => core.Knows(program.Name)))
        {
            ProgramState state = core.StateOf(program.Name);
            var blockers = state.Phase == ProgramPhase.Waiting ? core.BlockersOf(program.Name) : [];
            waits.AddRange(blockers.Select(blocker => new UnmetRequirement(blocker.Name, blocker.Reason)));
            exits.AddRange(program.Exits.Reverse().Select(exit => new ProgramExit(
                program.Name, exit.At.ToUnixTimeMilliseconds(), exit.Pid, exit.Status.ToString(), exit.Lived.TotalSeconds)));
            AddProbe(probes, program, "ready", program.Definition.Ready, state.ReadyProbe, state.Ready ? "ready" : "not ready yet");
            AddProbe(probes, program, "health", program.Definition.Health, state.HealthProbe, state.Health.ToString().ToLowerInvariant());
            AddLines(lines, program, state, blockers);
        }

        return new ControlResult.Explanation([.. selected.Select(program => StatusOf(program))], waits, exits, probes, lines);
    }

    private void AddLines(List<string> lines, ProgramRuntime program, ProgramState state, IReadOnlyList<(string Name, string Reason)> blockers)
    {
        ProgramStatus status = StatusOf(program);

        // What it waits for follows, with the reasons.
        string description = blockers.Count > 0 || status.Description.Length == 0 ? "" : $": {status.Description}";
        lines.Add($"{program.Name} is {status.State}{description}");
        foreach (var (name, reason) in blockers)
            lines.Add($"  waits for {name}, which {reason}");
        if (state.StoppedByUser)
            lines.Add("  it was stopped by a user, and stays down until it is started by one");
        if (!program.Definition.Policy.Enabled)
            lines.Add("  it is not started at boot (enabled = false)");
        if (state.Problem is { } problem)
            lines.Add($"  last problem: {problem}");
        if (status.NextTrySeconds is { } seconds)
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"  next try in {seconds:0.0} s (try {state.Attempt} of {Attempts(program.Definition.Policy)})"));
        if (status.NextRun is { } next)
            lines.Add($"  next run: {DateTimeOffset.FromUnixTimeMilliseconds(next).ToLocalTime():yyyy-MM-dd HH:mm:ss zzz}");
        if (program.StatusText is { } said)
            lines.Add($"  it says: {said}");
        AddProbeLine(lines, "ready", program.Definition.Ready, state.Ready ? "ready" : "not ready", state.ReadyProbe);
        AddProbeLine(lines, "health", program.Definition.Health, state.Health.ToString().ToLowerInvariant(), state.HealthProbe);
        lines.Add($"  restarted {state.Restarts} times");
        foreach (PastExit exit in program.Exits.Reverse())
            lines.Add($"  {exit.At.ToLocalTime():yyyy-MM-dd HH:mm:ss}: pid {exit.Pid} ended after {Durations.Text(Rounded(exit.Lived))}: {exit.Status}");
    }

    private static string Attempts(ProgramPolicy policy) =>
        policy.Backoff.Attempts?.ToString(CultureInfo.InvariantCulture) ?? "any number";

    private static TimeSpan Rounded(TimeSpan time) => TimeSpan.FromMilliseconds(Math.Round(time.TotalMilliseconds));

    private static void AddProbeLine(List<string> lines, string kind, Probe? probe, string verdict, ProbeState state)
    {
        if (probe is not null)
            lines.Add($"  {kind}: {Text(probe)}: {verdict}{(state.Detail is { } detail ? $" ({detail})" : "")}{(state.Failures > 0 ? $", {state.Failures} failures in a row" : "")}");
    }

    private static void AddProbe(List<ProbeReport> reports, ProgramRuntime program, string kind, Probe? probe, ProbeState state, string verdict)
    {
        if (probe is not null)
            reports.Add(new ProbeReport(program.Name, kind, new SecretValues(program.Definition.Launch).Hide(Text(probe)), state.Detail ?? verdict, state.Failures));
    }

    private static string Text(Probe probe) => probe switch
    {
        Probe.PathExists(var path) => $"path {path}",
        Probe.Tcp(var address, var port) => $"tcp {address}:{port}",
        Probe.Http http => $"http {http.HostHeader}{http.PathAndQuery}",
        Probe.Exec(var command) => $"exec {string.Join(' ', command)}",
        Probe.LogLine(var pattern) => $"log {pattern}",
        Probe.Notify => "notify",
        Probe.Exit => "exit",
        Probe.Delay(var after) => $"delay {Durations.Text(after)}",
        _ => "",
    };

    /// <summary>In supervisord's words where it has any: scripts read them.</summary>
    private static string Describe(
        ProgramRuntime program,
        ProgramState state,
        TimeSpan? uptime,
        TimeSpan? nextTry,
        DateTimeOffset? nextRun,
        IReadOnlyList<(string Name, string Reason)> waitingFor)
    {
        string next = nextRun is { } at ? $"next run {at.ToLocalTime().ToString("MMM dd HH:mm", CultureInfo.InvariantCulture)}" : "";
        return state.Phase switch
        {
            ProgramPhase.Running when !state.Ready && program.Definition.Policy.Readiness is not null => $"pid {state.Pid}, uptime {Uptime(uptime)}, not ready",
            ProgramPhase.Running => $"pid {state.Pid}, uptime {Uptime(uptime)}",
            ProgramPhase.Starting when state.Step == ProgramStep.BeforeStartHook => "runs its before_start hook",
            ProgramPhase.Starting when state.GraceOver => "waits to become ready",
            ProgramPhase.Waiting => $"waits for {string.Join(", ", waitingFor.Select(blocker => blocker.Name))}",
            ProgramPhase.Backoff => string.Create(CultureInfo.InvariantCulture, $"{state.Problem}; next try in {Math.Max(0, nextTry?.TotalSeconds ?? 0):0.0} s"),
            ProgramPhase.Fatal => state.Problem ?? "",
            ProgramPhase.Absent => "not installed",
            ProgramPhase.Exited when next.Length > 0 => $"{state.LastExit}, {next}",
            ProgramPhase.Exited => $"{state.LastExit} at {Time(program.ChangedAt)}",
            ProgramPhase.Stopped when next.Length > 0 => next,
            ProgramPhase.Stopped when state.SpawnedAt is null => "Not started",
            ProgramPhase.Stopped => Time(program.ChangedAt),
            _ => "",
        };
    }

    private static string Time(DateTimeOffset at) => at.ToLocalTime().ToString("MMM dd hh:mm tt", CultureInfo.InvariantCulture);

    /// <summary>As Python prints a timedelta: "0:01:02", "1 day, 2:03:04".</summary>
    private static string Uptime(TimeSpan? uptime)
    {
        TimeSpan time = uptime is { } value && value > TimeSpan.Zero ? value : TimeSpan.Zero;
        string days = time.Days switch
        {
            0 => "",
            1 => "1 day, ",
            _ => $"{time.Days} days, ",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{days}{time.Hours}:{time.Minutes:00}:{time.Seconds:00}");
    }
}
