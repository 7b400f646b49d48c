using Init.Supervision;

namespace Init.Config.Supervisord;

/// <summary>supervisord's waits between failed starts: 1, 2, 3, … seconds.</summary>
internal static class SupervisordBackoff
{
    /// <summary>Never reached by a wait in practice: it would take 86,400 failed starts.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <param name="retries"><c>startretries</c>: 0 means that one failed start is enough.</param>
    public static BackoffPolicy Create(int retries) => new()
    {
        Initial = TimeSpan.FromSeconds(1),
        Increment = TimeSpan.FromSeconds(1),
        Factor = 1,
        Jitter = 0,
        Max = Longest,
        OnlyFailedStarts = true,
        ResetAfter = TimeSpan.Zero,
        Attempts = retries,
    };
}
