using System.Diagnostics;
using System.Text.Json;
using Init.Integration.Tests.Harness;

namespace Init.Integration.Tests.Backup;

/// <summary>The commands that look into backups and restore from them, by the shipped binary, with a role and without.</summary>
public sealed class BackupCommandTests : IDisposable
{
    private readonly string _outside = Directory.CreateTempSubdirectory("init-backup-it-").FullName;

    private string Config => $$"""
        [backup]
        base = "${DIR}"
        targets = ["data"]
        remote = "{{Path.Combine(_outside, "remote.git")}}"

        [program.keeper]
        builtin = "backup"

        [program.bot]
        command = ["sleep", "100000"]
        requires = ["keeper"]
        """;

    public BackupCommandTests()
    {
        using Process git = Process.Start("git", ["init", "--quiet", "--bare", Path.Combine(_outside, "remote.git")]);
        git.WaitForExit();
    }

    [RootFact]
    public void Files_OfAnEarlierBackup_AreFoundComparedAndRestored()
    {
        using InitUnderTest init = InitUnderTest.Start(Config);
        init.WaitForReady("keeper");
        string first = BackUp(init, "one", "old");
        string second = BackUp(init, "two", "x");
        string third = BackUp(init, "one", "newer");

        Assert.Equal([third, second, first], Lines(Ask(init, 0, "list")).Take(3).Select(line => line[..12]));
        Assert.Equal([third, first], Lines(Ask(init, 0, "list", "data/one")).Select(line => line[..12]));
        Assert.Contains("one", Ask(init, 0, "list", "--at", first, "data"));
        Assert.DoesNotContain("two", Ask(init, 0, "list", "--at", first, "data"));
        Assert.Equal(["data/two", "data/one"], new[] { Ask(init, 0, "diff", first, second, "--json"), Ask(init, 0, "diff", "--json") }.Select(ChangedFile));

        string refused = Ask(init, 1, "restore", "--at", first, "data/one");
        Assert.Contains("bot is running", refused);
        Assert.Contains("init stop bot", refused);
        Assert.Equal("newer", Read(init, "one"));
        Assert.Contains("restored from " + first, Ask(init, 0, "restore", "--at", first, "--live", "data/one"));
        Assert.Equal("old", Read(init, "one"));
        string to = Path.Combine(_outside, "elsewhere");
        Ask(init, 0, "restore", "--to", to);
        Assert.Contains("is not empty", Ask(init, 1, "restore", "--to", to));
        Assert.Contains("did you mean \"data/one\"?", Ask(init, 1, "restore", "--live", "data/onne"));
    }

    [RootFact]
    public void Restore_OfEverythingAtATerminal_AsksFirst()
    {
        using InitUnderTest init = InitUnderTest.Start(Config, new InitOptions { AsPid1 = false });
        init.WaitForReady("keeper");
        string first = BackUp(init, "one", "old");
        BackUp(init, "one", "newer");
        Assert.Equal(["bot: stopped"], init.StopProgram("bot"));

        string asked = AskAtTerminal(init, 1, "n", "restore", "--at", first);
        Assert.Contains($"Restore everything in place as it was in backup \"{first}\"?", asked);
        Assert.Contains("nothing was restored", asked);
        Assert.Equal("newer", Read(init, "one"));
        Assert.Contains("restored from " + first, AskAtTerminal(init, 0, "y", "restore", "--at", first));
        Assert.Equal("old", Read(init, "one"));
        BackUp(init, "one", "newest");
        Assert.DoesNotContain("Restore everything", AskAtTerminal(init, 0, "n", "restore", "--at", first, "--yes"));
        Assert.Equal("old", Read(init, "one"));
        Assert.Contains("restored from", Ask(init, 0, "restore", "--at", first)); // No terminal: nobody is asked.
    }

    [RootFact]
    public void Commands_WhenNoRoleRuns_ReadTheStoreThemselves()
    {
        using InitUnderTest init = InitUnderTest.Start(Config, new InitOptions { AsPid1 = false });
        init.WaitForReady("keeper");
        string first = BackUp(init, "one", "old");
        Assert.Equal(["bot: stopped"], init.StopProgram("bot"));
        Assert.Equal(["keeper: stopped"], init.StopProgram("keeper"));
        string to = Path.Combine(_outside, "elsewhere");

        Assert.StartsWith(first, Ask(init, 0, "list"), StringComparison.Ordinal);
        Assert.Contains("restored from " + first, Ask(init, 0, "restore", "--to", to));
        Assert.Equal("old", File.ReadAllText(Path.Combine(to, "data/one")));
        Assert.Contains("no role runs", Ask(init, 3, "restore", "data/one"));
        Assert.Contains("proved: restored and compared 1 files", Ask(init, 0, "verify", "--full"));
        Assert.Contains("ok    libsqlite3", Ask(init, 0, "doctor"));
    }

    [RootFact]
    public void Verify_OfARunningRole_IsInItsStatus()
    {
        using InitUnderTest init = InitUnderTest.Start(Config);
        init.WaitForReady("keeper");
        BackUp(init, "one", "old");

        Assert.Contains("proved: restored and compared 1 files", Ask(init, 0, "verify"));

        Assert.Contains("a sample: 1 files of", Ask(init, 0, "status"));
        Assert.Contains("ok    remote", Ask(init, 0, "doctor"));
        Assert.Contains("takes a number", Ask(init, 2, "verify", "--sample", "none"));
        Assert.Contains("cannot tell which backup", Ask(init, 2, "list", "--at", "soon"));
    }

    public void Dispose() => Directory.Delete(_outside, recursive: true);

    private static string BackUp(InitUnderTest init, string name, string content)
    {
        Directory.CreateDirectory(Path.Combine(init.Directory, "data"));
        File.WriteAllText(Path.Combine(init.Directory, "data", name), content);
        return Ask(init, 0, "now", "--wait")["backed up: ".Length..][..12];
    }

    private static string Read(InitUnderTest init, string name) => File.ReadAllText(Path.Combine(init.Directory, "data", name));

    private static string[] Lines(string output) => output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string ChangedFile(string output)
    {
        string line = Assert.Single(Lines(output), line => line.StartsWith('{') && !line.Contains("\"data\"", StringComparison.Ordinal));
        using JsonDocument change = JsonDocument.Parse(line);
        return change.RootElement.GetProperty("path").GetString()!;
    }

    private static string Ask(InitUnderTest init, int code, params string[] arguments) =>
        Run(init, code, new ProcessStartInfo(TestPaths.Init, ["backup", .. arguments, "-c", init.ConfigFile]));

    /// <param name="answer">What is typed.</param>
    private static string AskAtTerminal(InitUnderTest init, int code, string answer, params string[] arguments) =>
        Run(init, code, new ProcessStartInfo("sh", ["-c", $"echo {answer} | script -qec '{TestPaths.Init} backup {string.Join(' ', arguments)} -c {init.ConfigFile}' /dev/null"]));

    private static string Run(InitUnderTest init, int code, ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment["DIR"] = init.Directory;
        using Process process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + errors.GetAwaiter().GetResult();
        process.WaitForExit();
        Assert.True(process.ExitCode == code, $"{start.FileName} {string.Join(' ', start.ArgumentList)}: exit code {process.ExitCode}, not {code}: {output}");
        return output;
    }
}
