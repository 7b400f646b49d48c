using Init.Base;

namespace Init.Control.Tests.Commands;

/// <summary>Stands for an engine with a program in every state.</summary>
internal sealed class StackHandler : IControlHandler
{
    private static readonly ProgramStatus[] Programs =
    [
        Samples.Running("web") with { Groups = [] },
        Samples.Running("worker:0") with { LogDroppedLines = 12 },
        Samples.Running("worker:1", index: 1) with { StatusText = "warms up: 3 of 7", Ready = false, Health = null, UptimeSeconds = 200_000, MemoryBytes = null },
        Samples.InState("db", "WAITING", 1001) with { WaitingFor = ["disk", "xvfb"], Wanted = true },
        Samples.InState("bot", "BACKOFF", 30) with { Problem = "exit code 1", NextTrySeconds = 3.2, Attempt = 4, Restarts = 17, Wanted = true },
        Samples.InState("mail", "FATAL", 200) with { Problem = "cannot execute /app/mail: No such file or directory (errno 2)" },
        Samples.InState("once", "EXITED", 100) with { LastExit = "exit code 0", LastExitSuccess = true },
        Samples.InState("spare", "STOPPED", 0, "Not started") with { Enabled = false },
        Samples.InState("chat", "ABSENT", 1002) with { Optional = true },
    ];

    private static readonly SelectableInstance[] Selectable = [.. Programs.Select(program => new SelectableInstance(program.Name, program.Program, program.Groups))];

