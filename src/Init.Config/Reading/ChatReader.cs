using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Init.Base;

namespace Init.Config.Reading;

/// <summary>Reads <c>[chat]</c>. What the file does not say, the environment of the original may.</summary>
internal static class ChatReader
{
    /// <summary>Of pictures.</summary>
    private static readonly TimeSpan KeepMax = TimeSpan.FromHours(1);

    private static readonly System.Buffers.SearchValues<char> PathCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./~");

    /// <summary>Paths that the gateway answers itself.</summary>
    private static readonly string[] PathsTaken = ["/admin", "/healthz"];

    /// <summary>Variables that only the chat program sees.</summary>
    /// <param name="section">The table, seen with the process's own variables; null when there is none.</param>
    public static ImmutableArray<string> ReadSecretVariables(Section? section)
    {
        if (section?.NonEmptyString("database_env") is not { } text)
            return [ChatOptions.AdminKeyVariable];
        if (NameRules.IsVariable(text.Value) && !KnownNames.OwnVariables.Contains(text.Value))
            return [ChatOptions.AdminKeyVariable, text.Value];

        section.Report("database_env", $"{text.Quoted} is not a name of a variable", "it names the variable that holds PostgreSQL's connection string; the string itself does not belong into the file");
        return [ChatOptions.AdminKeyVariable];
    }

    /// <param name="section">The table, or an empty one.</param>
    /// <param name="environment">Of Init.</param>
    /// <param name="stateDirectory">Init's.</param>
    public static ChatOptions Read(Section section, IReadOnlyDictionary<string, string> environment, string stateDirectory)
    {
        OriginalChatVariables original = new(section, environment);
        string own = Path.Combine(stateDirectory, "chat");
        ChatOptions defaults = new(own, section.Path("data_dir") ?? own);
        ChatOptions options = defaults with
        {
            Listen = ReadListen(section, original) ?? defaults.Listen,
            Publish = ReadPublish(section),
            Database = ReadDatabase(section, environment),
            ModelsFile = section.Path("models") ?? original.FullPath("API_INFO_FILE_PATH") ?? defaults.ModelsFile,
            PromptDirectory = section.Path("prompts") ?? original.FullPath("DEFAULT_PROMPT_DIR") ?? defaults.PromptDirectory,
            Preset = section.NonEmptyString("preset")?.Value ?? original.Text("PARSET_PROMPT_NAME") ?? defaults.Preset,
            NicknameFile = section.Path("nicknames") ?? original.FullPath("USER_NICKNAME_MAPPING_FILE_PATH") ?? defaults.NicknameFile,
            ModelType = section.NonEmptyString("model_type")?.Value ?? original.Text("DEFAULT_MODEL_TYPE") ?? defaults.ModelType,
            Parameters = ReadParameters(section.Table("parameters"), original, defaults.Parameters),
            Stream = section.Boolean("stream", original.Boolean("STREAM") ?? defaults.Stream),
            SendReasoning = section.Boolean("send_reasoning", defaults.SendReasoning),
            TimeZone = TimeSpan.FromHours(section.Number("timezone", -23, 23) ?? original.Number("TIMEZONE_OFFSET", -23, 23) ?? defaults.TimeZone.TotalHours),
            BotName = section.NonEmptyString("bot_name")?.Value ?? original.Text("BOT_NAME") ?? defaults.BotName,
            Birthday = ReadBirthday(section) ?? original.Birthday() ?? defaults.Birthday,
            Concurrency = section.SmallInteger("concurrency", 1, 100_000) ?? (int?)original.Integer("MAX_CONCURRENCY", 1, 100_000) ?? defaults.Concurrency,
            Queue = section.SmallInteger("queue", 0, 100_000) ?? defaults.Queue,
            BodyLimit = ReadBodyLimit(section) ?? defaults.BodyLimit,
            ContextMessages = section.SmallInteger("context_messages", 2, 1_000_000) ?? defaults.ContextMessages,
            AdminKey = environment.GetValueOrDefault(ChatOptions.AdminKeyVariable) is { Length: > 0 } key ? key : null,
            Variables = environment,
        };
        options = options with { Rendering = ReadRendering(section.Table("rendering"), original, defaults.Rendering) };
        section.Finish();
        return options;
    }

