using System.Collections.Immutable;

namespace Init.Config.Supervisord;

/// <summary>The keys and sections that supervisord 4.2.5 knows, for telling of those that it would pass over in silence.</summary>
internal static class SupervisordKeys
{
    public const string Supervisord = "supervisord";
    public const string Include = "include";
    public const string Program = "program:";
    public const string Group = "group:";
    public const string EventListener = "eventlistener:";
    public const string FastCgi = "fcgi-program:";
    public const string RpcInterface = "rpcinterface:";
    public const string UnixServer = "unix_http_server";
    public const string InetServer = "inet_http_server";
    public const string Client = "supervisorctl";
    public const string ClientPlugin = "ctlplugin:";

    private static readonly ImmutableArray<string> ProgramKeys =
    [
        "command", "process_name", "numprocs", "numprocs_start", "directory", "umask", "priority", "autostart", "startsecs", "startretries", "autorestart",
        "exitcodes", "stopsignal", "stopwaitsecs", "stopasgroup", "killasgroup", "user", "redirect_stderr", "stdout_logfile", "stdout_logfile_maxbytes",
        "stdout_logfile_backups", "stdout_capture_maxbytes", "stdout_events_enabled", "stdout_syslog", "stderr_logfile", "stderr_logfile_maxbytes",
        "stderr_logfile_backups", "stderr_capture_maxbytes", "stderr_events_enabled", "stderr_syslog", "environment", "serverurl",
    ];

    private static readonly ImmutableArray<string> SupervisordOwn =
    [
        "logfile", "logfile_maxbytes", "logfile_backups", "loglevel", "pidfile", "umask", "nodaemon", "silent", "minfds", "minprocs", "nocleanup",
        "childlogdir", "user", "directory", "strip_ansi", "environment", "identifier",
    ];

    /// <summary>Where a section's kind is its whole name, or its beginning.</summary>
    private static readonly (string Kind, ImmutableArray<string> Keys)[] Sections =
    [
        (Program, ProgramKeys),
        (FastCgi, [.. ProgramKeys, "socket", "socket_backlog", "socket_owner", "socket_mode"]),
        (EventListener, [.. ProgramKeys, "buffer_size", "events", "result_handler"]),
        (Group, ["programs", "priority"]),
        (UnixServer, ["file", "chmod", "chown", "username", "password"]),
        (InetServer, ["port", "username", "password"]),
        (Supervisord, SupervisordOwn),
        (Include, ["files"]),
        (Client, ["serverurl", "username", "password", "prompt", "history_file"]),
    ];

    /// <summary>Sections whose keys belong to somebody else's code.</summary>
    private static readonly ImmutableArray<string> Open = [RpcInterface, ClientPlugin];

    /// <summary>Kinds of sections, for recognising the format and for hints.</summary>
    public static IEnumerable<string> Kinds => Sections.Select(section => section.Kind).Concat(Open);

    /// <summary>Null for a section that supervisord does not know; empty for one in which every key is allowed.</summary>
    public static ImmutableArray<string>? KeysOf(string section)
    {
        if (Open.Any(kind => section.StartsWith(kind, StringComparison.Ordinal)))
            return [];

        foreach (var (kind, keys) in Sections)
        {
            // supervisord takes every section that begins with the name of a server for one.
            bool isPrefix = kind.EndsWith(':') || kind is UnixServer or InetServer;
            if (isPrefix ? section.StartsWith(kind, StringComparison.Ordinal) : section == kind)
                return keys;
        }

        return null;
    }

    public static void Warn(LoadScope scope)
    {
        foreach (IniSection section in scope.Document.Sections)
        {
            if (KeysOf(section.Name) is not { } keys)
            {
                string kind = section.Name.Split(':')[0];
                string? near = Base.Suggestion.Nearest(kind, Kinds.Select(known => known.TrimEnd(':')));
                string? hint = near is null ? null : $"did you mean [{near}{ConfigText.Clean(section.Name[kind.Length..])}]?";
                scope.Warn(section.At, ConfigText.Clean(section.Name), "unknown section", hint ?? "supervisord passes over it too, and says nothing");
            }
            else if (!keys.IsEmpty)
            {
                IniReader.WarnOfUnknownKeys(section, keys, scope);
            }
        }
    }
}
