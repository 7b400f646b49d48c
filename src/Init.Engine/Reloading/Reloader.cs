using System.Collections.Immutable;
using Init.Base;
using Init.Config;
using Init.Config.Reports;
using Init.Control;
using Init.Engine.Core;
using Init.Engine.Journal;
using Init.Engine.Logging;
using Init.Engine.Programs;
using Init.Supervision;

namespace Init.Engine.Reloading;

/// <summary>
/// Reads the configuration anew and brings the system to it: everything is read and validated first, then compared, and only what differs
/// is touched. A configuration with any problem changes nothing.
/// </summary>
public sealed class Reloader(
    Func<ConfigResult> load,
    SystemConfig initial,
    CoreDriver driver,
    ProgramTable programs,
    EventJournal journal,
    InitLog log,
    Action<SystemConfig> applied)
{
    /// <summary>What the system runs on now.</summary>
    public SystemConfig Current { get; private set; } = initial;

    /// <summary>What an update would do.</summary>
    public void Reread(IControlReply reply)
    {
        if (LoadOrFail(reply) is { } next)
            reply.Complete(Describe(next, wasApplied: false));
    }

    public void Update(IControlReply reply)
    {
        if (driver.Core.IsShuttingDown)
        {
            reply.Fail(new ControlError(ErrorCode.ShuttingDown, "cannot reload: init is shutting down"));
            return;
        }

        if (LoadOrFail(reply) is not { } next)
            return;

        // Described first: afterwards there is nothing left to compare with.
        ControlResult.Changes changes = Describe(next, wasApplied: true);
        Apply(next);
        reply.Complete(changes);
    }

    /// <summary>SIGHUP: as <see cref="Update"/>, with the log as the only answer.</summary>
    public void UpdateOnSignal()
    {
        if (driver.Core.IsShuttingDown)
            return;

        ConfigResult result = load();
        if (result.Config is { } next)
            Apply(next);
        else
            Refuse(result.Problems);
    }

    private SystemConfig? LoadOrFail(IControlReply reply)
    {
        ConfigResult result = load();
        if (result.Config is { } config)
            return config;

        Refuse(result.Problems);
        reply.Fail(new ControlError(
            ErrorCode.InvalidConfig,
            $"cannot use the configuration: {CheckReport.Count(result.Problems.Length)}; nothing has changed",
            "see: init check",
            [.. result.Problems.Select(problem => problem.ToString())]));
        return null;
    }

    private void Refuse(ImmutableArray<ConfigProblem> problems)
    {
        log.ReloadRefused(problems);
        journal.Add("init.reload_failed", CheckReport.Count(problems.Length));
    }

    private void Apply(SystemConfig next)
    {
        // What this pass has already brought belongs to the programs as they were: one that is just being forgotten may come back.
        driver.Drain();
        ConfigDiff diff = ConfigDiff.Between(Current, next);
        Current = next;
        programs.Define(next);
        applied(next);
        programs.NoteInstalled(next.Programs.Select(definition => definition.Policy.Name));
        driver.Feed(new SystemEvent.Reconfigured(
            [.. next.Programs.Select(definition => definition.Policy)], [.. diff.Programs.Where(change => change.NeedsRestart).Select(change => change.Instance)], OptionsOf(next.Settings)));
        log.Reloaded(ChangeList.Count(diff));
        foreach (ConfigProblem warning in next.Warnings)
            log.ConfigWarning(warning);
        journal.Add("init.reloaded", $"{ChangeList.Count(diff)} changes");
    }

    public static SupervisorOptions OptionsOf(InitSettings settings) => new(settings.Shutdown, settings.OnFatal == OnFatal.Exit);

    private ControlResult.Changes Describe(SystemConfig next, bool wasApplied)
    {
        ConfigDiff diff = ConfigDiff.Between(Current, next);
        return new ControlResult.Changes(wasApplied, [.. ChangeList.Of(diff, driver.Core)], [.. next.Warnings.Select(warning => warning.ToString())], GroupChanges.None);
    }
}
