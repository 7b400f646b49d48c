using Init.Config;
using Init.Linux;

namespace Init.Engine.Children;

/// <summary>
/// The set-up of a child that goes through <c>init exec-child</c>, as its parent sees it: the pipe over which the helper says what it could not do, and which
/// closes without a word when it has become the program.
/// </summary>
public sealed class ChildSetup
{
    private readonly EventLoop _loop;
    private readonly ExecChildSpec _spec;
    private int _pipe;
    private ExecChildFailure? _failure;

    private ChildSetup(EventLoop loop, ExecChildSpec spec, int pipe)
    {
        (_loop, _spec, _pipe) = (loop, spec, pipe);

        // Read as soon as it has an end, so that a thousand programs do not keep a thousand pipes.
        try
        {
            loop.Watch(pipe, IoEvents.Readable, _ => Read());
        }
        catch (SyscallException)
        {
            // ENOSPC, ENOMEM: then it is read when the child has ended. The child is there and must not be taken for one that is not.
        }
    }

    /// <summary>Starts the helper with what <paramref name="spawn"/> and <paramref name="launch"/> ask for.</summary>
    public static LaunchResult Launch(EventLoop loop, string ownExecutable, SpawnRequest spawn, LaunchSpec launch, string? cgroupProcs)
    {
        var spec = new ExecChildSpec
        {
            Path = spawn.Path,
            Argv = spawn.Argv,
            Environment = spawn.Environment,
            Directory = spawn.Directory,
            CgroupProcs = cgroupProcs,
            OomScoreAdjust = launch.OomScoreAdjust,
            Nice = launch.Nice,
            OpenFiles = launch.Limits.OpenFiles,
            CoreBytes = launch.Limits.Core?.Bytes,
            Umask = launch.Umask,
            User = launch.User,
            NoNewPrivileges = launch.NoNewPrivileges,
        };
        SpawnResult result = ExecChild.Launch(ownExecutable, spec, spawn, out int pipe);
        return Launcher.ResultOf(result, result is SpawnResult.Spawned ? new ChildSetup(loop, spec, pipe) : null);
    }

    /// <summary>Asked when the child has ended: what its set-up failed at, or null when it had become the program.</summary>
    public LaunchFailure? Conclude()
    {
        Read();
        return _failure is null ? null : Launcher.FailureOf(_failure.Describe(_spec), _failure is { Step: ExecChildStep.Execute } ? _failure.Errno : 0);
    }

    private void Read()
    {
        if (_pipe < 0)
            return;

        _failure = ExecChild.ReadFailure(_pipe);
        _loop.Unwatch(_pipe);
        Files.Close(_pipe);
        _pipe = -1;
    }
}
