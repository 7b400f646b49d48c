using System.Globalization;
using Init.Config;
using Init.Linux;
using Init.XmlRpc;

namespace Init.Applets.Supervisorctl;

/// <summary>The command line or the configuration file is wrong; the message says how.</summary>
internal sealed class CtlUsageException(string message) : Exception(message);

/// <summary>What the command line and the <c>[supervisorctl]</c> section of the configuration file say.</summary>
internal sealed record CtlOptions
{
    private const string DefaultUrl = "http://localhost:9001";


    /// <summary>Short name, long name, and whether it takes a value, as getopt(3) has them.</summary>
    private static readonly (char Short, string Long, bool HasValue)[] s_known =
    [
        ('h', "help", false), ('?', "", false), ('c', "configuration", true), ('i', "interactive", false),
        ('s', "serverurl", true), ('u', "username", true), ('p', "password", true), ('r', "history_file", true),
    ];

    public bool WantsHelp { get; init; }

    /// <summary>Null: commands are read from standard input.</summary>
    public string? Command { get; init; }

    /// <summary>Ask before what cannot be undone.</summary>
    public bool IsInteractive { get; init; }

    public string ServerUrl { get; init; } = DefaultUrl;

    public string? UserName { get; init; }

    public string? Password { get; init; }

    public string Prompt { get; init; } = "supervisor";

    public string? HistoryFile { get; init; }

    public HttpCredentials Credentials => new(UserName, Password);

    /// <param name="arguments">Without the program's name.</param>
    /// <param name="invokedAs">The program's name: the search for a configuration file begins beside it.</param>
    /// <param name="environment">For <c>%(ENV_X)s</c> and PATH.</param>
    /// <param name="files">The machine.</param>
    /// <exception cref="CtlUsageException"/>
    public static CtlOptions Read(string[] arguments, string invokedAs, IReadOnlyDictionary<string, string> environment, IConfigFiles files)
    {
        Dictionary<char, string> given = [];
        int rest = ReadArguments(arguments, given);
        if (given.ContainsKey('h') || given.ContainsKey('?'))
            return new CtlOptions { WantsHelp = true };

        CtlOptions options = new();
        string? config = given.GetValueOrDefault('c') ?? SearchPaths(invokedAs, environment).FirstOrDefault(path => Files.StatusOf(path) is not null);
        if (config is not null)
            options = FromFile(options, config, environment, files);
        else if (!given.ContainsKey('s'))
            options = options with { ServerUrl = OwnUrl(environment, files) ?? DefaultUrl };

        string? command = rest < arguments.Length ? string.Join(' ', arguments[rest..]) : null;
        return options with
        {
            Command = command,
            IsInteractive = command is null || given.ContainsKey('i'),
            ServerUrl = given.GetValueOrDefault('s') ?? options.ServerUrl,
            UserName = given.GetValueOrDefault('u') ?? options.UserName,
            Password = given.GetValueOrDefault('p') ?? options.Password,
            HistoryFile = given.GetValueOrDefault('r') ?? options.HistoryFile,
        };
    }

    /// <summary>Where supervisor's clients look for a configuration file: at two places beside the directory of the program, then at the usual ones.</summary>
    private static string[] SearchPaths(string invokedAs, IReadOnlyDictionary<string, string> environment)
    {
        string program = CommandLookup.Find(invokedAs, environment.GetValueOrDefault("PATH"), directory: null) is CommandLookup.Found found ? found.Path : invokedAs;
        string above = Path.GetDirectoryName(Path.GetDirectoryName(program) ?? "") ?? "";
        return
        [
            Path.Combine(above, "etc/supervisord.conf"), Path.Combine(above, "supervisord.conf"),
            "supervisord.conf", "etc/supervisord.conf", "/etc/supervisord.conf", "/etc/supervisor/supervisord.conf",
        ];
    }

    /// <summary>Of the Init that the other commands would talk to; null when nothing is there.</summary>
    private static string? OwnUrl(IReadOnlyDictionary<string, string> environment, IConfigFiles files)
    {
        string own = ConfigLocation.SupervisorSocket(SocketOptions.Find(socket: null, config: null, environment, files));
        return Files.StatusOf(own) is { Kind: FileKind.Socket } ? $"unix://{own}" : null;
    }

    // --- Arguments ----------------------------------------------------------------------------------------------------

    /// <summary>Gives the index of the first argument that is no option.</summary>
    private static int ReadArguments(string[] arguments, Dictionary<char, string> given)
    {
        for (int i = 0; i < arguments.Length; i++)
        {
            string argument = arguments[i];
            if (argument == "--")
                return i + 1;
            if (argument.StartsWith("--", StringComparison.Ordinal))
                ReadLong(argument[2..], arguments, ref i, given);
            else if (argument is ['-', _, ..])
                ReadShort(argument, arguments, ref i, given);
            else
                return i;
        }

        return arguments.Length;
    }

