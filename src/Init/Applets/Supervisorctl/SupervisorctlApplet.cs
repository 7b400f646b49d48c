using Init.Base;
using Init.Config;

namespace Init.Applets.Supervisorctl;

/// <summary>
/// <c>supervisorctl</c>: supervisor's own client, with its commands, output and exit codes, for Init and for supervisord. docs/reference/supervisorctl.md is its reference.
/// </summary>
internal static class SupervisorctlApplet
{
    public const string Name = "supervisorctl";

    public static int Run(string[] arguments, string invokedAs)
    {
        using Screen screen = Screen.Standard();
        try
        {
            int code = Run(arguments, invokedAs, screen);
            screen.Flush();
            return code;
        }
        catch (IOException)
        {
            // Nobody reads any more ("supervisorctl status | head -1"), so there is nobody to be told either.
            return ExitCode.Failure;
        }
    }

    private static int Run(string[] arguments, string invokedAs, Screen screen)
    {
        CtlOptions options;
        try
        {
            options = CtlOptions.Read(arguments, invokedAs, SocketOptions.ProcessEnvironment(), new SystemConfigFiles());
        }
        catch (CtlUsageException exception)
        {
            screen.Errors.WriteLine($"Error: {exception.Message}");
            screen.Errors.WriteLine($"For help, use {invokedAs} -h");
            return ExitCode.Usage;
        }

        if (options.WantsHelp)
        {
            screen.Output.WriteLine(CtlHelp.Usage(invokedAs));
            return ExitCode.Success;
        }

        CtlShell shell = new(options, screen);
        return options.Command is { } command ? shell.RunOnce(command) : shell.RunInteractively();
    }
}
