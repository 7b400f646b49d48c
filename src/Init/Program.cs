// The name we run under, or else the first argument, chooses the applet; the applet does the work, and its result is our exit code.
try
{
    return Init.AppletTable.Choose(Init.ProcessStart.Name, args, out string[] rest).Run(rest);
}
catch (Exception exception)
{
    // PID 1 among them: one line that says what happened, for whoever reads the container's log, before the details.
    Init.Terminal.Complain($"cannot go on: {exception.Message}; this is a fault of init itself, please report it with these lines:\n{exception}");
    return Init.Base.ExitCode.Failure;
}
