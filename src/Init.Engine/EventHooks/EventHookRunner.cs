using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Init.Base;
using Init.Config;
using Init.Config.Reading;
using Init.Control;
using Init.Engine.Children;
using Init.Linux;

namespace Init.Engine.EventHooks;

/// <summary>
/// Runs the <c>[on_event.NAME]</c> hooks: for each event that matches, the hook's command, or this binary's <c>post-event</c> for a URL, with the
/// event in its environment and as one line of JSON on its stdin.
/// </summary>
/// <remarks>
/// At most <see cref="RunningMax"/> run at once and <see cref="WaitingMax"/> wait; beyond that, events are dropped and counted, and that is said once
/// until the queue has been empty. A hook that fails is an event too, <see cref="FailedEvent"/>, but when a hook fails on such an event
/// that is only said: or two broken hooks could keep each other busy for ever.
/// </remarks>
public sealed class EventHookRunner
{
    public const int RunningMax = 4;
    public const int WaitingMax = 64;

    /// <summary>The type of the event that a hook has failed.</summary>
    public const string FailedEvent = "hook.failed";

    /// <summary>The variable that tells <c>post-event</c> where to. Not an argument: those are there for everybody to read, and a webhook's path is its secret.</summary>
    public const string UrlVariable = "INIT_EVENT_URL";

    /// <summary>The variable that tells <c>post-event</c> how many milliseconds it has.</summary>
    public const string TimeoutVariable = "INIT_EVENT_TIMEOUT_MS";

    /// <summary>A longer message is cut: one variable may have 128 KiB (execve(2)), all of them have to fit, and stdin has to fit into a pipe.</summary>
    private const int MessageCharactersMax = 4096;

    /// <summary>post-event ends itself in time and says why; it is killed only if it does not.</summary>
    private static readonly TimeSpan PostMargin = TimeSpan.FromSeconds(1);

    private readonly ICommandRunner _commands;
    private readonly OwnBinary _own;
    private readonly Action<ControlEvent> _raise;
    private readonly Action<string> _say;
    private readonly Func<long> _unixMilliseconds;
    private readonly Queue<(EventHookDefinition Hook, ControlEvent Event)> _waiting = new();
    private readonly HashSet<IRunningCommand> _running = [];
    private ImmutableArray<EventHookDefinition> _hooks = [];
    private bool _hasSaidDropping;

    /// <param name="commands">Runs them.</param>
    /// <param name="ownExecutable">The path of this binary.</param>
    /// <param name="clock">For the time of the events raised here.</param>
    /// <param name="raise">Takes a <see cref="FailedEvent"/>; may hand it to <see cref="Handle"/> like any other.</param>
    /// <param name="say">A line for the log.</param>
    public EventHookRunner(
        ICommandRunner commands, string ownExecutable, TimeProvider clock, Action<ControlEvent> raise, Action<string> say)
    {
        _commands = commands;
        _own = new OwnBinary(ownExecutable);
        _unixMilliseconds = () => clock.GetUtcNow().ToUnixTimeMilliseconds();
        _raise = raise;
        _say = say;
    }

    /// <summary>Events that no hook heard of since the start, because too many were waiting; counted once for each hook.</summary>
    public long Dropped { get; private set; }

    public int Running => _running.Count;

    public int Waiting => _waiting.Count;

    /// <summary>These hooks from now on. What runs or waits already goes on as it was.</summary>
    public void Configure(ImmutableArray<EventHookDefinition> hooks) => _hooks = hooks;

    /// <summary>Runs the hooks that want to hear of this.</summary>
    public void Handle(ControlEvent raised)
    {
        foreach (EventHookDefinition hook in _hooks)
        {
            if (Wants(hook, raised.Type))
                Enqueue(hook, raised);
        }
    }

    /// <summary>Ends what runs and forgets what waits; for the end of the shutdown.</summary>
    public void Stop()
    {
        _waiting.Clear();
        foreach (IRunningCommand command in _running)
            command.Abandon();
        _running.Clear();
    }

    private static bool Wants(EventHookDefinition hook, string type)
    {
        foreach (string pattern in hook.Events)
        {
            if (GlobPattern.Matches(pattern, type))
                return true;
        }

        return false;
    }

    private void Enqueue(EventHookDefinition hook, ControlEvent raised)
    {
        if (_running.Count < RunningMax)
        {
            Start(hook, raised);
            return;
        }

        if (_waiting.Count < WaitingMax)
        {
            _waiting.Enqueue((hook, raised));
            return;
        }

        Dropped++;
        if (_hasSaidDropping)
            return;

        _hasSaidDropping = true;
        _say($"cannot run the event hooks fast enough: {WaitingMax} are waiting, further events are dropped until there is room");
    }

