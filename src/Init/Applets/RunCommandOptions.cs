using System.Globalization;
using Init.Base;

namespace Init.Applets;

/// <summary>The options of <c>init -- COMMAND</c>, which are tini's, so that a Dockerfile need not change.</summary>
internal sealed record RunCommandOptions
{
    /// <summary>-g: signals go to the whole process group of the command.</summary>
    public bool KillGroup { get; private set; }

    /// <summary>-p SIGNAL: what the kernel sends us when our parent dies; 0 = nothing.</summary>
    public int ParentDeathSignal { get; private set; }

    /// <summary>-e CODE: exit codes of the command that become 0.</summary>
    public HashSet<int> SuccessCodes { get; } = [];

    /// <summary>-w: say so when an orphan is reaped.</summary>
    public bool WarnOnReap { get; private set; }

    /// <summary>-v, several times for more.</summary>
    public int Verbosity { get; private set; }

    /// <summary>Where the command begins among the arguments.</summary>
    public int CommandIndex { get; private set; }

    /// <summary>Reads options up to "--" or the first argument that is none (getopt(3) with a leading "+").</summary>
    /// <param name="arguments">All of them.</param>
    /// <param name="getEnvironment">TINI_KILL_PROCESS_GROUP and TINI_VERBOSITY stand for options, as with tini.</param>
    /// <param name="problem">Why the result is null.</param>
    public static RunCommandOptions? Parse(string[] arguments, Func<string, string?> getEnvironment, out string problem)
    {
        RunCommandOptions options = new() { KillGroup = getEnvironment("TINI_KILL_PROCESS_GROUP") is not null };
        problem = "";
        if (int.TryParse(getEnvironment("TINI_VERBOSITY"), NumberStyles.None, CultureInfo.InvariantCulture, out int verbosity))
            options.Verbosity = verbosity;

        int index = 0;
        while (index < arguments.Length && arguments[index] is ['-', _, ..] argument)
        {
            index++;
            if (argument == "--")
                break;

            // Letters may stand together, as in -gv; a value follows its letter at once or is the next argument.
            for (int i = 1; i < argument.Length; i++)
            {
                char letter = argument[i];
                string? value = null;
                if (letter is 'p' or 'e')
                {
                    value = i + 1 < argument.Length ? argument[(i + 1)..] : index < arguments.Length ? arguments[index++] : "";
                    i = argument.Length;
                }

                problem = options.Apply(letter, value);
                if (problem.Length > 0)
                    return null;
            }
        }

        options.CommandIndex = index;
        if (index < arguments.Length)
            return options;

        problem = "no command is given (init [OPTION...] -- COMMAND [ARGUMENT...])";
        return null;
    }

    /// <returns>What is wrong; empty = nothing.</returns>
    private string Apply(char letter, string? value)
    {
        switch (letter)
        {
            case 'g':
                KillGroup = true;
                return "";
            case 's':
                return ""; // A subreaper we are in any case.
            case 'w':
                WarnOnReap = true;
                return "";
            case 'v':
                Verbosity++;
                return "";
            case 'p':
                if (!SignalNames.TryParse(value ?? "", out int signal))
                    return $"-p: unknown signal \"{value}\"";
                ParentDeathSignal = signal;
                return "";
            case 'e':
                if (!byte.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out byte code))
                    return $"-e: not an exit code of 0 to 255: \"{value}\"";
                SuccessCodes.Add(code);
                return "";
            default:
                return $"unknown option -{letter}";
        }
    }
}
