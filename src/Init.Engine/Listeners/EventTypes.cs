namespace Init.Engine.Listeners;

/// <summary>The names of supervisord's event types, and which of them a subscription stands for.</summary>
public static class EventTypes
{
    /// <summary>Every state has a type of its own: PROCESS_STATE_RUNNING.</summary>
    public const string StatePrefix = "PROCESS_STATE_";

    public const string LogStdout = "PROCESS_LOG_STDOUT";
    public const string LogStderr = "PROCESS_LOG_STDERR";
    public const string CommunicationStdout = "PROCESS_COMMUNICATION_STDOUT";
    public const string CommunicationStderr = "PROCESS_COMMUNICATION_STDERR";
    public const string RemoteCommunication = "REMOTE_COMMUNICATION";
    public const string SystemRunning = "SUPERVISOR_STATE_CHANGE_RUNNING";
    public const string SystemStopping = "SUPERVISOR_STATE_CHANGE_STOPPING";
    public const string Tick5 = "TICK_5";
    public const string Tick60 = "TICK_60";
    public const string Tick3600 = "TICK_3600";
    public const string GroupAdded = "PROCESS_GROUP_ADDED";
    public const string GroupRemoved = "PROCESS_GROUP_REMOVED";

    /// <summary>The abstract type of all.</summary>
    public const string Any = "EVENT";

    /// <summary>True when who has asked for <paramref name="subscription"/> hears of a <paramref name="type"/>: it is the same, or the abstract type above it.</summary>
    public static bool Includes(string subscription, string type) =>
        subscription == Any
        || (type.StartsWith(subscription, StringComparison.Ordinal) && (type.Length == subscription.Length || type[subscription.Length] == '_'));
}