    private static HttpEndpoint? ReadListen(Section section, OriginalChatVariables original)
    {
        if (section.NonEmptyString("listen") is not { } text)
            return original.Integer("PORT", 1, 65535) is { } port ? new HttpEndpoint { Address = IPAddress.Loopback, Port = (int)port } : null;
        if (ListenAddress.Read(section, text) is not { } endpoint)
            return null;
        if (endpoint.Address is { } address && IPAddress.IsLoopback(address))
            return endpoint;

        section.Report("listen", $"{text.Quoted} can be reached from other machines, and nobody needs a key there", "write \"127.0.0.1:PORT\"; the gateway publishes it with keys: publish = \"/chat\"");
        return null;
    }

    private static string? ReadPublish(Section section)
    {
        if (section.NonEmptyString("publish") is not { } text)
            return null;
        string path = text.Value.TrimEnd('/');
        if (path.Length is < 2 or > 200 || path[0] != '/' || path.AsSpan().ContainsAnyExcept(PathCharacters) || path.Split('/').Skip(1).Any(part => part is "" or "." or ".."))
            section.Report("publish", $"{text.Quoted} is not a path to publish at", "write it as \"/chat\"");
        else if (PathsTaken.FirstOrDefault(taken => path == taken || path.StartsWith(taken + "/", StringComparison.Ordinal)) is { } mine)
            section.Report("publish", $"{text.Quoted} is the gateway's own", $"choose one that is not below {mine}");
        else
            return path;
        return null;
    }

    /// <summary>Not shown: a password is in it.</summary>
    private static string? ReadDatabase(Section section, IReadOnlyDictionary<string, string> environment)
    {
        if (!section.Has("database_env") || section.NonEmptyString("database_env") is not { } text || !NameRules.IsVariable(text.Value))
            return null;
        if (environment.GetValueOrDefault(text.Value) is { Length: > 0 } value)
            return value;

        section.Report("database_env", $"the variable {text.Value} is not set", "set it to PostgreSQL's connection string (\"Host=...;Database=...;Username=...;Password=...\"), or take database_env away: then SQLite is used");
        return null;
    }

    private static ChatParameters ReadParameters(Section? section, OriginalChatVariables original, ChatParameters defaults)
    {
        ChatParameters parameters = new()
        {
            Temperature = section?.Number("temperature", 0, 2) ?? original.Number("DEFAULT_TEMPERATURE", 0, 2) ?? defaults.Temperature,
            TopP = section?.Number("top_p", 0, 1) ?? original.Number("DEFAULT_TOP_P", 0, 1) ?? defaults.TopP,
            FrequencyPenalty = section?.Number("frequency_penalty", -2, 2) ?? original.Number("DEFAULT_FREQUENCY_PENALTY", -2, 2) ?? defaults.FrequencyPenalty,
            PresencePenalty = section?.Number("presence_penalty", -2, 2) ?? original.Number("DEFAULT_PRESENCE_PENALTY", -2, 2) ?? defaults.PresencePenalty,
            MaxTokens = section?.Integer("max_tokens", 1, int.MaxValue) ?? original.Integer("DEFAULT_MAX_TOKENS", 1, int.MaxValue) ?? defaults.MaxTokens,
            MaxCompletionTokens = section?.Integer("max_completion_tokens", 1, int.MaxValue) ?? original.Integer("DEFAULT_MAX_COMPLETION_TOKENS", 1, int.MaxValue) ?? defaults.MaxCompletionTokens,
            Stop = section?.Has("stop") == true ? ReadStop(section) : original.Text("DEFAULT_STOP") is { } stop ? [stop] : defaults.Stop,
        };

        // Whoever says one of the limits means that one.
        bool saysNew = parameters.MaxCompletionTokens is not null, saysOld = section?.Has("max_tokens") == true || original.Text("DEFAULT_MAX_TOKENS") is not null;
        section?.Finish();
        return saysNew && !saysOld ? parameters with { MaxTokens = null } : parameters;
    }

