using System.Collections.Immutable;
using Init.Base;
using Init.Supervision;

namespace Simulation;

/// <summary>
/// Cores that are broken on purpose, one thing each. A simulation that lets one of them pass is blind in that eye. What is broken is what goes
/// into the real core or comes out of it, so the core itself carries no switches for tests.
/// </summary>
public static class Canaries
{
    /// <summary>Each with a part of the message that must name what is wrong.</summary>
    public static ImmutableArray<Canary> All { get; } =
    [
        new("spawns twice", "spawned twice at once", (p, o, c) => new SpawnsTwice(p, o, c)),
        new("restarts what the user stopped", "stopped by the user", (p, o, c) => new DropsUnwanted(p, o, c)),
        new("ignores the gate", "which it requires, is", (p, o, c) => new IgnoresGate(p, o, c)),
        new("takes a running program for a ready one", "said to be ready without cause", (p, o, c) => new ReadyTooSoon(p, o, c)),
        new("stops without order", "which depends on it and is to go down too", (p, o, c) => new StopsWithoutOrder(p, o, c)),
        new("loses the deadline of BACKOFF", "after 20m in a quiet world", (p, o, c) => new LosesDeadline(p, o, c)),
        new("handles deadlines only now and then", "the next deadline is in the past", (p, o, c) => new SleepsThroughDeadlines(p, o, c)),
        new("fires deadlines early", "its grace is", (p, o, c) => new FiresEarly(p, o, c)),
        new("never kills", "after 20m in a quiet world", (p, o, c) => new NeverKills(p, o, c)),
        new("kills before the grace is over", "is killed", (p, o, c) => new KillsEarly(p, o, c)),
        new("starts during shutdown", "during shutdown", (p, o, c) => new StartsDuringShutdown(p, o, c)),
        new("swallows Swept", "after 20m in a quiet world", (p, o, c) => new SwallowsSwept(p, o, c)),
        new("mixes up exits", "believes in pid", (p, o, c) => new MixesUpExits(p, o, c)),
        new("tries for ever", "tries again after", (p, o, c) => new WithOtherPolicies(p, o, c, policy => policy with { Backoff = policy.Backoff with { Attempts = null } })),
        new("gives up too early", "is FATAL", (p, o, c) => new WithOtherPolicies(p, o, c, policy => policy with { Backoff = policy.Backoff with { Attempts = 1 } })),
        new("waits too long", "is allowed", (p, o, c) => new WithOtherPolicies(p, o, c, policy => policy with { Backoff = policy.Backoff with { Initial = TimeSpan.FromMinutes(1), Max = TimeSpan.FromMinutes(1) } })),
        new("takes an early end for a good one", "within its grace and is EXITED", (p, o, c) => new WithOtherPolicies(p, o, c, policy => policy with { EarlyExitFails = false })),
        new("lets a program wait that was RUNNING", "where only failed starts belong", (p, o, c) => new WithOtherPolicies(p, o, c, policy => policy with { Backoff = policy.Backoff with { OnlyFailedStarts = false } })),
        new("ends all at once", "of a higher shutdown priority, is alive", (p, o, c) => new WithOtherPolicies(p, o, c, policy => policy with { ShutdownPriority = 0 })),
        new("kills the main process alone", "is sent not to the group", (p, o, c) => new WithOtherPolicies(p, o, c, policy => policy with { Stop = policy.Stop with { FinalGroup = false } })),
        new("leaves dependants on a dead program", "was to be restarted with", (p, o, c) => new WithOtherPolicies(p, o, c, policy => policy with { Requires = [.. policy.Requires.Select(needed => needed with { Restart = false })] })),
        new("forgets to cancel hooks", "hook", (p, o, c) => new Filtering(p, o, c, effect => effect is not ProgramEffect.CancelHook)),
        new("forgets to cancel probes", "probe", (p, o, c) => new Filtering(p, o, c, effect => effect is not ProgramEffect.CancelProbe)),
        new("ends the shutdown before its programs", "obeys KILL, is alive", (p, o, c) => new EndsAtOnce(p, o, c)),
        new("does not end the shutdown", "the shutdown", (p, o, c) => new NeverEnds(p, o, c)),
    ];

