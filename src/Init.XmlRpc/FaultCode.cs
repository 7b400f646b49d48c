namespace Init.XmlRpc;

/// <summary>supervisord's faults, which its clients know by number.</summary>
public static class FaultCode
{
    public const int UnknownMethod = 1;
    public const int IncorrectParameters = 2;
    public const int BadArguments = 3;
    public const int SignatureUnsupported = 4;
    public const int ShutdownState = 6;
    public const int BadName = 10;
    public const int BadSignal = 11;
    public const int NoFile = 20;
    public const int NotExecutable = 21;
    public const int Failed = 30;
    public const int AbnormalTermination = 40;
    public const int SpawnError = 50;
    public const int AlreadyStarted = 60;
    public const int NotRunning = 70;

    /// <summary>No fault: the status of what went well, in the structs of calls about several processes.</summary>
    public const int Success = 80;
    public const int AlreadyAdded = 90;
    public const int StillRunning = 91;
    public const int CantReread = 92;

    /// <summary>Number and name of each, ascending.</summary>
    public static IReadOnlyList<(int Code, string Name)> All { get; } =
    [
        (UnknownMethod, "UNKNOWN_METHOD"),
        (IncorrectParameters, "INCORRECT_PARAMETERS"),
        (BadArguments, "BAD_ARGUMENTS"),
        (SignatureUnsupported, "SIGNATURE_UNSUPPORTED"),
        (ShutdownState, "SHUTDOWN_STATE"),
        (BadName, "BAD_NAME"),
        (BadSignal, "BAD_SIGNAL"),
        (NoFile, "NO_FILE"),
        (NotExecutable, "NOT_EXECUTABLE"),
        (Failed, "FAILED"),
        (AbnormalTermination, "ABNORMAL_TERMINATION"),
        (SpawnError, "SPAWN_ERROR"),
        (AlreadyStarted, "ALREADY_STARTED"),
        (NotRunning, "NOT_RUNNING"),
        (Success, "SUCCESS"),
        (AlreadyAdded, "ALREADY_ADDED"),
        (StillRunning, "STILL_RUNNING"),
        (CantReread, "CANT_REREAD"),
    ];

    public static string NameOf(int code)
    {
        foreach (var (known, name) in All)
        {
            if (known == code)
                return name;
        }

        return "UNKNOWN";
    }

    /// <summary>The fault string: <c>NAME</c>, or <c>NAME: detail</c>.</summary>
    public static string Describe(int code, string? detail = null) => detail is null ? NameOf(code) : $"{NameOf(code)}: {detail}";
}
