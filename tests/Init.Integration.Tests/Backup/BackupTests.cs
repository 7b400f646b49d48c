using System.Diagnostics;
using System.Text.Json;
using Init.Base;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Backup;

/// <summary>The role in the shipped binary, below a real supervisor: what is behind the gate never sees an empty disk.</summary>
public sealed class BackupTests : IDisposable
{
    private readonly string _outside = Directory.CreateTempSubdirectory("init-backup-it-").FullName;

    private string Remote => Path.Combine(_outside, "remote.git");

    /// <summary>"${DIR}" is of one machine, <see cref="_outside"/> survives it. The bot says what it finds when it starts.</summary>
    private string Config(string backup) => $$"""
        [init]
        shutdown = "40s"

        [backup]
        base = "${DIR}"
        targets = ["data"]
        lease_time = "3s"
        {{backup}}

        [program.keeper]
        builtin = "backup"

        [program.bot]
        command = ["sh", "-c", "echo found: $(cat ${DIR}/data/file 2>/dev/null || echo nothing); exec sleep 100000"]
        requires = ["keeper"]
        """;

    public BackupTests() => Run("git", "init", "--quiet", "--bare", Remote);

    [RootFact]
    public void Data_WhenTheMachineIsKilledAndItsDiskLost_IsBackBeforeTheGateOpens()
    {
        using (InitUnderTest first = InitUnderTest.Start(Config($"remote = \"{Remote}\"")))
        {
            first.WaitForReady("keeper");
            first.WaitForLine("found: nothing");
            Write(first, "file", "precious");
            first.Signal(Signals.SIGUSR1);
            first.WaitUntil(() => Show("main:data/file") == "precious", "the file at the remote");
            first.Signal(Signals.SIGKILL);
        }

        Stopwatch clock = Stopwatch.StartNew();
        using InitUnderTest second = InitUnderTest.Start(Config($"remote = \"{Remote}\""));

        second.WaitForLine("found: precious");
        Assert.True(File.Exists(Path.Combine(second.Directory, "state/backup/.backup.ready")), $"no ready file after {clock.Elapsed}");
        second.EndInOrder();
    }

    [RootFact]
    public void EmbeddedRemote_WhenNothingIsConfigured_KeepsTheDataOutsideOfTheState()
    {
        using InitUnderTest init = InitUnderTest.Start(Config(""), new InitOptions { StartsAgain = true, AsPid1 = false });
        init.WaitForReady("keeper");
        Write(init, "file", "kept");
        Assert.Equal(0, BackupCommand(init, out _, "now", "--wait"));

        // The state and the files are lost, the repository beside the state is not.
        Assert.Equal(["bot: stopped"], init.StopProgram("bot"));
        Assert.Equal(["keeper: stopped"], init.StopProgram("keeper"));
        Directory.Delete(Path.Combine(init.Directory, "data"), recursive: true);
        Directory.Delete(Path.Combine(init.Directory, "state/backup"), recursive: true);
        init.StartProgram("keeper");
        init.StartProgram("bot");
        init.WaitForLine("found: kept");
    }

    [RootFact]
    public void Restart_WhenTheDiskIsIntact_IsReadyAtOnceAndFetchesNothing()
    {
        using InitUnderTest init = InitUnderTest.Start(Config($"remote = \"{Remote}\""));
        init.WaitForReady("keeper");
        Write(init, "file", "one");
        Assert.Equal(0, BackupCommand(init, out _, "now", "--wait"));
        Write(init, "file", "newer than the backup");

        int pid = init.StatusOf("keeper").Pid!.Value;
        init.SignalInside(pid, Signals.SIGKILL);
        Instant killed = MonotonicClock.Now;
        init.WaitForState("keeper", "RUNNING", status => status.Ready && status.Pid != pid);

        Assert.True(MonotonicClock.Now - killed < TimeSpan.FromSeconds(10), "it took more than 10 s, of which 1 s is the back-off");
        Assert.Equal("newer than the backup", File.ReadAllText(Path.Combine(init.Directory, "data/file")));
        Assert.Equal(0, BackupCommand(init, out _, "now", "--wait"));
        Assert.Equal("newer than the backup", Show("main:data/file"));
        using JsonDocument status = JsonDocument.Parse(Status(init));
        Assert.False(status.RootElement.TryGetProperty("restored", out _));
    }

