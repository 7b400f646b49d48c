using Init.Engine.Children;
using Init.Engine.Listeners;
using Init.Engine.Logging;
using Init.Linux;

namespace Init.Engine.Programs;

/// <summary>The child's ends of its three streams. They are needed until the spawn is done; the child has its own copies then.</summary>
public readonly record struct ChildStreams(int Stdin, OutputPipes Output)
{
    public ChildStreams()
        : this(SpawnRequest.DevNull, new OutputPipes())
    {
    }

    public void CloseOurEnds()
    {
        Output.CloseOurEnds();
        if (Stdin >= 0)
            Files.Close(Stdin);
    }
}

/// <summary>Makes the streams of each start of a program, and knows to whom the other ends belong.</summary>
public sealed class ProgramStreams(EventLoop loop, ProgramOutputs outputs, ListenerPools listeners, SharedSockets sockets)
{
    /// <summary>What may wait for a program that does not read its stdin, beside the 64 KiB in the pipe.</summary>
    private const int StdinPendingMax = 1 << 20;

    /// <exception cref="SyscallException">No more descriptors. What was opened until then is closed.</exception>
    public ChildStreams Open(ProgramRuntime program)
    {
        bool isListener = listeners.IsListener(program.Definition);
        program.Output = new OutputSource(program.Name);
        int stdin = SpawnRequest.DevNull;
        try
        {
            if (program.Definition.Launch.Socket is { } socket)
                stdin = Files.Duplicate(sockets.Get(socket)).OrThrow("duplicate", "shared socket");
            else if (isListener || program.Definition.Launch.HasStdinPipe)
                program.Stdin = StdinPipe.Create(loop, StdinPendingMax, out stdin);
            return new ChildStreams(stdin, isListener ? OpenForListener(program) : outputs.OpenPipes(program.Definition, program.Output));
        }
        catch (SyscallException)
        {
            new ChildStreams(stdin, new OutputPipes()).CloseOurEnds();
            Close(program);
            throw;
        }
    }

    /// <summary>The process has ended, or could not be started. Its output pipes are left to the log thread: there may be more in them.</summary>
    public void Close(ProgramRuntime program)
    {
        listeners.End(program.Name);
        program.Stdin?.Dispose();
        program.Stdin = null;
    }

    /// <summary>stdout is for the conversation with the supervisor; stderr goes into the log, and never into the conversation.</summary>
    private OutputPipes OpenForListener(ProgramRuntime program)
    {
        int stderr = outputs.OpenStderr(program.Definition, program.Output!);
        try
        {
            return new OutputPipes(listeners.Open(program.Definition, program.Stdin!), stderr);
        }
        catch (SyscallException)
        {
            new OutputPipes(SpawnRequest.DevNull, stderr).CloseOurEnds();
            throw;
        }
    }
}
