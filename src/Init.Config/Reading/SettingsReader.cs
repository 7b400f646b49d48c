using System.Collections.Immutable;
using System.Text;

namespace Init.Config.Reading;

/// <summary>Reads <c>[init]</c>: first what the rest of the configuration depends on, then the rest.</summary>
internal static class SettingsReader
{
    /// <summary>sun_path of unix(7) has 108 bytes, one of them for the end.</summary>
    public const int SocketPathBytesMax = 107;

    public static ImmutableArray<string> ReadSecrets(Section section)
    {
        ImmutableArray<string>.Builder secrets = ImmutableArray.CreateBuilder<string>();
        foreach (Text text in section.Strings("secrets"))
        {
            if (!NameRules.IsVariable(text.Value) || KnownNames.OwnVariables.Contains(text.Value))
                section.Context.Problems.Add(text.At, text.Key, $"{text.Quoted} is not a name of a variable");
            else if (!secrets.Contains(text.Value))
                secrets.Add(text.Value);
        }

        return secrets.ToImmutable();
    }

    public static InitSettings Read(Section section, InheritedEnvironment inherited, ImmutableArray<string> backupSecrets, ImmutableArray<string> chatSecrets, IConfigFiles files)
    {
        foreach (string key in new[] { "secrets", "env_file", "include", "supervisord_variables" })
            section.Has(key);

        InitSettings defaults = new() { StateDirectory = "", LogDirectory = "", ControlSocket = "" };
        string state = section.Path("state_dir") ?? ConfigLocation.DefaultStateDirectory(inherited.Values, files.UserId);
        InitSettings settings = new()
        {
            StateDirectory = state,
            LogDirectory = section.Path("log_dir") ?? Path.Combine(state, "logs"),
            ControlSocket = section.Path("control") ?? Path.Combine(state, "control.sock"),
            Shutdown = section.Duration("shutdown", TimeSpan.FromSeconds(1), TimeSpan.FromDays(366)) ?? defaults.Shutdown,
            OnFatal = section.Choice("on_fatal", OnFatal.Keep, ("keep", OnFatal.Keep), ("exit", OnFatal.Exit)),
            LogFormat = section.Choice("log_format", LogFormat.Text, ("text", LogFormat.Text), ("json", LogFormat.Json)),
            Secrets = inherited.Secrets,
            BackupSecrets = backupSecrets,
            ChatSecrets = chatSecrets,
        };

        int bytes = Encoding.UTF8.GetByteCount(settings.ControlSocket);
        if (bytes > SocketPathBytesMax)
        {
            string culprit = section.Has("control") || !section.Has("state_dir") ? "control" : "state_dir";
            section.Report(culprit, $"the path of the control socket has {bytes} bytes", $"a socket's path has at most {SocketPathBytesMax}: set \"control\" to a shorter one");
        }

        section.Finish();
        return settings;
    }
}
