using System.Globalization;
using Init.Base;
using Init.Chat.Keys;
using Init.Chat.Manage;

namespace Init.Applets.Chat;

/// <summary><c>init chat key create | list | limit | revoke</c></summary>
internal static class KeyCommands
{
    public const string Usage = "key create NAME [LIMITS] | key list | key limit ID [LIMITS] | key revoke ID  [--json]";

    public static int Run(string[] arguments) => arguments switch
    {
        ["create", .. var rest] => With(rest, KeyLimitsText.Options, 1, Create),
        ["list", .. var rest] => With(rest, [], 0, List),
        ["limit", .. var rest] => With(rest, [.. KeyLimitsText.Options, "--name"], 1, Limit),
        ["revoke", .. var rest] => With(rest, [], 1, Revoke),
        _ => Wrong(arguments.Length == 0 ? "no command is given" : $"it does not know \"{arguments[0]}\""),
    };

    private static int Create(ChatArguments arguments)
    {
        if (KeyLimitsText.Read(arguments, ApiKeyLimits.None, DateTimeOffset.UtcNow, out string? problem) is not { } limits)
            return Wrong(problem!);
        return RoleClient.Ask(
            arguments,
            HttpMethod.Post,
            "/manage/keys",
            ManageJson.Default.CreatedKey,
            key => $"{key.Key}\n\nThis is the only time that the key is shown. Its id is {key.Id}; {key.Limits}.",
            ManageClient.Json(new KeyOrder(arguments.Words[0], limits), ManageJson.Default.KeyOrder));
    }

    private static int List(ChatArguments arguments) => RoleClient.Ask(arguments, HttpMethod.Get, "/manage/keys", ManageJson.Default.KeyList, list => list.Keys.IsEmpty
        ? "There are no keys. \"init chat key create NAME\" makes one."
        : RoleClient.Table(["ID", "NAME", "STATE", "CREATED", "TOKENS TODAY", "COST THIS MONTH", "LIMITS"], list.Keys.Select(Row)));

    private static int Limit(ChatArguments arguments) => RoleClient.With(arguments, client =>
    {
        if (RoleClient.Get(client, "/manage/keys", ManageJson.Default.KeyList, out int code) is not { } list)
            return code;
        ManagedKey? key = list.Keys.FirstOrDefault(one => one.Id == arguments.Words[0]);
        if (KeyLimitsText.Read(arguments, key?.Limits ?? ApiKeyLimits.None, DateTimeOffset.UtcNow, out string? problem) is not { } limits)
            return Wrong(problem!);
        return Change(arguments, HttpMethod.Post, ManageClient.Json(new KeyOrder(arguments.Value("--name"), limits), ManageJson.Default.KeyOrder));
    });

    private static int Revoke(ChatArguments arguments) => Change(arguments, HttpMethod.Delete, null);

    private static int Change(ChatArguments arguments, HttpMethod method, string? body) => RoleClient.Ask(
        arguments,
        method,
        $"/manage/keys/{Uri.EscapeDataString(arguments.Words[0])}",
        ManageJson.Default.KeyList,
        list => $"{list.Keys[0].Id}  {list.Keys[0].Name}: {list.Keys[0].State}; {list.Keys[0].Limits?.ToString() ?? "limits that cannot be read"}",
        body);

    private static string[] Row(ManagedKey key) =>
    [
        key.Id,
        key.Name,
        key.State,
        key.Created.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        key.Used.DayTokens.ToString(CultureInfo.InvariantCulture),
        key.Used.MonthCost.ToString("0.######", CultureInfo.InvariantCulture),
        key.Limits?.ToString() ?? "cannot be read: they are of a later version",
    ];

    private static int With(string[] arguments, string[] options, int words, Func<ChatArguments, int> run) =>
        ChatArguments.Parse(arguments, [], options, words, out string? problem) is { } parsed ? run(parsed) : Wrong(problem!);

    private static int Wrong(string problem)
    {
        Terminal.Complain($"cannot run \"chat key\": {problem}; usage: init chat {Usage}");
        return ExitCode.Usage;
    }
}
