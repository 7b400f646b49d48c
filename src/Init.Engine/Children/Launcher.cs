using System.Collections.Immutable;
using System.Diagnostics;
using Init.Base;
using Init.Config;
using Init.Linux;

namespace Init.Engine.Children;

/// <summary>What to start beyond what the <see cref="LaunchSpec"/> says.</summary>
/// <param name="Command">argv.</param>
/// <param name="As">Environment, directory, identity and limits.</param>
/// <param name="Variables">"KEY=VALUE" that come on top of the environment of <paramref name="As"/> and win over it.</param>
/// <param name="Stdin">Descriptors of ours, or <see cref="SpawnRequest.DevNull"/>. They stay ours: the caller closes them.</param>
public sealed record LaunchRequest(
    ImmutableArray<string> Command, LaunchSpec As, IReadOnlyList<string> Variables, int Stdin, int Stdout, int Stderr)
{
    /// <summary>The cgroup.procs file of the control group it shall be in; null = ours.</summary>
    public string? CgroupEntrance { get; init; }
}

public abstract record LaunchResult
{
    private LaunchResult() { }

    /// <param name="Pid">The process, leader of a session and group of its own.</param>
    /// <param name="Setup">When it goes through <c>init exec-child</c>: what tells, at its end, whether it had become the program.</param>
    public sealed record Launched(int Pid, ChildSetup? Setup) : LaunchResult;

    public sealed record Failed(LaunchFailure Failure) : LaunchResult;
}

/// <param name="Message">For people: "cannot execute /app/web: …".</param>
/// <param name="NotInstalled">The command does not exist.</param>
/// <param name="ExitCode">126 or 127, as a shell has it.</param>
public sealed record LaunchFailure(string Message, bool NotInstalled, int ExitCode)
{
    /// <summary>
    /// What supervisord calls it (its "spawnerr"); null when supervisord finds out only in the child, which then ends too early.
    /// </summary>
    public string? SupervisordText { get; init; }

    /// <summary>Of the call that failed; 0 when no call was made.</summary>
    public int Errno { get; init; }
}

/// <summary>Starts processes: by posix_spawn alone where that is enough, else through <c>init exec-child</c>.</summary>
/// <param name="loop">Children that need more set-up report over it.</param>
/// <param name="ownExecutable">The path of this binary.</param>
/// <param name="instanceId">Marks every process that descends from this Init, in its environment (INIT_INSTANCE).</param>
public sealed class Launcher(EventLoop loop, string ownExecutable, string instanceId)
{
    private readonly OwnBinary _own = new(ownExecutable);

    private readonly string _instanceVariable = $"{EnvironmentNames.Instance}={instanceId}";

    /// <summary>argv of a program: its command, or this binary in the role that is built in.</summary>
    public ImmutableArray<string> CommandOf(LaunchSpec spec) => spec.Builtin is { } role ? [_own.Path, role, .. spec.Command] : spec.Command;

    /// <summary>Whether the command can be found now. Anything but "there is no such file" counts as found: the spawn will tell what is wrong.</summary>
    public bool IsInstalled(LaunchSpec spec) =>
        spec.Builtin is not null || spec.CommandFault is not null || CommandLookup.Find(spec.Command[0], PathOf(spec), spec.Directory) is not CommandLookup.NotFound;

    public LaunchResult Launch(LaunchRequest request)
    {
        if (FindCommand(request.As, request.Command, out string path) is { } failure)
            return new LaunchResult.Failed(failure);

        var spawn = new SpawnRequest
        {
            Path = path,
            Argv = request.Command,
            Environment = EnvironmentOf(request),
            Directory = request.As.Directory,
            Stdin = request.Stdin,
            Stdout = request.Stdout,
            Stderr = request.Stderr,
        };
        return request.As.NeedsExecChild
            ? ChildSetup.Launch(loop, _own.Path, spawn, request.As, request.CgroupEntrance)
            : ResultOf(Spawner.Spawn(spawn), setup: null);
    }

    /// <summary>Why the command cannot be run as things are, as far as that can be told without running it; null = it can.</summary>
    public LaunchFailure? WhyNot(LaunchSpec spec) => FindCommand(spec, CommandOf(spec), out _);

    private static LaunchFailure? FindCommand(LaunchSpec spec, ImmutableArray<string> command, out string path)
    {
        path = "";
        if (spec.CommandFault is { } fault)
            return new LaunchFailure(fault, NotInstalled: false, ExitCode.CannotExecute) { SupervisordText = fault };

        switch (CommandLookup.Find(command[0], PathOf(spec), spec.Directory))
        {
            case CommandLookup.Found found:
                path = found.Path;
                return null;
            case CommandLookup.NotFound missing:
                return new LaunchFailure(missing.Message, NotInstalled: true, ExitCode.CommandNotFound)
                {
                    SupervisordText = SpawnErrorText.NotFound(command[0]),
                };
            case CommandLookup.NotExecutable refused:
                return new LaunchFailure(refused.Message, NotInstalled: false, ExitCode.CannotExecute)
                {
                    SupervisordText = SpawnErrorText.NotExecutable(refused.Path, spec.Directory),
                };
            case CommandLookup.IsDirectory directory:
                return new LaunchFailure(directory.Message, NotInstalled: false, ExitCode.CannotExecute)
                {
                    SupervisordText = SpawnErrorText.IsDirectory(directory.Path),
                };
            default:
                throw new UnreachableException();
        }
    }

    internal static LaunchResult ResultOf(SpawnResult result, ChildSetup? setup) => result switch
    {
        SpawnResult.Spawned(var pid) => new LaunchResult.Launched(pid, setup),
        SpawnResult.Failed(var errno, var message) => new LaunchResult.Failed(FailureOf(message, errno) with { Errno = errno }),
        _ => throw new UnreachableException(),
    };

    internal static LaunchFailure FailureOf(string message, int errno)
    {
        bool notFound = errno == Errno.ENOENT;
        return new LaunchFailure(message, notFound, notFound ? ExitCode.CommandNotFound : ExitCode.CannotExecute);
    }

    private List<string> EnvironmentOf(LaunchRequest request)
    {
        var overriding = request.Variables.Append(_instanceVariable).ToList();
        var names = overriding.Select(NameOf).ToHashSet();
        return [.. request.As.Environment.Where(variable => !names.Contains(NameOf(variable))), .. overriding];
    }

    private static string NameOf(string variable) => variable[..Math.Max(0, variable.IndexOf('='))];

    private static string? PathOf(LaunchSpec spec) =>
        spec.Environment.FirstOrDefault(variable => variable.StartsWith("PATH=", StringComparison.Ordinal))?["PATH=".Length..];
}