    public void Handle(ControlRequest request, IControlReply reply)
    {
        switch (request)
        {
            case ControlRequest.Status status:
                NameSelection selection = NameSelector.Select(status.Names, Selectable);
                reply.Complete(new ControlResult.Status([.. selection.Indexes.Select(index => Programs[index])], selection.Unknown));
                break;
            case ControlRequest.Pid pid:
                NameSelection selected = NameSelector.Select(pid.Names, Selectable);
                reply.Complete(pid.Names.Count == 0
                    ? new ControlResult.Pids([new InstancePid("init", 1)], [])
                    : new ControlResult.Pids([.. selected.Indexes.Select(index => new InstancePid(Programs[index].Name, Programs[index].Pid))], selected.Unknown));
                break;
            case ControlRequest.Start start:
                Outcomes(start.Names, reply, program => program.State switch
                {
                    "RUNNING" => new(program.Name, OutcomeCode.AlreadyRunning),
                    "ABSENT" => new(program.Name, OutcomeCode.Absent),
                    "WAITING" => new(program.Name, OutcomeCode.Waiting, "disk is FATAL"),
                    "FATAL" => new(program.Name, OutcomeCode.Failed, program.Problem),
                    _ => new(program.Name, start.Wait ? OutcomeCode.Started : OutcomeCode.Starting),
                });
                break;
            case ControlRequest.Stop stop:
                Outcomes(stop.Names, reply, program => new(program.Name, program.Pid is null ? OutcomeCode.NotRunning : OutcomeCode.Stopped));
                break;
            case ControlRequest.Restart restart:
                Outcomes(restart.Names, reply, program => new(program.Name, OutcomeCode.Started, restart.Rolling ? "after the one before" : null));
                break;
            case ControlRequest.Signal signal:
                Outcomes(signal.Names, reply, program => new(program.Name, program.Pid is null ? OutcomeCode.NotRunning : OutcomeCode.Signalled, SignalNames.NameOf(signal.SignalNumber)));
                break;
            case ControlRequest.Reload reload:
                Outcomes(reload.Names, reply, program => new(program.Name, OutcomeCode.Signalled, "SIGHUP"));
                break;
            case ControlRequest.Clear clear:
                Outcomes(clear.Names, reply, program => new(program.Name, program.Name == "db" ? OutcomeCode.NoLog : OutcomeCode.Cleared));
                break;
            case ControlRequest.Tail tail:
                reply.Send(new ControlItem.LogChunk("one\nt"u8.ToArray()));
                reply.Send(new ControlItem.LogChunk(new byte[] { (byte)'w', (byte)'o', 0xc3 }));
                reply.Send(new ControlItem.LogChunk(new byte[] { 0xa9, (byte)'\n' }));
                reply.Send(new ControlItem.LogChunk(System.Text.Encoding.UTF8.GetBytes($"{tail.Stream} {tail.Lines} {tail.Bytes} {tail.Follow}\n")));
                reply.Complete();
                break;
            case ControlRequest.Events:
                foreach (var (_, item) in Samples.Items.Where(sample => sample.Op == "events"))
                    reply.Send(item);
                reply.Fail(new ControlError(ErrorCode.ShuttingDown, "cannot go on: the supervisor ends"));
                break;
            case ControlRequest.Env env:
                if (One(env.Name, reply) is { } envOf)
                    reply.Complete(new ControlResult.EnvironmentOf(envOf.Name, [new("HOME", "/app", Secret: false), new("TOKEN", null, Secret: true)]));
                break;
            case ControlRequest.Explain explain:
                if (One(explain.Name, reply) is { } explained)
                    reply.Complete(new ControlResult.Explanation([explained], [], [], [], [$"{explained.Name} is {explained.State}", "  and here is why"]));
                break;
            case ControlRequest.Reread:
                reply.Complete(new ControlResult.Changes(Applied: false, Changes, ["supervisor.toml:2:1: init.env_file: there is no .env"], GroupChanges.None));
                break;
            case ControlRequest.GroupAdd("bots"):
                reply.Complete(new ControlResult.Changes(Applied: true, [new("program.napcat", "added", "start", [])], [], new GroupChanges(["bots"], [], [])));
                break;
            case ControlRequest.GroupAdd add:
                reply.Fail(new ControlError(ErrorCode.UnknownGroup, $"cannot add group \"{add.Group}\": there is none"));
                break;
            case ControlRequest.GroupRemove remove:
                reply.Fail(new ControlError(ErrorCode.StillRunning, $"cannot remove group \"{remove.Group}\": napcat must be stopped first", "run: init stop bots"));
                break;
            case ControlRequest.SendInput send:
                if (One(send.Name, reply) is not null)
                    reply.Complete();
                break;
            case ControlRequest.Update:
                reply.Fail(new ControlError(
                    ErrorCode.InvalidConfig,
                    "cannot apply the configuration: it has 2 problems; the old one stays",
                    Problems: ["supervisor.toml:3:1: program.web.comand: unknown key (did you mean \"command\"?)", "supervisor.toml:9:1: program.db: no command"]));
                break;
            case ControlRequest.Version:
                reply.Complete(new ControlResult.Version(new ServerVersion("0.1.0", 1, 1, "running", "/app/supervisor.toml", 0, "supervisor")));
                break;
            default:
                reply.Complete();
                break;
        }
    }

    private static ConfigChange[] Changes { get; } =
    [
        new("program.web", "changed", "restart", ["command", "environment"]),
        new("program.new", "added", "start", []),
        new("program.old", "removed", "stop", []),
        new("program.spare", "changed", "none", ["directory"]),
        new("init", "changed", "needs-init-restart", ["state_dir"]),
    ];

    private static void Outcomes(IReadOnlyList<string> names, IControlReply reply, Func<ProgramStatus, ControlItem.Outcome> outcome)
    {
        NameSelection selection = NameSelector.Select(names, Selectable);
        foreach (UnknownName unknown in selection.Unknown)
            reply.Send(unknown.ToOutcome());
        foreach (int index in selection.Indexes)
            reply.Send(outcome(Programs[index]));
        reply.Complete();
    }

    private static ProgramStatus? One(string name, IControlReply reply)
    {
        if (NameSelector.SelectOne(name, Selectable, out int index) is not { } error)
            return Programs[index];

        reply.Fail(error);
        return null;
    }
}
