using Init.Base;
using Init.Config;
using Init.Engine.Children;
using Init.Engine.Logging;
using Init.Engine.Notify;
using Init.Engine.Probes;
using Init.Linux;

namespace Init.Engine.Programs;

/// <summary>What the engine holds for one program instance beside the core's state: its definition, and whatever of it is open or running.</summary>
public sealed class ProgramRuntime(ProgramDefinition definition)
{
    /// <summary>How many past exits <c>explain</c> can show.</summary>
    public const int ExitsKept = 10;

    /// <summary>A daemon that an earlier process of the program has left behind holds an earlier pipe.</summary>
    private const int OutputPipesKept = 16;

    /// <summary>As configured now; a process that was started earlier may have been started with an older one.</summary>
    public ProgramDefinition Definition { get; set; } = definition;

    public string Name => Definition.Policy.Name;

    /// <summary>The main process, from spawn to reaping.</summary>
    public int? Pid { get; set; }

    /// <summary>The last main process, which may be long gone and its number somebody else's.</summary>
    public int? LastPid { get; set; }

    /// <summary>The group and session of the last main process, as long as something of it may be left.</summary>
    public int? Group { get; set; }

    /// <summary>The pipes of the last starts, by inode number: who holds one of them belongs to this program, whatever else it has got rid of.</summary>
    public BoundedRing<ulong> OutputPipes { get; } = new(OutputPipesKept);

    public DateTimeOffset? SpawnedAt { get; set; }

    /// <summary>What supervisord's clients ask about.</summary>
    public SupervisordRecord Record { get; } = new();

    /// <summary>When the state last changed, on the wall clock.</summary>
    public DateTimeOffset ChangedAt { get; set; }

    public BoundedRing<PastExit> Exits { get; } = new(ExitsKept);

    /// <summary>The stdin of the main process, when it is a pipe.</summary>
    public StdinPipe? Stdin { get; set; }

    /// <summary>Since Init's start, or since the program came into the configuration.</summary>
    public ExitCounts ExitCounts { get; } = new();

    /// <summary>The main process as the source of what its output makes known.</summary>
    public OutputSource? Output { get; set; }

    public IRunningCommand? Hook { get; set; }

    /// <summary>A hook was killed, and what it may have left behind has not been looked for yet.</summary>
    public bool HookWasKilled { get; set; }

    public IRunningProbe? ReadinessProbe { get; set; }

    public IRunningProbe? HealthProbe { get; set; }

    public NotifySocket? Notify { get; set; }

    /// <summary>Ends the watch for the log line that means ready.</summary>
    public LogWatch? LogWatch { get; set; }

    /// <summary>What the program last said of itself (STATUS= of sd_notify(3)).</summary>
    public string? StatusText { get; set; }

    public void NoteOutputPipes(OutputPipes pipes)
    {
        foreach (int fd in (ReadOnlySpan<int>)[pipes.Stdout, pipes.Stderr])
        {
            if (fd >= 0 && Files.StatusOf(fd) is { } status)
                OutputPipes.Add(status.Inode);
        }
    }
}

public sealed record PastExit(DateTimeOffset At, int Pid, ExitStatus Status, TimeSpan Lived);
