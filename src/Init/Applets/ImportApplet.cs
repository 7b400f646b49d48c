using System.Collections;
using System.Text;
using Init.Base;
using Init.Config;
using Init.Config.Reports;
using Init.Config.Supervisord.Import;

namespace Init.Applets;

/// <summary><c>init import supervisord.conf</c>: the same as a supervisor.toml on stdout, and what changes meaning on stderr.</summary>
internal static class ImportApplet
{
    public const string Name = "import";

    public static int Run(string[] arguments)
    {
        if (arguments is ["-h" or "--help"])
        {
            Terminal.Say(HelpText);
            return ExitCode.Success;
        }

        if (arguments is not [var path] || path.StartsWith('-'))
        {
            Terminal.Complain("cannot import: name one supervisord.conf (see \"init import --help\")");
            return ExitCode.Usage;
        }

        Dictionary<string, string> environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
        ImportResult result = SupervisordImport.Convert(path, new SystemConfigFiles(), environment);
        StringBuilder said = new();
        foreach (ConfigProblem problem in result.Toml is null ? result.Problems : result.Changes)
            said.Append(problem).Append('\n');

        if (result.Toml is null)
        {
            Terminal.Complain($"{said}cannot import {path}: {CheckReport.Count(result.Problems.Length)}");
            return ExitCode.Configuration;
        }

        Terminal.Say(result.Toml.TrimEnd('\n'));
        if (result.Changes.Length > 0)
            Terminal.Complain($"what changes meaning:\n{said.ToString().TrimEnd('\n')}");

        return ExitCode.Success;
    }

    private const string HelpText = """
        Usage: init import FILE > supervisor.toml

        Turns a supervisord.conf, with all that it includes, into a supervisor.toml that runs the same programs in the same way. On stderr it lists, by file
        and line, what changes meaning. Variables are written as ${NAME}: no value of the environment gets into the file.

        Exit code: 0; 2 for wrong arguments; 78 when supervisord would refuse the file.
        """;
}
