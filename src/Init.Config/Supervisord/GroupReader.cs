using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Init.Base;

namespace Init.Config.Supervisord;

/// <summary>A group of processes as supervisord has it, of whatever kind.</summary>
internal sealed record GroupDraft(string Name, int Priority, List<ProcessDraft> Processes, IniSection Section);

/// <summary>Puts programs, event listeners and FastCGI programs into their groups, and the groups into supervisord's order.</summary>
internal sealed class GroupReader(LoadScope scope, ExpansionNames names, ProcessReader processes)
{
    private const string MainHandler = "supervisor.dispatchers:default_handler";

    private readonly List<GroupDraft> _groups = [];
    private readonly HashSet<string> _taken = [];

    /// <summary>The named groups of several programs.</summary>
    public List<GroupDefinition> Named { get; } = [];

    public List<EventListenerPool> Listeners { get; } = [];

    /// <summary>Each name once, in the order in which supervisord starts them.</summary>
    public List<GroupDraft> Read()
    {
        ForEach(SupervisordKeys.Group, ReadNamed);
        ForEach(SupervisordKeys.Program, reader => ReadProgram(reader, socket: null));
        ForEach(SupervisordKeys.EventListener, ReadListener);
        ForEach(SupervisordKeys.FastCgi, ReadFastCgi);

        List<GroupDraft> ordered = [.. _groups.OrderBy(group => group.Priority).ThenBy(group => group.Name, StringComparer.Ordinal)];
        Dictionary<string, GroupDraft> first = [];
        foreach (GroupDraft group in ordered)
        {
            if (!first.TryAdd(group.Name, group))
                scope.Warn(group.Section.At, ConfigText.Clean(group.Section.Name), $"is not used: [{ConfigText.Clean(first[group.Name].Section.Name)}] gives a group of this name too, and comes first", "supervisord does the same");
        }

        Named.RemoveAll(group => first[group.Name].Section.At != group.At);
        Listeners.RemoveAll(pool => first[pool.Name].Section.At != pool.At);
        return [.. ordered.Where(group => first[group.Name] == group)];
    }

    private void ForEach(string kind, Action<IniReader> read)
    {
        foreach (IniSection section in scope.Document.Sections)
        {
            if (section.Name.StartsWith(kind, StringComparison.Ordinal) && !_taken.Contains(section.Name))
                read(new IniReader(section, scope, names));
        }
    }

    private void ReadNamed(IniReader reader)
    {
        string name = ProcessReader.NameOf(reader.Section);
        if (ProcessReader.ProblemOfName(name) is { } problem)
            reader.ReportSection(problem);

        ImmutableArray<string> programs = reader.List("programs");
        int priority = (int)reader.Integer("priority", 999);
        if (programs.IsEmpty)
            reader.Warn("programs", "the group has no programs");

        List<ProcessDraft> members = [];
        foreach (string program in programs)
        {
            if (FindProgram(reader, program) is not { } section)
                continue;

            _taken.Add(section.Name);
            bool isFastCgi = section.Name.StartsWith(SupervisordKeys.FastCgi, StringComparison.Ordinal);
            if (isFastCgi)
                scope.Warn(reader.PositionOf("programs"), reader.KeyOf("programs"), $"{ConfigText.Quote(program)} has no socket within this group", "as in supervisord: take it out of the group");

            Merge(members, processes.Read(new IniReader(section, scope, names), name, priority), reader);
        }

        _groups.Add(new GroupDraft(name, priority, members, reader.Section));
        Named.Add(new GroupDefinition(name, [.. programs.Distinct()], reader.Section.At));
    }

    /// <summary>Later processes take the place of earlier ones of the same name, as in supervisord.</summary>
    private static void Merge(List<ProcessDraft> members, List<ProcessDraft> more, IniReader reader)
    {
        foreach (ProcessDraft process in more)
        {
            int same = members.FindIndex(member => member.Process == process.Process);
            if (same < 0)
            {
                members.Add(process);
            }
            else
            {
                members[same] = process;
                reader.Warn("programs", $"more than one process is called {ConfigText.Quote(process.Process)}: only the last of them runs", "as in supervisord");
            }
        }
    }

    private IniSection? FindProgram(IniReader reader, string program)
    {
        IniSection? plain = scope.Document.Find(SupervisordKeys.Program + program);
        IniSection? fastCgi = scope.Document.Find(SupervisordKeys.FastCgi + program);
        if (plain is not null && fastCgi is not null)
        {
            reader.Report("programs", $"{ConfigText.Quote(program)} is both a program and a fcgi-program");
            return null;
        }

        if ((plain ?? fastCgi) is { } found)
            return found;

        IEnumerable<string> known = scope.Document.Sections
            .Where(section => section.Name.StartsWith(SupervisordKeys.Program, StringComparison.Ordinal) || section.Name.StartsWith(SupervisordKeys.FastCgi, StringComparison.Ordinal))
            .Select(ProcessReader.NameOf);
        reader.Report("programs", program.Length == 0 ? "a name is missing at a comma" : $"unknown program {ConfigText.Quote(program)}", Suggestion.For(program, known));
        return null;
    }