    private static ImmutableArray<string> ReadStop(Section section)
    {
        ImmutableArray<Text> texts = section.Strings("stop");
        if (texts.Length > 16 || texts.Any(text => text.Value.Length is 0 or > 200))
            section.Report("stop", "must be at most 16 texts of 1 to 200 characters");
        return [.. texts.Select(text => text.Value)];
    }

    private static DateOnly? ReadBirthday(Section section)
    {
        if (section.NonEmptyString("birthday") is not { } text)
            return null;
        if (DateOnly.TryParseExact(text.Value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly day))
            return day;

        section.Report("birthday", $"{text.Quoted} is not a day", "write it as \"2024-06-28\"");
        return null;
    }

    private static ByteSize? ReadBodyLimit(Section section)
    {
        const long Smallest = 64 << 10, Largest = 256 << 20;
        if (section.Size("body_limit") is not { } size)
            return null;
        if (size.Bytes is >= Smallest and <= Largest)
            return size;

        section.Report("body_limit", $"{section.WrittenOf("body_limit")} must be from 64KiB to 256MiB", "a request is held in memory");
        return null;
    }

    private static ChatRendering ReadRendering(Section? section, OriginalChatVariables original, ChatRendering defaults)
    {
        ChatRendering rendering = new(section?.Path("dir") ?? original.FullPath("RENDERED_IMAGE_DIR") ?? defaults.Directory)
        {
            Style = section?.NonEmptyString("style")?.Value ?? original.Text("MARKDOWN_TO_IMAGE_STYLE") ?? defaults.Style,
            Keep = section?.Duration("keep", TimeSpan.FromSeconds(1), KeepMax) ?? defaults.Keep,
            Concurrency = section?.SmallInteger("concurrency", 1, 64) ?? defaults.Concurrency,
        };
        section?.Finish();
        return rendering;
    }
}

/// <summary>What people have set for the original's chat backend. No value is shown in a message.</summary>
internal sealed class OriginalChatVariables(Section section, IReadOnlyDictionary<string, string> environment)
{
    public string? Text(string name) => environment.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

    public double? Number(string name, double min, double max)
    {
        if (Text(name) is not { } text)
            return null;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number >= min && number <= max)
            return number;

        Report(name, string.Create(CultureInfo.InvariantCulture, $"is not a number from {min} to {max}"));
        return null;
    }

    public long? Integer(string name, long min, long max)
    {
        if (Text(name) is not { } text)
            return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number >= min && number <= max)
            return number;

        Report(name, $"is not a whole number from {min} to {max}");
        return null;
    }

    public bool? Boolean(string name)
    {
        if (Text(name) is not { } text)
            return null;
        switch (text.ToUpperInvariant())
        {
            case "TRUE" or "1" or "YES" or "ON" or "Y" or "T":
                return true;
            case "FALSE" or "0" or "NO" or "OFF" or "N" or "F":
                return false;
            default:
                Report(name, "is neither true nor false");
                return null;
        }
    }

    /// <summary>A relative one is taken from the file's folder.</summary>
    public string? FullPath(string name) => Text(name) is { } text ? Path.GetFullPath(text, section.Context.Folder) : null;

    public DateOnly? Birthday()
    {
        if (Integer("BIRTHDAY_YEAR", 1, 9999) is not { } year || Integer("BIRTHDAY_MONTH", 1, 12) is not { } month || Integer("BIRTHDAY_DAY", 1, 31) is not { } day)
            return null;
        if (day <= DateTime.DaysInMonth((int)year, (int)month))
            return new DateOnly((int)year, (int)month, (int)day);

        Report("BIRTHDAY_DAY", "is no day of that month");
        return null;
    }

    private void Report(string name, string message) =>
        section.Context.Problems.Add(section.At, name, message, "it is a variable of the environment; the keys of [chat] win over it");
}
