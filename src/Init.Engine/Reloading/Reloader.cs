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

    /// <summary>The last configuration that was read and found valid, at start or since; what groups are added from.</summary>
    public SystemConfig LastRead { get; private set; } = initial;

    /// <summary>Configurations that were applied since the start.</summary>
    public long AppliedCount { get; private set; }

    /// <summary>Configurations that were refused since the start.</summary>
    public long RefusedCount { get; private set; }

    /// <summary>What an update would do.</summary>
    public void Reread(IControlReply reply)
    {
        if (LoadOrFail(reply) is { } next)
            reply.Complete(Describe(next, wasApplied: false));
    }

    public void Update(IControlReply reply)
    {
        if (!RefusesWhileShuttingDown(driver.Core, reply) && LoadOrFail(reply) is { } next)
            ApplyTelling(next, reply);
    }

    /// <summary>Takes a group of <see cref="LastRead"/> into the running system.</summary>
    public void AddGroup(string name, IControlReply reply)
    {
        if (!RefusesWhileShuttingDown(driver.Core, reply))
            ApplyOrFail(ConfigGroups.Add(Current, LastRead, name), reply);
    }

    /// <summary>Takes a group whose programs are all down out of the running system. The next update compares with that: what is still in the file comes back.</summary>
    public void RemoveGroup(string name, IControlReply reply)
    {
        if (!RefusesWhileShuttingDown(driver.Core, reply))
            ApplyOrFail(ConfigGroups.Remove(Current, name, IsDown), reply);

        bool IsDown(string instance) => !driver.Core.Knows(instance) || ProgramMachine.IsDown(driver.Core.StateOf(instance));
    }

    /// <summary>SIGHUP: as <see cref="Update"/>, with the log as the only answer.</summary>
    public void UpdateOnSignal()
    {
        if (driver.Core.IsShuttingDown)
            return;

        ConfigResult result = Load();
        if (result.Config is { } next)
            Apply(next);
        else
            Refuse(result.Problems);
    }

    private static bool RefusesWhileShuttingDown(Supervisor core, IControlReply reply)
    {
        if (core.IsShuttingDown)
            reply.Fail(new ControlError(ErrorCode.ShuttingDown, "cannot change what runs: init is shutting down"));
        return core.IsShuttingDown;
    }

    private ConfigResult Load()
    {
        ConfigResult result = load();
        LastRead = result.Config ?? LastRead;
        return result;
    }

    private SystemConfig? LoadOrFail(IControlReply reply)
    {
        ConfigResult result = Load();
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
        RefusedCount++;
        log.ReloadRefused(problems);
        journal.Add("init.reload_failed", CheckReport.Count(problems.Length));
    }

    private void ApplyOrFail((SystemConfig? Target, ControlError? Error) change, IControlReply reply)
    {
        if (change.Target is { } target)
            ApplyTelling(target, reply);
        else
            reply.Fail(change.Error!);
    }

    private void ApplyTelling(SystemConfig next, IControlReply reply)
    {
        // Described first: afterwards there is nothing left to compare with.
        ControlResult.Changes changes = Describe(next, wasApplied: true);
        Apply(next);

        // Whoever gets the answer may ask for the programs at once.
        driver.Drain();
        reply.Complete(changes);
    }

    private void Apply(SystemConfig next)
    {
        // What this pass has already brought belongs to the programs as they were: one that is just being forgotten may come back.
        driver.Drain();
        AppliedCount++;
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
        return new ControlResult.Changes(wasApplied, [.. ChangeList.Of(diff, driver.Core)], [.. next.Warnings.Select(warning => warning.ToString())], ConfigGroups.Between(Current, next, diff));
    }
}
