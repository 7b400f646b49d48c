using Init.Base;
using Init.Control;

namespace Init.Applets;

/// <summary><c>init reread</c> and <c>init update</c>: what the configuration files change.</summary>
internal static class ConfigChangesApplet
{
    public static int Run(ControlSession session, Screen screen, ControlRequest request, bool json) =>
        session.Ask<ControlResult.Changes>(request, changes =>
        {
            if (json)
            {
                screen.Output.WriteLine(JsonText.Of(changes, ControlJson.Default.Changes));
            }
            else
            {
                foreach (string line in Render(changes))
                    screen.Output.WriteLine(line);
            }

            screen.Flush();
            return ExitCode.Success;
        });

    public static IEnumerable<string> Render(ControlResult.Changes changes)
    {
        foreach (string warning in changes.Warnings)
            yield return $"warning: {warning}";

        if (changes.Items.Count == 0)
            yield return "nothing has changed";

        int width = changes.Items.Select(item => item.Name.Length).DefaultIfEmpty().Max();
        foreach (ConfigChange item in changes.Items)
        {
            string fields = item.Fields.Count > 0 ? $" ({string.Join(", ", item.Fields)})" : "";
            yield return $"{item.Name.PadRight(width)}  {item.Change}{fields}{Consequence(item.Action, changes.Applied)}";
        }
    }

    private static string Consequence(string action, bool applied) => (action, applied) switch
    {
        ("start", false) => ": will be started",
        ("start", true) => ": started",
        ("stop", false) => ": will be stopped",
        ("stop", true) => ": stopped",
        ("restart", false) => ": will be restarted",
        ("restart", true) => ": restarted",
        ("apply", false) => ": needs no restart",
        ("apply", true) => ": applied",
        ("needs-init-restart", _) => ": takes effect when init itself is started anew",
        ("none", _) => "",
        _ => $": {action}",
    };
}
