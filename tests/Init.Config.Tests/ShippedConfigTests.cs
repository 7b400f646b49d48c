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
        Assert.Equal(["xvfb", "napcat", "astrbot", "gemini-balance"], config.Programs.Select(program => program.Policy.Name));
        Assert.All(config.Programs, program => Assert.True(program.Policy.Optional));
        Assert.All(config.Programs, program => Assert.DoesNotContain(program.Launch.Environment, variable => variable.Contains("s3cret", StringComparison.Ordinal)));
        Assert.Equal(["/home/user/napcat/AppRun"], config.Programs[1].Launch.Command.AsEnumerable());
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
