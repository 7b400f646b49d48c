using System.Collections.Immutable;
using System.Net;
using Init.Base;

namespace Init.Config;

/// <summary>What a model is asked with when neither the request nor the user's configuration says otherwise. Null: the provider is not told.</summary>
public sealed record ChatParameters
{
    /// <summary>0 to 2.</summary>
    public double? Temperature { get; init; } = 1.0;

    /// <summary>0 to 1.</summary>
    public double? TopP { get; init; } = 1.0;

    /// <summary>-2 to 2.</summary>
    public double? FrequencyPenalty { get; init; } = 0.0;

    /// <summary>-2 to 2.</summary>
    public double? PresencePenalty { get; init; } = 0.0;

    /// <summary>From 1 on.</summary>
    public long? MaxTokens { get; init; } = 1024;

    /// <summary>From 1 on. Without a default, unlike the original's: providers refuse a request that has both limits.</summary>
    public long? MaxCompletionTokens { get; init; }

    public ImmutableArray<string> Stop { get; init; } = [];

    public bool Equals(ChatParameters? other) =>
        other is not null && Stop.SequenceEqual(other.Stop)
        && (Temperature, TopP, FrequencyPenalty, PresencePenalty, MaxTokens, MaxCompletionTokens)
            == (other.Temperature, other.TopP, other.FrequencyPenalty, other.PresencePenalty, other.MaxTokens, other.MaxCompletionTokens);

    public override int GetHashCode() => HashCode.Combine(Temperature, TopP, FrequencyPenalty, PresencePenalty, MaxTokens, MaxCompletionTokens, Stop.Length);
}

/// <summary>How answers become pictures.</summary>
/// <param name="Directory">Where they are until they are fetched. Absolute.</param>
public sealed record ChatRendering(string Directory)
{
    /// <summary>For users that have chosen none.</summary>
    public string Style { get; init; } = "light";

    /// <summary>How long a picture can be fetched.</summary>
    public TimeSpan Keep { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Pictures that are made at the same time; each is a browser.</summary>
    public int Concurrency { get; init; } = 2;
}

/// <summary><c>[chat]</c>, with what the environment of the original says. All paths are absolute.</summary>
/// <param name="StateDirectory">Where the role has its sockets: <c>state_dir/chat</c>.</param>
/// <param name="DataDirectory">Where the database is, and the files that people edit unless they have places of their own.</param>
public sealed record ChatOptions(string StateDirectory, string DataDirectory)
{
    /// <summary>The variable that sets the administrator's key.</summary>
    public const string AdminKeyVariable = "ADMIN_API_KEY";

    /// <summary>Where clients of this machine come in, without a key.</summary>
    public HttpEndpoint Listen { get; init; } = new() { Address = IPAddress.Loopback, Port = 8080 };

    /// <summary>The path below which the gateway publishes the API, as "/chat"; null: it does not. Who comes in there needs a key.</summary>
    public string? Publish { get; init; }

    /// <summary>Where the gateway forwards to. Everybody there needs a key.</summary>
    public string PublishedSocket => Path.Combine(StateDirectory, "published.sock");

    /// <summary>For the panel and the command line: who may open it administrates.</summary>
    public string ControlSocket => Path.Combine(StateDirectory, "chat.sock");

    /// <summary>Of PostgreSQL; a secret. Null: SQLite in <see cref="DataDirectory"/>.</summary>
    public string? Database { get; init; }

    /// <summary>The original's list of models. When it is missing, the built-in model "echo" answers.</summary>
    public string ModelsFile { get; init; } = Path.Combine(DataDirectory, "apiconfig.json");

    /// <summary>Of prompts that users may choose by the name of their file.</summary>
    public string PromptDirectory { get; init; } = Path.Combine(DataDirectory, "prompts");

    /// <summary>The prompt of those who have neither their own nor chosen one.</summary>
    public string Preset { get; init; } = "default";

    /// <summary>Names that users are called by, in the place of those of their accounts.</summary>
    public string NicknameFile { get; init; } = Path.Combine(DataDirectory, "nicknames.json");

    /// <summary>Of the model that answers those who ask for none.</summary>
    public string ModelType { get; init; } = "chat";

    public ChatParameters Parameters { get; init; } = new();

    /// <summary>Whether providers are asked for streams. Clients may have one either way.</summary>
    public bool Stream { get; init; } = true;

    /// <summary>Whether the thoughts of earlier answers are sent back to providers.</summary>
    public bool SendReasoning { get; init; }

    /// <summary>From UTC, of users that have said none.</summary>
    public TimeSpan TimeZone { get; init; } = TimeSpan.FromHours(8);

    /// <summary>What the bot calls itself.</summary>
    public string BotName { get; init; } = "Repeater";

    public DateOnly Birthday { get; init; } = new(2024, 6, 28);

    /// <summary>Generations that run at the same time.</summary>
    public int Concurrency { get; init; } = 1000;

    /// <summary>Generations that wait for that; who comes then is told to try again later.</summary>
    public int Queue { get; init; } = 1000;

    /// <summary>Of a request. A picture takes a few megabytes.</summary>
    public ByteSize BodyLimit { get; init; } = new(8 << 20);

    /// <summary>Messages of a context that are sent and kept: beyond it the oldest go.</summary>
    public int ContextMessages { get; init; } = 10_000;

    /// <summary>Of the administrator; a secret. Null: one is made at the first start, and shown in the log.</summary>
    public string? AdminKey { get; init; }

    public ChatRendering Rendering { get; init; } = new(Path.Combine(DataDirectory, "rendered"));

    /// <summary>In which the keys of providers are looked up, by the names that the list of models has. Secrets.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>But for the variables, which are those of the process.</summary>
    public bool Equals(ChatOptions? other) =>
        other is not null
        && (StateDirectory, DataDirectory, Listen, Publish, Database, ModelsFile, PromptDirectory) == (other.StateDirectory, other.DataDirectory, other.Listen, other.Publish, other.Database, other.ModelsFile, other.PromptDirectory)
        && (Preset, NicknameFile, ModelType, Parameters, Stream, SendReasoning, TimeZone) == (other.Preset, other.NicknameFile, other.ModelType, other.Parameters, other.Stream, other.SendReasoning, other.TimeZone)
        && (BotName, Birthday, Concurrency, Queue, BodyLimit, ContextMessages, AdminKey) == (other.BotName, other.Birthday, other.Concurrency, other.Queue, other.BodyLimit, other.ContextMessages, other.AdminKey)
        && Rendering == other.Rendering;

    public override int GetHashCode() => HashCode.Combine(StateDirectory, DataDirectory, Listen, Publish, ModelsFile, Parameters, AdminKey);

    public override string ToString() => $"chat at {Listen.Address}:{Listen.Port}, data in {DataDirectory}"; // Nothing prints a secret by accident.
}
