namespace Init.Config.Tests;

/// <summary>The supervisor.toml at the root of the repository works wherever it is started.</summary>
public class ShippedConfigTests
{
    [Theory]
    [InlineData(null, "/tmp/init-")]
    [InlineData("", "/tmp/init-")]
    [InlineData("/", "/tmp/init-")]
    [InlineData("/home/user", "/home/user/.local/state/init")]
    public void ShippedFile_OnAnyMachine_Loads(string? home, string state)
    {
        Dictionary<string, string> environment = new() { ["GITHUB_PAT"] = "s3cret" };
        if (home is not null)
            environment["HOME"] = home;

        ConfigResult result = ConfigLoader.Load(FindFile(), new SystemConfigFiles(), environment);

        Assert.Empty(result.Problems);
        SystemConfig config = result.Config!;
        Assert.StartsWith(state, config.Settings.StateDirectory, StringComparison.Ordinal);
        ProgramDefinition[] others = [.. config.Programs.Where(program => program.Launch.Builtin is null)];
        Assert.Equal(["backup"], config.Programs.Except(others).Select(program => program.Policy.Name));
        Assert.Equal(["xvfb", "napcat", "astrbot", "gemini-balance"], others.Select(program => program.Policy.Name));
        Assert.All(others, program => Assert.True(program.Policy.Optional));
        Assert.All(others, program => Assert.DoesNotContain(program.Launch.Environment, variable => variable.Contains("s3cret", StringComparison.Ordinal)));
        Assert.Equal(["/home/user/napcat/AppRun"], others[1].Launch.Command.AsEnumerable());
    }

    /// <summary>The paths that the original's users know, and everything down before "docker stop" loses patience.</summary>
    [Fact]
    public void ShippedFile_InTheImage_HasTheOriginalsPathsAndLimits()
    {
        SystemConfig config = ConfigLoader.Load(FindFile(), new SystemConfigFiles(), new Dictionary<string, string> { ["HOME"] = "/home/user", ["STACK_HOME"] = "/home/user" }).Config!;

        Assert.Equal("/home/user/.astrbot-backup/.backup.ready", config.Backup!.ReadyFile);
        Assert.Equal("/home/user/synclogs/backup.log", config.Programs[0].Stdout!.File);
        Assert.Equal("/home/user/nginx/admin_config.json", config.Proxy!.RulesFile);
        Assert.Contains("home/user/nginx/admin_config.json", config.Backup.Targets);
        Assert.Contains(config.Proxy.Panel!.StoreFile[1..], config.Backup.Targets);
        Assert.Equal(TimeSpan.FromSeconds(9), config.Settings.Shutdown);
        Assert.True(config.Programs.Max(program => program.Launch.Builtin is null ? program.Policy.Stop.Grace : default) + config.Backup.ShutdownLimit < config.Settings.Shutdown);
    }

    private static string FindFile()
    {
        for (string? at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
        {
            string candidate = Path.Combine(at, "supervisor.toml");
            if (File.Exists(candidate))
                return candidate;
        }

        throw new FileNotFoundException("supervisor.toml is not above " + AppContext.BaseDirectory);
    }
}
