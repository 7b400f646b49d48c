using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Init.Config.Toml;
using Init.Supervision;

namespace Init.Config.Reading;

/// <summary>Reads the tables <c>ready</c> and <c>health</c>.</summary>
internal static class ProbeReader
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    private static readonly string[] PolledKinds = ["path", "tcp", "http", "exec"];
    private static readonly string[] AllKinds = ["path", "tcp", "http", "exec", "log", "notify", "exit", "delay"];

    public static (Probe? Probe, ReadinessPolicy? Policy) ReadReady(Section section)
    {
        Probe? probe = ReadProbe(section, AllKinds);
        TimeSpan timeout = section.Duration("timeout", TimeSpan.Zero, Longest) ?? TimeSpan.FromSeconds(90);
        TimeSpan interval = section.Duration("interval", TimeSpan.FromMilliseconds(10), Longest) ?? TimeSpan.FromMilliseconds(100);
        TimeSpan probeTimeout = section.Duration("probe_timeout", TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)) ?? TimeSpan.FromSeconds(2);
        section.Finish();
        if (probe is null)
            return (null, null);

        ReadinessSource source = SourceOf(probe);
        if (source != ReadinessSource.Polled)
        {
            foreach (string key in new[] { "interval", "probe_timeout" })
            {
                if (section.Has(key))
                    section.Report(key, "has an effect only with path, tcp, http and exec");
            }
        }

        if (probe is Probe.Delay { After: var delay })
        {
            interval = delay;
            if (section.Has("timeout"))
                section.Report("timeout", "has no effect with delay", "the program is ready when the delay is over, or has ended before");
        }

        return (probe, new ReadinessPolicy(source, interval, probeTimeout, timeout == TimeSpan.Zero ? null : timeout));
    }

    public static (Probe? Probe, HealthPolicy? Policy, TimeSpan? Watchdog) ReadHealth(Section section)
    {
        TimeSpan? watchdog = section.Duration("watchdog", TimeSpan.FromMilliseconds(100), Longest);
        bool isWatchdogOnly = section.Has("watchdog") && !AllKinds.Any(section.Has);
        Probe? probe = isWatchdogOnly ? null : ReadProbe(section, PolledKinds);

        HealthPolicy defaults = new();
        HealthPolicy policy = new()
        {
            InitialDelay = section.Duration("initial_delay", TimeSpan.Zero, Longest) ?? defaults.InitialDelay,
            Interval = section.Duration("interval", TimeSpan.FromMilliseconds(100), Longest) ?? defaults.Interval,
            Timeout = section.Duration("timeout", TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)) ?? defaults.Timeout,
            Failures = section.SmallInteger("failures", 1, 1000) ?? defaults.Failures,
            Action = section.Choice("action", defaults.Action, ("restart", HealthAction.Restart), ("report", HealthAction.Report)),
        };

        if (isWatchdogOnly)
        {
            foreach (string key in new[] { "initial_delay", "interval", "timeout", "failures", "action", "body" })
            {
                if (section.Has(key))
                    section.Report(key, "has no effect without path, tcp, http or exec");
            }
        }

        section.Finish();
        return (probe, probe is null ? null : policy, watchdog);
    }

    private static ReadinessSource SourceOf(Probe probe) => probe switch
    {
        Probe.LogLine or Probe.Notify => ReadinessSource.Told,
        Probe.Exit => ReadinessSource.Exit,
        Probe.Delay => ReadinessSource.Delay,
        _ => ReadinessSource.Polled,
    };

    private static Probe? ReadProbe(Section section, string[] allowed)
    {
        string[] written = [.. AllKinds.Where(section.Has)];
        section.Has("body");
        if (written.Length == 0)
        {
            string words = string.Join(", ", allowed) + (allowed == PolledKinds ? ", watchdog" : "");
            section.Context.Problems.Add(section.At, section.Key, "says nothing about how to find out", $"add one of {words}");
            return null;
        }

        foreach (string extra in written.Skip(1))
            section.Report(extra, $"cannot be combined with \"{written[0]}\": a table has one probe");

        string kind = written[0];
        if (!allowed.Contains(kind))
        {
            string hint = kind == "notify" ? "use watchdog = \"30s\", which expects WATCHDOG=1 from the program" : $"use one of {string.Join(", ", allowed)}";
            section.Report(kind, "cannot be asked again and again, so it says nothing about health", hint);
            return null;
        }

        Text? body = section.NonEmptyString("body");
        if (kind != "http" && section.Has("body"))
            section.Report("body", "has an effect only with http");

        return kind switch
        {
            "path" => section.Path("path") is { } path ? new Probe.PathExists(path) : null,
            "tcp" => ReadTcp(section),
            "http" => ReadHttp(section, body?.Value),
            "exec" => ReadExec(section),
            "log" => ReadLog(section),
            "notify" => ReadFlag(section, "notify", new Probe.Notify()),
            "exit" => ReadFlag(section, "exit", new Probe.Exit()),
            _ => section.Duration("delay", TimeSpan.Zero, Longest) is { } delay ? new Probe.Delay(delay) : null,
        };
    }

    private static Probe.Tcp? ReadTcp(Section section)
    {
        if (section.NonEmptyString("tcp") is not { } text)
            return null;

        int colon = text.Value.LastIndexOf(':');
        if (colon < 0 || !TryParsePort(text.Value.AsSpan(colon + 1), out int port))
        {
            section.Report("tcp", $"{text.Quoted} is not an address and a port", "write it as \"127.0.0.1:8080\" or \"[::1]:8080\"");
            return null;
        }

        return ReadAddress(section, "tcp", text, text.Value[..colon]) is { } address ? new Probe.Tcp(address, port) : null;
    }

    private static Probe.Http? ReadHttp(Section section, string? body)
    {
        if (section.NonEmptyString("http") is not { } text)
            return null;

        if (text.Value.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            section.Report("http", "https is not spoken by probes", "probe a plain http port, or use exec with curl");
            return null;
        }

        if (!text.Value.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || !Uri.TryCreate(text.Value, UriKind.Absolute, out Uri? uri) ||
            uri.UserInfo.Length > 0 || uri.Port < 1)
        {
            section.Report("http", $"{text.Quoted} is not a URL that can be probed", "write it as \"http://127.0.0.1:8080/health\"");
            return null;
        }

        return ReadAddress(section, "http", text, uri.Host) is { } address
            ? new Probe.Http(address, uri.Port, uri.IsDefaultPort ? uri.Host : $"{uri.Host}:{uri.Port}", uri.PathAndQuery, body)
            : null;
    }

    /// <summary>A literal address, in brackets if it is IPv6, or "localhost".</summary>
    private static IPAddress? ReadAddress(Section section, string key, Text text, string host)
    {
        if (host == "localhost")
            return IPAddress.Loopback;

        bool isBracketed = host is ['[', .., ']'];
        string literal = isBracketed ? host[1..^1] : host;

        // IPAddress reads "1" and "0x7f.1" too; only the dotted quad is what people mean.
        if (IPAddress.TryParse(literal, out IPAddress? address) && isBracketed == literal.Contains(':', StringComparison.Ordinal) &&
            (isBracketed || literal.Count(c => c == '.') == 3))
        {
            return address;
        }

        if (!isBracketed && literal.Contains(':', StringComparison.Ordinal))
        {
            section.Report(key, $"the host of {text.Quoted} is not an address", "an IPv6 address needs brackets: \"[::1]:8080\"");
            return null;
        }

        section.Report(key, $"the host of {text.Quoted} is not an address", "PID 1 never resolves names: write an address or localhost, or use exec");
        return null;
    }

    private static bool TryParsePort(ReadOnlySpan<char> text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535;

    private static Probe.Exec? ReadExec(Section section) => section.NonEmptyCommand("exec") is { } command ? new Probe.Exec(command) : null;

    private static Probe.LogLine? ReadLog(Section section)
    {
        if (section.NonEmptyString("log") is not { } text)
            return null;

        try
        {
            // Non-backtracking matches in time linear in the line: output of a program cannot stall us.
            _ = new Regex(text.Value, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return new Probe.LogLine(text.Value);
        }
        catch (RegexParseException e)
        {
            section.Report("log", $"{text.Quoted} is not a regular expression: {Lower(e.Error)} at offset {e.Offset}");
        }
        catch (NotSupportedException)
        {
            section.Report("log", $"{text.Quoted} needs backtracking", "look-around, backreferences and atomic groups are not available");
        }

        return null;
    }

    private static T? ReadFlag<T>(Section section, string key, T probe) where T : Probe
    {
        if (section.Find(key) is TomlBoolean { Value: false })
            section.Report(key, "can only be true", "leave the table out for no probe");

        return section.Boolean(key, otherwise: false) ? probe : null;
    }

    /// <summary>"InsufficientClosingParentheses" becomes "insufficient closing parentheses".</summary>
    private static string Lower(RegexParseError error) =>
        string.Concat(error.ToString().Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : " ") + char.ToLowerInvariant(c) : c.ToString()));
}
