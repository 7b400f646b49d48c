using System.Diagnostics;
using System.Text.Json;

namespace Init.Config.Tests.Supervisord;

/// <summary>The real supervisord, asked what it makes of a configuration.</summary>
internal static class Oracle
{
    private const string Python = "/usr/bin/python3";

    private static readonly string Script = Path.Combine(SupervisordFolders.Root, "dump_supervisord_config.py");

    /// <summary>Null when the comparison can be made; else why not.</summary>
    public static string? Missing { get; } = FindMissing();

    /// <param name="file">Absolute.</param>
    public static JsonElement Ask(string file, IReadOnlyDictionary<string, string> environment)
    {
        var (code, output, errors) = Run([Script, file], environment, Path.GetDirectoryName(file)!);
        Assert.True(code == 0, $"{Script} ended with {code}: {errors}");
        return JsonDocument.Parse(output).RootElement;
    }

    private static string? FindMissing()
    {
        if (!File.Exists(Python))
            return $"{Python} is not installed";

        var (code, output, _) = Run(["-c", "import supervisor.options as o; print(o.VERSION)"], SupervisordFolders.Environment, "/");
        return code != 0 ? "supervisor is not installed" : output.Trim() == "4.2.5" ? null : $"supervisor {output.Trim()} is installed, and not 4.2.5";
    }

    private static (int Code, string Output, string Errors) Run(string[] arguments, IReadOnlyDictionary<string, string> environment, string folder)
    {
        ProcessStartInfo start = new(Python, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        start.Environment.Clear();
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}

/// <summary>Skipped, with the reason, where there is no supervisord to compare with.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OracleTheoryAttribute : TheoryAttribute
{
    public OracleTheoryAttribute() => Skip = Oracle.Missing;
}
