using System.Globalization;
using Init.Base;
using Init.Chat.Manage;

namespace Init.Applets.Chat;

/// <summary>Commands that show what the role does.</summary>
internal static class ReportCommands
{
    public const string ProvidersUsage = "providers [--test MODEL] [--json]";
    public const string UsageUsage = "usage [--since DAY] [--by day,model,user,key] [--user ID] [--key ID] [--json]";
    public const string TasksUsage = "tasks [--state running|done|failed|cancelled|interrupted|all] [--user ID] [--cancel ID] [--json]";
    public const string CallsUsage = "calls [--follow] [--user ID] [--model ID] [--key ID] [--limit N]";

    public static int Providers(string[] arguments) => With(arguments, [], ["--test"], ProvidersUsage, parsed => parsed.Value("--test") is { } model
        ? RoleClient.Ask(parsed, HttpMethod.Post, "/manage/test", ManageJson.Default.TestResult, Describe, ManageClient.Json(new TestOrder(model), ManageJson.Default.TestOrder))
        : RoleClient.Ask(parsed, HttpMethod.Get, "/manage/providers", ManageJson.Default.ProviderList, Describe));

    public static int Usage(string[] arguments) => With(arguments, [], ["--since", "--by", "--user", "--key"], UsageUsage, parsed => RoleClient.Ask(
        parsed, HttpMethod.Get, "/manage/usage" + Query(parsed, ("--since", "since"), ("--by", "by"), ("--user", "user"), ("--key", "key")), ManageJson.Default.UsageList, Describe));

    public static int Tasks(string[] arguments) => With(arguments, [], ["--state", "--user", "--cancel"], TasksUsage, parsed => parsed.Value("--cancel") is { } id
        ? RoleClient.Ask(parsed, HttpMethod.Delete, $"/manage/tasks/{Uri.EscapeDataString(id)}", ManageJson.Default.TaskList, Describe)
        : RoleClient.Ask(parsed, HttpMethod.Get, "/manage/tasks" + Query(parsed, ("--state", "state"), ("--user", "user")), ManageJson.Default.TaskList, Describe));

    /// <summary>JSON in any case: a record has more than a line of a terminal.</summary>
    public static int Calls(string[] arguments) => With(arguments, ["--follow"], ["--user", "--model", "--key", "--limit"], CallsUsage, parsed => RoleClient.With(parsed, client =>
    {
        string query = Query(parsed, ("--user", "user"), ("--model", "model"), ("--key", "key"), ("--limit", "limit"));
        if (!parsed.Flags.Contains("--follow"))
            return RoleClient.Ask(parsed with { Flags = new HashSet<string> { "--json" } }, HttpMethod.Get, "/manage/calls" + query, ManageJson.Default.TaskList, _ => "");

        const string Data = "data: ";
        ManageAnswer answer = client.FollowAsync($"/manage/calls{(query.Length == 0 ? "?" : query + "&")}follow=true", line =>
        {
            if (line.StartsWith(Data, StringComparison.Ordinal))
                Terminal.Say(line[Data.Length..]);
        }, CancellationToken.None).GetAwaiter().GetResult();
        return RoleClient.Complain(answer);
    }));

    private static string Describe(TestResult result) => result.Ok
        ? $"{result.Model}: {result.ModelId} of {result.Provider} answers after {HumanText.Delay(result.Milliseconds / 1000.0)}: {result.Answer}"
        : $"{result.Model}: does not answer ({HumanText.Delay(result.Milliseconds / 1000.0)}): {result.Problem}";

    private static string Describe(ProviderList list) =>
        RoleClient.Table(["TYPE", "MODEL", "PROVIDER", "KEY", "STATE", "CALLS", "FAILURES", "URL"], list.Models.SelectMany(model => list.Keys
            .Where(key => key.Provider == model.Provider && key.Model == model.Id && key.Url == model.Url)
            .Select(key => new[] { model.Type, model.Id, model.Provider, key.KeyVariable.Length == 0 ? "-" : key.KeyVariable, State(key), Number(key.Calls), Number(key.Failures), model.Url })
            .DefaultIfEmpty([model.Type, model.Id, model.Provider, "-", "built in", "", "", model.Url])));

    private static string State(ManagedProviderKey key) => key switch
    {
        { State: "resting", RestsForSeconds: { } seconds } => $"rests for {HumanText.Delay(seconds)} ({key.Reason})",
        { State: "missing" } => "missing: the variable is not set",
        _ => key.State,
    };

    private static string Describe(UsageList list) => list.Usage.IsEmpty
        ? $"There were no calls since {list.Since:yyyy-MM-dd}."
        : RoleClient.Table(["DAY", "MODEL", "USER", "KEY", "CALLS", "FAILED", "PROMPT", "ANSWER", "COST"], list.Usage.Select(sum => new[]
        {
            sum.Day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "", sum.Model ?? "", sum.User ?? "", sum.Key ?? "",
            Number(sum.Calls), Number(sum.Failures), Number(sum.PromptTokens), Number(sum.CompletionTokens), sum.Cost.ToString("0.######", CultureInfo.InvariantCulture),
        }));

    private static string Describe(TaskList list) => list.Tasks.IsEmpty
        ? "There are no such tasks."
        : RoleClient.Table(["ID", "STATE", "USER", "BRANCH", "MODEL", "LENGTH", "STARTED", "PROBLEM"], list.Tasks.Select(task => new[]
        {
            task.Id, task.State, task.User, task.Branch ?? "-", task.ModelType, Number(task.Length), HumanText.Time(task.Started.ToUnixTimeMilliseconds(), TimeZoneInfo.Local), task.Problem ?? "",
        }));

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Query(ChatArguments arguments, params (string Option, string Name)[] names)
    {
        string[] pairs = [.. names.Where(name => arguments.Value(name.Option) is not null).Select(name => $"{name.Name}={Uri.EscapeDataString(arguments.Value(name.Option)!)}")];
        return pairs.Length == 0 ? "" : "?" + string.Join('&', pairs);
    }

    private static int With(string[] arguments, string[] flags, string[] options, string usage, Func<ChatArguments, int> run)
    {
        if (ChatArguments.Parse(arguments, flags, options, 0, out string? problem) is { } parsed)
            return run(parsed);
        Terminal.Complain($"cannot run \"chat {usage.Split(' ')[0]}\": {problem}; usage: init chat {usage}");
        return ExitCode.Usage;
    }
}