    private static SystemEffect.OfProgram? Of<T>(SystemEffect effect) where T : ProgramEffect =>
        effect is SystemEffect.OfProgram { Effect: T } found ? found : null;

    private sealed class SpawnsTwice(IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance)
        : Core(policies, options, chance)
    {
        public override IReadOnlyList<SystemEffect> Handle(SystemEvent input, Instant now) =>
            [.. base.Handle(input, now).SelectMany(effect => Of<ProgramEffect.Spawn>(effect) is null ? [effect] : new[] { effect, effect })];
    }

    private sealed class DropsUnwanted(IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance)
        : Core(policies, options, chance)
    {
        public override IReadOnlyList<SystemEffect> Handle(SystemEvent input, Instant now) => input is SystemEvent.StopAsked stop
            ? Each(stop.Names, name => new SystemEvent.OfProgram(name, new ProgramEvent.StopRequested(StopReason.Dependency)), now)
            : base.Handle(input, now);
    }

    private sealed class StopsWithoutOrder(IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance)
        : Core(policies, options, chance)
    {
        public override IReadOnlyList<SystemEffect> Handle(SystemEvent input, Instant now) => input is SystemEvent.StopAsked stop
            ? Each(stop.Names, name => new SystemEvent.OfProgram(name, new ProgramEvent.StopRequested(StopReason.User)), now)
            : base.Handle(input, now);
    }

    private sealed class IgnoresGate(IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance)
        : Core(policies, options, chance)
    {
        public override IReadOnlyList<SystemEffect> Handle(SystemEvent input, Instant now)
        {
            SystemEffect[] effects = [.. base.Handle(input, now)];
            string[] held = [.. effects.OfType<SystemEffect.OfProgram>()
                .Where(effect => effect.Effect is ProgramEffect.Announce(ProgramNotice.PhaseChanged { To: ProgramPhase.Waiting }))
                .Select(effect => effect.Name)];
            return [.. effects, .. Each(held, name => new SystemEvent.OfProgram(name, new ProgramEvent.GateOpened()), now)];
        }
    }

    private sealed class LosesDeadline(IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance)
        : Core(policies, options, chance)
    {
        private readonly HashSet<string> _names = [.. policies.Select(policy => policy.Name)];

        public override Instant? NextDeadline => _names.Any(name => Knows(name) && StateOf(name).Phase == ProgramPhase.Backoff) ? null : base.NextDeadline;
    }

    private sealed class SleepsThroughDeadlines(IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance)
        : Core(policies, options, chance)
    {
        private int _count;

        public override IReadOnlyList<SystemEffect> Handle(SystemEvent input, Instant now) =>
            input is SystemEvent.DeadlineReached && ++_count % 5 == 0 ? [] : base.Handle(input, now);
    }

    private sealed class FiresEarly(IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance)
        : Core(policies, options, chance)
    {
        public override IReadOnlyList<SystemEffect> Handle(SystemEvent input, Instant now) =>
            base.Handle(input, input is SystemEvent.DeadlineReached ? now + TimeSpan.FromMilliseconds(200) : now);
    }

    private sealed class NeverKills(IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance)
        : Core(policies, options, chance)
    {
        public override IReadOnlyList<SystemEffect> Handle(SystemEvent input, Instant now) =>
            [.. base.Handle(input, now).Where(effect => effect is not SystemEffect.OfProgram { Effect: ProgramEffect.Signal { Number: 9 } or ProgramEffect.Sweep { Number: 9 } })];
    }

