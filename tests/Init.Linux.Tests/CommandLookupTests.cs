namespace Init.Linux.Tests;

public sealed class CommandLookupTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("init-lookup-").FullName;

    public CommandLookupTests()
    {
        Directory.CreateDirectory(At("first/tool"));
        Make("second/tool", executable: false);
        Make("third/tool", executable: true);
        Make("second/data", executable: false);
    }

    private string SearchPath => $"{At("missing")}:{At("first")}:{At("second")}:{At("third")}";

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private string At(string name) => Path.Combine(_directory, name);

    private void Make(string name, bool executable)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), "#!/bin/sh\n");
        Files.ChangeMode(At(name), executable ? 0x1ED : 0x1A4);
    }

    [Fact]
    public void Find_InPath_PassesOverDirectoriesAndWhatIsNotExecutable() =>
        Assert.Equal(new CommandLookup.Found(At("third/tool")), CommandLookup.Find("tool", SearchPath, directory: null));

    [Fact]
    public void Find_WhenOnlyANonExecutableIsThere_SaysWhich() =>
        Assert.Equal(
            new CommandLookup.NotExecutable(At("second/data"), Errno.EACCES, $"cannot execute {At("second/data")}: Permission denied (errno 13)"),
            CommandLookup.Find("data", SearchPath, directory: null));

    [Fact]
    public void Find_WhenNothingIsThere_NamesThePath() =>
        Assert.Equal(
            new CommandLookup.NotFound(Errno.ENOENT, $"cannot find command \"tool\" in PATH ({At("first")})"),
            CommandLookup.Find("tool", At("first"), directory: null));

    [Fact]
    public void Find_WithSlash_IsRelativeToTheDirectoryOfTheCommand()
    {
        Assert.Equal(new CommandLookup.Found("./third/tool"), CommandLookup.Find("./third/tool", null, _directory));
        Assert.IsType<CommandLookup.NotFound>(CommandLookup.Find("./third/tool", null, At("first")));
        Assert.IsType<CommandLookup.IsDirectory>(CommandLookup.Find("./first/tool", null, _directory));
    }

    [Fact]
    public void Find_WithEmptyElement_LooksInTheDirectoryOfTheCommand() =>
        Assert.Equal(new CommandLookup.Found("./tool"), CommandLookup.Find("tool", $"{At("missing")}:", At("third")));

    [Fact]
    public void Find_WithoutPath_LooksInTheUsualDirectories() =>
        Assert.IsType<CommandLookup.Found>(CommandLookup.Find("sh", pathVariable: null, directory: null));

    [Fact]
    public void Find_EmptyName_IsNotFound() => Assert.IsType<CommandLookup.NotFound>(CommandLookup.Find("", null, null));
}
