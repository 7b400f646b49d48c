using System.Globalization;
using System.Text;
using Init.Base;
using Init.Control;

namespace Init.Applets;

/// <summary>Commands that ask one thing: <c>pid</c>, <c>env</c>, <c>explain</c>, <c>version</c>, <c>send</c>, <c>shutdown</c>, <c>restart-init</c>.</summary>
internal static class InspectApplets
{
    public static int Pid(ControlSession session, Screen screen, IReadOnlyList<string> names, bool json) =>
        session.Ask<ControlResult.Pids>(new ControlRequest.Pid(names), pids =>
        {
            if (json)
            {
                screen.Output.WriteLine(JsonText.Of(pids, ControlJson.Default.Pids));
            }
            else if (pids.Programs is [var only] && pids.Unknown.Count == 0)
            {
                // For scripts: the number and nothing else.
                if (only.Pid is { } pid)
                    screen.Output.WriteLine(pid);
                else
                    screen.Errors.WriteLine($"{only.Name} is not running");
            }
            else
            {
                foreach (InstancePid program in pids.Programs)
                    screen.Output.WriteLine($"{program.Name}: {program.Pid?.ToString(CultureInfo.InvariantCulture) ?? "not running"}");
            }

            screen.Flush();
            foreach (UnknownName unknown in json ? [] : pids.Unknown)
                screen.Errors.WriteLine($"{unknown.Name}: {unknown.Describe()}");

            return pids.Unknown.Count == 0 && pids.Programs.All(program => program.Pid is not null) ? ExitCode.Success : ExitCode.Failure;
        });

    public static int Environment(ControlSession session, Screen screen, string name, bool json) =>
        session.Ask<ControlResult.EnvironmentOf>(new ControlRequest.Env(name), environment =>
        {
            if (json)
            {
                screen.Output.WriteLine(JsonText.Of(environment, ControlJson.Default.EnvironmentOf));
            }
            else
            {
                foreach (EnvironmentVariable variable in environment.Variables)
                    screen.Output.WriteLine(variable.Secret ? $"{variable.Name}=(secret)" : $"{variable.Name}={variable.Value}");
            }

            screen.Flush();
            return ExitCode.Success;
        });

    public static int Explain(ControlSession session, Screen screen, string name, bool json) =>
        session.Ask<ControlResult.Explanation>(new ControlRequest.Explain(name), explanation =>
        {
            if (json)
            {
                screen.Output.WriteLine(JsonText.Of(explanation, ControlJson.Default.Explanation));
            }
            else
            {
                foreach (string line in explanation.Lines)
                    screen.Output.WriteLine(line);
            }

            screen.Flush();
            return ExitCode.Success;
        });

    public static int Shutdown(ControlSession session, Screen screen) => Begin(session, screen, new ControlRequest.Shutdown(), "shutting down");

    public static int RestartInit(ControlSession session, Screen screen) => Begin(session, screen, new ControlRequest.RestartInit(), "restarting");

    public static int Send(ControlSession session, string name, string text)
    {
        session.Ask(new ControlRequest.SendInput(name, Encoding.UTF8.GetBytes(text)), out int code);
        return code;
    }

    private static int Begin(ControlSession session, Screen screen, ControlRequest request, string done)
    {
        if (session.Ask(request, out int code) is not null)
            screen.Output.WriteLine(done);

        screen.Flush();
        return code;
    }

    /// <summary>This binary's version always; the supervisor's too, when it can be reached.</summary>
    public static int Version(ControlSession session, Screen screen, string own, bool json)
    {
        if (!json)
            screen.Output.WriteLine($"init {own}");
        screen.Flush();
        int code = session.Ask<ControlResult.Version>(new ControlRequest.Version(), version =>
        {
            ServerVersion server = version.Server;
            screen.Output.WriteLine(json
                ? JsonText.Of(version, ControlJson.Default.VersionResult)
                : $"supervisor {server.Version}, {server.State}, pid {server.Pid}, protocol {server.Protocol}"
                    + (server.ConfigFile is null ? "" : $", configuration {server.ConfigFile}"));
            screen.Flush();
            return ExitCode.Success;
        });

        // That none runs is no failure of a command that also tells the version of this binary.
        return code == ExitCode.Unreachable && !json ? ExitCode.Success : code;
    }
}
