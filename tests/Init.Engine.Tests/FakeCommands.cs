using Init.Base;
using Init.Engine.Children;

namespace Init.Engine.Tests;

/// <summary>Runs nothing: the test says how each command ends.</summary>
internal sealed class FakeCommands : ICommandRunner
{
    public List<FakeCommand> All { get; } = [];

    public IEnumerable<FakeCommand> Running => All.Where(command => command.IsRunning);

    public IRunningCommand Run(CommandRequest request, Action<CommandOutcome> ended)
    {
        FakeCommand command = new(request, ended);
        All.Add(command);
        return command;
    }
}

internal sealed class FakeCommand(CommandRequest request, Action<CommandOutcome> ended) : IRunningCommand
{
    public CommandRequest Request { get; } = request;

    public bool IsRunning { get; private set; } = true;

    public bool IsAbandoned { get; private set; }

    public string? Variable(string name) =>
        Request.Environment.SingleOrDefault(entry => entry.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];

    public void Exit(int code) => End(new CommandOutcome(ExitStatus.Exited(code), Problem: null, TimedOut: false));

    public void End(CommandOutcome outcome)
    {
        IsRunning = false;
        if (!IsAbandoned)
            ended(outcome);
    }

    public void Abandon() => (IsAbandoned, IsRunning) = (true, false);
}
