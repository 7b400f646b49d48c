namespace Init.Control.Tests.Server;

/// <summary>
/// Stands for the engine: it answers at once, later, never, with much, or with an exception, as the name in the request says. Used on the loop's thread only.
/// </summary>
internal sealed class FakeHandler : IControlHandler
{
    public IReadOnlyList<ProgramStatus> Programs { get; set; } = [.. Enumerable.Range(0, 100).Select(i => Samples.Running($"program-{i:00}"))];

    /// <summary>Replies to "start" requests of the program "later", until a test ends them.</summary>
    public List<IControlReply> Waiting { get; } = [];

    public List<IControlReply> Followers { get; } = [];

    public int Handled { get; private set; }

    public int ClientsLeft { get; private set; }

    public ControlPeer? LastPeer { get; private set; }

    public void Handle(ControlRequest request, IControlReply reply)
    {
        Handled++;
        LastPeer = reply.Peer;
        switch (request)
        {
            case ControlRequest.Status status:
                NameSelection selection = NameSelector.Select(status.Names, [.. Programs.Select(p => new SelectableInstance(p.Name, p.Program, p.Groups))]);
                reply.Complete(new ControlResult.Status([.. selection.Indexes.Select(index => Programs[index])], selection.Unknown));
                break;
            case ControlRequest.Pid pid:
                reply.Complete(new ControlResult.Pids([.. pid.Names.Count == 0 ? [new InstancePid("init", 1)] : pid.Names.Select(name => new InstancePid(name, name == "down" ? null : 42))], []));
                break;
            case ControlRequest.Start { Names: ["later"] }:
                Waiting.Add(reply);
                reply.Closed = () =>
                {
                    ClientsLeft++;
                    Waiting.Remove(reply);
                };
                break;
            case ControlRequest.Start start:
                foreach (string name in start.Names)
                    reply.Send(new ControlItem.Outcome(name, OutcomeCode.Started));
                reply.Complete();
                break;
            case ControlRequest.Events or ControlRequest.Tail { Follow: true }:
                Followers.Add(reply);
                reply.Closed = () =>
                {
                    ClientsLeft++;
                    Followers.Remove(reply);
                };
                break;
            case ControlRequest.Tail { Bytes: { } bytes }:
                byte[] chunk = new byte[ControlProtocol.LogChunkBytes];
                Array.Fill(chunk, (byte)'x');
                for (long sent = 0; sent < bytes; sent += chunk.Length)
                    reply.Send(new ControlItem.LogChunk(chunk.AsMemory(0, (int)Math.Min(chunk.Length, bytes - sent))));
                reply.Complete();
                break;
            case ControlRequest.Env:
                throw new InvalidOperationException("the handler is broken");
            case ControlRequest.Explain { Name: "unset" }:
                reply.Closed = () => throw new InvalidOperationException("and so is its clean-up");
                break;
            case ControlRequest.Explain explain:
                reply.Fail(new ControlError(ErrorCode.UnknownProgram, $"cannot explain \"{explain.Name}\": no such program"));
                break;
            case ControlRequest.Version:
                reply.Complete(new ControlResult.Version(new ServerVersion("1.2.3", ControlProtocol.Version, 1, "running", null, 0, "supervisor")));
                break;
            default:
                reply.Complete();
                break;
        }
    }

    /// <summary>Sends to every follower while walking over the list itself, which a Closed call in between would break.</summary>
    public int Emit(string message)
    {
        int sent = 0;
        foreach (IControlReply follower in Followers)
        {
            if (follower.Send(new ControlItem.EventRaised(new ControlEvent { Time = 1, Type = "test", Message = message })))
                sent++;
        }

        return sent;
    }
}
