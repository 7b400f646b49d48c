using Init.Engine.Children;
using Init.Engine.Core;
using Init.Engine.Logging;
using Init.Engine.Reloading;
using Init.Engine.Telling;
using Init.Linux;
using Init.Supervision;

namespace Init.Engine;

/// <summary>Signals that are meant for Init itself, and what they mean: to us, or, when a supervisord.conf runs, what they mean to supervisord.</summary>
/// <param name="restart">Restarts Init as a whole, if it can.</param>
/// <param name="callOffRestart">The end is the end, even if a restart was under way.</param>
internal sealed class OwnSignals(
    CoreDriver driver,
    ProcessTable processes,
    Reloader reloader,
    BackupRequests backupRequests,
    LogPump pump,
    INarrator narrator,
    Action restart,
    Action callOffRestart)
{
    /// <summary>All of them, to be blocked and read.</summary>
    public static ulong Set { get; } = SignalSet.Of(
        Signals.SIGTERM, Signals.SIGINT, Signals.SIGQUIT, Signals.SIGHUP, Signals.SIGUSR1, Signals.SIGUSR2, Signals.SIGCHLD);

    private bool IsSupervisord => reloader.Current.Supervisord is not null;

    public void Take(int signal)
    {
        if (signal == Signals.SIGCHLD)
            processes.ReapAll();
        else if (IsSupervisord)
            TakeAsSupervisord(signal);
        else
            TakeAsInit(signal);
    }

    private void TakeAsInit(int signal)
    {
        switch (signal)
        {
            case Signals.SIGTERM or Signals.SIGINT:
                narrator.SignalReceived(signal, driver.Core.IsShuttingDown ? "shutting down in a hurry" : "shutting down");
                callOffRestart();
                driver.Feed(new SystemEvent.ShutdownAsked());
                break;
            case Signals.SIGQUIT:
                narrator.SignalReceived(signal, "shutting down at once");
                callOffRestart();
                driver.Feed(new SystemEvent.FastShutdownAsked());
                break;
            case Signals.SIGHUP:
                narrator.SignalReceived(signal, "reloading the configuration");
                reloader.UpdateOnSignal();
                break;
            case Signals.SIGUSR1:
                narrator.SignalReceived(signal, "asking for a backup");
                backupRequests.Ask();
                break;
            case Signals.SIGUSR2:
                narrator.SignalReceived(signal, "reopening log files");
                pump.ReopenAll();
                break;
        }
    }

    private void TakeAsSupervisord(int signal)
    {
        narrator.SignalReceived(signal, "");
        switch (signal)
        {
            case Signals.SIGTERM or Signals.SIGINT or Signals.SIGQUIT:
                callOffRestart();
                if (!driver.Core.IsShuttingDown)
                    driver.Feed(new SystemEvent.ShutdownAsked()); // A second one changes nothing: each program has its stopwaitsecs.
                break;
            case Signals.SIGHUP:
                restart();
                break;
            case Signals.SIGUSR2:
                pump.ReopenAll();
                break;
        }
    }
}
