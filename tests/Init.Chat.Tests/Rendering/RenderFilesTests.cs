using Init.Chat.Rendering;
using Init.Linux;

namespace Init.Chat.Tests.Rendering;

public sealed class RenderFilesTests : IDisposable
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), "init-render-" + Guid.NewGuid().ToString("N"));
    private readonly SetClock _clock = new();

    private const int BytesMax = 100;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private RenderFiles Open()
    {
        RenderFiles files = new(_directory, BytesMax, _clock);
        files.Prepare();
        return files;
    }

    [Fact]
    public void File_UntilItExpires_IsFoundAndForTheOwnerOnly()
    {
        RenderFiles files = Open();

        (string id, string path) = files.Write([1, 2, 3], TimeSpan.FromSeconds(60));

        Assert.Equal(path, files.Find(id));
        Assert.Equal(path, files.Find(id.ToUpperInvariant()));
        Assert.Equal("600", Convert.ToString(Files.StatusOf(path)!.Value.Mode & 0x1FF, 8));
        _clock.Now += TimeSpan.FromSeconds(61);
        Assert.Null(files.Find(id));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../secret")]
    [InlineData("secret")]
    [InlineData("{0f8fad5b-d9cb-469f-a165-70867728950e}")]
    [InlineData("0f8fad5b-d9cb-469f-a165-70867728950e/../secret")]
    [InlineData("0f8fad5bd9cb469fa16570867728950e")]
    public void Find_WhenTheNameIsNoUuid_FindsNothing(string name)
    {
        RenderFiles files = Open();
        File.WriteAllText(Path.Combine(_directory, "secret.png"), "");
        File.SetLastWriteTimeUtc(Path.Combine(_directory, "secret.png"), _clock.Now.UtcDateTime.AddSeconds(30));

        Assert.Null(files.Find(name));
    }

    [Fact]
    public void Sweep_AfterAProcessThatDied_RemovesWhatExpiredAndNothingElse()
    {
        (string old, string oldPath) = Open().Write([1], TimeSpan.FromSeconds(60));
        _clock.Now += TimeSpan.FromSeconds(30);
        (string young, _) = Open().Write([1], TimeSpan.FromSeconds(60));
        string foreign = Path.Combine(_directory, "holiday.png");
        File.WriteAllText(foreign, "");
        File.SetLastWriteTimeUtc(foreign, DateTime.UnixEpoch);
        _clock.Now += TimeSpan.FromSeconds(40);

        RenderFiles after = Open();
        DateTimeOffset? next = after.Sweep();

        Assert.False(File.Exists(oldPath));
        Assert.Null(after.Find(old));
        Assert.NotNull(after.Find(young));
        Assert.True(File.Exists(foreign));
        Assert.NotNull(next);
        Assert.InRange(next.Value - _clock.Now, TimeSpan.FromSeconds(19), TimeSpan.FromSeconds(21));
        _clock.Now += TimeSpan.FromSeconds(30);
        Assert.Null(after.Sweep());
    }

    [Fact]
    public void Sweep_WhenThereIsTooMuch_RemovesWhatWouldExpireFirst()
    {
        RenderFiles files = Open();
        (string first, _) = files.Write(new byte[60], TimeSpan.FromSeconds(10));
        (string second, _) = files.Write(new byte[60], TimeSpan.FromSeconds(20));

        files.Sweep();

        Assert.Null(files.Find(first));
        Assert.NotNull(files.Find(second));
    }

    private sealed class SetClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 22, 2, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
