// The name we run under, or else the first argument, chooses the applet; the applet does the work, and its result is our exit code.
return Init.AppletTable.Choose(Init.ProcessStart.Name, args, out string[] rest).Run(rest);
