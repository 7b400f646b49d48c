using System.Globalization;
using Init.Control;

namespace Init.Applets;

/// <summary>Commands that may go on until they are interrupted: <c>tail</c> and <c>events</c>.</summary>
internal static class FollowApplets
{
    public static int Tail(ControlSession session, Screen screen, ControlRequest.Tail request)
    {
        bool endsLine = true;
        int code = session.Follow(request, item =>
        {
            if (item is not ControlItem.LogChunk { Bytes.Length: > 0 } chunk)
                return;

            screen.Write(chunk.Bytes.Span);
            screen.Flush();
            endsLine = chunk.Bytes.Span[^1] == (byte)'\n';
        });

        // A log that stops in the middle of a line should not swallow the prompt.
        if (!endsLine && screen.IsTerminal)
            screen.Write("\n"u8);
        screen.Flush();
        return code;
    }

    public static int Events(ControlSession session, Screen screen, ControlRequest.Events request, bool json) =>
        session.Follow(request, item =>
        {
            if (item is not ControlItem.EventRaised raised)
                return;

            screen.Output.WriteLine(json ? JsonText.Of(raised.Event, ControlJson.Default.ControlEvent) : Line(raised.Event, TimeZoneInfo.Local));
            screen.Flush();
        });

    /// <summary><c>2025-11-21 04:00:00.123 program.running worker:0 STARTING -> RUNNING (pid 42) why</c></summary>
    public static string Line(ControlEvent happened, TimeZoneInfo zone)
    {
        List<string> words =
        [
            string.Create(CultureInfo.InvariantCulture, $"{HumanText.Time(happened.Time, zone)}.{happened.Time % 1000:000}"),
            happened.Type,
        ];
        if (happened.Body is { } body)
        {
            // supervisord's words say all of it.
            words.Add(body.ReplaceLineEndings(" "));
            return string.Join(' ', words).TrimEnd();
        }

        if (happened.Name is not null)
            words.Add(happened.Name);
        if (happened.To is not null)
            words.Add(happened.From is null ? happened.To : $"{happened.From} -> {happened.To}");
        if (happened.Pid is { } pid)
            words.Add(string.Create(CultureInfo.InvariantCulture, $"(pid {pid})"));
        if (happened.Message is not null)
            words.Add(happened.Message.ReplaceLineEndings(" "));

        return string.Join(' ', words);
    }
}
