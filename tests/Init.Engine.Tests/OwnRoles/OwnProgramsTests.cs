using Init.Base;
using Init.Config;
using Init.Engine.Children;
using Init.Engine.OwnRoles;
using Init.Engine.Programs;
using Init.Linux;
using Init.Supervision;

namespace Init.Engine.Tests.OwnRoles;

public sealed class OwnProgramsTests : IDisposable
{
    private static readonly SystemConfig Served = Config("web") with { HttpEndpoints = [new HttpEndpoint { UnixPath = "/run/x.sock" }] };

    private readonly EventLoop _loop = new();

    [Fact]
    public void Gateway_WhenNothingIsToBeServed_IsNotRun() => Assert.Equal(Config("web").Programs.Length, Added(Config("web")).Programs.Length);

    [Fact]
    public void Gateway_WhenTheUserHasOne_IsNotRunTwice()
    {
        ProgramDefinition gateway = Program("mine") with { Launch = new LaunchSpec { Builtin = "gateway" } };

        Assert.DoesNotContain(Added(Served with { Programs = [gateway] }).Programs, program => program.IsOwn);
    }

    [Fact]
    public void Gateway_OfTheUsers_ReadsTheSameFileAndKeepsItsOwnVariables()
    {
        ProgramDefinition gateway = Program("mine") with { Launch = new LaunchSpec { Builtin = "gateway", Environment = ["PATH=/mine"] } };

        LaunchSpec launch = Assert.Single(Added(Served with { Programs = [gateway] }).Programs).Launch;

        Assert.Equal("-c /etc/x.conf", string.Join(" ", launch.Command));
        Assert.Equal("PATH=/mine", Assert.Single(launch.Environment, variable => variable.StartsWith("PATH=", StringComparison.Ordinal)));
        Assert.Contains("DOTNET_GCgen0size=800000", launch.Environment);
        Assert.True(launch.Environment.Length > 1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Gateway_WhoseverItIs_IsToldTheControlSocket(bool isUsers)
    {
        ProgramDefinition gateway = Program("mine") with { Launch = new LaunchSpec { Builtin = "gateway", Environment = ["INIT_SOCKET=/run/other.sock"] } };

        ProgramDefinition served = Added(isUsers ? Served with { Programs = [gateway] } : Served).Programs[^1];

        Assert.Equal("INIT_SOCKET=/run/this.sock", Assert.Single(served.Launch.Environment, variable => variable.StartsWith("INIT_SOCKET=", StringComparison.Ordinal)));
    }

    [Fact]
    public void Names_OfAProgramInTwoGroups_AreThoseOfTheProcess()
    {
        var table = new ProgramTable(new Launcher(_loop, "/bin/init", "id"));
        SourcePosition at = new("x", 1, 1);
        table.Define(Config() with
        {
            Programs = [Grouped("one"), Grouped("two")],
            Groups = [new GroupDefinition("one", ["both"], at), new GroupDefinition("two", ["both"], at)],
        });

        Assert.Equal(["two:both"], Selected(table, "two:*"));
        Assert.Equal(["two"], table.GroupsOf(table.Find("two:both")!));

        static ProgramDefinition Grouped(string group) => Program("both") with
        {
            Policy = new ProgramPolicy { Name = $"{group}:both", Program = "both" },
            GroupName = group,
            Supervisord = new SupervisordProgram(999, "true", null),
        };
    }

    [Fact]
    public void Gateway_WhenSomethingIsToBeServed_EndsLastAndReadsTheSameFile()
    {
        ProgramDefinition gateway = Assert.Single(Added(Served).Programs, program => program.IsOwn);

        Assert.Equal(int.MinValue, gateway.Policy.ShutdownPriority);
        Assert.Null(gateway.Policy.Backoff.Attempts);
        Assert.Equal("/bin/init|gateway|-c|/etc/x.conf", string.Join("|", new Launcher(_loop, "/bin/init", "id").CommandOf(gateway.Launch)));
    }

    /// <summary>supervisord's main log has a format of its own: what the role says becomes part of it, and is not written beside it.</summary>
    [Fact]
    public void Gateway_OfASupervisordConf_ReadsAsInitDoesAndSpeaksThroughItsLog()
    {
        SystemConfig config = Served with { Supervisord = new SupervisordSettings { ChildLogDirectory = "/tmp", Silent = true } };

        ProgramDefinition gateway = Assert.Single(OwnPrograms.AddTo(config, "/etc/x.conf", ["--started-in", "/here"], "/run/this.sock").Programs, program => program.IsOwn);

        Assert.Equal("-c /etc/x.conf --started-in /here --quiet", string.Join(' ', gateway.Launch.Command));
        Assert.True(gateway.Stderr is { IsOwnLog: true, Mirror: false, IsUsed: true });
        Assert.True(Assert.Single(Added(Served).Programs, program => program.IsOwn).Stderr is { IsOwnLog: false, Mirror: true });
    }

    /// <summary>The backup reads the same file and has the token; the gateway, which strangers speak with, has it not.</summary>
    [Fact]
    public void Token_OfTheBackup_ReachesTheBackupAlone()
    {
        const string Variable = "INIT_TEST_BACKUP_TOKEN";
        Environment.SetEnvironmentVariable(Variable, "s3cret");
        try
        {
            SystemConfig config = Served with
            {
                Settings = Served.Settings with { Secrets = [Variable], BackupSecrets = [Variable] },
                Programs = [Program("web"), Program("keeper") with { Launch = new LaunchSpec { Builtin = KnownNames.Backup } }],
            };

            Dictionary<string, ProgramDefinition> programs = Added(config).Programs.ToDictionary(program => program.Policy.Name);

            Assert.Equal("-c /etc/x.conf", string.Join(' ', programs["keeper"].Launch.Command));
            Assert.Contains($"{Variable}=s3cret", programs["keeper"].Launch.Environment);
            Assert.Contains($"{ConfigLocation.SocketVariable}=/run/this.sock", programs["keeper"].Launch.Environment);
            Assert.Contains(Variable, programs["keeper"].Launch.SecretNames);
            Assert.Contains($"{Variable}=withheld", programs[OwnPrograms.GatewayName].Launch.Environment);
            Assert.DoesNotContain(programs["web"].Launch.Environment, entry => entry.Contains("s3cret", StringComparison.Ordinal));
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, null);
        }
    }

    [Fact]
    public void Names_OfEverything_LeaveOutTheOwnOnes()
    {
        ProgramTable table = Table();

        Assert.Equal(["web"], Selected(table));
        Assert.Equal(["web"], Selected(table, "all"));
        Assert.Equal(["init:gateway"], Selected(table, "init:gateway"));
        Assert.Equal(["web", "init:gateway"], Selected(table, "init:gateway", "all"));
        Assert.Equal("init", Assert.Single(table.Select(["init"]).Unknown).Name);
    }

    [Fact]
    public void Table_WhenAUsersProgramIsAddedOrRemoved_KeepsTheOwnOnesLast()
    {
        ProgramTable table = Table();

        table.Define(Added(Served with { Programs = [Program("web"), Program("more")] }));
        Assert.Equal(["web", "more", "init:gateway"], table.All.Select(program => program.Name));

        table.Remove("web");
        Assert.Equal(["more"], Selected(table));
        table.Remove("init:gateway");
        Assert.Equal(["more"], Selected(table));
    }

    public void Dispose() => _loop.Dispose();

    private static string[] Selected(ProgramTable table, params string[] names) => [.. table.At(table.Select(names)).Select(program => program.Name)];

    private ProgramTable Table()
    {
        var table = new ProgramTable(new Launcher(_loop, "/bin/init", "id"));
        table.Define(Added(Served));
        return table;
    }

    private static SystemConfig Added(SystemConfig config) => OwnPrograms.AddTo(config, "/etc/x.conf", [], "/run/this.sock");

    private static SystemConfig Config(params string[] programs) => new(
        new InitSettings { StateDirectory = "/s", LogDirectory = "/l", ControlSocket = "/c" }, [.. programs.Select(Program)], [], []);

    private static ProgramDefinition Program(string name) => new()
    {
        Policy = new ProgramPolicy { Name = name, Program = name },
        Launch = new LaunchSpec { Command = ["true"] },
        At = new SourcePosition("x", 1, 1),
    };
}
