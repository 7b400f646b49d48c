namespace Init.Config.Tests;

/// <summary>What the environment of the original says, who sees the secrets, and what a change leads to.</summary>
public sealed class ChatOptionsTests
{
    private const string Program = "[program.talker]\nbuiltin = \"chat\"\n";

    [Fact]
    public void Options_WhenNothingIsSaid_AreTheReadmesDefaults()
    {
        ChatOptions options = Load(Program).Config!.Chat!;

        Assert.Equal(("127.0.0.1", 8080), (options.Listen.Address!.ToString(), options.Listen.Port));
        Assert.Equal((1000, "chat", "default", TimeSpan.FromHours(8)), (options.Concurrency, options.ModelType, options.Preset, options.TimeZone));
        Assert.Equal((1.0, 1.0, 0.0, 0.0, 1024L, null), (options.Parameters.Temperature, options.Parameters.TopP, options.Parameters.FrequencyPenalty, options.Parameters.PresencePenalty, options.Parameters.MaxTokens, options.Parameters.MaxCompletionTokens));
        Assert.Equal((null, null, null), (options.Publish, options.Database, options.AdminKey));
        Assert.EndsWith("/chat/chat.sock", options.ControlSocket, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_WhenTheOriginalsVariablesAreSet_AreTakenFromThemUnlessTheFileSays()
    {
        Dictionary<string, string> original = new()
        {
            ["PORT"] = "9000",
            ["MAX_CONCURRENCY"] = "10",
            ["DEFAULT_MODEL_TYPE"] = "reasoner",
            ["DEFAULT_TEMPERATURE"] = "0.5",
            ["DEFAULT_MAX_COMPLETION_TOKENS"] = "99",
            ["API_INFO_FILE_PATH"] = "config/api.json",
            ["TIMEZONE_OFFSET"] = "5.5",
            ["STREAM"] = "False",
            ["BIRTHDAY_YEAR"] = "2020",
            ["BIRTHDAY_MONTH"] = "2",
            ["BIRTHDAY_DAY"] = "29",
            ["ADMIN_API_KEY"] = "secret-of-the-admin",
        };
        ChatOptions options = Load(Program + "[chat]\nmodel_type = \"mine\"\n", original).Config!.Chat!;

        Assert.Equal((9000, 10, "mine", "/app/config/api.json"), (options.Listen.Port, options.Concurrency, options.ModelType, options.ModelsFile));
        Assert.Equal((0.5, null, 99L), (options.Parameters.Temperature, options.Parameters.MaxTokens, options.Parameters.MaxCompletionTokens));
        Assert.Equal((TimeSpan.FromHours(5.5), false, new DateOnly(2020, 2, 29), "secret-of-the-admin"), (options.TimeZone, options.Stream, options.Birthday, options.AdminKey));
        Assert.DoesNotContain("secret-of-the-admin", options.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Options_WhenAVariableIsWrong_SaySoWithItsName()
    {
        ConfigResult result = Load(Program, new() { ["MAX_CONCURRENCY"] = "many", ["STREAM"] = "perhaps" });
        Assert.Equal(["MAX_CONCURRENCY", "STREAM"], result.Problems.Select(problem => problem.Key.Split('.')[^1]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Secrets_WhenThereIsAChat_AreNoOtherProgramsBusiness()
    {
        Dictionary<string, string> environment = new() { ["ADMIN_API_KEY"] = "k", ["CHAT_DB"] = "Host=db;Password=p" };
        SystemConfig config = Load(Program + "[chat]\ndatabase_env = \"CHAT_DB\"\n[program.other]\ncommand = \"x\"\n", environment).Config!;

        Assert.Equal("Host=db;Password=p", config.Chat!.Database);
        Assert.Equal("ADMIN_API_KEY CHAT_DB", string.Join(' ', config.Settings.ChatSecrets));
        Assert.DoesNotContain(config.Programs.Single(program => program.Policy.Name == "other").Launch.Environment, variable => variable.StartsWith("ADMIN_API_KEY=", StringComparison.Ordinal) || variable.StartsWith("CHAT_DB=", StringComparison.Ordinal));
    }

    [Fact]
    public void Backup_WhenThereIsAChatAndNobodySaysWhatToBackUp_HasTheChatsDataToo()
    {
        const string both = Program + "[program.keeper]\nbuiltin = \"backup\"\n[init]\nstate_dir = \"/var/lib/init\"\n";
        Assert.Contains("var/lib/init/chat", Load(both).Config!.Backup!.Targets);
        Assert.Equal("srv", Assert.Single(Load(both + "[backup]\ntargets = [\"srv\"]\n").Config!.Backup!.Targets));
        Assert.DoesNotContain("var/lib/init/chat", Load("[program.keeper]\nbuiltin = \"backup\"\n[init]\nstate_dir = \"/var/lib/init\"\n").Config!.Backup!.Targets);
    }

    [Theory]
    [InlineData("timezone = 1", "talker: chat")]
    [InlineData("publish = \"/chat\"", "talker: chat|web: gateway")]
    public void Change_WhenOfTheChat_RestartsWhoReadsIt(string change, string expected)
    {
        const string text = Program + "[program.web]\nbuiltin = \"gateway\"\n[gateway.proxy]\nlisten = [\"*:7860\"]\n[chat]\n";
        ConfigDiff diff = ConfigDiff.Between(Load(text).Config!, Load(text + change + "\n").Config!);

        Assert.Equal(expected, string.Join('|', diff.Programs.SelectMany(program => program.Fields.Select(field => $"{program.Program}: {field.Field}"))));
        Assert.All(diff.Programs, program => Assert.True(program.NeedsRestart));
    }

    [Fact]
    public void Explanation_WhenThereIsAChat_SaysWhereItListensAndWhoNeedsAKey()
    {
        string text = Reports.CheckReport.Explain(Load(Program + "[init]\nstate_dir = \"/s\"\n[chat]\npublish = \"/chat\"\n[gateway.proxy]\nlisten = [\"*:7860\"]\n").Config!);
        Assert.Contains("chat  listens on 127.0.0.1:8080 without keys, and is published below /chat with keys; its data is in /s/chat", text, StringComparison.Ordinal);
    }

    private static ConfigResult Load(string text, Dictionary<string, string>? environment = null)
    {
        MemoryFiles files = new() { Texts = { ["/app/supervisor.toml"] = text } };
        return ConfigLoader.Load("supervisor.toml", files, environment ?? []);
    }
}
