using Init.Base;
using Init.Linux;

namespace Init.Applets;

/// <summary>
/// <c>init -- COMMAND</c>: one child, as tini has it. Every signal that can be caught goes to the child, every orphan is reaped, and the child's exit status is ours.
/// The arguments and the environment reach the child byte for byte, as do the signal mask and the ignored signals that we were started with.
/// </summary>
/// <remarks>No configuration, no console, no event loop: this is the fastest way through the binary.</remarks>
internal static unsafe class RunCommand
{
    public const string Name = "run-command";

    /// <summary>All but the faults, which are our own, and TTIN and TTOU, which the terminal sends us for being in the background.</summary>
    private static readonly ulong Taken =
        ~(SignalSet.Faults | SignalSet.Unavailable | SignalSet.Of(Signals.SIGTTIN, Signals.SIGTTOU));

    public static int Run(string[] arguments)
    {
        if (RunCommandOptions.Parse(arguments, Environment.GetEnvironmentVariable, out string problem) is not { } options)
        {
            Terminal.Complain($"cannot run a command: {problem}");
            return ExitCode.Usage;
        }

        if (options.ParentDeathSignal != 0 && Processes.SetParentDeathSignal(options.ParentDeathSignal) is var deathErrno and not 0)
            Terminal.Complain($"cannot set the parent death signal: {Errno.Describe(deathErrno)}");

        // Where this fails (Linux before 3.4), orphans go to PID 1, as they would without us.
        if (Processes.GetPid() != 1 && Processes.SetChildSubreaper() is var subreaperErrno and not 0)
            Terminal.Complain($"cannot become a subreaper, orphans will not be reaped here: {Errno.Describe(subreaperErrno)}");

        // The command is the end of argv, so it is passed on where it lies.
        byte** command = ProcessStart.Argv + ProcessStart.ArgumentCount - (arguments.Length - options.CommandIndex);
        int errno = Spawn(command, out int child);
        if (errno != 0)
            return ExplainFailure(arguments[options.CommandIndex], errno);

        if (options.Verbosity > 0)
            Terminal.Complain($"started {arguments[options.CommandIndex]} as process {child}");

        int code = WaitForEnd(child, options).ShellCode;
        Processes.ExitNow(options.SuccessCodes.Contains(code) ? ExitCode.Success : code);
        return code;
    }

    private static int Spawn(byte** command, out int child)
    {
        SpawnRequest request = new()
        {
            Path = "",
            Argv = [],
            Environment = [],
            Stdin = SpawnRequest.Inherit,
            Stdout = SpawnRequest.Inherit,
            Stderr = SpawnRequest.Inherit,
            Session = SpawnSession.NewGroup,
            Terminal = Processes.IsControllingTerminal(0) ? 0 : null,
            SignalMask = ProcessStart.SignalMask,
            KeepIgnored = ProcessStart.IgnoredSignals,
        };
        int errno = Spawner.Spawn(request, *command, command, ProcessStart.Environment, out child);
        if (errno != Errno.ENOEXEC)
            return errno;

        // A script without "#!" is run by the shell, as execvp(3) has it, and so tini.
        int count = 0;
        while (command[count] != null)
            count++;

        byte** withShell = stackalloc byte*[count + 2];
        fixed (byte* shell = "/bin/sh\0"u8)
        {
            withShell[0] = shell;
            new ReadOnlySpan<nint>(command, count + 1).CopyTo(new Span<nint>(withShell + 1, count + 1));
            return Spawner.Spawn(request, shell, withShell, ProcessStart.Environment, out child);
        }
    }

    private static ExitStatus WaitForEnd(int child, RunCommandOptions options)
    {
        int self = Processes.GetPid();
        ExitStatus? end = null;
        while (true)
        {
            // Before the first wait too: SIGCHLD of a child that ended at once may have come before anything else.
            while (Reaper.TryReapAny(out int pid, out ExitStatus status))
            {
                if (pid == child)
                    end = status;
                else if (options.WarnOnReap)
                    Terminal.Complain($"reaped orphan process {pid} ({status})");
            }

            if (end is { } ended)
                return ended;

            ReceivedSignal received = SignalWait.Next(Taken);

            // SIGPIPE from ourselves is a complaint that nobody read.
            if (received.Signal == Signals.SIGCHLD || (received.Signal == Signals.SIGPIPE && received.SenderPid == self))
                continue;

            if (options.Verbosity > 1)
                Terminal.Complain($"passing {SignalNames.NameOf(received.Signal)} on to process {child}");

            // ESRCH: the child has ended, and the next round finds it. (With -g: its group is gone.)
            _ = options.KillGroup ? Processes.KillGroup(child, received.Signal) : Processes.Kill(child, received.Signal);
        }
    }

    /// <summary>As a shell has it: 127 = not found, 126 = found and cannot be executed.</summary>
    private static int ExplainFailure(string name, int errno)
    {
        string message = errno is Errno.EAGAIN or Errno.ENOMEM
            ? $"cannot create a process for {name}: {Errno.Describe(errno)}"
            : CommandLookup.Find(name, Environment.GetEnvironmentVariable("PATH"), directory: null) switch
            {
                CommandLookup.NotFound notFound => notFound.Message,
                CommandLookup.NotExecutable notExecutable => notExecutable.Message,
                CommandLookup.IsDirectory directory => directory.Message,
                _ => Spawner.ExplainExec(name, errno),
            };
        Terminal.Complain(message);
        return errno == Errno.ENOENT ? ExitCode.CommandNotFound : ExitCode.CannotExecute;
    }
}
