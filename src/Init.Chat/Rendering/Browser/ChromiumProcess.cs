using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Init.Chat.Rendering.Browser;

/// <summary>A running Chromium without window, address or port: it is spoken to by two pipes, and ends by itself when they do.</summary>
internal sealed class ChromiumProcess : IAsyncDisposable
{
    private const int ErrorCharactersMax = 8192;

    // The pipes are its descriptors 3 and 4; the runtime can give a child only 0, 1 and 2, and a shell moves them. Nothing of the command line is text for the shell.
    private const string Move = "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null";

    private static readonly string[] Flags =
    [
        "--headless", "--remote-debugging-pipe", "--no-startup-window", "--disable-gpu", "--hide-scrollbars", "--mute-audio", "--force-color-profile=srgb", "--font-render-hinting=none",

        // No address is known to it, and it asks for none on its own account.
        "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-domain-reliability", "--disable-default-apps",
        "--disable-extensions", "--no-first-run", "--no-default-browser-check", "--disable-breakpad", "--no-pings", "--disable-3d-apis", "--disable-file-system",
        "--disable-features=Translate,MediaRouter,OptimizationHints,DialMediaRouteProvider,AutofillServerCommunication", "--password-store=basic", "--use-mock-keychain",

        // Containers have 64 MB there.
        "--disable-dev-shm-usage",
    ];

    private readonly Process _process;
    private readonly string _profile;
    private readonly Task _reading;
    private readonly Task<string> _errors;

    private ChromiumProcess(Process process, string profile)
    {
        _process = process;
        _profile = profile;
        Pipe = new DevToolsPipe(process.StandardInput.BaseStream, process.StandardOutput.BaseStream);
        _errors = TailAsync(process.StandardError);
        _reading = Pipe.ReadAsync();
    }

    public DevToolsPipe Pipe { get; }

    public int Id => _process.Id;

    /// <param name="program">An absolute path.</param>
    /// <param name="profile">A directory for it alone, removed with it.</param>
    /// <param name="hasSandbox">False: the kernel gives no unprivileged namespaces, or we are root.</param>
    /// <exception cref="RenderException">It cannot be run.</exception>
    public static ChromiumProcess Start(string program, string profile, bool hasSandbox)
    {
        ProcessStartInfo start = new("/bin/sh")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = "/",
        };
        string[] all = ["-c", Move, program, .. Flags, .. hasSandbox ? (string[])[] : ["--no-sandbox"], "--user-data-dir=" + profile];
        foreach (string argument in all)
            start.ArgumentList.Add(argument);
        SetEnvironment(start.Environment, profile);
        try
        {
            return new ChromiumProcess(Process.Start(start)!, profile);
        }
        catch (Win32Exception exception)
        {
            throw new RenderException(500, "render_failed", $"cannot run {program}: {exception.Message}", exception);
        }
    }

    /// <summary>What it said last, when it has ended; empty while it runs.</summary>
    public async Task<string> EndingAsync()
    {
        await Task.WhenAny(_errors, Task.Delay(TimeSpan.FromSeconds(1)));
        return _errors.IsCompletedSuccessfully ? _errors.Result : "";
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has gone by itself.
        }

        await _process.WaitForExitAsync();
        await _reading;
        await _process.StandardInput.BaseStream.DisposeAsync();
        await _process.StandardOutput.BaseStream.DisposeAsync();
        _process.StandardError.Dispose();
        _process.Dispose();
        Pipe.Dispose();
        Profiles.Remove(_profile);
    }

    /// <summary>It gets none of our secrets.</summary>
    private static void SetEnvironment(IDictionary<string, string?> variables, string profile)
    {
        (string Name, string? Value)[] kept = [.. ((string[])["PATH", "LANG", "TZ", "FONTCONFIG_PATH", "FONTCONFIG_FILE", "INIT_INSTANCE", "INIT_PROGRAM"]).Select(name => (name, Environment.GetEnvironmentVariable(name)))];
        variables.Clear();
        foreach ((string name, string? value) in kept)
        {
            if (value is not null)
                variables[name] = value;
        }

        variables["HOME"] = variables["TMPDIR"] = variables["XDG_CONFIG_HOME"] = variables["XDG_CACHE_HOME"] = variables["XDG_RUNTIME_DIR"] = profile;
        variables["DBUS_SESSION_BUS_ADDRESS"] = "disabled:";
    }

    private static async Task<string> TailAsync(StreamReader errors)
    {
        StringBuilder text = new();
        char[] buffer = new char[2048];
        int count;
        try
        {
            while ((count = await errors.ReadAsync(buffer)) > 0)
            {
                text.Append(buffer, 0, count);
                if (text.Length > ErrorCharactersMax)
                    text.Remove(0, text.Length - ErrorCharactersMax);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // What there is is enough.
        }

        return text.ToString();
    }
}
