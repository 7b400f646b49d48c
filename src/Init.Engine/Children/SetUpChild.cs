using Init.Config;
using Init.Linux;

namespace Init.Engine.Children;

/// <summary>Starting a process through <c>init exec-child</c>: what posix_spawn cannot set up is set up by our own binary, which then becomes the program.</summary>
internal static class SetUpChild
{
    public static LaunchResult Spawn(string ownExecutable, SpawnRequest spawn, LaunchSpec spec) => throw new NotImplementedException();

    public static LaunchFailure? ReadFailure(int fd) => throw new NotImplementedException();

    public static LaunchResult Result(SpawnResult result, int? setupFd) => result switch
    {
        SpawnResult.Spawned(var pid) => new LaunchResult.Launched(pid, setupFd),
        SpawnResult.Failed(var errno, var message) => new LaunchResult.Failed(new LaunchFailure(
            message, errno == Errno.ENOENT, errno == Errno.ENOENT ? Base.ExitCode.CommandNotFound : Base.ExitCode.CannotExecute)),
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
