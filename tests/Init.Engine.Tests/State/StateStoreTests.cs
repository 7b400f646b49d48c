using System.Text;
using Init.Base;
using Init.Engine.State;
using Init.Linux;

namespace Init.Engine.Tests.State;

public sealed class StateStoreTests : LoopTest
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 3, 10, 0, TimeSpan.Zero);

    private readonly string _directory = MakeTemporaryDirectory();
    private readonly List<string> _said = [];

    private string StatePath => _directory + "/state.json";

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(_directory, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Open_WhenThereIsNoFile_KnowsNothingAndWritesNothing()
    {
        StateStore store = Open(out string? problem);
        store.Flush();
        Assert.Null(problem);
        Assert.Null(store.LastRun("backup"));
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
    }

    [Fact]
    public void Open_WhenWrittenBefore_KnowsIt()
    {
        StateStore store = Open(out _);
        store.SetLastRun("backup", Now);
        store.SetLastRun("worker:0", Now.AddMilliseconds(5).ToOffset(TimeSpan.FromHours(8)));
        store.Flush();

        StateStore again = Open(out string? problem);
        Assert.Null(problem);
        Assert.Equal(Now, again.LastRun("backup"));
        Assert.Equal(Now.AddMilliseconds(5), again.LastRun("worker:0"));
        Assert.Equal(["state.json"], Directory.GetFileSystemEntries(_directory).Select(Path.GetFileName));
        Assert.Equal(0x180, Files.StatusOf(StatePath)!.Value.Mode);
    }

    [Fact]
    public void Set_WhenCalledOften_WritesOnceASecondAndThenSleeps()
    {
        StateStore store = Open(out _);
        Instant start = MonotonicClock.Now;
        for (int i = 0; i < 1000; i++)
            store.SetLastRun("backup", Now.AddSeconds(i));
        Assert.False(File.Exists(StatePath));

        RunUntil(() => File.Exists(StatePath), "it is written");
        Assert.True(MonotonicClock.Now - start >= StateStore.WriteInterval);
        ulong written = Files.StatusOf(StatePath)!.Value.Inode;
        store.SetLastRun("backup", Now.AddSeconds(999)); // Nothing new.

        long wakeUps = Loop.WakeUps;
        Loop.RunOnce(MonotonicClock.Now + (1.5 * StateStore.WriteInterval));
        Assert.Equal(wakeUps + 1, Loop.WakeUps);
        Assert.Equal(written, Files.StatusOf(StatePath)!.Value.Inode);
        Assert.Equal(Now.AddSeconds(999), Open(out _).LastRun("backup"));
    }

    /// <summary>A disk that was full, or a machine that lost power: whatever is left of the file, Init starts.</summary>
    [Fact]
    public void Open_WhenTruncatedAnywhere_SetsTheFileAside()
    {
        StateStore store = Open(out _);
        store.SetLastRun("backup", Now);
        store.SetLastRun("läuft", Now);
        store.Flush();
        byte[] whole = File.ReadAllBytes(StatePath);

        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(StatePath, whole[..length]);
            StateStore damaged = Open(out string? problem, Now.AddSeconds(length));

            string aside = StatePath + ".corrupt-" + Now.AddSeconds(length).ToString("yyyyMMdd'T'HHmmss'Z'");
            Assert.StartsWith($"cannot use {StatePath}: ", problem, StringComparison.Ordinal);
            Assert.EndsWith($"; it is kept as {aside}", problem, StringComparison.Ordinal);
            Assert.Equal(whole[..length], File.ReadAllBytes(aside));
            Assert.Null(damaged.LastRun("backup"));
            Assert.False(File.Exists(StatePath));

            damaged.SetLastRun("backup", Now);
            damaged.Flush();
            Assert.Equal(Now, Open(out _).LastRun("backup"));
        }

        Assert.Equal(StateFiles.SetAsideMax + 1, Directory.GetFileSystemEntries(_directory).Length);
        Assert.Equal(whole[..^1], File.ReadAllBytes(Directory.GetFiles(_directory, "*.corrupt-*").Max(StringComparer.Ordinal)!));
    }

    [Fact]
    public void Open_WhenBytesAreChangedAtRandom_NeverThrows()
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        byte[] whole = Encoding.UTF8.GetBytes("""{"version":1,"last_runs":{"a":"2026-03-02T03:10:00+00:00","b":"2026-03-02T03:10:00+00:00"}}""");
        for (int round = 0; round < 3000; round++)
        {
            byte[] damaged = [.. whole];
            for (int i = random.Next(1, 4); i > 0; i--)
                damaged[random.Next(damaged.Length)] = random.Next(2) == 0 ? (byte)random.Next(256) : "{}[]\",:01-nul\0"u8[random.Next(14)];

            StateFile? file = StateFile.Parse(damaged, out string? reason);
            Assert.True((file is null) == (reason is not null), $"seed {seed}, round {round}: {Convert.ToHexString(damaged)}");
        }
    }

    [Theory]
    [InlineData("null", "it is empty")]
    [InlineData("[]", "line 1 is not what it should be")]
    [InlineData("""{"version":1}""", "line 1 is not what it should be")]
    [InlineData("""{"version":1,"last_runs":null}""", "it is empty")]
    [InlineData("""{"version":2,"last_runs":{}}""", "it has version 2, and this Init knows version 1")]
    [InlineData("{\n\"version\":1,\n\"last_runs\":{\"a\":\"yesterday\"}}", "line 3 is not what it should be")]
    public void Open_WhenTheContentIsNotOurs_SaysWhy(string content, string reason)
    {
        File.WriteAllText(StatePath, content);
        Open(out string? problem);
        Assert.StartsWith($"cannot use {StatePath}: {reason}; it is kept as ", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WhenTheFileIsHuge_DoesNotReadItAll()
    {
        using (FileStream file = File.Create(StatePath))
            file.SetLength(1L << 40); // A sparse file: a terabyte to whoever reads it.

        Open(out string? problem);
        Assert.StartsWith($"cannot use {StatePath}: it has more than 1048576 bytes; ", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fifo")]
    [InlineData("directory")]
    public void Open_WhenItIsNoFile_DoesNotWaitForIt(string kind)
    {
        if (kind == "directory")
            Directory.CreateDirectory(StatePath);
        else
            System.Diagnostics.Process.Start("mkfifo", StatePath).WaitForExit();

        StateStore store = Open(out string? problem);
        Assert.StartsWith($"cannot use {StatePath}: it is not a regular file; it is kept as ", problem, StringComparison.Ordinal);
        store.SetLastRun("backup", Now);
        store.Flush();
        Assert.Equal(Now, Open(out _).LastRun("backup"));
    }

    [Fact]
    public void Flush_WhenTheDirectoryCannotBeWritten_WorksWithoutAndSaysItOnce()
    {
        string missing = _directory + "/missing";
        StateStore store = StateStore.Open(Loop, missing, Now, _said.Add, out string? problem);
        Assert.Null(problem);
        for (int i = 0; i < 3; i++)
        {
            store.SetLastRun("backup", Now.AddSeconds(i));
            store.Flush();
        }

        Assert.Equal(Now.AddSeconds(2), store.LastRun("backup"));
        Assert.StartsWith($"cannot write {missing}/state.json: No such file or directory (errno 2); ", Assert.Single(_said), StringComparison.Ordinal);

        Directory.CreateDirectory(missing);
        store.SetLastRun("backup", Now.AddSeconds(9));
        store.Flush();
        Assert.True(File.Exists(missing + "/state.json"));
    }

    [Fact]
    public void Set_WhenThereAreTooManyInstances_ForgetsTheOldest()
    {
        StateStore store = Open(out _);
        for (int i = 0; i <= StateStore.LastRunsMax; i++)
            store.SetLastRun(new string('x', 140) + i, Now.AddSeconds(i));
        store.Flush();

        StateStore again = Open(out string? problem);
        Assert.Null(problem);
        Assert.Null(again.LastRun(new string('x', 140) + 0));
        Assert.NotNull(again.LastRun(new string('x', 140) + 1));
        Assert.NotNull(again.LastRun(new string('x', 140) + StateStore.LastRunsMax));
    }

    private StateStore Open(out string? problem, DateTimeOffset? now = null) => StateStore.Open(Loop, _directory, now ?? Now, _said.Add, out problem);
}
