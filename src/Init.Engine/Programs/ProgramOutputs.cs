using Init.Config;
using Init.Engine.Logging;
using Init.Linux;

namespace Init.Engine.Programs;

/// <summary>The writing ends of a child's output pipes. They are needed until the spawn is done; the child has its own copies then.</summary>
public readonly record struct OutputPipes(int Stdout, int Stderr)
{
    public OutputPipes()
        : this(SpawnRequest.DevNull, SpawnRequest.DevNull)
    {
    }

    public void CloseOurEnds()
    {
        if (Stdout >= 0)
            Files.Close(Stdout);
        if (Stderr >= 0 && Stderr != Stdout)
            Files.Close(Stderr);
    }
}

/// <summary>Connects the output of programs with the log thread: a new pipe for each start, into the same log.</summary>
public sealed class ProgramOutputs(LogPump pump, Func<string, ProgramDefinition?> definitionOf)
{
    /// <param name="definition">The program.</param>
    /// <param name="source">This start of it, for the events that its output makes.</param>
    /// <exception cref="SyscallException">No more descriptors.</exception>
    public OutputPipes OpenPipes(ProgramDefinition definition, OutputSource source)
    {
        string name = definition.Policy.Name;
        int stdout = definition.Stdout is { } spec ? Open(name, OutputStream.Stdout, spec, source) : SpawnRequest.DevNull;
        if (ReferenceEquals(definition.Stderr, definition.Stdout))
            return new OutputPipes(stdout, stdout);

        try
        {
            return new OutputPipes(stdout, OpenStderr(definition, source));
        }
        catch (SyscallException)
        {
            new OutputPipes(stdout, SpawnRequest.DevNull).CloseOurEnds();
            throw;
        }
    }

    /// <summary>A pipe for stderr alone, also where it usually goes the way of stdout.</summary>
    /// <exception cref="SyscallException">No more descriptors.</exception>
    public int OpenStderr(ProgramDefinition definition, OutputSource source) =>
        definition.Stderr is { } spec ? Open(definition.Policy.Name, OutputStream.Stderr, spec, source) : SpawnRequest.DevNull;

    /// <summary>A pipe into a program's log for a command that runs beside it; /dev/null when the program keeps no log.</summary>
    /// <exception cref="SyscallException">No more descriptors.</exception>
    public int OpenForCommand(string instance)
    {
        ProgramDefinition? definition = definitionOf(instance);
        return definition switch
        {
            { Stderr: { } stderr } when !ReferenceEquals(stderr, definition.Stdout) => Open(instance, OutputStream.Stderr, stderr),
            { Stdout: { } stdout } => Open(instance, OutputStream.Stdout, stdout),
            _ => SpawnRequest.DevNull,
        };
    }

    /// <summary>Puts something of Init's own into a program's log: what supervisord's child would say before it is the program. Nothing when the program keeps no log.</summary>
    public void Say(string instance, string text)
    {
        int pipe = OpenForCommand(instance);
        if (pipe < 0)
            return;

        _ = Files.Write(pipe, System.Text.Encoding.UTF8.GetBytes(text)); // An empty pipe takes 64 KiB.
        Files.Close(pipe);
    }

    public void Configure(ProgramDefinition definition)
    {
        string name = definition.Policy.Name;
        pump.Configure(name, OutputStream.Stdout, definition.Stdout);
        if (!ReferenceEquals(definition.Stderr, definition.Stdout))
            pump.Configure(name, OutputStream.Stderr, definition.Stderr);
    }

    public LogWatch WatchForLine(string instance, string pattern, Action seen) => pump.Watch(instance, pattern, _ => seen());

    public void Remove(string instance) => pump.Remove(instance);

    private int Open(string instance, OutputStream stream, LogSpec spec, OutputSource? source = null)
    {
        var (read, write) = Pipes.Create(nonBlockingRead: true);
        pump.Attach(instance, stream, read, spec, source);
        return write;
    }
}
