using System.Text.Json;
using Init.Base;
using static Init.Applets.Backup.RequestText;

namespace Init.Applets.Backup;

/// <summary>Commands that bring files back, to keep them or to see that it can be done.</summary>
internal static class RestoreCommands
{
    public static int Restore(BackupArguments arguments)
    {
        string? into = arguments.Value("--to") is { } directory ? Path.GetFullPath(directory) : null;
        if (into is null && arguments.Words.Count == 0 && !arguments.Flags.Contains("--yes") && !MayReplaceAll(arguments.Value("--at") ?? "latest"))
            return ExitCode.Failure;
        using BackupSource? source = BackupSource.Open(arguments, out int code);
        if (source is null)
            return code;

        string fields = Fields(Text("commit", arguments.Value("--at")), Text("to", into), Flag("live", arguments.Flags.Contains("--live")), Texts("paths", arguments.Words.Select(HistoryCommands.PathOf)));
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

    /// <summary>Without PATH everything goes back, which may be more than was meant. Asked at a terminal only: a script has nobody to answer, and means what it says.</summary>
    private static bool MayReplaceAll(string revision)
    {
        if (Console.IsInputRedirected || Console.IsErrorRedirected)
            return true;

        Console.Error.Write($"Restore everything in place as it was in backup \"{revision}\"? What is there and in no backup is kept beside it as NAME.local-TIME. [y/N] ");
        if (Console.ReadLine()?.Trim() is { Length: > 0 } answer && "yes".StartsWith(answer, StringComparison.OrdinalIgnoreCase))
            return true;
        Terminal.Complain("nothing was restored (--yes does not ask; name a PATH to restore less)");
        return false;
    }
}
