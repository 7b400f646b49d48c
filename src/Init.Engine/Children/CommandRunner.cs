using Init.Base;
using Init.Config;
using Init.Linux;

namespace Init.Engine.Children;

/// <summary>Runs hooks, exec probes and event hooks as children of the one loop.</summary>
/// <param name="logOutput">Gives a pipe into the log of a program instance: the end to write to, which the caller closes after the spawn.</param>
public sealed class CommandRunner(EventLoop loop, ProcessTable processes, Launcher launcher, Func<string, int> logOutput) : ICommandRunner
{
    public IRunningCommand Run(CommandRequest request, Action<CommandOutcome> ended)
    {
        var command = new RunningCommand(ended);
        if (request.Input is { Length: > CommandRequest.InputBytesMax })
            throw new ArgumentException("the input of a command is too long", nameof(request));

        int stdin = SpawnRequest.DevNull;
        int output = SpawnRequest.DevNull;
        try
        {
            if (request.Input is { } input)
                stdin = PipeHolding(input.Span);
            if (request.Output is CommandOutput.ToProgramLog(var instance))
                output = logOutput(instance);

            LaunchSpec spec = (request.As ?? new LaunchSpec()) with { Environment = request.Environment, Directory = request.Directory };
            Start(command, launcher.Launch(new LaunchRequest(request.Command, spec, [], stdin, output, output)), request.Limit);
        }
        catch (SyscallException exception)
        {
            EndSoon(command, exception.Message);
        }
        finally
        {
            CloseOwn(stdin);
            CloseOwn(output);
        }

        return command;
    }

    private void Start(RunningCommand command, LaunchResult result, TimeSpan? limit)
    {
        switch (result)
        {
            case LaunchResult.Failed(var failure):
                EndSoon(command, failure.Message);
                break;

            case LaunchResult.Launched(var pid, var setup):
                command.Pid = pid;
                processes.Add(pid, status => End(command, status, setup));
                if (limit is { } time)
                    command.Limit = loop.After(time, command.KillForTime);
                break;
        }
    }

    private static void End(RunningCommand command, ExitStatus status, ChildSetup? setup)
    {
        LaunchFailure? failure = setup?.Conclude();
        command.Pid = null;
        command.Limit?.Cancel();
        command.Tell(failure is null ? new CommandOutcome(status, null, command.TimedOut) : new CommandOutcome(null, failure.Message, TimedOut: false));
    }

    private void EndSoon(RunningCommand command, string problem) =>
        loop.Post(() => command.Tell(new CommandOutcome(null, problem, TimedOut: false)));

    private static int PipeHolding(ReadOnlySpan<byte> input)
    {
        // Not a pipe: it may hold no more than two pages when the user has many (pipe(7), pipe-user-pages-soft), and the rest would be missing.
        return Files.CreateInMemory("input", input).OrThrow("create", "file for the input of a command");
    }

    private static void CloseOwn(int fd)
    {
        if (fd >= 0)
            Files.Close(fd);
    }

    private sealed class RunningCommand(Action<CommandOutcome> ended) : IRunningCommand
    {
        private bool _abandoned;

        public int? Pid { get; set; }

        public LoopTimer? Limit { get; set; }

        public bool TimedOut { get; private set; }

        public void KillForTime()
        {
            TimedOut = true;
            Kill();
        }

        public void Abandon()
        {
            _abandoned = true;
            Limit?.Cancel();
            Kill();
        }

        public void Tell(CommandOutcome outcome)
        {
            if (!_abandoned)
                ended(outcome);
        }

        private void Kill()
        {
            if (Pid is { } pid)
                _ = Processes.KillGroup(pid, Signals.SIGKILL); // ESRCH: its end is on the way.
        }
    }
}
