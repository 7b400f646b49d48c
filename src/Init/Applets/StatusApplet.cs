using Init.Base;
using Init.Control;

namespace Init.Applets;

/// <summary><c>init status</c>: what is true now, as a table, as JSON, or as names only.</summary>
internal static class StatusApplet
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

    public static int Run(ControlSession session, Screen screen, IReadOnlyList<string> names, StatusFormat format, bool watch)
    {
        if (watch)
            return Watch(session, screen, names, format);

        return session.Ask<ControlResult.Status>(new ControlRequest.Status(names), status => Show(screen, names, format, status));
    }

    /// <summary>0 = all fine, 1 = a name is unknown, 3 = something is not as it should be.</summary>
    public static int CodeOf(ControlResult.Status status, bool wereNamed)
    {
        if (status.Unknown.Count > 0)
            return ExitCode.Failure;

        return status.Programs.All(program => StatusTable.IsFine(program, wereNamed)) ? ExitCode.Success : ExitCode.NotRunning;
    }

    private static int Show(Screen screen, IReadOnlyList<string> names, StatusFormat format, ControlResult.Status status)
    {
        switch (format)
        {
            case StatusFormat.Json:
                screen.Output.WriteLine(JsonText.Of(status, ControlJson.Default.Status));
                break;
            case StatusFormat.Names:
                foreach (string name in Completions(status.Programs))
                    screen.Output.WriteLine(name);
                break;
            default:
                if (status.Programs.Count > 0 || status.Unknown.Count == 0)
                {
                    foreach (string line in StatusTable.Render(status.Programs, ZoneFor(status.Programs), screen.Paint))
                        screen.Output.WriteLine(line);
                }

                screen.Flush();
                foreach (UnknownName unknown in status.Unknown)
                    screen.Errors.WriteLine($"{unknown.Name}: {unknown.Describe()}");
                break;
        }

        screen.Flush();
        return format == StatusFormat.Names && status.Unknown.Count == 0 ? ExitCode.Success : CodeOf(status, wereNamed: names.Count > 0);
    }

    /// <summary>The zone's rules are read from a file, which costs more than all the rest; few tables show a time of day.</summary>
    private static TimeZoneInfo ZoneFor(IReadOnlyList<ProgramStatus> programs) =>
        programs.Any(program => program.NextRun is not null) ? TimeZoneInfo.Local : TimeZoneInfo.Utc;

    /// <summary>Everything that can be named, for the shell's completion.</summary>
    private static IEnumerable<string> Completions(IReadOnlyList<ProgramStatus> programs) =>
        programs.Select(program => program.Program)
            .Concat(programs.Where(program => program.Name != program.Program).Select(program => program.Name))
            .Concat(programs.SelectMany(program => program.Groups))
            .Distinct();

    private static int Watch(ControlSession session, Screen screen, IReadOnlyList<string> names, StatusFormat format)
    {
        // Home, and clear what is below: no flicker, as clearing first would have. The rest of each line is cleared at its end.
        const string Home = "\x1b[H", ClearLine = "\x1b[K\n", ClearBelow = "\x1b[J";
        if (screen.IsTerminal)
            screen.Output.Write("\x1b[2J");

        while (true)
        {
            ControlAnswer.Done? answer = session.Ask(new ControlRequest.Status(names), out int code);
            if (answer?.Result is not ControlResult.Status status)
            {
                // It may be restarting; but a supervisor that was never there, or refuses, will not change its mind.
                if (code != ExitCode.Unreachable || !screen.IsTerminal)
                    return code;
            }
            else if (screen.IsTerminal && format == StatusFormat.Table)
            {
                IEnumerable<string> lines = StatusTable.Render(status.Programs, ZoneFor(status.Programs), screen.Paint)
                    .Concat(status.Unknown.Select(unknown => $"{unknown.Name}: {unknown.Describe()}"));
                screen.Output.Write(Home + string.Concat(lines.Select(line => line + ClearLine)) + ClearBelow);
                screen.Flush();
            }
            else
            {
                _ = Show(screen, names, format, status);
            }

            Thread.Sleep(WatchInterval);
        }
    }
}

internal enum StatusFormat
{
    Table,
    Json,
    Names,
}