    private void ReadProgram(IniReader reader, SharedSocket? socket)
    {
        string name = ProcessReader.NameOf(reader.Section);
        int priority = (int)reader.Integer("priority", 999);
        List<ProcessDraft> members = [];
        Merge(members, processes.Read(reader, name, priority, socket), reader);
        _groups.Add(new GroupDraft(name, priority, members, reader.Section));
    }

    private void ReadListener(IniReader reader)
    {
        string name = ProcessReader.NameOf(reader.Section);
        int priority = (int)reader.Integer("priority", -1);
        int buffer = (int)reader.Integer("buffer_size", 10);
        if (buffer < 1)
            reader.Report("buffer_size", $"{reader.Written("buffer_size")} must be at least 1");

        if (reader.Text("result_handler") is { } handler && handler != MainHandler)
            reader.Warn("result_handler", $"{reader.Written("result_handler")} is code of Python's, which Init cannot run: results are taken as the standard handler takes them");

        ImmutableArray<string> events = [.. reader.List("events").Select(text => text.ToUpperInvariant()).Distinct()];
        if (events.IsEmpty)
            reader.ReportSection("has no events", "add events = PROCESS_STATE");

        foreach (string type in events.Where(type => !KnownNames.SupervisordEvents.Contains(type)))
            reader.Report("events", type.Length == 0 ? "a name is missing at a comma" : $"unknown event type {ConfigText.Quote(type)}", Suggestion.For(type, KnownNames.SupervisordEvents));

        if (reader.Boolean("redirect_stderr", otherwise: false))
            reader.Report("redirect_stderr", "cannot be true for an event listener", "its stdout is for the protocol");

        List<ProcessDraft> members = [];
        Merge(members, processes.Read(reader, name, priority, isListener: true), reader);
        _groups.Add(new GroupDraft(name, priority, members, reader.Section));
        Listeners.Add(new EventListenerPool(name, events, Math.Max(1, buffer), reader.Section.At));
    }

    private void ReadFastCgi(IniReader reader)
    {
        string name = ProcessReader.NameOf(reader.Section);
        string? text = reader.With(names.With("program_name", new FormatValue(name))).Text("socket");
        if (string.IsNullOrEmpty(text) && !(reader.Has("socket") && text is null))
            reader.ReportSection("has no socket", "add socket = unix:///path or tcp://address:port");

        long backlog = reader.Integer("socket_backlog", 0);
        if (reader.Has("socket_backlog") && backlog is < 1 or > 65535)
            reader.Report("socket_backlog", $"{reader.Written("socket_backlog")} must be from 1 to 65535");

        string? owner = ServerReader.Owner(reader, scope, "socket_owner");
        int? mode = reader.Octal("socket_mode");
        SharedSocket? socket = string.IsNullOrEmpty(text) ? null : SocketOf(reader, name, text, backlog == 0 ? null : (int)backlog, owner, mode);
        ReadProgram(reader, socket);
    }

    private SharedSocket? SocketOf(IniReader reader, string group, string text, int? backlog, string? owner, int? mode)
    {
        const string unix = "unix://", tcp = "tcp://";
        if (text.StartsWith(unix, StringComparison.Ordinal))
        {
            string path = text[unix.Length..];
            if (!path.StartsWith('/'))
            {
                reader.Report("socket", $"{reader.Written("socket")} has no absolute path", "write unix:///path/of/the.sock");
                return null;
            }

            // Whoever runs the program owns its socket, unless somebody else is named.
            return new SharedSocket(group, Path.GetFullPath(path), null, 0, backlog, owner ?? OwnerOf(reader), mode ?? 0b111_000_000);
        }

        if (reader.Has("socket_owner") || reader.Has("socket_mode"))
            reader.Report(reader.Has("socket_owner") ? "socket_owner" : "socket_mode", "is for a unix socket only");

        int colon = text.LastIndexOf(':');
        if (!text.StartsWith(tcp, StringComparison.Ordinal) || colon <= tcp.Length || text[tcp.Length..colon].Any(c => c == ':' || PythonText.IsSpace(c)))
        {
            reader.Report("socket", $"{reader.Written("socket")} is not a socket", "write unix:///path or tcp://address:port");
            return null;
        }

        if (!int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is < 1 or > 65535)
        {
            reader.Report("socket", $"{reader.Written("socket")} has no port of 1 to 65535");
            return null;
        }

        IPAddress? address = ServerReader.Address(text[tcp.Length..colon].ToLowerInvariant(), reader, "socket", scope);
        return new SharedSocket(group, null, address, port, backlog, null, 0);
    }

    private string? OwnerOf(IniReader reader) =>
        reader.Text("user") is { } user && PythonText.Strip(user) is var name && scope.Accounts.UserIdOf(name) is { } id && id != scope.Files.UserId
            ? $"{id}:{scope.Accounts.GroupIdOf(name)}"
            : null;
}
