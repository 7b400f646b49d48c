using Init.Config.Reports;
using Init.Config.Supervisord.Import;

namespace Init.Config.Tests.Supervisord;

/// <summary>
/// Importing an example gives imported.toml beside it, after the list of what changes meaning, and running either gives the same table of programs. Run with
/// INIT_UPDATE_CASES=1 to write the results down as the new expectation, and read the diff.
/// </summary>
public class SupervisordImportTests
{
    public static TheoryData<string> Names => [.. SupervisordFolders.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Example_WhenImported_GivesTheSameProgramTable(string name)
    {
        string folder = Path.Combine(SupervisordFolders.Cases, name);
        CaseFiles files = new(folder);
        ConfigResult original = ConfigLoader.Load("supervisord.conf", files, SupervisordFolders.Environment);

        ImportResult import = SupervisordImport.Convert("supervisord.conf", files, SupervisordFolders.Environment);

        Assert.Equal(original.Problems.AsEnumerable(), import.Problems);
        Assert.Equal(original.Config is null, import.Toml is null);
        if (original.Config is null)
            return;

        string told = string.Concat(CheckReport.Problems(import.Changes).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => $"# changes: {line}\n"));
        string actual = told + import.Toml;
        Assert.DoesNotContain("s3cret", actual, StringComparison.Ordinal);
        string expectedPath = Path.Combine(folder, "imported.toml");
        if (System.Environment.GetEnvironmentVariable("INIT_UPDATE_CASES") == "1")
            File.WriteAllText(expectedPath, actual);

        Assert.Equal(File.ReadAllText(expectedPath), actual);
        ConfigResult imported = ConfigLoader.Load("imported.toml", files, SupervisordFolders.Environment);
        Assert.True(imported.Config is not null, string.Join('\n', imported.Problems));
        Assert.Equal(Table(original.Config), Table(imported.Config!));
        Assert.Equal(
            original.Config.HttpEndpoints.Length,
            imported.Config!.HttpEndpoints.Count(original.Config.HttpEndpoints.Contains) + import.Changes.Count(change => change.Key == "http server"));
        Assert.Equal(
            original.Config.EventListeners.Select(pool => $"{pool.Name} {pool.BufferSize} {string.Join(' ', pool.Events)}").Order(StringComparer.Ordinal),
            imported.Config.EventListeners.Select(pool => $"{pool.Name} {pool.BufferSize} {string.Join(' ', pool.Events)}").Order(StringComparer.Ordinal));
        Assert.Equal(original.Config.Settings.Shutdown, imported.Config.Settings.Shutdown);

        // Whatever differs is told, for the program or the kind of difference: nothing changes in silence.
        foreach (ProgramChange change in ConfigDiff.Between(original.Config, imported.Config).Programs)
        {
            Assert.Equal(ChangeKind.Changed, change.Kind);
            string section = original.Config.Programs.First(program => program.Policy.Name == change.Instance).Policy.Program;
            Assert.All(
                change.Fields.Where(field => field.Field != "replicas"),
                field => Assert.Contains(import.Changes, told => told.Key == $"program:{section}"));
        }
    }

    [Fact]
    public void Toml_WhenImported_IsRefused()
    {
        MemoryFiles files = new() { Texts = { ["/app/x"] = "[program.a]\ncommand = \"a\"\n" } };

        Assert.Equal("x:1:1: file: is a supervisor.toml already", SupervisordImport.Convert("x", files, SupervisordFolders.Environment).Problems.Single().ToString());
    }

    /// <summary>What decides about starting, stopping and restarting, by the names that supervisorctl shows, in the order of starting.</summary>
    private static IEnumerable<string> Table(SystemConfig config) => config.Programs.Select(program => string.Join(' ',
        program.Policy.Name,
        program.SupervisordGroup,
        program.SupervisordProcess,
        string.Join('|', program.Launch.CommandFault == "command is empty" ? [] : program.Launch.Command.Where(word => word != "/command-is-empty")),
        program.Launch.Directory,
        program.Launch.User,
        program.Launch.Umask,
        program.Launch.HasStdinPipe,
        program.Launch.Socket,
        program.Policy.Enabled,
        program.Policy.Restart,
        string.Join(',', program.Policy.SuccessExitCodes.Distinct().Order()),
        program.Policy.StartGrace,
        program.Policy.EarlyExitFails,
        program.Policy.Backoff,
        program.Policy.Stop,
        program.Policy.ShutdownPriority));
}
