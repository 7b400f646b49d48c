using System.Collections.Immutable;
using Init.Base;
using Init.Config;
using Init.Engine.Programs;
using Init.Supervision;

namespace Init.Engine.Telling;

/// <summary>
/// What Init's own log says of the system and its programs. There are two tellers, for people and scripts that know supervisord's main log look for its lines.
/// </summary>
public interface INarrator
{
    /// <param name="config">What Init runs on, its own programs included.</param>
    void Started(SystemConfig config);

    void Spawned(ProgramRuntime program, int pid);

    /// <param name="program">It could not be started.</param>
    /// <param name="problem">Why, as its record has it.</param>
    void SpawnFailed(ProgramRuntime program, string problem);

    /// <summary>After the program's record has taken note of it.</summary>
    void Notice(ProgramRuntime program, ProgramNotice notice);

    /// <param name="program">It is being stopped.</param>
    /// <param name="signal">What is about to be sent.</param>
    /// <param name="toGroup">To whom.</param>
    /// <param name="isFinal">It has outlived its patience.</param>
    void Signalling(ProgramRuntime program, int signal, bool toGroup, bool isFinal);

    /// <param name="signal">What Init itself was sent.</param>
    /// <param name="effect">What it does about it.</param>
    void SignalReceived(int signal, string effect);

    void ShutdownBegan(string cause);

    void ShutdownCompleted(int exitCode, ImmutableArray<string> left);

    /// <summary>A process that Init has inherited has ended.</summary>
    void OrphanReaped(int pid, ExitStatus status);
}
