using System.Diagnostics;
using System.Text;
using Init.Config.Reports;

namespace Init.Config.Tests;

public class ConfigLoaderTests
{
    private static readonly Dictionary<string, string> Environment = new() { ["HOME"] = "/home/user", ["TOKEN"] = "s3cret" };

    [Fact]
    public void Load_WhenTheFileIsMissing_SaysSo()
    {
        ConfigResult result = ConfigLoader.Load("none.toml", new MemoryFiles(), Environment);

        Assert.Null(result.Config);
        Assert.Equal("none.toml:1:1: file: cannot read \"none.toml\": no such file\n", CheckReport.Problems(result.Problems));
    }

    [Fact]
    public void Load_WhenNamedWithAFolder_ShowsPathsInTheSameWords()
    {
        MemoryFiles files = new()
        {
            Texts = { ["/app/etc/s.toml"] = "[init]\ninclude = [\"d/*.toml\", \"/other/x.toml\"]\n", ["/app/etc/d/a.toml"] = "x = 1", ["/other/x.toml"] = "y = 1" },
        };

        ConfigResult result = ConfigLoader.Load("etc/s.toml", files, Environment);

        Assert.Equal(["/other/x.toml:1:1", "etc/d/a.toml:1:1"], result.Problems.Select(problem => problem.At.ToString()));
    }

    [Fact]
    public void Load_WithTooManyIncludes_IsRefused()
    {
        MemoryFiles files = new() { Texts = { ["/app/s.toml"] = "[init]\ninclude = [\"d/*.toml\"]\n" } };
        for (int i = 0; i <= ConfigLoader.IncludesMax; i++)
            files.Texts[$"/app/d/{i:D4}.toml"] = "";

        ConfigResult tooMany = ConfigLoader.Load("s.toml", files, Environment);
        files.Texts.Remove("/app/d/0000.toml");
        ConfigResult enough = ConfigLoader.Load("s.toml", files, Environment);

        Assert.Equal("s.toml:2:12: init.include: finds more than 1000 files\n", CheckReport.Problems(tooMany.Problems));
        Assert.Empty(enough.Problems);
    }

    [Fact]
    public void Load_WithTooManyInstances_IsRefused()
    {
        string text = string.Concat(Enumerable.Range(0, 11).Select(i => $"[program.p{i}]\ncommand = \"x\"\nreplicas = 1000\n"));

        ConfigResult result = Load(text);

        Assert.Equal("supervisor.toml:31:10: program.p10: there are more than 10000 programs, replicas counted\n", CheckReport.Problems(result.Problems));
    }

    [Fact]
    public void Load_WithEndlessProblems_StopsCollecting()
    {
        StringBuilder text = new("[program.a]\ncommand = \"a\"\n");
        for (int i = 0; i < 3000; i++)
            text.Append($"zz{i:D9} = 1\n");

        Assert.Equal(1000, Load(text.ToString()).Problems.Length);
    }

