using System.Collections.Immutable;
using Init.Base;
using Init.Config;
using Init.Engine.Logging;
using Init.Engine.Programs;
using Init.Linux;
using Init.Supervision;

namespace Init.Engine.Telling;

/// <summary>In Init's own words, for a supervisor.toml.</summary>
internal sealed class InitNarrator(InitLog log, string version, string configFile) : INarrator
{
    public void Started(SystemConfig config)
    {
        log.Started(version, Processes.GetPid(), configFile, config.Programs.Count(program => !program.IsOwn));
        foreach (ConfigProblem warning in config.Warnings)
            log.ConfigWarning(warning);
    }

    public void Spawned(ProgramRuntime program, int pid)
    {
        // STARTING has been told, and RUNNING will tell the pid.
    }

    public void SpawnFailed(ProgramRuntime program, string problem)
    {
        // BACKOFF tells it.
    }

    public void Notice(ProgramRuntime program, ProgramNotice notice) => log.ProgramNotice(program.Name, program.Pid, notice);

    public void Signalling(ProgramRuntime program, int signal, bool toGroup, bool isFinal)
    {
        // STOPPING has been told.
    }

    public void SignalReceived(int signal, string effect) => log.SignalReceived(signal, effect);

    public void ShutdownBegan(string cause) => log.ShutdownBegan(cause);

    public void ShutdownCompleted(int exitCode, ImmutableArray<string> left) => log.ShutdownCompleted(exitCode, left);

    public void OrphanReaped(int pid, ExitStatus status)
    {
        // It is counted. A container may have thousands of them.
    }
}
