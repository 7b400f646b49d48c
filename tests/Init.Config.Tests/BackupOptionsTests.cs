namespace Init.Config.Tests;

/// <summary>What the environment of the original says, who sees the token, and what a change leads to.</summary>
public sealed class BackupOptionsTests
{
    private const string Program = "[program.keeper]\nbuiltin = \"backup\"\n";

    [Fact]
    public void Options_WhenTheOriginalsVariablesAreSet_AreTakenFromThem()
    {
        BackupOptions options = Load(Program, Original).Config!.Backup!;

        Assert.Equal("https://github.com/me/my.repo.git", options.Remote);
        Assert.True(options.IsRemoteGiven);
        Assert.Equal(("live", "me", "s3cret"), (options.Branch, options.User, options.Token));
        Assert.Equal((TimeSpan.FromSeconds(60), 1 << 20, "big", 9), (options.Interval, options.LargeThreshold.Bytes, options.ReleaseTag, options.DownloadRetry));
        Assert.Equal(("/run/ready", "Me <backup@init>"), (options.ReadyFile, options.Author));
        Assert.Equal("srv/a srv/b", string.Join(' ', options.Targets));
    }

    [Fact]
    public void Options_WhenTheFileSaysSomething_TakeThatFirst()
    {
        BackupOptions options = Load($"[backup]\nremote = \"/mnt/b.git\"\ninterval = \"5m\"\nbranch = \"main\"\ntargets = [\"x\"]\n{Program}", Original).Config!.Backup!;

        Assert.Equal(("/mnt/b.git", TimeSpan.FromMinutes(5), "main"), (options.Remote, options.Interval, options.Branch));
        Assert.Equal("x", Assert.Single(options.Targets));
    }

    [Fact]
    public void Variables_WhenTheyAreWrong_AreNamedAndNotShown()
    {
        ConfigResult result = Load(Program, new() { ["GITHUB_REPO"] = "s3cret", ["BACKUP_INTERVAL_SECONDS"] = "s3cret", ["GIT_BRANCH"] = "s3cret..x", ["READINESS_FILE"] = "s3cret" });

        Assert.Equal(["BACKUP_INTERVAL_SECONDS", "GITHUB_REPO", "GIT_BRANCH", "READINESS_FILE"], result.Problems.Select(problem => problem.Key).Order(StringComparer.Ordinal));
        Assert.All(result.Problems, problem => Assert.DoesNotContain("s3cret", problem.ToString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "GITHUB_PAT")]
    [InlineData("", "github_secret")]
    [InlineData("[backup]\ntoken_env = \"MY_TOKEN\"\n", "MY_TOKEN")]
    public void Token_WhenABackupIsConfigured_IsASecretOfTheBackup(string table, string variable)
    {
        ConfigResult result = Load($"{table}{Program}[program.bot]\ncommand = \"bot\"\n", new() { [variable] = "s3cret" });

        Assert.Equal("s3cret", result.Config!.Backup!.Token);
        Assert.Contains(variable, result.Config.Settings.Secrets);
        Assert.All(result.Config.Programs, program => Assert.DoesNotContain(program.Launch.Environment, entry => entry.Contains("s3cret", StringComparison.Ordinal)));
        Assert.DoesNotContain("s3cret", result.Config.Backup.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Token_WhenNothingIsBackedUp_IsAnOrdinaryVariable()
    {
        ConfigResult result = Load("[program.original]\ncommand = \"backup_to_github.sh\"\n", new() { ["GITHUB_PAT"] = "token" });

        Assert.Contains("GITHUB_PAT=token", result.Config!.Programs.Single().Launch.Environment);
        Assert.Null(result.Config.Backup);
    }

    [Fact]
    public void Diff_WhenAnythingOfTheBackupChanges_RestartsItAndNobodyElse()
    {
        const string Other = "[program.bot]\ncommand = \"bot\"\n";
        SystemConfig before = Load($"[backup]\ninterval = \"5m\"\n{Program}{Other}", []).Config!;

        ConfigDiff later = ConfigDiff.Between(before, Load($"[backup]\ninterval = \"6m\"\n{Program}{Other}", []).Config!);
        ConfigDiff token = ConfigDiff.Between(before, Load($"[backup]\ninterval = \"5m\"\n{Program}{Other}", new() { ["GITHUB_PAT"] = "s3cret" }).Config!);

        foreach (ConfigDiff diff in new[] { later, token })
        {
            ProgramChange change = Assert.Single(diff.Programs);
            Assert.Equal(("keeper", true), (change.Program, change.NeedsRestart));
            Assert.DoesNotContain("s3cret", string.Join(" ", change.Fields), StringComparison.Ordinal);
        }

        Assert.True(ConfigDiff.Between(before, Load($"[backup]\ninterval = \"5m\"\n{Program}{Other}", []).Config!).IsEmpty);
    }

    private static Dictionary<string, string> Original => new()
    {
        ["GITHUB_USER"] = "me",
        ["GITHUB_PAT"] = "s3cret",
        ["GITHUB_REPO"] = "me/my.repo",
        ["GIT_BRANCH"] = "live",
        ["BACKUP_INTERVAL_SECONDS"] = "120",
        ["SCAN_INTERVAL_SECS"] = "60",
        ["LARGE_THRESHOLD"] = "1048576",
        ["RELEASE_TAG"] = "big",
        ["DOWNLOAD_RETRY"] = "9",
        ["READINESS_FILE"] = "/run/ready",
        ["GIT_USER_NAME"] = "Me",
        ["TARGETS"] = "srv/a  /srv/b",
    };

    private static ConfigResult Load(string text, Dictionary<string, string> environment)
    {
        MemoryFiles files = new() { Texts = { ["/app/s.toml"] = text } };
        return ConfigLoader.Load("s.toml", files, environment);
    }
}
