using Init.Base;
using Init.Config;
using Init.Engine.Programs;
using Init.Supervision;

namespace Init.Engine.Tests.Programs;

public sealed class AutoLogFilesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("init-auto-").FullName;

    [Fact]
    public void Names_OfAutoLogs_AreAsSupervisordMakesThemAndStay()
    {
        var auto = new AutoLogFiles();
        LogSpec log = new(null, default, 0, Mirror: false) { AutoPrefix = $"{_directory}/web-stdout---supervisor-" };
        SystemConfig config = Config(Program("web") with { Stdout = log, Stderr = log });

        ProgramDefinition first = auto.Resolve(config).Programs[0];
        ProgramDefinition second = auto.Resolve(config).Programs[0];

        Assert.Matches("/web-stdout---supervisor-[a-z0-9_]{8}\\.log$", first.Stdout!.File!);
        Assert.Equal(first.Stdout, second.Stdout);
        Assert.Same(first.Stdout, first.Stderr);
        Assert.NotEqual(first.Stdout.File, new AutoLogFiles().Resolve(config).Programs[0].Stdout!.File);
    }

    [Fact]
    public void CleanUp_OfAFolder_DeletesTheAutoLogsOfThisIdentifierOnly()
    {
        string[] kept = ["web-stdout---other-abc12345.log", "web.log", "---supervisor-x.log", "web-stdout---supervisor-abc12345.log.bak"];
        string[] gone = ["web-stdout---supervisor-abc12345.log", "web-stdout---supervisor-abc12345.log.1", "a b-stderr---supervisor-_.log"];
        foreach (string name in kept.Concat(gone))
            File.WriteAllText(Path.Combine(_directory, name), "");

        string? problem = AutoLogFiles.CleanUp(new SupervisordSettings { ChildLogDirectory = _directory });

        Assert.Null(problem);
        Assert.Equal(kept.Order(), Directory.GetFiles(_directory).Select(path => Path.GetFileName(path)).Order());
    }

    [Fact]
    public void CleanUp_WhenThereIsNoFolder_SaysSoAsSupervisordDoes() => Assert.Equal(
        "Could not clear childlog dir", AutoLogFiles.CleanUp(new SupervisordSettings { ChildLogDirectory = "/no/such/folder" }));

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static SystemConfig Config(params ReadOnlySpan<ProgramDefinition> programs) => new(
        new InitSettings { StateDirectory = "/s", LogDirectory = "/l", ControlSocket = "/c" }, [.. programs], [], []);

    private static ProgramDefinition Program(string name) => new()
    {
        Policy = new ProgramPolicy { Name = name, Program = name },
        Launch = new LaunchSpec { Command = ["true"] },
        At = new SourcePosition("x", 1, 1),
    };
}
