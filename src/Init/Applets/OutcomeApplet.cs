using Init.Base;
using Init.Control;

namespace Init.Applets;

/// <summary><c>init start</c>, <c>stop</c>, <c>restart</c>, <c>signal</c>, <c>reload NAME</c>, <c>clear</c>: a line per instance, as each is done.</summary>
internal static class OutcomeApplet
{
    public static int Run(ControlSession session, Screen screen, ControlRequest request, bool json)
    {
        int failures = 0;
        int code = session.Follow(request, item =>
        {
            if (item is not ControlItem.Outcome outcome)
                return;

            bool succeeded = OutcomeCode.IsSuccess(outcome.Code, request.Op);
            if (!succeeded)
                failures++;

            screen.Output.WriteLine(json ? JsonText.Of(outcome, ControlJson.Default.Outcome) : Line(outcome, succeeded, screen.Paint));
            screen.Flush();
        });
        return code != ExitCode.Success ? code : failures > 0 ? ExitCode.Failure : ExitCode.Success;
    }

    public static string Line(ControlItem.Outcome outcome, bool succeeded, Func<Colour, string, string> paint)
    {
        string what = outcome.Code switch
        {
            // The message says it already.
            OutcomeCode.UnknownProgram when outcome.Message is not null => outcome.Message,
            _ when outcome.Message is { } message => $"{Words(outcome.Code)}: {message}",
            _ => Words(outcome.Code),
        };
        return $"{outcome.Name}: {paint(succeeded ? Colour.Plain : Colour.Red, what)}";
    }

    private static string Words(string code) => code switch
    {
        OutcomeCode.AlreadyRunning => "already running",
        OutcomeCode.NotRunning => "not running",
        OutcomeCode.NoLog => "has no log file",
        OutcomeCode.Absent => "not installed",
        OutcomeCode.Waiting => "waiting for what it requires",
        OutcomeCode.TimedOut => "timed out",
        OutcomeCode.UnknownProgram => "no such program or group",
        _ => code,
    };
}
