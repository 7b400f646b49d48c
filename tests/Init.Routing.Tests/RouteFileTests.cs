using System.Diagnostics;
using System.Globalization;
using Init.Routing.Json;
using Init.Routing.Store;

namespace Init.Routing.Tests;

public sealed class RouteFileTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    private readonly string _directory = Directory.CreateTempSubdirectory("init-routing-").FullName;

    private string FilePath => Path.Combine(_directory, "routes.json");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Load_WithoutAFile_TakesTheGivenDefaultBackendAndNoRule()
    {
        LoadedRoutes loaded = RouteFile.Load(FilePath, Noon, "http://127.0.0.1:9000");

        Assert.Equal("http://127.0.0.1:9000", loaded.State.Configuration.DefaultBackend);
        Assert.Empty(loaded.State.Configuration.Rules);
        Assert.Empty(loaded.Notes);
    }

    [Fact]
    public void Load_WithoutAFileAndWithADefaultBackendThatIsNone_SaysSoAndTakesTheDefaultRules()
    {
        LoadedRoutes loaded = RouteFile.Load(FilePath, Noon, "http://user@127.0.0.1:9000");

        Assert.Equal(RouteState.Fresh, loaded.State);
        Assert.Contains("cannot use the default backend", Assert.Single(loaded.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_WhenThereIsNoFile_HasTheDefaults()
    {
        LoadedRoutes loaded = RouteFile.Load(FilePath, Noon);

        Assert.Equal((1, 0), (loaded.State.Revision, loaded.Notes.Length));
        Assert.Equal(RouteState.Fresh, loaded.State);
    }

    [Fact]
    public void Load_AfterSave_IsTheSameBytesWithItsHistory()
    {
        RouteState state = Changed(RouteState.Fresh);
        Assert.Null(RouteFile.Save(FilePath, state));
        byte[] written = File.ReadAllBytes(FilePath);

        LoadedRoutes loaded = RouteFile.Load(FilePath, Noon);
        Assert.Null(RouteFile.Save(FilePath, loaded.State));

        Assert.Empty(loaded.Notes);
        Assert.Equal(written, File.ReadAllBytes(FilePath));
        Assert.Equal(RuleWriter.ToUtf8(RouteState.Fresh.Configuration), RuleWriter.ToUtf8(loaded.State.At(1)!));
        Assert.Equal(0x180 /* 0600 */, Linux.Files.StatusOf(FilePath)?.Mode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"version\":1,\"revision\":3,\"rules\":[")]
    [InlineData("{\"version\":2,\"revision\":3,\"rules\":[]}")]
    [InlineData("{\"version\":1,\"rules\":[]}")]
    [InlineData("{\"version\":1,\"revision\":3,\"rules\":[{\"typo\":1}]}")]
    [InlineData("null")]
    [InlineData("{\"version\":1,\"revision\":3,\"rules\":[],\"\\ud800\":1}")]
    public void Load_WhenTheFileIsCorrupt_SetsItAsideAndSaysSo(string content)
    {
        File.WriteAllText(FilePath, content);

        LoadedRoutes loaded = RouteFile.Load(FilePath, Noon);

        Assert.Equal(RouteState.Fresh, loaded.State);
        Assert.StartsWith($"cannot use {FilePath}: ", loaded.Notes.Single(), StringComparison.Ordinal);
        Assert.EndsWith($"it is kept as {FilePath}.corrupt-20261121T120000Z; the default rules are used", loaded.Notes.Single(), StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(FilePath + ".corrupt-20261121T120000Z"));
        Assert.False(File.Exists(FilePath));
    }

    [Theory]
    [InlineData("\"at\"", "\"when\"")]
    [InlineData("\"revision\": 2,\n      \"at\"", "\"revision\": 9,\n      \"at\"")]
    [InlineData("\"id\": \"proxy-webui\",\n          \"index\": 2", "\"id\": \"other\",\n          \"index\": 2")]
    [InlineData("\"id\": \"proxy-webui\"", "\"id\": \"proxy-gemini\"")]
    public void Load_WhenOnlyTheHistoryIsCorrupt_KeepsTheRules(string what, string with)
    {
        RouteState state = Changed(RouteState.Fresh);
        Assert.Null(RouteFile.Save(FilePath, state));
        string text = File.ReadAllText(FilePath);
        Assert.Contains(what, text, StringComparison.Ordinal);
        File.WriteAllText(FilePath, text.Replace(what, with, StringComparison.Ordinal));

        LoadedRoutes loaded = RouteFile.Load(FilePath, Noon);

        Assert.Equal(RuleWriter.ToUtf8(state.Configuration), RuleWriter.ToUtf8(loaded.State.Configuration));
        Assert.Equal((2, 0), (loaded.State.Revision, loaded.State.History.Length));
        Assert.StartsWith($"cannot use the history in {FilePath}: ", loaded.Notes.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_WhenTheFileIsTheOriginals_TakesItOverAndKeepsItWithoutItsPassword()
    {
        File.WriteAllText(FilePath, "{\"admin_password\":\"s3cret\",\"default_backend\":\"http://b\",\"rules\":[{\"id\":\"x\"},{\"id\":\"x\"}]}");

        LoadedRoutes loaded = RouteFile.Load(FilePath, Noon);
        Assert.Null(RouteFile.Save(FilePath, loaded.State));

        Assert.Equal("s3cret", loaded.AdminPassword);
        Assert.Equal(["x", "x-2"], loaded.State.Configuration.Rules.Select(rule => rule.Id));
        Assert.Equal(2, loaded.Notes.Length);
        Assert.DoesNotContain(loaded.Notes, note => note.Contains("s3cret", StringComparison.Ordinal));
        Assert.Equal("{\"default_backend\":\"http://b\",\"rules\":[{\"id\":\"x\"},{\"id\":\"x\"}]}", File.ReadAllText(FilePath + ".original"));
        Assert.DoesNotContain(Directory.GetFiles(_directory), file => File.ReadAllText(file).Contains("s3cret", StringComparison.Ordinal));
        Assert.Empty(RouteFile.Load(FilePath, Noon).Notes);
    }

    [Fact]
    public void Save_WhenThePathIsALink_ReplacesWhatItLeadsTo()
    {
        string real = Path.Combine(_directory, "real.json");
        File.WriteAllText(real, "");
        File.CreateSymbolicLink(FilePath, "real.json");

        Assert.Null(RouteFile.Save(FilePath, RouteState.Fresh));

        Assert.Equal("real.json", new FileInfo(FilePath).LinkTarget);
        Assert.NotEmpty(File.ReadAllText(real));
    }

    /// <summary>A writer that died in the middle leaves any beginning of the new content beside the file.</summary>
    [Fact]
    public void Load_WhenAWriteStoppedAnywhere_HasTheStateBeforeIt()
    {
        Assert.Null(RouteFile.Save(FilePath, RouteState.Fresh));
        byte[] before = File.ReadAllBytes(FilePath);
        byte[] after = RouteStateJson.ToUtf8(Changed(RouteState.Fresh));
        for (int length = 0; length <= after.Length; length += 97)
        {
            File.WriteAllBytes(FilePath + ".new", after[..length]);

            Assert.Empty(RouteFile.Load(FilePath, Noon).Notes);
            Assert.Equal(before, File.ReadAllBytes(FilePath));
        }

        Assert.Null(RouteFile.Save(FilePath, Changed(RouteState.Fresh)));
        Assert.Equal(after, File.ReadAllBytes(FilePath));
    }

    [Fact]
    public void Save_WhenItCannotWrite_SaysSoAndLeavesTheFile()
    {
        Assert.Null(RouteFile.Save(FilePath, RouteState.Fresh));
        byte[] before = File.ReadAllBytes(FilePath);
        Directory.CreateDirectory(FilePath + ".new");

        Assert.StartsWith($"cannot write {FilePath}: ", RouteFile.Save(FilePath, Changed(RouteState.Fresh)), StringComparison.Ordinal);

        Assert.Equal(before, File.ReadAllBytes(FilePath));
    }

    /// <summary>A real writer, killed again and again: what it said is on disk is there, and nothing is ever half written.</summary>
    [Fact]
    public void Load_WhenTheWriterIsKilled_HasTheLastStateThatItSaidOrTheOneBehind()
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        for (int round = 0; round < 12; round++)
        {
            long said = RunWriterUntilKilled(linesMin: 1 + random.Next(30), TimeSpan.FromMilliseconds(random.NextDouble() * 3));

            LoadedRoutes loaded = RouteFile.Load(FilePath, Noon);
            Assert.True(loaded.Notes.IsEmpty, $"seed {seed}, round {round}: {string.Join('\n', loaded.Notes)}");
            Assert.True(loaded.State.Revision - said is 0 or 1, $"seed {seed}, round {round}: said {said}, found {loaded.State.Revision}");
        }
    }

    private long RunWriterUntilKilled(int linesMin, TimeSpan longer)
    {
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [typeof(Program).Assembly.Location, "write-until-killed", FilePath])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using Process writer = Process.Start(start)!;
        string? last = null;
        for (int lines = 0; lines < linesMin; lines++)
            last = writer.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"the writer ended with {lines} lines");

        long until = Stopwatch.GetTimestamp() + (long)(longer.TotalSeconds * Stopwatch.Frequency);
        while (Stopwatch.GetTimestamp() < until)
            Thread.SpinWait(10); // To die at any place of the write; a timer is too coarse for that.
        writer.Kill();
        string rest = writer.StandardOutput.ReadToEnd();
        writer.WaitForExit();

        // The last line may be cut off.
        string[] complete = rest.Split('\n')[..^1];
        return long.Parse(complete.Length > 0 ? complete[^1] : last!, CultureInfo.InvariantCulture);
    }

    private static RouteState Changed(RouteState state) =>
        ((RouteCommandResult.Done)RouteStore.Apply(state, new RouteCommand.Delete("proxy-webui"), new CommandContext("owner", Noon))).State;
}
