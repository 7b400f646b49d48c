using Init.Config;
using Init.Control;
using Init.Supervision;

namespace Init.Engine.Reloading;

/// <summary>A difference between two configurations as control clients are told it: what has changed, and what that takes.</summary>
internal static class ChangeList
{
    public static IEnumerable<ConfigChange> Of(ConfigDiff diff, Supervisor core)
    {
        if (!diff.Settings.IsEmpty)
            yield return new ConfigChange("init", "changed", diff.NeedsInitRestart ? "needs-init-restart" : "apply", [.. diff.Settings.Select(field => field.Field)]);

        foreach (ProgramChange change in diff.Programs)
            yield return new ConfigChange($"program.{change.Instance}", KindOf(change.Kind), ActionOf(change, core), [.. change.Fields.Select(field => field.Field)]);
        foreach (NamedChange change in diff.Groups)
            yield return new ConfigChange($"group.{change.Name}", KindOf(change.Kind), "apply", []);
        foreach (NamedChange change in diff.EventHooks)
            yield return new ConfigChange($"on_event.{change.Name}", KindOf(change.Kind), "apply", []);
    }

    public static int Count(ConfigDiff diff) =>
        (diff.Settings.IsEmpty ? 0 : 1) + diff.Programs.Length + diff.Groups.Length + diff.EventHooks.Length;

    private static string KindOf(ChangeKind kind) => kind.ToString().ToLowerInvariant();

    private static string ActionOf(ProgramChange change, Supervisor core)
    {
        switch (change.Kind)
        {
            case ChangeKind.Added:
                return "start";
            case ChangeKind.Removed:
                return "stop";
        }

        if (!change.NeedsRestart)
            return "apply";

        // What the user has stopped, or has ended by itself, is not started by a change of its command.
        bool isUp = core.Knows(change.Instance) && !ProgramMachine.IsDown(core.StateOf(change.Instance).Phase);
        return isUp ? "restart" : "none";
    }
}
