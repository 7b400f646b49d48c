using System.Net.Sockets;
using Init.XmlRpc;

namespace Init.Applets.Supervisorctl;

/// <summary>The commands about the server itself: version, shutdown, reload, open.</summary>
internal sealed class ServerCommands(CtlShell shell)
{
    public void Version(string arguments)
    {
        if (shell.TakesNothing("version", arguments) && shell.IsUp())
            shell.Say(shell.Server.Text("getSupervisorVersion"));
    }

    public void Shutdown(string arguments)
    {
        if (!shell.TakesNothing("shutdown", arguments) || !shell.Confirm("Really shut the remote supervisord process down y/N? "))
            return;

        try
        {
            shell.Server.Do("shutdown");
            shell.Say("Shut down");
        }
        catch (FaultException fault) when (fault.Code == FaultCode.ShutdownState)
        {
            // Which is what was asked for.
            shell.Say("ERROR: already shutting down");
        }
        catch (SocketException exception) when (CtlShell.DescribeUnreachable(exception) is { } why)
        {
            shell.Refuse($"ERROR: {shell.Options.ServerUrl} {why} (already shut down?)");
        }
    }

    public void Reload(string arguments)
    {
        if (!shell.TakesNothing("reload", arguments) || !shell.Confirm("Really restart the remote supervisord process y/N? "))
            return;

        try
        {
            shell.Server.Do("restart");
            shell.Say("Restarted supervisord");
        }
        catch (FaultException fault) when (fault.Code == FaultCode.ShutdownState)
        {
            shell.Refuse("ERROR: already shutting down");
        }
    }

    /// <summary>Talks to another server from now on.</summary>
    public void Open(string arguments)
    {
        if (!arguments.StartsWith("unix:", StringComparison.OrdinalIgnoreCase) && !arguments.StartsWith("http:", StringComparison.OrdinalIgnoreCase))
        {
            shell.Refuse("ERROR: url must be http:// or unix://");
            return;
        }

        shell.Options = shell.Options with { ServerUrl = arguments };
        int before = shell.ExitStatus;
        new ProcessCommands(shell).Status("");
        shell.ExitStatus = before;
    }
}
