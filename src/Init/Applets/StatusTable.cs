using System.Globalization;
using System.Text;
using Init.Base;
using Init.Control;

namespace Init.Applets;

/// <summary>What <c>init status</c> shows, as lines. Pure.</summary>
public static class StatusTable
{
    private static readonly string[] Header = ["NAME", "STATE", "PID", "UPTIME", "RESTARTS", "MEMORY", ""];

    /// <summary>Columns that are read as numbers.</summary>
    private static readonly bool[] IsRightAligned = [false, false, true, true, true, true, false];

    public static IReadOnlyList<string> Render(IReadOnlyList<ProgramStatus> programs, TimeZoneInfo zone, Func<Colour, string, string> paint)
    {
        if (programs.Count == 0)
            return ["no programs"];

        string[][] rows = [Header, .. programs.Select(program => Cells(program, zone))];
        int[] widths = [.. Enumerable.Range(0, Header.Length).Select(column => rows.Max(row => row[column].Length))];
        List<string> lines = [];
        for (int i = 0; i < rows.Length; i++)
        {
            StringBuilder line = new();
            for (int column = 0; column < Header.Length; column++)
            {
                string cell = rows[i][column];
                string padded = IsRightAligned[column] ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]);
                if (column == Header.Length - 1)
                    padded = cell;

                Colour colour = i == 0 ? Colour.Dim : column == 1 ? ColourOf(programs[i - 1]) : Colour.Plain;
                line.Append(column == 0 ? "" : "  ").Append(paint(colour, padded));
            }

            lines.Add(line.ToString().TrimEnd());
        }

        return lines;
    }

    /// <summary>
    /// True when nobody needs to look: it runs, did what it had to, is not installed and need not be, or waits for its time.
    /// </summary>
    /// <param name="program">The instance.</param>
    /// <param name="wasNamed">Its name, or its group's, was given; then being stopped on purpose is no excuse.</param>
    public static bool IsFine(ProgramStatus program, bool wasNamed) => program.State switch
    {
        "RUNNING" => true,
        "ABSENT" => true,
        "EXITED" => program.LastExitSuccess == true,
        "STOPPED" => program.NextRun is not null || (!wasNamed && !program.Wanted),
        _ => false,
    };

    private static string[] Cells(ProgramStatus program, TimeZoneInfo zone) =>
    [
        program.Name,
        program.State,
        program.Pid?.ToString(CultureInfo.InvariantCulture) ?? "-",
        program.UptimeSeconds is { } uptime ? HumanText.Uptime(uptime) : "-",
        program.Restarts.ToString(CultureInfo.InvariantCulture),
        program.MemoryBytes is { } memory ? new ByteSize(memory).ToString() : "-",
        Remark(program, zone),
    ];

    /// <summary>What the state alone does not say.</summary>
    private static string Remark(ProgramStatus program, TimeZoneInfo zone)
    {
        List<string> remarks = [];
        switch (program.State)
        {
            case "WAITING":
                remarks.Add(program.WaitingFor.Count > 0 ? $"waits for {string.Join(", ", program.WaitingFor)}" : "waits");
                break;
            case "ABSENT":
                remarks.Add("not installed");
                break;
            case "RUNNING" or "STARTING" or "STOPPING":
                if (program.State == "RUNNING" && !program.Ready)
                    remarks.Add("not ready");
                if (program.Health == "unhealthy")
                    remarks.Add("unhealthy");
                if (program.StatusText is { } said)
                    remarks.Add(said);
                break;
            case "EXITED" when program.LastExit is { } exit:
                remarks.Add(exit);
                break;
            case "STOPPED":
                remarks.Add(program.Description);
                break;
            default:
                break;
        }

        if (program.Problem is { } problem && program.State is not ("STOPPED" or "RUNNING"))
            remarks.Add(problem);
        if (program is { State: "BACKOFF", NextTrySeconds: { } next })
            remarks.Add($"next try in {HumanText.Delay(next)}");
        if (program.NextRun is { } run)
            remarks.Add($"next run {HumanText.Time(run, zone)}");
        if (program.LogDroppedLines > 0)
            remarks.Add(string.Create(CultureInfo.InvariantCulture, $"{program.LogDroppedLines} log lines lost"));

        return string.Join("; ", remarks.Where(remark => remark.Length > 0)).ReplaceLineEndings(" ");
    }

    private static Colour ColourOf(ProgramStatus program) => program.State switch
    {
        "RUNNING" when program.Health == "unhealthy" => Colour.Red,
        "RUNNING" when !program.Ready => Colour.Yellow,
        "RUNNING" => Colour.Green,
        "STARTING" or "WAITING" or "STOPPING" => Colour.Yellow,
        "BACKOFF" or "FATAL" => Colour.Red,
        "EXITED" when program.LastExitSuccess != true => Colour.Red,
        _ => Colour.Dim,
    };
}
