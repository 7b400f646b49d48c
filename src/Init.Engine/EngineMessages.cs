using System.Collections.Immutable;
using System.Globalization;
using Init.Base;
using Init.Config.Reports;
using Init.Engine.Journal;
using Init.Engine.Logging;
using Init.Supervision;

namespace Init.Engine;

/// <summary>What the engine says of itself and of the programs, in one place, so that it tells one story.</summary>
internal static class EngineMessages
{
    public static void Started(this InitLog log, string version, int pid, string configFile, int programs) => log.Write(
        LogLevel.Information,
        "init.started",
        $"Init {version} started with pid {pid}, {programs} programs from {configFile}",
        new LogField("pid", Text(pid)),
        new LogField("version", version));

    public static void ProgramNotice(this InitLog log, string program, int? pid, ProgramNotice notice)
    {
        switch (notice)
        {
            case ProgramNotice.PhaseChanged(var from, var to, var detail):
                LogLevel level = to switch
                {
                    ProgramPhase.Fatal => LogLevel.Error,
                    ProgramPhase.Backoff => LogLevel.Warning,
                    ProgramPhase.Exited when detail is not null && from != ProgramPhase.Stopping => LogLevel.Information,
                    _ => LogLevel.Information,
                };
                string because = detail is null ? "" : $": {detail}";
                string process = to is ProgramPhase.Running && pid is { } number ? $" (pid {Text(number)})" : "";
                log.Write(
                    level,
                    "program.phase",
                    $"{program}: {EventJournal.NameOf(from)} -> {EventJournal.NameOf(to)}{process}{because}",
                    new LogField("program", program),
                    new LogField("from", EventJournal.NameOf(from)),
                    new LogField("to", EventJournal.NameOf(to)));
                break;

            case ProgramNotice.ReadyChanged(true):
                log.Write(LogLevel.Information, "program.ready", $"{program}: ready", new LogField("program", program));
                break;

            case ProgramNotice.HealthChanged(var health, var detail):
                log.Write(
                    health == HealthState.Unhealthy ? LogLevel.Warning : LogLevel.Information,
                    "program.health",
                    $"{program}: {(health == HealthState.Unhealthy ? "unhealthy" : "healthy")}{(detail is null ? "" : $": {detail}")}",
                    new LogField("program", program));
                break;

            case ProgramNotice.HookFailed(var hook, var detail):
                log.Write(
                    LogLevel.Warning,
                    "program.hook",
                    $"{program}: cannot finish the {EventJournal.HookName(hook)} hook: {detail}",
                    new LogField("program", program));
                break;

            case ProgramNotice.ProcessEnded(var status, var expected):
                log.Write(
                    expected ? LogLevel.Information : LogLevel.Warning,
                    "program.process-ended",
                    $"{program}: process ended: {status}{(expected ? "" : ", not expected")}",
                    new LogField("program", program),
                    new LogField("status", status.ToString()));
                break;
        }
    }

    public static void SignalReceived(this InitLog log, int signal, string effect) => log.Write(
        LogLevel.Information,
        "init.signal",
        $"received {SignalNames.NameOf(signal)}: {effect}",
        new LogField("signal", SignalNames.NameOf(signal)));

    public static void ShutdownBegan(this InitLog log, string cause) =>
        log.Write(LogLevel.Information, "init.shutdown", $"shutting down: {cause}");

    public static void ShutdownCompleted(this InitLog log, int exitCode, ImmutableArray<string> left)
    {
        if (left.IsEmpty)
            log.Write(LogLevel.Information, "init.ended", $"all programs are down; exit code {Text(exitCode)}", new LogField("code", Text(exitCode)));
        else
            log.Write(
                LogLevel.Error,
                "init.ended",
                $"cannot end {string.Join(", ", left)} even by SIGKILL; going without, exit code {Text(exitCode)}",
                new LogField("code", Text(exitCode)));
    }

    public static void RunSkipped(this InitLog log, string program) => log.Write(
        LogLevel.Warning,
        "program.run-skipped",
        $"{program}: a scheduled run is left out, for the one before still goes on",
        new LogField("program", program));

    public static void StartedWithout(this InitLog log, string program, string missing) => log.Write(
        LogLevel.Warning,
        "program.started-without",
        $"{program}: starts without {missing}, which it has waited for as long as it is to",
        new LogField("program", program));

    public static void RollingRestartEnded(this InitLog log, SystemEffect.RollingRestartEnded end)
    {
        string left = end.NotRestarted.IsEmpty ? "" : $"; not restarted: {string.Join(", ", end.NotRestarted)}";
        switch (end.How)
        {
            case RollingEnd.Failed:
                log.Write(
                    LogLevel.Error,
                    "program.rolling-restart",
                    $"cannot {(end.NotRestarted.IsEmpty ? "finish" : "go on with")} the rolling restart: {end.At} did not come up{left}",
                    new LogField("program", end.At ?? ""));
                break;
            case RollingEnd.Replaced:
                log.Write(LogLevel.Information, "program.rolling-restart", $"the rolling restart gives way to another one{left}");
                break;
            default:
                break; // Done, or the end of everything: the programs' own lines say so.
        }
    }

    public static void Reloaded(this InitLog log, int changes) =>
        log.Write(LogLevel.Information, "init.reloaded", $"configuration reloaded: {Text(changes)} changes", new LogField("changes", Text(changes)));

    public static void ReloadRefused(this InitLog log, IReadOnlyList<ConfigProblem> problems)
    {
        log.Write(LogLevel.Error, "init.reload-failed", $"cannot reload the configuration: {CheckReport.Count(problems.Count)}; nothing has changed");
        foreach (ConfigProblem problem in problems)
            log.Write(LogLevel.Error, "config.problem", problem.ToString());
    }

    public static void ConfigWarning(this InitLog log, ConfigProblem warning) => log.Write(LogLevel.Warning, "config.warning", warning.ToString());

    public static void Trouble(this InitLog log, string text) => log.Write(LogLevel.Warning, "init.trouble", text);

    public static void Fault(this InitLog log, string doing, Exception exception) =>
        log.Write(LogLevel.Error, "init.fault", $"cannot {doing}: {exception}");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
