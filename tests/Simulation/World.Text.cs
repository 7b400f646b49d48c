using Init.Base;
using Init.Supervision;

namespace Simulation;

/// <content>The trace, short and free of anything that differs from run to run.</content>
public sealed partial class World
{
    private static string NameOf(SystemEvent happening) => happening is SystemEvent.OfProgram(_, var inner) ? inner.GetType().Name : happening.GetType().Name;

    /// <summary>Short, and free of anything that differs from run to run.</summary>
    private static string Describe(SystemEvent happening) => happening switch
    {
        SystemEvent.OfProgram(var name, var inner) => inner switch
        {
            ProgramEvent.Spawned(var pid) => $"> {name} spawned as {pid}",
            ProgramEvent.SpawnFailed failed => $"> {name} could not be spawned: {failed.Why}",
            ProgramEvent.Exited(var status) => $"> {name} ended: {status}",
            ProgramEvent.HookEnded hook => $"> {name} hook {hook.Hook} ended {(hook.Success ? "well" : "badly")}",
            ProgramEvent.ProbeEnded probe => $"> {name} {probe.Role} probe {(probe.Success ? "well" : "badly")}",
            _ => $"> {name} {inner.GetType().Name}",
        },
        SystemEvent.StartAsked(var names) => $"> start {string.Join(' ', names)}",
        SystemEvent.StopAsked(var names) => $"> stop {string.Join(' ', names)}",
        SystemEvent.RestartAsked(var names, var rolling, _) => $"> restart{(rolling ? " one after another" : "")} {string.Join(' ', names)}",
        SystemEvent.ScheduleDue(var name) => $"> schedule due {name}",
        SystemEvent.Reconfigured change => $"> reload, restarting {string.Join(' ', change.Restart)}\n        {string.Join("\n        ", change.Policies.Select(Describe))}",
        _ => $"> {happening.GetType().Name}",
    };

    private static string Describe(SystemEffect effect) => effect switch
    {
        SystemEffect.OfProgram(var name, var inner) => inner switch
        {
            ProgramEffect.RunHook(var kind) => $"{name} run hook {kind}",
            ProgramEffect.Signal(var number, var group) => $"{name} signal {number}{(group ? " to the group" : "")}",
            ProgramEffect.Sweep(var number) => $"{name} sweep with {number}",
            ProgramEffect.StartProbe(var role) => $"{name} start {role} probe",
            ProgramEffect.CancelProbe(var role) => $"{name} cancel {role} probe",
            ProgramEffect.Announce(ProgramNotice.PhaseChanged(var from, var to, var detail)) => $"{name} {from} -> {to} {detail}",
            ProgramEffect.Announce(ProgramNotice.ReadyChanged(var ready)) => $"{name} {(ready ? "ready" : "not ready")}",
            ProgramEffect.Announce(ProgramNotice.HealthChanged(var health, _)) => $"{name} {health}",
            ProgramEffect.Announce(ProgramNotice.ProcessEnded(var status, _)) => $"{name} process ended: {status}",
            ProgramEffect.Announce(ProgramNotice.HookFailed(var kind, var detail)) => $"{name} hook {kind} failed: {detail}",
            _ => $"{name} {inner.GetType().Name}",
        },
        SystemEffect.ShutdownCompleted(var code, var left) => $"shutdown completed with {code}, left: {string.Join(' ', left)}",
        SystemEffect.ShutdownBegan(var cause) => $"shutdown began: {cause}",
        SystemEffect.RollingRestartEnded(_, var how, var at, var rest) => $"rolling restart ended ({how}) at {at} before {string.Join(' ', rest)}",
        SystemEffect.Forgotten(var name) => $"forgotten {name}",
        _ => effect.GetType().Name,
    };

    private static string Describe(ProgramPolicy policy)
    {
        string requires = string.Join(',', policy.Requires.Select(needed => needed.Program + (needed.Restart ? "!" : "")));
        string readiness = policy.Readiness is { } ready ? $"{ready.Source}/{Durations.Text(ready.Interval)}/{(ready.Timeout is { } limit ? Durations.Text(limit) : "-")}" : "-";
        BackoffPolicy backoff = policy.Backoff;
        StopPolicy stop = policy.Stop;
        return FormattableString.Invariant(
            $"{policy.Name} requires=[{requires}] after=[{string.Join(',', policy.After)}] {policy.Restart}{(policy.Enabled ? "" : " disabled")}{(policy.Scheduled ? " scheduled" : "")}{(policy.Optional ? " optional" : "")}{(policy.Critical ? " critical" : "")}{(policy.OnExit == OnExit.Shutdown ? " on_exit=shutdown" : "")} grace={Durations.Text(policy.StartGrace)} ready={readiness} backoff={Durations.Text(backoff.Initial)}x{backoff.Factor}<{Durations.Text(backoff.Max)} reset={Durations.Text(backoff.ResetAfter)} attempts={backoff.Attempts}{(backoff.Increment > TimeSpan.Zero ? $"+{Durations.Text(backoff.Increment)}" : "")}{(backoff.OnlyFailedStarts ? " starts_only" : "")}{(policy.EarlyExitFails ? " early_fails" : "")} priority={policy.ShutdownPriority} stop={stop.Signal}/{Durations.Text(stop.Grace)}/{stop.FinalSignal}{(stop.Group ? " group" : "")}{(stop.FinalGroup ? " final_group" : "")}{(stop.HasCommand ? " command" : "")} health={(policy.Health is { } health ? $"{Durations.Text(health.Interval)}x{health.Failures}" : "-")} watchdog={(policy.Watchdog is { } dog ? Durations.Text(dog) : "-")} hooks={(policy.Hooks.BeforeStart ? "b" : "")}{(policy.Hooks.AfterStart ? "a" : "")}{(policy.Hooks.AfterStop ? "s" : "")}/{Durations.Text(policy.Hooks.Timeout)}");
    }
}
