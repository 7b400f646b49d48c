using System.Text;
using Init.Base;

namespace Init.Applets;

/// <summary><c>init help</c> and <c>init --version</c>.</summary>
internal static class Help
{
    public static int Run(string[] arguments)
    {
        StringBuilder text = new("Usage: init COMMAND [ARGUMENT...]\n       init [OPTION...] -- COMMAND [ARGUMENT...]\n\nCommands:");
        foreach (Applet applet in AppletTable.All)
        {
            if (applet.Summary.Length > 0)
                text.Append($"\n  {applet.Name,-14} {applet.Summary}");
        }

        text.Append("\n\n\"init COMMAND --help\" says more of a command.");
        Terminal.Say(text.ToString());
        return ExitCode.Success;
    }

    public static string VersionNumber => typeof(Help).Assembly.GetName().Version?.ToString(3) ?? "0";

    public static int Version(string[] arguments)
    {
        Terminal.Say($"init {VersionNumber}");
        return ExitCode.Success;
    }

    public static int UnknownCommand(string name)
    {
        string advice = Suggestion.For(name, AppletTable.All.Where(applet => applet.Summary.Length > 0).Select(applet => applet.Name))
            ?? $"see \"init help\"; to run a program, use \"init -- {name}\"";
        Terminal.Complain($"cannot run \"{name}\": no such command ({advice})");
        return ExitCode.Usage;
    }
}