    private sealed class KillsEarly(IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance)
        : Core(policies, options, chance)
    {
        public override IReadOnlyList<SystemEffect> Handle(SystemEvent input, Instant now)
        {
            SystemEffect[] effects = [.. base.Handle(input, now)];
            string[] signalled = [.. effects.Select(Of<ProgramEffect.Signal>).OfType<SystemEffect.OfProgram>().Select(effect => effect.Name).Distinct()];
            return [.. effects, .. Each(signalled, name => new SystemEvent.OfProgram(name, new ProgramEvent.StopHastened()), now)];
        }
    }

    private sealed class StartsDuringShutdown(IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance)
        : Core(policies, options, chance)
    {
        public override IReadOnlyList<SystemEffect> Handle(SystemEvent input, Instant now)
        {
            SystemEffect[] effects = [.. base.Handle(input, now)];
            return IsShuttingDown && input is SystemEvent.OfProgram(var name, ProgramEvent.Exited) && Knows(name)
                ? [.. effects, .. base.Handle(new SystemEvent.OfProgram(name, new ProgramEvent.StartRequested()), now)]
                : effects;
        }
    }

    private sealed class SwallowsSwept(IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance)
        : Core(policies, options, chance)
    {
        public override IReadOnlyList<SystemEffect> Handle(SystemEvent input, Instant now) =>
            input is SystemEvent.OfProgram(_, ProgramEvent.Swept) ? [] : base.Handle(input, now);
    }

    private sealed class MixesUpExits(IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance)
        : Core(policies, options, chance)
    {
        private readonly string[] _names = [.. policies.Select(policy => policy.Name)];

        public override IReadOnlyList<SystemEffect> Handle(SystemEvent input, Instant now)
        {
            if (input is SystemEvent.OfProgram(var name, ProgramEvent.Exited exited) &&
                Array.Find(_names, other => other != name && Knows(other) && StateOf(other).Pid is not null) is { } victim)
                return base.Handle(new SystemEvent.OfProgram(victim, exited), now);
            return base.Handle(input, now);
        }
    }

    /// <summary>What it is told of the programs is not what the world expects of it.</summary>
    private sealed class WithOtherPolicies(
        IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance, Func<ProgramPolicy, ProgramPolicy> change)
        : Core([.. policies.Select(change)], options, chance)
    {
        public override IReadOnlyList<SystemEffect> Handle(SystemEvent input, Instant now) => base.Handle(
            input is SystemEvent.Reconfigured reload ? reload with { Policies = [.. reload.Policies.Select(change)] } : input, now);
    }

    private sealed class ReadyTooSoon(IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance)
        : Core([.. policies.Select(policy => policy with { Readiness = null })], options, chance);

    private sealed class Filtering(
        IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance, Func<ProgramEffect, bool> passes)
        : Core(policies, options, chance)
    {
        public override IReadOnlyList<SystemEffect> Handle(SystemEvent input, Instant now) =>
            [.. base.Handle(input, now).Where(effect => effect is not SystemEffect.OfProgram(_, var inner) || passes(inner))];
    }

    private sealed class EndsAtOnce(IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance)
        : Core(policies, options, chance)
    {
        public override IReadOnlyList<SystemEffect> Handle(SystemEvent input, Instant now)
        {
            bool before = IsShuttingDown;
            SystemEffect[] effects = [.. base.Handle(input, now)];
            return !before && IsShuttingDown ? [.. effects, new SystemEffect.ShutdownCompleted(0, [])] : effects;
        }
    }

    private sealed class NeverEnds(IReadOnlyCollection<ProgramPolicy> policies, SupervisorOptions options, Func<double> chance)
        : Core(policies, options, chance)
    {
        public override IReadOnlyList<SystemEffect> Handle(SystemEvent input, Instant now) =>
            [.. base.Handle(input, now).Where(effect => effect is not SystemEffect.ShutdownCompleted)];
    }
}

/// <param name="Name">What it does wrong.</param>
/// <param name="Symptom">A part of the message by which it is caught.</param>
public sealed record Canary(string Name, string Symptom, World.CoreMaker Make);
