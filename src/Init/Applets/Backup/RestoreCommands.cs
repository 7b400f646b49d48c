using System.Net.Sockets;
using System.Text.Json;
using Init.Base;
using Init.Config;
using Init.Control;
using static Init.Applets.Backup.RequestText;

namespace Init.Applets.Backup;

/// <summary>Commands that bring files back, to keep them or to see that it can be done.</summary>
internal static class RestoreCommands
{
    public static int Restore(BackupArguments arguments)
    {
        string? into = arguments.Value("--to") is { } directory ? Path.GetFullPath(directory) : null;
        using BackupSource? source = BackupSource.Open(arguments, out int code);
        if (source is null)
            return code;
        if (into is null && !arguments.Flags.Contains("--live") && source.RolePid() is { } role && Running(arguments, role) is { Count: > 0 } running)
        {
            Terminal.Complain($"cannot restore in place: {string.Join(", ", running)} {(running.Count == 1 ? "is" : "are")} running and may hold files open (first: init stop {string.Join(' ', running)}; or --live when it is known to do no harm; or --to DIR)");
            return ExitCode.Failure;
        }

        string fields = Fields(Text("commit", arguments.Value("--at")), Text("to", into), Texts("paths", arguments.Words.Select(HistoryCommands.PathOf)));
        return Ask(source, arguments, "restore", "restoring", fields, result =>
        {
            foreach (JsonElement aside in result.GetProperty("kept_aside").EnumerateArray())
                Terminal.Say($"kept  {aside.GetString()}");
            foreach (JsonElement note in result.GetProperty("notes").EnumerateArray())
                Terminal.Say($"note  {note.GetString()}");
            Terminal.Say($"restored from {result.GetProperty("commit").GetString()![..12]}{(into is null ? "" : $" to {into}")}: {Count(result, "written")} of {Count(result, "files")} entries had to be written, {Size(result.GetProperty("bytes").GetInt64())}");
            return ExitCode.Success;
        });
    }

    public static int Verify(BackupArguments arguments)
    {
        using BackupSource? source = BackupSource.Open(arguments, out int code);
        if (source is null)
            return code;

        string fields = Fields(Flag("full", arguments.Flags.Contains("--full")), Number("sample", arguments.Value("--sample")));
        return Ask(source, arguments, "verify", "verifying", fields, result =>
        {
            JsonElement[] failures = [.. result.GetProperty("failures").EnumerateArray()];
            foreach (JsonElement failure in failures)
                Terminal.Say($"FAILED  {failure.GetString()}");
            string what = $"{Count(result, "files")} files, {Size(result.GetProperty("bytes").GetInt64())} of {result.GetProperty("commit").GetString()![..12]} from {result.GetProperty("source").GetString()}, in {result.GetProperty("seconds").GetDouble():0.0} s";
            Terminal.Say(failures.Length == 0 ? $"proved: restored and compared {what}" : $"not proved: {failures.Length} problems in {what}");
            return failures.Length == 0 ? ExitCode.Success : ExitCode.Failure;
        }, result => result.GetProperty("failures").GetArrayLength() == 0);
    }

    public static int Doctor(BackupArguments arguments)
    {
        using BackupSource? source = BackupSource.Open(arguments, out int code);
        if (source is null)
            return code;

        bool isJson = arguments.Flags.Contains("--json");
        JsonElement? result = source.Ask("doctor", "", check =>
        {
            if (isJson)
            {
                Terminal.Say(check.GetRawText());
                return;
            }

            Terminal.Say($"{check.GetProperty("level").GetString(),-4}  {check.GetProperty("check").GetString(),-15} {check.GetProperty("text").GetString()}");
            if (check.TryGetProperty("remedy", out JsonElement remedy))
                Terminal.Say($"{"",22}-> {remedy.GetString()}");
        }, out code);
        return result?.GetProperty("failed").GetInt32() > 0 ? ExitCode.Failure : code;
    }

    private static int Ask(BackupSource source, BackupArguments arguments, string op, string doing, string fields, Func<JsonElement, int> use, Func<JsonElement, bool>? isGood = null)
    {
        JsonElement? result;
        int code;
        using (ProgressLine line = new())
            result = source.Ask(op, fields, progress => line.Show(doing, progress), out code);
        if (result is not { } end)
            return code;
        if (!arguments.Flags.Contains("--json"))
            return use(end);
        Terminal.Say(end.GetRawText());
        return isGood?.Invoke(end) == false ? ExitCode.Failure : ExitCode.Success;
    }

    /// <summary>Programs of the supervisor but for the roles of this binary; none when there is no supervisor to ask.</summary>
    private static List<string> Running(BackupArguments arguments, int role)
    {
        string control = arguments.Socket is { } socket
            ? Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(Path.GetFullPath(socket))) ?? "/", "control.sock")
            : SocketOptions.Find(null, arguments.Config, SocketOptions.ProcessEnvironment(), new SystemConfigFiles());
        using ControlClient? client = ControlClient.Connect(control, out SocketError _);
        return client?.Ask(new ControlRequest.Status([], Usage: false)) is ControlAnswer.Done { Result: ControlResult.Status status }
            ? [.. status.Programs.Where(program => program.Pid is { } pid && pid != role && !IsRole(pid)).Select(program => program.Name)]
            : [];
    }

    /// <summary>The gateway holds none of the files.</summary>
    private static bool IsRole(int pid)
    {
        try
        {
            string[] words = File.ReadAllText($"/proc/{pid}/cmdline").Split('\0');
            return words.Length > 1 && words[1] is KnownNames.Gateway or KnownNames.Backup && new FileInfo($"/proc/{pid}/exe").LinkTarget == Environment.ProcessPath;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false; // It has ended, or is another user's.
        }
    }
}
