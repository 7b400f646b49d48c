using System.Collections.Immutable;
using Init.Config;
using Init.Control;
using Init.Engine.Children;
using Init.Engine.Core;
using Init.Engine.Journal;
using Init.Engine.Listeners;
using Init.Engine.Programs;
using Init.Engine.Reloading;
using Init.Linux;
using Init.Supervision;

namespace Init.Engine.ControlHandling;

/// <summary>Carries out what control clients ask for. It decides nothing: it names instances, feeds the core, and reports.</summary>
public sealed class ControlHandler(
    CoreDriver driver,
    ProgramTable programs,
    Operations operations,
    StatusReporter reporter,
    MetricsReporter metrics,
    LogRequests logs,
    EventJournal journal,
    EventListening listening,
    Reloader reloader,
    Func<ServerVersion> describeSelf,
    Func<string?> restartInit) : IControlHandler
{
    private Supervisor Core => driver.Core;

    public void Handle(ControlRequest request, IControlReply reply)
    {
        switch (request)
        {
            case ControlRequest.Status(var names, var usage):
                NameSelection selection = programs.Select(names);
                reply.Complete(new ControlResult.Status([.. programs.At(selection).Select(program => reporter.StatusOf(program, usage))], selection.Unknown)
                {
                    ServerState = describeSelf().State,
                });
                break;
            case ControlRequest.Start(var names, var wait):
                Start(names, wait, reply);
                break;
            case ControlRequest.Stop(var names, var wait):
                Stop(names, wait, reply);
                break;
            case ControlRequest.Restart(var names, var rolling, var wait):
                Restart(names, rolling, wait, reply);
                break;
            case ControlRequest.Signal(var names, var number):
                ForEach(names, reply, program => SendSignal(program, number));
                break;
            case ControlRequest.Reload(var names):
                ForEach(names, reply, program => SendSignal(program, program.Definition.ReloadSignal));
                break;
            case ControlRequest.Pid(var names):
                CompletePids(names, reply);
                break;
            case ControlRequest.Tail { Name: null } tail:
                logs.TailOwn(tail, reply);
                break;
            case ControlRequest.Tail { Name: { } name } tail:
                WithOne(name, reply, program => logs.Tail(program, tail, reply));
                break;
            case ControlRequest.ReadLog { Name: null } read:
                logs.ReadOwn(read, reply);
                break;
            case ControlRequest.ReadLog { Name: { } name } read:
                WithOne(name, reply, program => logs.Read(program, read, reply));
                break;
            case ControlRequest.Clear(var names):
                ForEach(names, reply, logs.Clear);
                break;
            case ControlRequest.ClearOwnLog:
                logs.ClearOwn(reply);
                break;
            case ControlRequest.SendInput(var name, var bytes):
                WithOne(name, reply, program => SendInput(program, bytes.Span, reply));
                break;
            case ControlRequest.Reread:
                reloader.Reread(reply);
                break;
            case ControlRequest.Update:
                reloader.Update(reply);
                break;
            case ControlRequest.GroupAdd(var group):
                reloader.AddGroup(group, reply);
                break;
            case ControlRequest.GroupRemove(var group):
                reloader.RemoveGroup(group, reply);
                break;
            case ControlRequest.Config:
                reply.Complete(new ControlResult.Config(SettingsReporter.Of(reloader.Current, reloader.LastRead)));
                break;
            case ControlRequest.RemoteEvent(var type, var data):
                listening.RaiseRemoteCommunication(type, data);
                reply.Complete();
                break;
            case ControlRequest.Events(var types, var names):
                FollowEvents(new EventFilter(types), names, reply);
                break;
            case ControlRequest.Env(var name):
                WithOne(name, reply, program => reply.Complete(EnvironmentOf(program)));
                break;
            case ControlRequest.Explain(var name):
                Explain(name, reply);
                break;
            case ControlRequest.Shutdown:
                driver.Feed(new SystemEvent.ShutdownAsked());
                reply.Complete();
                break;
            case ControlRequest.RestartInit:
                RestartInit(reply);
                break;
            case ControlRequest.Metrics:
                reply.Complete(metrics.Report());
                break;
            case ControlRequest.Version:
                reply.Complete(new ControlResult.Version(describeSelf()));
                break;
            default:
                reply.Fail(new ControlError(ErrorCode.UnknownOp, $"cannot carry out \"{request.Op}\": this Init does not know it"));
                break;
        }
    }

    // --- Up and down --------------------------------------------------------------------------------------------------

    private void Start(IReadOnlyList<string> names, bool wait, IControlReply reply)
    {
        if (RefuseWhileShuttingDown(reply))
            return;

        List<ProgramRuntime> selected = SelectTelling(names, reply);
        var toStart = new List<string>();
        foreach (ProgramRuntime program in selected)
        {
            ProgramState state = Core.StateOf(program.Name);
            if (state is { Phase: ProgramPhase.Running, Ready: true })
                reply.Send(new ControlItem.Outcome(program.Name, OutcomeCode.AlreadyRunning));
            else if (programs.RefusalToStart(program) is { } refusal)
                reply.Send(new ControlItem.Outcome(program.Name, OutcomeCode.Failed, refusal));
            else
                toStart.Add(program.Name);
        }

        programs.NoteInstalled(toStart);
        driver.Feed(new SystemEvent.StartAsked([.. toStart]));
        Follow(reply, toStart.Select(name => new Target(name)), Goal.Up, wait, OutcomeCode.Starting);
    }

    private void Stop(IReadOnlyList<string> names, bool wait, IControlReply reply)
    {
        List<ProgramRuntime> selected = SelectTelling(names, reply);
        var toStop = new List<string>();
        foreach (ProgramRuntime program in selected)
        {
            ProgramState state = Core.StateOf(program.Name);
            if (ProgramMachine.IsDown(state.Phase))
                reply.Send(new ControlItem.Outcome(program.Name, OutcomeCode.NotRunning));
            else
                toStop.Add(program.Name);
        }

        // Those that are down are told as well, for "stopped by the user" is to hold for them too, over reloads and timetables.
        driver.Feed(new SystemEvent.StopAsked([.. selected.Select(program => program.Name)]));
        Follow(reply, toStop.Select(name => new Target(name)), Goal.Down, wait, OutcomeCode.Stopping);
    }

    private void Restart(IReadOnlyList<string> names, bool rolling, bool wait, IControlReply reply)
    {
        if (RefuseWhileShuttingDown(reply))
            return;

        List<ProgramRuntime> selected = SelectTelling(names, reply);
        var targets = selected.Select(program => new Target(program.Name, Core.StateOf(program.Name).Pid)).ToList();
        programs.NoteInstalled(targets.Select(target => target.Name));
        long ticket = rolling ? operations.NewTicket() : 0;
        driver.Feed(new SystemEvent.RestartAsked([.. targets.Select(target => target.Name)], rolling, ticket));
        Follow(reply, targets, Goal.Up, wait, OutcomeCode.Starting, ticket);
    }

    /// <summary>The core is fed first, so that the operation looks at what the request has changed.</summary>
    private void Follow(IControlReply reply, IEnumerable<Target> targets, Goal goal, bool wait, string codeWithoutWaiting, long ticket = 0)
    {
        if (wait)
        {
            operations.Start(reply, targets, goal, ticket, driver.Drain);
            return;
        }

        driver.Drain();

        foreach (Target target in targets)
            reply.Send(new ControlItem.Outcome(target.Name, codeWithoutWaiting));
        reply.Complete();
    }

    private bool RefuseWhileShuttingDown(IControlReply reply)
    {
        if (!Core.IsShuttingDown)
            return false;

        reply.Fail(new ControlError(ErrorCode.ShuttingDown, "cannot start anything: init is shutting down"));
        return true;
    }

    // --- Names --------------------------------------------------------------------------------------------------------

    private List<ProgramRuntime> SelectTelling(IReadOnlyList<string> names, IControlReply reply)
    {
        NameSelection selection = programs.Select(names);
        foreach (UnknownName unknown in selection.Unknown)
            reply.Send(new ControlItem.Outcome(unknown.Name, OutcomeCode.UnknownProgram, unknown.Hint));
        return [.. programs.At(selection)];
    }

    private void ForEach(IReadOnlyList<string> names, IControlReply reply, Func<ProgramRuntime, ControlItem.Outcome> action)
    {
        foreach (ProgramRuntime program in SelectTelling(names, reply))
            reply.Send(action(program));
        reply.Complete();
    }

    private void WithOne(string name, IControlReply reply, Action<ProgramRuntime> action)
    {
        NameSelection selection = programs.Select([name]);
        if (selection.Unknown.Count > 0)
            reply.Fail(new ControlError(ErrorCode.UnknownProgram, $"cannot find program \"{name}\"", selection.Unknown[0].Hint));
        else if (selection.Indexes.Count > 1)
            reply.Fail(new ControlError(
                ErrorCode.AmbiguousName,
                $"cannot choose: \"{name}\" names {selection.Indexes.Count} instances",
                $"name one of them, such as \"{programs.At(selection).First().Name}\""));
        else
            action(programs.At(selection).First());
    }

    // --- Small requests -----------------------------------------------------------------------------------------------

    private static ControlItem.Outcome SendSignal(ProgramRuntime program, int signal)
    {
        if (program.Pid is not { } pid)
            return new(program.Name, OutcomeCode.NotRunning);

        int errno = Processes.Kill(pid, signal);
        return errno switch
        {
            0 => new(program.Name, OutcomeCode.Signalled),
            Errno.ESRCH => new(program.Name, OutcomeCode.NotRunning),
            _ => new(program.Name, OutcomeCode.Failed, $"cannot signal process {pid}: {Errno.Describe(errno)}"),
        };
    }

    private static void SendInput(ProgramRuntime program, ReadOnlySpan<byte> bytes, IControlReply reply)
    {
        if (program.Pid is null)
        {
            reply.Fail(new ControlError(ErrorCode.NotRunning, $"cannot write to the stdin of \"{program.Name}\": it is not running"));
            return;
        }

        switch (program.Stdin?.Write(bytes))
        {
            case StdinWrite.Taken:
                reply.Complete();
                break;
            case StdinWrite.Full:
                reply.Fail(new ControlError(ErrorCode.Failed, $"cannot write to the stdin of \"{program.Name}\": it does not read what it was sent before"));
                break;
            case StdinWrite.Closed:
                reply.Fail(new ControlError(ErrorCode.NoInput, $"cannot write to the stdin of \"{program.Name}\": it has closed it"));
                break;
            default:
                reply.Fail(new ControlError(ErrorCode.NoInput, $"cannot write to the stdin of \"{program.Name}\": it is not a pipe from init"));
                break;
        }
    }

    private void RestartInit(IControlReply reply)
    {
        if (restartInit() is { } problem)
            reply.Fail(new ControlError(Core.IsShuttingDown ? ErrorCode.ShuttingDown : ErrorCode.Failed, problem));
        else
            reply.Complete();
    }

    private void CompletePids(IReadOnlyList<string> names, IControlReply reply)
    {
        if (names.Count == 0)
        {
            reply.Complete(new ControlResult.Pids([new InstancePid("init", Processes.GetPid())], []));
            return;
        }

        NameSelection selection = programs.Select(names);
        reply.Complete(new ControlResult.Pids([.. programs.At(selection).Select(program => new InstancePid(program.Name, program.Pid))], selection.Unknown));
    }

    private static ControlResult.EnvironmentOf EnvironmentOf(ProgramRuntime program)
    {
        LaunchSpec spec = program.Definition.Launch;
        var secrets = new SecretValues(spec);
        var variables = spec.Environment.Select(variable => variable.Split('=', 2)).Select(pair =>
        {
            (string name, string? value) = (pair[0], pair.ElementAtOrDefault(1));
            bool secret = spec.SecretNames.Contains(name) || secrets.AreIn(value);
            return new EnvironmentVariable(name, secret ? null : value, secret);
        });
        return new ControlResult.EnvironmentOf(program.Name, [.. variables]);
    }

    private void Explain(string name, IControlReply reply)
    {
        NameSelection selection = programs.Select([name]);
        if (selection.Unknown.Count > 0)
            reply.Fail(new ControlError(ErrorCode.UnknownProgram, $"cannot find program \"{name}\"", selection.Unknown[0].Hint));
        else
            reply.Complete(reporter.Explain([.. programs.At(selection)]));
    }

    // --- Streams ------------------------------------------------------------------------------------------------------

    private void FollowEvents(EventFilter filter, IReadOnlyList<string> names, IControlReply reply)
    {
        ImmutableHashSet<string>? wanted = null;
        if (names.Count > 0)
        {
            NameSelection selection = programs.Select(names);
            if (selection.Unknown.Count > 0)
            {
                reply.Fail(new ControlError(ErrorCode.UnknownProgram, $"cannot find program \"{selection.Unknown[0].Name}\"", selection.Unknown[0].Hint));
                return;
            }

            wanted = [.. programs.At(selection).Select(program => program.Name)];
        }

        IDisposable ours = journal.Subscribe(happening => Send(happening, filter.Matches(happening.Type)));
        IDisposable supervisords = listening.Events.Subscribe(
            type => filter.Matches(ControlEvent.SupervisordPrefix + type), happening => Send(ControlEventOf(happening), isWanted: true));
        reply.Closed = () =>
        {
            ours.Dispose();
            supervisords.Dispose();
        };

        void Send(ControlEvent happening, bool isWanted)
        {
            if (isWanted && (wanted is null || (happening.Name is { } name && wanted.Contains(name))))
                reply.Send(new ControlItem.EventRaised(happening));
        }
    }

    private static ControlEvent ControlEventOf(SupervisordEvent happening) => new()
    {
        Time = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
        Type = ControlEvent.SupervisordPrefix + happening.Type,
        Name = happening.Instance,
        Program = happening.Program,
        From = happening.From,
        To = happening.To,
        Pid = happening.Pid,
        Body = happening.Body,
    };
}
