using System.Globalization;
using Init.Config;
using Init.Engine.Journal;
using Init.Supervision;

namespace Init.Engine.Listeners;

/// <summary>
/// Something that happened, as supervisord tells its event listeners (http://supervisord.org/events.html). What it says is complete in <see cref="Body"/>; the
/// properties beside it are for our own clients, who need not take it apart.
/// </summary>
/// <param name="Type">One of <see cref="EventTypes"/>, never an abstract one.</param>
/// <param name="Body">What follows the header line: "processname:web groupname:web from_state:STARTING pid:42".</param>
public sealed record SupervisordEvent(string Type, string Body)
{
    /// <summary>The instance it is about; null for an event of the whole system.</summary>
    public string? Instance { get; init; }

    public string? Program { get; init; }

    public string? From { get; init; }

    public string? To { get; init; }

    public int? Pid { get; init; }

    /// <summary>PROCESS_STATE_STARTING and PROCESS_STATE_BACKOFF: <paramref name="tries"/> is the number of failed starts in a row.</summary>
    public static SupervisordEvent StateWithTries(ProgramDefinition program, ProgramPhase from, ProgramPhase to, int tries) =>
        State(program, from, to, $" tries:{Text(tries)}");

    /// <summary>PROCESS_STATE_RUNNING, PROCESS_STATE_STOPPING and PROCESS_STATE_STOPPED: 0 stands for no process.</summary>
    public static SupervisordEvent StateWithPid(ProgramDefinition program, ProgramPhase from, ProgramPhase to, int pid) =>
        State(program, from, to, $" pid:{Text(pid)}") with { Pid = PidOrNull(pid) };

    public static SupervisordEvent Exited(ProgramDefinition program, ProgramPhase from, bool expected, int pid) =>
        State(program, from, ProgramPhase.Exited, $" expected:{(expected ? "1" : "0")} pid:{Text(pid)}") with { Pid = PidOrNull(pid) };

    public static SupervisordEvent Fatal(ProgramDefinition program, ProgramPhase from) => State(program, from, ProgramPhase.Fatal, "");

    /// <summary>A piece of output. Unlike the other process events, its first line ends with a newline, and the output follows.</summary>
    public static SupervisordEvent Log(ProgramDefinition program, bool isStderr, int pid, string data) => OfProcess(
        program,
        isStderr ? EventTypes.LogStderr : EventTypes.LogStdout,
        $"{NamesOf(program)} pid:{Text(pid)} channel:{(isStderr ? "stderr" : "stdout")}\n{data}",
        pid);

    /// <summary>What stood between the tags of a capture.</summary>
    public static SupervisordEvent Communication(ProgramDefinition program, bool isStderr, int pid, string data) => OfProcess(
        program,
        isStderr ? EventTypes.CommunicationStderr : EventTypes.CommunicationStdout,
        $"{NamesOf(program)} pid:{Text(pid)}\n{data}",
        pid);

    public static SupervisordEvent RemoteCommunication(string type, string data) => new(EventTypes.RemoteCommunication, $"type:{type}\n{data}");

    public static SupervisordEvent SystemRunning() => new(EventTypes.SystemRunning, "");

    public static SupervisordEvent SystemStopping() => new(EventTypes.SystemStopping, "");

    /// <param name="type">One of the tick types.</param>
    /// <param name="when">Unix seconds, a multiple of the tick's period.</param>
    public static SupervisordEvent Tick(string type, long when) => new(type, string.Create(CultureInfo.InvariantCulture, $"when:{when}"));

    public static SupervisordEvent GroupAdded(string group) => new(EventTypes.GroupAdded, $"groupname:{group}\n");

    public static SupervisordEvent GroupRemoved(string group) => new(EventTypes.GroupRemoved, $"groupname:{group}\n");

    private static SupervisordEvent State(ProgramDefinition program, ProgramPhase from, ProgramPhase to, string more)
    {
        string old = EventJournal.NameOf(from);
        string now = EventJournal.NameOf(to);
        return OfProcess(program, EventTypes.StatePrefix + now, $"{NamesOf(program)} from_state:{old}{more}", pid: 0) with { From = old, To = now };
    }

    private static SupervisordEvent OfProcess(ProgramDefinition program, string type, string body, int pid) => new(type, body)
    {
        Instance = program.Policy.Name,
        Program = program.Policy.Program,
        Pid = PidOrNull(pid),
    };

    private static string NamesOf(ProgramDefinition program) => $"processname:{program.SupervisordProcess} groupname:{program.SupervisordGroup}";

    private static int? PidOrNull(int pid) => pid == 0 ? null : pid;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
