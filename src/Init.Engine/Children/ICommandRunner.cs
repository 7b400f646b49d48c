using System.Collections.Immutable;
using Init.Base;

namespace Init.Engine.Children;

/// <summary>
/// A short-lived command of ours beside the programs: a hook, an exec probe, an event hook. It runs in a session of its own and is
/// reaped by the one reaper.
/// </summary>
/// <param name="Command">argv; element 0 is looked up in the environment's PATH when it has no slash.</param>
/// <param name="Environment">"KEY=VALUE", all of it.</param>
/// <param name="Directory">Null = Init's own.</param>
/// <param name="Limit">How long it may take before its process group is killed; null = for ever.</param>
/// <param name="Output">Where its stdout and stderr go.</param>
/// <param name="Input">What it can read on stdin, at most <see cref="InputBytesMax"/> bytes; null = /dev/null.</param>
public sealed record CommandRequest(
    ImmutableArray<string> Command,
    ImmutableArray<string> Environment,
    string? Directory,
    TimeSpan? Limit,
    CommandOutput Output,
    ReadOnlyMemory<byte>? Input = null)
{
    /// <summary>What fits into a pipe without anybody reading (pipe(7)), so that writing it can never block.</summary>
    public const int InputBytesMax = 64 * 1024;

    /// <summary>Run with the identity and limits of this program; null = as Init.</summary>
    public Config.LaunchSpec? As { get; init; }
}

/// <summary>Where a command's output goes.</summary>
public abstract record CommandOutput
{
    private CommandOutput() { }

    public sealed record Discard : CommandOutput;

    /// <summary>Into the log of a program instance.</summary>
    public sealed record ToProgramLog(string Instance) : CommandOutput;
}

/// <param name="Status">How it ended; null when it could not be started.</param>
/// <param name="Problem">Why it could not be started, for people; null when it was.</param>
/// <param name="TimedOut">It was killed because it took longer than its limit.</param>
public sealed record CommandOutcome(ExitStatus? Status, string? Problem, bool TimedOut)
{
    public bool Success => Status is { WasSignalled: false, Code: 0 } && !TimedOut;

    /// <summary>"exit code 1", "took longer than 2s", "cannot execute …".</summary>
    public string Describe(TimeSpan? limit) => this switch
    {
        { Problem: { } problem } => problem,
        { TimedOut: true } => $"it took longer than {Durations.Text(limit ?? TimeSpan.Zero)} and was killed",
        { Status: { } status } => status.ToString(),
        _ => "it did not run",
    };
}

public interface ICommandRunner
{
    /// <summary>
    /// Starts the command. <paramref name="ended"/> is called exactly once, on the loop's thread and never from within this call, also when it
    /// could not be started; it is not called after <see cref="IRunningCommand.Abandon"/>.
    /// </summary>
    IRunningCommand Run(CommandRequest request, Action<CommandOutcome> ended);
}

public interface IRunningCommand
{
    /// <summary>Kills its process group; nobody is interested in its end any more.</summary>
    void Abandon();
}
