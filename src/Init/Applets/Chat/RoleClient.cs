using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Init.Base;
using Init.Chat.Manage;

namespace Init.Applets.Chat;

/// <summary>Asks the role for a command, and says what came of it.</summary>
internal static class RoleClient
{
    /// <param name="arguments">Of the command.</param>
    /// <param name="method">Of HTTP.</param>
    /// <param name="path">Below /manage.</param>
    /// <param name="type">Of the answer.</param>
    /// <param name="describe">For people; --json shows the role's own words instead.</param>
    /// <param name="body">JSON; null: none.</param>
    public static int Ask<T>(ChatArguments arguments, HttpMethod method, string path, JsonTypeInfo<T> type, Func<T, string> describe, string? body = null) => With(arguments, client =>
    {
        ManageAnswer answer = client.AskAsync(method, path, body).GetAwaiter().GetResult();
        if (answer is not ManageAnswer.Done done)
            return Complain(answer);
        Terminal.Say(arguments.IsJson ? done.Json : describe(JsonSerializer.Deserialize(done.Json, type)!).TrimEnd('\n'));
        return ExitCode.Success;
    });

    /// <summary>The answer itself, for a command that goes on with it.</summary>
    public static T? Get<T>(ManageClient client, string path, JsonTypeInfo<T> type, out int code) where T : class
    {
        ManageAnswer answer = client.AskAsync(HttpMethod.Get, path).GetAwaiter().GetResult();
        code = answer is ManageAnswer.Done ? ExitCode.Success : Complain(answer);
        return answer is ManageAnswer.Done done ? JsonSerializer.Deserialize(done.Json, type) : null;
    }

    public static int With(ChatArguments arguments, Func<ManageClient, int> ask)
    {
        if (ChatConfiguration.Socket(arguments) is not { } socket)
            return ExitCode.Configuration;
        using ManageClient client = new(socket);
        return ask(client);
    }

    public static int Complain(ManageAnswer answer)
    {
        switch (answer)
        {
            case ManageAnswer.Refused refused:
                Terminal.Complain(refused.Message);
                return ExitCode.Failure;
            case ManageAnswer.Lost lost:
                Terminal.Complain($"cannot ask the chat API: nobody answers at its socket ({lost.Why}); is a program with builtin = \"chat\" running, and are you its user?");
                return ExitCode.NotRunning;
            default:
                return ExitCode.Success;
        }
    }

    /// <summary>Rows in columns as wide as their widest; the last as it is.</summary>
    public static string Table(string[] head, IEnumerable<string[]> rows)
    {
        string[][] all = [head, .. rows];
        int[] widths = [.. head.Select((_, column) => all.Max(row => row[column].Length))];
        return string.Join('\n', all.Select(row => string.Join("  ", row.Select((cell, column) => column == head.Length - 1 ? cell : cell.PadRight(widths[column]))).TrimEnd()));
    }
}
