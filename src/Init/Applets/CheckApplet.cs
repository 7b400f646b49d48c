using Init.Base;
using Init.Config;
using Init.Config.Reports;

namespace Init.Applets;

/// <summary><c>init check</c>: everything that is wrong with a configuration, or the order in which it would start.</summary>
internal static class CheckApplet
{
    public static int Run(Screen screen, string? option, bool explain, IReadOnlyDictionary<string, string> environment, IConfigFiles files)
    {
        if (ConfigLocation.Find(option, environment, files) is not { } path)
        {
            screen.Errors.WriteLine($"cannot check: there is no {string.Join(" and no ", ConfigLocation.Candidates)} (name a file with --config)");
            return ExitCode.Failure;
        }

        ConfigResult result = ConfigLoader.Load(path, files, environment);
        if (result.Config is not { } config)
        {
            screen.Output.Write(CheckReport.Problems(result.Problems));
            screen.Flush();
            screen.Errors.WriteLine($"{path}: {CheckReport.Count(result.Problems.Length)}");
            return ExitCode.Failure;
        }

        foreach (ConfigProblem warning in config.Warnings)
            screen.Output.WriteLine($"warning: {warning}");

        screen.Output.Write(explain ? CheckReport.Explain(config) : $"{path}: {CheckReport.Count(0)}\n");
        screen.Flush();
        return ExitCode.Success;
    }
}
