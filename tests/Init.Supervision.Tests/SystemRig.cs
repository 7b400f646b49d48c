using System.Collections.Immutable;
using Init.Base;

namespace Init.Supervision.Tests;

/// <summary>
/// A supervisor whose programs can always be spawned and live until they are told to end. Spawns and sweeps are answered at once; exits, hooks and probes
/// are for the test to bring about. What happened is kept as short lines, in order.
/// </summary>
internal sealed class SystemRig
{
    private readonly Queue<SystemEvent> _queue = new();
    private int _lastPid = 100;
    private long _tickets;

    public SystemRig(params ReadOnlySpan<ProgramPolicy> policies) : this(new SupervisorOptions(TimeSpan.FromSeconds(25), ExitOnFatal: false), policies)
    {
    }

    public SystemRig(SupervisorOptions options, params ReadOnlySpan<ProgramPolicy> policies)
    {
        Options = options;
        Policies = [.. policies];
        Supervisor = new Supervisor(Policies, options, () => 0.5);
    }

    public Supervisor Supervisor { get; }

    public SupervisorOptions Options { get; }

    public ImmutableArray<ProgramPolicy> Policies { get; private set; }

    public Instant Now { get; private set; } = new(1_000_000_000_000);

    public List<string> Log { get; } = [];

    /// <summary>Programs whose process ends as soon as it gets a signal.</summary>
    public HashSet<string> Obedient { get; } = [];

    public SystemEffect.ShutdownCompleted? Completed { get; private set; }

    /// <summary>No grace, no group, no jitter: what matters here is who does what when.</summary>
    public static ProgramPolicy Program(string name, params ReadOnlySpan<string> requires)
    {
        var needed = ImmutableArray.CreateBuilder<Requirement>();
        foreach (string other in requires)
            needed.Add(new Requirement(other.TrimEnd('!'), Restart: other.EndsWith('!')));
        return new ProgramPolicy
        {
            Name = name,
            Program = name.Split(':')[0],
            StartGrace = TimeSpan.Zero,
            Stop = new StopPolicy { Group = false },
            Backoff = new BackoffPolicy { Jitter = 0 },
            Requires = needed.ToImmutable(),
        };
    }

    /// <summary>Ready only when told so.</summary>
    public static ProgramPolicy Slow(string name, params ReadOnlySpan<string> requires) =>
        Program(name, requires) with { Readiness = new ReadinessPolicy(ReadinessSource.Told, TimeSpan.Zero, TimeSpan.Zero, null) };

    public static SystemRig Booted(params ReadOnlySpan<ProgramPolicy> policies) => new SystemRig(policies).Boot();

    public SystemRig Boot()
    {
        Handle(new SystemEvent.Boot());
        return this;
    }

    public ProgramPhase Phase(string name) => Supervisor.StateOf(name).Phase;

    public void Start(params ReadOnlySpan<string> names) => Handle(new SystemEvent.StartAsked([.. names]));

    public void Stop(params ReadOnlySpan<string> names) => Handle(new SystemEvent.StopAsked([.. names]));

    public void Restart(params ReadOnlySpan<string> names) => Handle(new SystemEvent.RestartAsked([.. names], Rolling: false));

    /// <summary>Each has a ticket of its own, counted from 1.</summary>
    public void Roll(params ReadOnlySpan<string> names) => Handle(new SystemEvent.RestartAsked([.. names], Rolling: true, ++_tickets));

    public void Exit(string name, int code = 0) => Tell(name, new ProgramEvent.Exited(ExitStatus.Exited(code)));

    public void Tell(string name, ProgramEvent happening) => Handle(new SystemEvent.OfProgram(name, happening));

    public void Reload(IEnumerable<ProgramPolicy> policies, params ReadOnlySpan<string> restart)
    {
        Policies = [.. policies];
        Handle(new SystemEvent.Reconfigured(Policies, [.. restart], Options));
    }

    public void Pass(TimeSpan time)
    {
        Instant end = Now + time;
        while (Supervisor.NextDeadline is { } due && due <= end)
        {
            Now = due > Now ? due : Now;
            Handle(new SystemEvent.DeadlineReached());
        }

        Now = end;
    }

    /// <summary>The lines since the last call.</summary>
    public string[] Take()
    {
        string[] taken = [.. Log];
        Log.Clear();
        return taken;
    }

    public void Handle(SystemEvent happening)
    {
        _queue.Enqueue(happening);
        while (_queue.TryDequeue(out SystemEvent? next))
        {
            foreach (SystemEffect effect in Supervisor.Handle(next, Now).ToArray())
                CarryOut(effect);
        }
    }

    private void CarryOut(SystemEffect effect)
    {
        switch (effect)
        {
            case SystemEffect.OfProgram(var name, var inner):
                CarryOut(name, inner);
                break;
            case SystemEffect.ShutdownBegan(var cause):
                Log.Add($"shutdown: {cause}");
                break;
            case SystemEffect.ShutdownCompleted completed:
                Completed = completed;
                Log.Add($"shutdown complete: {completed.ExitCode}{(completed.Left.IsEmpty ? "" : " left " + string.Join(' ', completed.Left))}");
                break;
            case SystemEffect.RollingRestartEnded(var ticket, var how, var at, var rest):
                Log.Add($"rolling restart {ticket} ended: {how} at {at ?? "none"} before {string.Join(' ', rest)}".TrimEnd());
                break;
            case SystemEffect.Forgotten(var name):
                Log.Add($"{name} forgotten");
                break;
            case SystemEffect.StartedWithout(var name, var missing):
                Log.Add($"{name} starts without {string.Join(' ', missing)}");
                break;
            case SystemEffect.RunSkipped(var name):
                Log.Add($"{name} run skipped");
                break;
        }
    }

    private void CarryOut(string name, ProgramEffect effect)
    {
        switch (effect)
        {
            case ProgramEffect.Spawn:
                Log.Add($"{name} spawn");
                _queue.Enqueue(new SystemEvent.OfProgram(name, new ProgramEvent.Spawned(++_lastPid)));
                break;
            case ProgramEffect.Sweep:
                _queue.Enqueue(new SystemEvent.OfProgram(name, new ProgramEvent.Swept()));
                break;
            case ProgramEffect.Signal(var number, _):
                Log.Add($"{name} signal {number}");
                if (Obedient.Contains(name))
                    _queue.Enqueue(new SystemEvent.OfProgram(name, new ProgramEvent.Exited(ExitStatus.Signalled(number))));
                break;
            case ProgramEffect.RunHook(var kind):
                Log.Add($"{name} run {kind}");
                break;
            case ProgramEffect.CancelHook:
                Log.Add($"{name} cancel hook");
                break;
            case ProgramEffect.StartProbe(var role):
                Log.Add($"{name} probe {role}");
                break;
        }
    }
}