    private static void ReadLong(string option, string[] arguments, ref int i, Dictionary<char, string> given)
    {
        int equals = option.IndexOf('=');
        string name = equals < 0 ? option : option[..equals];
        string? value = equals < 0 ? null : option[(equals + 1)..];
        var matches = Array.FindAll(s_known, known => known.Long.Length > 0 && known.Long.StartsWith(name, StringComparison.Ordinal));
        if (Array.FindIndex(matches, match => match.Long == name) is >= 0 and var exact)
            matches = [matches[exact]];
        if (matches.Length == 0)
            throw new CtlUsageException($"option --{name} not recognized");
        if (matches.Length > 1)
            throw new CtlUsageException($"option --{name} not a unique prefix");

        var (key, full, hasValue) = matches[0];
        if (!hasValue && value is not null)
            throw new CtlUsageException($"option --{full} must not have an argument");
        if (hasValue && value is null)
            value = ++i < arguments.Length ? arguments[i] : throw new CtlUsageException($"option --{full} requires argument");

        Give(given, key, $"--{full}", value ?? "");
    }

    private static void ReadShort(string cluster, string[] arguments, ref int i, Dictionary<char, string> given)
    {
        for (int at = 1; at < cluster.Length; at++)
        {
            char key = cluster[at];
            int index = Array.FindIndex(s_known, known => known.Short == key);
            if (index < 0)
                throw new CtlUsageException($"option -{key} not recognized");

            if (!s_known[index].HasValue)
            {
                Give(given, key, $"-{key}", "");
                continue;
            }

            string value = at + 1 < cluster.Length ? cluster[(at + 1)..]
                : ++i < arguments.Length ? arguments[i]
                : throw new CtlUsageException($"option -{key} requires argument");
            Give(given, key, $"-{key}", value);
            return;
        }
    }

    private static void Give(Dictionary<char, string> given, char key, string option, string value)
    {
        if (key == 's' && !(value.IndexOf(':') is > 0 and var colon && colon + 1 < value.Length && value[(colon + 1)..] != "//"))
            throw new CtlUsageException($"invalid value for {option} '{value}': value '{value}' is not a URL");
        if (!given.TryAdd(key, value) && key is not ('h' or '?'))
            throw new CtlUsageException($"conflicting command line option '{option}'");
    }

    // --- The file -----------------------------------------------------------------------------------------------------

    private static CtlOptions FromFile(CtlOptions options, string path, IReadOnlyDictionary<string, string> environment, IConfigFiles files)
    {
        if (Files.StatusOf(path) is null)
            throw new CtlUsageException($"could not find config file {path}");
        if (files.Read(path, ConfigLoader.FileBytesMax) is not ConfigFile.Content content)
            throw new CtlUsageException($"could not read config file {path}");

        Dictionary<string, string> section = CtlConfigFile.ReadSection(content.Bytes.Span, path, "supervisorctl")
            ?? throw new CtlUsageException(".ini file does not include supervisorctl section");
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        string? Value(string key, bool knowsHere) => section.TryGetValue(key, out string? text) ? Expand(text, key, environment, knowsHere ? folder : null) : null;

        string url = Value("serverurl", knowsHere: true) ?? DefaultUrl;
        return options with
        {
            ServerUrl = url.StartsWith("unix://", StringComparison.Ordinal) ? $"unix://{Normalize(url["unix://".Length..], environment)}" : url,
            Prompt = Value("prompt", knowsHere: false) ?? options.Prompt,
            UserName = Value("username", knowsHere: false),
            Password = Value("password", knowsHere: false),
            HistoryFile = Value("history_file", knowsHere: true) is { Length: > 0 } history ? Normalize(history, environment) : null,
        };
    }

    /// <summary>Python's "%(name)s" and "%%", with the names that a client may use.</summary>
    private static string Expand(string text, string key, IReadOnlyDictionary<string, string> environment, string? here)
    {
        System.Text.StringBuilder result = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                result.Append(text[i]);
                continue;
            }

            int close = text.IndexOf(")s", i, StringComparison.Ordinal);
            if (i + 1 < text.Length && text[i + 1] == '%')
            {
                result.Append('%');
                i++;
            }
            else if (i + 1 < text.Length && text[i + 1] == '(' && close > 0)
            {
                string name = text[(i + 2)..close];
                result.Append(ValueOf(name, environment, here) ?? throw new CtlUsageException(string.Create(CultureInfo.InvariantCulture,
                    $"Format string '{text}' for 'supervisorctl.{key}' contains names ('{name}') which cannot be expanded. Available names: {string.Join(", ", Names(environment, here))}")));
                i = close + 1;
            }
            else
            {
                throw new CtlUsageException($"Format string '{text}' for 'supervisorctl.{key}' is badly formatted (a percent sign is written \"%%\")");
            }
        }

        return result.ToString();
    }

    private static string? ValueOf(string name, IReadOnlyDictionary<string, string> environment, string? here) =>
        name == "here" ? here
        : name.StartsWith("ENV_", StringComparison.Ordinal) ? environment.GetValueOrDefault(name["ENV_".Length..])
        : null;

    private static IEnumerable<string> Names(IReadOnlyDictionary<string, string> environment, string? here) =>
        environment.Keys.Select(name => "ENV_" + name).Concat(here is null ? [] : ["here"]).Order(StringComparer.Ordinal);

    private static string Normalize(string path, IReadOnlyDictionary<string, string> environment) =>
        Path.GetFullPath(path is ['~'] or ['~', '/', ..] && environment.GetValueOrDefault("HOME") is { Length: > 0 } home ? home + path[1..] : path);
}
