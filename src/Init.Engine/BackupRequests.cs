using Init.Base;
using Init.Config;
using Init.Engine.Core;
using Init.Engine.Logging;
using Init.Engine.Programs;
using Init.Linux;
using Init.Supervision;

namespace Init.Engine;

/// <summary>
/// SIGUSR1 means "back up now". It is passed on to the program with the role "backup", whatever its name, or else to the one named so: a service gets the signal when it is ready to take it, a one-shot is run.
/// Requests that come close together, or while the request before has not been delivered, are one request.
/// </summary>
public sealed class BackupRequests(EventLoop loop, CoreDriver driver, ProgramTable programs, InitLog log)
{
    /// <summary>The program that takes the requests when none has the role.</summary>
    public const string Program = "backup";

    /// <summary>A request waits this long for others of the same burst, so that they are one from the start.</summary>
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(50);

    /// <summary>Requests within this time of a delivery are gathered into one more, at its end.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(1);

    private bool _pending;
    private Instant _quietUntil;
    private LoopTimer? _timer;

    private ProgramRuntime? Target => programs.All.FirstOrDefault(program => program.Definition.Launch.Builtin == KnownNames.Backup) ?? programs.Find(Program);

    public void Ask()
    {
        if (Target is null)
        {
            log.Trouble($"cannot ask for a backup: no program has builtin = \"{KnownNames.Backup}\" or is named \"{Program}\"");
            return;
        }

        _pending = true;
        if (_timer is null && _quietUntil <= loop.Now)
            _quietUntil = loop.Now + Burst;
        Advance();
    }

    /// <summary>Delivers what is pending, if the program is in a state to take it. Called when states have changed.</summary>
    public void Advance()
    {
        if (!_pending || Target is not { } program || !driver.Core.Knows(program.Name))
            return;

        if (loop.Now < _quietUntil)
        {
            _timer ??= loop.At(_quietUntil, () =>
            {
                _timer = null;
                Advance();
            });
            return;
        }

        ProgramState state = driver.Core.StateOf(program.Name);
        bool runsToItsEnd = program.Definition.Policy is { Scheduled: true } or { Restart: RestartMode.Never };
        if (runsToItsEnd)
        {
            if (!ProgramMachine.IsDown(state.Phase))
                return; // One more run, when this one has ended.

            Deliver();
            driver.Feed(new SystemEvent.StartAsked([program.Name]));
        }
        else if (state is { Phase: ProgramPhase.Running, Ready: true, Pid: { } pid })
        {
            Deliver();
            _ = Processes.Kill(pid, Signals.SIGUSR1); // ESRCH: it has just ended; its successor backs up when it starts.
        }
    }

    private void Deliver()
    {
        _pending = false;
        _quietUntil = loop.Now + Gathering;
    }
}