    [Fact]
    public void Load_OfALongChainOfPrograms_IsFast()
    {
        // Each requires the next: the order in the file is the reverse of the order of starting.
        const int count = 5000;
        string text = string.Concat(Enumerable.Range(0, count).Select(i => $"[program.p{i}]\ncommand = \"x\"\n" + (i + 1 < count ? $"requires = [\"p{i + 1}\"]\n" : "")));
        Stopwatch watch = Stopwatch.StartNew();

        ConfigResult result = Load(text);
        string explained = CheckReport.Explain(result.Config!);

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"took {watch.Elapsed}");
        Assert.Contains($"  {count}. p0\n", explained, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_Twice_GivesTheSame()
    {
        const string text = "[program.b]\ncommand = \"b\"\nrequires = [\"x\"]\nnice = 99\n[program.a]\nzzz = 1\n";

        Assert.Equal(Load(text).Problems.AsEnumerable(), Load(text).Problems);
    }

    [Theory]
    [InlineData(new[] { "HOME=/home/user", "XDG_STATE_HOME=/xdg" }, "/xdg/init")]
    [InlineData(new[] { "HOME=/home/user", "XDG_STATE_HOME=relative" }, "/home/user/.local/state/init")]
    [InlineData(new[] { "HOME=/home/user" }, "/home/user/.local/state/init")]
    [InlineData(new[] { "HOME=/" }, "/tmp/init-1000")]
    [InlineData(new string[0], "/tmp/init-1000")]
    public void Load_WithoutStateDirectory_FindsOne(string[] environment, string expected)
    {
        MemoryFiles files = new() { Texts = { ["/app/s.toml"] = "" } };

        InitSettings settings = ConfigLoader.Load("s.toml", files, environment.ToDictionary(v => v.Split('=')[0], v => v.Split('=')[1])).Config!.Settings;

        Assert.Equal((expected, expected + "/logs", expected + "/control.sock"), (settings.StateDirectory, settings.LogDirectory, settings.ControlSocket));
    }

    /// <summary>Pieces of valid and invalid configuration in any order: never an exception, a result that is one of two, and no secret told. INIT_FUZZ_SECONDS sets how long.</summary>
    [Fact]
    public void Load_OfAnything_NeverThrows()
    {
        int seed = System.Environment.TickCount;
        Random random = new(seed);
        string[] keys =
        [
            "command", "builtin", "requires", "after", "ready", "health", "stop", "stdout", "stderr", "environment", "inherit_environment", "secrets",
            "replicas", "schedule", "every", "timezone", "user", "umask", "limits", "hooks", "backoff", "env_file", "restart", "events", "url", "programs", "zz",
        ];
        string[] values =
        [
            "\"a\"", "\"${TOKEN}\"", "\"${A:-b}\"", "\"$\"", "1", "-1", "1.5", "nan", "true", "[]", "[\"a\"]", "[\"TOKEN\"]", "[[1]]", "{}", "{ path = \"x\" }",
            "{ tcp = \"${TOKEN}:1\" }", "{ signal = \"${TOKEN}\" }", "{ name = \"a\" }", "[{ name = \"b\", restart = true }]", "\"10s\"", "\"* * * * *\"",
            "{ TOKEN = \"x\" }", "{ file = \"\" }", "{ file = \"${TOKEN}\" }", "1979-05-27", "\"\\u0000\"", "\"stdout\"", "\"http://127.0.0.1/${TOKEN}\"",
        ];
        string[] tables = ["[init]", "[program.a]", "[program.b]", "[group.g]", "[on_event.e]", "[program]", "[zz]", "[[program.c]]"];
        Stopwatch watch = Stopwatch.StartNew();
        int valid = 0;
        double seconds = double.TryParse(System.Environment.GetEnvironmentVariable("INIT_FUZZ_SECONDS"), out double asked) ? asked : 2;
        while (watch.Elapsed < TimeSpan.FromSeconds(seconds) || valid < 100)
        {
            StringBuilder text = new();
            foreach (string table in tables.Where(_ => random.Next(3) == 0))
            {
                text.Append(table).Append('\n');
                foreach (string key in keys.OrderBy(_ => random.Next()).Take(random.Next(4)))
                    text.Append($"{key} = {values[random.Next(values.Length)]}\n");
            }

            ConfigResult result = Load(text.ToString());

            string shown = $"seed {seed}:\n{text}";
            Assert.True(result.Config is null == result.Problems.Length > 0, shown);
            Assert.False(CheckReport.Problems(result.Problems).Contains("s3cret", StringComparison.Ordinal), shown);
            if (result.Config is { } config)
            {
                valid++;
                Assert.False(CheckReport.Explain(config).Contains("s3cret", StringComparison.Ordinal), shown);
                Assert.True(ConfigDiff.Between(config, config).IsEmpty, shown);
            }
        }
    }

    [Fact]
    public void SystemFiles_ReadGlobAndRefuse()
    {
        string folder = Directory.CreateTempSubdirectory("init-config-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "d1"));
            Directory.CreateDirectory(Path.Combine(folder, "d2"));
            foreach (string name in new[] { "d1/b.toml", "d1/a.toml", "d1/.hidden.toml", "d1/a.txt", "d2/c.toml" })
                File.WriteAllText(Path.Combine(folder, name), "12345");

            SystemConfigFiles files = new();

            Assert.Equal(["d1/a.toml", "d1/b.toml", "d2/c.toml"], files.Glob(folder, "d*/*.toml", 10).Select(path => Path.GetRelativePath(folder, path)));
            Assert.Equal(["d1/a.toml"], files.Glob(folder, "d[0-1]/[!b].toml", 10).Select(path => Path.GetRelativePath(folder, path)));
            Assert.Equal(2, files.Glob(folder, "d*/*.toml", 2).Length);
            Assert.Empty(files.Glob(folder, "none/*.toml", 10));
            Assert.Equal(5, Assert.IsType<ConfigFile.Content>(files.Read(Path.Combine(folder, "d1/a.toml"), 5)).Bytes.Length);
            Assert.IsType<ConfigFile.TooLarge>(files.Read(Path.Combine(folder, "d1/a.toml"), 4));
            Assert.IsType<ConfigFile.TooLarge>(files.Read("/dev/zero", 1000));
            Assert.IsType<ConfigFile.Missing>(files.Read(Path.Combine(folder, "none"), 5));
            Assert.IsType<ConfigFile.Missing>(files.Read(Path.Combine(folder, "none/none"), 5));
            Assert.Equal(new ConfigFile.Unreadable("is a directory"), files.Read(folder, 5));
            Assert.True(files.HasTimeZone("Europe/Berlin"));
            Assert.False(files.HasTimeZone("Europe/Berln"));
            Assert.True(uint.TryParse(files.UserId, out _), files.UserId);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The gateway may come after the program, and may have no table of its own.</summary>
    [Theory]
    [InlineData("", null)]
    [InlineData("[program.z]\nbuiltin = \"gateway\"", "unix:///app/state/supervisor.sock")]
    [InlineData("[program.z]\nbuiltin = \"gateway\"\n[gateway]\nlisten = [\"127.0.0.1:9001\"]", "http://127.0.0.1:9001")]
    [InlineData("[gateway]\nlisten = [\"[::1]:9001\"]", "http://[::1]:9001")]
    public void SupervisordVariables_OfEachKindOfGateway_SayWhereItListens(string gateway, string? url)
    {
        ConfigResult result = Load($"[init]\nstate_dir = \"/app/state\"\nsupervisord_variables = true\n[program.a]\ncommand = \"a\"\n{gateway}");

        Assert.Empty(result.Problems);
        Assert.Equal(
            url is null ? [] : [$"SUPERVISOR_SERVER_URL={url}"],
            result.Config!.Programs.Single(program => program.Policy.Name == "a").Launch.Environment.Where(variable => variable.StartsWith("SUPERVISOR_SERVER_URL=", StringComparison.Ordinal)));
    }

    private static ConfigResult Load(string text) =>
        ConfigLoader.Load("supervisor.toml", new MemoryFiles { Texts = { ["/app/supervisor.toml"] = text } }, Environment);
}