    private void Start(EventHookDefinition hook, ControlEvent raised)
    {
        IRunningCommand? command = null;
        command = _commands.Run(CreateRequest(hook, Shorten(raised)), outcome =>
        {
            _running.Remove(command!);
            StartWaiting();
            if (!outcome.Success)
                ReportFailure(hook, raised, outcome);
        });
        _running.Add(command);
    }

    private void StartWaiting()
    {
        while (_running.Count < RunningMax && _waiting.TryDequeue(out var next))
            Start(next.Hook, next.Event);

        if (_waiting.Count == 0)
            _hasSaidDropping = false;
    }

    private CommandRequest CreateRequest(EventHookDefinition hook, ControlEvent raised)
    {
        ImmutableArray<string> command = hook.Url is null ? hook.Command : [_own.Path, "post-event"];
        TimeSpan limit = hook.Url is null ? hook.Timeout : hook.Timeout + PostMargin;
        return new CommandRequest(
            command, EnvironmentOf(hook, raised), Directory: null, limit, new CommandOutput.Discard(), Encode(raised));
    }

    private static ImmutableArray<string> EnvironmentOf(EventHookDefinition hook, ControlEvent raised)
    {
        Dictionary<string, string> own = new(StringComparer.Ordinal)
        {
            ["INIT_EVENT"] = raised.Type,
            ["INIT_EVENT_TIME"] = DateTimeOffset.FromUnixTimeMilliseconds(raised.Time)
                .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            ["INIT_EVENT_MESSAGE"] = raised.Message ?? "",
            ["INIT_EVENT_FROM"] = raised.From ?? "",
            ["INIT_EVENT_TO"] = raised.To ?? "",
            ["INIT_EVENT_PID"] = raised.Pid?.ToString(CultureInfo.InvariantCulture) ?? "",
            ["INIT_EVENT_HOOK"] = hook.Name,
            ["INIT_PROGRAM_NAME"] = raised.Name ?? "",
        };
        if (hook.Url is { } url)
        {
            own[UrlVariable] = url.AbsoluteUri;
            own[TimeoutVariable] = ((long)hook.Timeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        }

        return
        [
            .. hook.Environment.Where(entry => !own.ContainsKey(entry.Split('=', 2)[0])),
            .. own.Select(entry => $"{entry.Key}={entry.Value.Replace('\0', ' ')}"),
        ];
    }

    private static byte[] Encode(ControlEvent raised) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(raised, ControlJson.Default.ControlEvent), (byte)'\n'];

    private static ControlEvent Shorten(ControlEvent raised)
    {
        if (raised.Message is not { Length: > MessageCharactersMax } message)
            return raised;

        // Not between the two halves of a character beyond U+FFFF.
        int length = char.IsHighSurrogate(message[MessageCharactersMax - 1]) ? MessageCharactersMax - 1 : MessageCharactersMax;
        return raised with { Message = message[..length] };
    }

    private void ReportFailure(EventHookDefinition hook, ControlEvent raised, CommandOutcome outcome)
    {
        string message = $"cannot tell event hook \"{hook.Name}\" of {raised.Type}: {Describe(hook, outcome)}";
        _say(message);
        if (raised.Type != FailedEvent)
            _raise(new ControlEvent { Time = _unixMilliseconds(), Type = FailedEvent, Message = message });
    }

    private static string Describe(EventHookDefinition hook, CommandOutcome outcome) => (hook.Url, outcome.Status) switch
    {
        (not null, { WasSignalled: false, Code: PostEventStatus.Refused }) => "the server did not accept it",
        (not null, { WasSignalled: false, Code: PostEventStatus.Unreachable }) => "the server cannot be reached",
        (not null, { WasSignalled: false, Code: PostEventStatus.TimedOut }) => $"no answer in {Durations.Text(hook.Timeout)}",
        (null, _) when outcome.Problem is null => $"{hook.Command[0]}: {outcome.Describe(hook.Timeout)}",
        _ => outcome.Describe(hook.Timeout),
    };
}

/// <summary>The exit codes of <c>init post-event</c> beyond 0 (delivered), for nobody reads what it writes.</summary>
public static class PostEventStatus
{
    /// <summary>The server has answered with another status than 2xx.</summary>
    public const int Refused = 1;

    /// <summary>The variables or the input are not those of an event hook.</summary>
    public const int Usage = 2;

    /// <summary>No connection, no name, no trust in the certificate, or the connection broke.</summary>
    public const int Unreachable = 4;

    /// <summary>As timeout(1) has it.</summary>
    public const int TimedOut = 124;
}
