using System.Text.Json;
using Init.Backup.History;
using Init.Base;
using static Init.Applets.Backup.RequestText;

namespace Init.Applets.Backup;

/// <summary>Commands that look into backups.</summary>
internal static class HistoryCommands
{
    public static int List(BackupArguments arguments) => arguments.Value("--at") is { } revision ? Files(arguments, revision) : History(arguments);

    public static int Diff(BackupArguments arguments)
    {
        // What can be a revision is one: a path that looks like it is written as "./dada" or absolute.
        string[] revisions = [.. arguments.Words.TakeWhile(word => Revision.Parse(word, DateTimeOffset.UtcNow, TimeZoneInfo.Local) is not null).Take(2)];
        string[] rest = [.. arguments.Words.Skip(revisions.Length)];
        if (rest.Length > 1)
        {
            Terminal.Complain($"cannot tell which backup \"{rest[0]}\" is; usage: init backup diff [FROM [TO]] [PATH]");
            return ExitCode.Usage;
        }

        string fields = Fields(Text("from", revisions.ElementAtOrDefault(0)), Text("to", revisions.ElementAtOrDefault(1)), Text("path", rest.Length == 1 ? PathOf(rest[0]) : null));
        return Ask(arguments, "diff", fields, change => $"{change.GetProperty("change").GetString(),-8} {Size(change.GetProperty("size").GetInt64()),8}  {change.GetProperty("path").GetString()}", end =>
        {
            string before = end.TryGetProperty("from", out JsonElement from) ? from.GetString()![..12] : "nothing";
            return $"{Count(end, "total")} changes from {before} to {end.GetProperty("to").GetString()![..12]}";
        });
    }

    public static string PathOf(string word) => word.StartsWith("./", StringComparison.Ordinal) ? word[2..] : word;

    private static int History(BackupArguments arguments)
    {
        string fields = Fields(Text("path", arguments.Words.Count > 0 ? PathOf(arguments.Words[0]) : null), Number("limit", arguments.Value("--limit")), Flag("all", arguments.Flags.Contains("--all")));
        return Ask(arguments, "history", fields, commit =>
        {
            string message = commit.GetProperty("message").GetString()!;
            string size = commit.TryGetProperty("bytes", out JsonElement bytes) ? Size(bytes.GetInt64()) : "";
            string line = $"{commit.GetProperty("commit").GetString()![..12]}  {Time(commit, "at")}  {Count(commit, "changed"),8} changed  {Count(commit, "entries"),9} entries  {size,8}";
            return message.StartsWith("backup ", StringComparison.Ordinal) ? line : $"{line}  {message}";
        }, end => end.GetProperty("shallow").GetBoolean() ? "older backups are only at the remote: --all fetches their history" : null);
    }

    private static int Files(BackupArguments arguments, string revision)
    {
        string fields = Fields(Text("commit", revision), Text("path", arguments.Words.Count > 0 ? PathOf(arguments.Words[0]) : ""));
        return Ask(arguments, "files", fields, file =>
        {
            string kind = file.GetProperty("kind").GetString()!;
            string mode = file.TryGetProperty("mode", out JsonElement bits) ? bits.GetString()! : "";
            return $"{mode,4}  {Size(file.GetProperty("size").GetInt64()),8}  {Time(file, "modified"),19}  {file.GetProperty("name").GetString()}{(kind == "directory" ? "/" : kind == "link" ? "@" : "")}";
        }, end => null);
    }

    private static int Ask(BackupArguments arguments, string op, string fields, Func<JsonElement, string> describe, Func<JsonElement, string?> describeEnd)
    {
        using BackupSource? source = BackupSource.Open(arguments, out int code);
        if (source is null)
            return code;

        bool isJson = arguments.Flags.Contains("--json");
        using Screen screen = Screen.Standard();
        try
        {
            long items = 0;
            JsonElement? result = source.Ask(op, fields, item =>
            {
                items++;
                screen.Output.WriteLine(isJson ? item.GetRawText() : describe(item));
            }, out code);
            screen.Flush();
            if (result is { } end && !isJson && describeEnd(end) is { } said)
                screen.Errors.WriteLine(said);
            if (result is { } all && all.TryGetProperty("total", out JsonElement total) && total.GetInt64() > items)
                screen.Errors.WriteLine($"the first {items} of {total.GetInt64()} are shown: name a directory to see what is in it");
        }
        catch (IOException)
        {
            // Nobody reads any more ("init backup list | head -1").
            return ExitCode.Failure;
        }

        return code;
    }
}