    [RootFact]
    public void Gate_WhileTheRemoteIsNotThere_StaysClosedAndOpensWhenItIs()
    {
        using InitUnderTest init = InitUnderTest.Start(Config($"remote = \"{Path.Combine(_outside, "later.git")}\""));
        init.WaitForState("keeper", "STARTING", status => status.StatusText?.Contains("later.git", StringComparison.Ordinal) == true && status.StatusText.Contains("cannot", StringComparison.Ordinal));
        Assert.False(init.StatusOf("keeper").Ready);
        Assert.Equal("WAITING", init.StatusOf("bot").State);

        Directory.Move(Remote, Path.Combine(_outside, "later.git"));

        init.WaitForLine("found: nothing");
    }

    [RootFact]
    public void Hooks_WhenTheBackupFailsAndWorksAgain_HearOfBoth()
    {
        string config = Config($"remote = \"{Path.Combine(_outside, "later.git")}\"") + """


            [on_event.backup]
            events  = ["backup.*"]
            command = ["sh", "-c", "cat >> ${DIR}/heard"]
            """;
        using InitUnderTest init = InitUnderTest.Start(config);
        init.WaitUntil(() => Heard(init, "backup.failed").Length > 0, "the event of the failure");
        init.WaitForState("keeper", "STARTING", status => status.StatusText?.Contains("cannot", StringComparison.Ordinal) == true);
        Directory.Move(Remote, Path.Combine(_outside, "later.git"));
        init.WaitForReady("keeper");
        Write(init, "file", "x");
        Assert.Equal(0, BackupCommand(init, out _, "now", "--wait"));

        init.WaitUntil(() => Heard(init, "backup.acknowledged").Length > 0, "the event of the backup");

        JsonElement failed = Assert.Single(Heard(init, "backup.failed"));
        Assert.Equal("keeper", failed.GetProperty("name").GetString());
        Assert.Contains("later.git", failed.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [RootFact]
    public void Shutdown_WhenFilesHaveChanged_MakesALastBackup()
    {
        using InitUnderTest init = InitUnderTest.Start(Config($"remote = \"{Remote}\"\nwatch = false"));
        init.WaitForReady("keeper");
        init.WaitForLine("found: nothing");
        Write(init, "file", "written at the last moment");

        init.EndInOrder();

        Assert.Equal("written at the last moment", Show("main:data/file"));
        Assert.DoesNotContain("refs/init/lease", Run("git", $"--git-dir={Remote}", "for-each-ref"));
    }

    [RootFact]
    public void Commands_WhenTheRoleRunsAndWhenNot_SaySo()
    {
        using InitUnderTest init = InitUnderTest.Start(Config($"remote = \"{Remote}\""));
        init.WaitForReady("keeper");
        Write(init, "file", "x");

        Assert.Equal(0, BackupCommand(init, out string now, "now", "--wait"));
        Assert.Equal(0, BackupCommand(init, out string status, "status"));
        Assert.Equal(2, BackupCommand(init, out _, "stauts"));
        Assert.Equal(["bot: stopped"], init.StopProgram("bot"));
        Assert.Equal(["keeper: stopped"], init.StopProgram("keeper"));
        Assert.Equal(3, BackupCommand(init, out string gone, "status"));

        Assert.StartsWith("backed up: ", now, StringComparison.Ordinal);
        Assert.Contains($"remote        {Remote}, branch main", status, StringComparison.Ordinal);
        Assert.Contains("nobody answers", gone, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_outside, recursive: true);

    private static void Write(InitUnderTest init, string name, string content)
    {
        Directory.CreateDirectory(Path.Combine(init.Directory, "data"));
        File.WriteAllText(Path.Combine(init.Directory, "data", name), content);
    }

    /// <summary>What hooks were told of this type.</summary>
    private static JsonElement[] Heard(InitUnderTest init, string type)
    {
        string path = Path.Combine(init.Directory, "heard");
        string[] lines = File.Exists(path) ? File.ReadAllText(path).Split('\n', StringSplitOptions.RemoveEmptyEntries) : [];
        return [.. lines.Where(line => line.EndsWith('}')).Select(line => JsonDocument.Parse(line).RootElement).Where(told => told.GetProperty("type").GetString() == type)];
    }

    private static string Status(InitUnderTest init)
    {
        _ = BackupCommand(init, out string json, "status", "--json");
        return json;
    }

    private static int BackupCommand(InitUnderTest init, out string output, params string[] arguments)
    {
        ProcessStartInfo start = new(TestPaths.Init, ["backup", .. arguments, "--socket", Path.Combine(init.Directory, "state/backup/backup.sock")]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using Process process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        output = process.StandardOutput.ReadToEnd() + errors.GetAwaiter().GetResult();
        process.WaitForExit();
        return process.ExitCode;
    }

    private string Show(string what)
    {
        ProcessStartInfo start = new("git", [$"--git-dir={Remote}", "show", what]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using Process process = Process.Start(start)!;
        string shown = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return shown;
    }

    private static string Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
