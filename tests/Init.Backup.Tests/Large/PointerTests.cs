using System.Text;
using Init.Backup.Large;

namespace Init.Backup.Tests;

public sealed class PointerTests
{
    private const string Hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// <summary>As its README has it, and with the asset_id that its script writes.</summary>
    private const string Original =
        """{"type":"release-asset","repo":"owner/repo","release_tag":"blobs","asset_name":"e3b0-my model.bin","asset_id":null,"download_url":"https://github.com/owner/repo/releases/download/blobs/x","original_path":"home/user/my model.bin","size":123456789,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","generated_at":"2024-01-01T00:00:00Z"}""";

    private static Pointer? Parse(string text, out string? problem) => Pointer.Parse(Encoding.UTF8.GetBytes(text), out problem);

    [Fact]
    public void Pointer_OfTheOriginal_IsRead()
    {
        Pointer pointer = Parse(Original, out string? problem)!;

        Assert.Null(problem);
        Assert.Null(pointer.AssetId);
        Assert.Equal(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero), pointer.GeneratedAt);
        Assert.Equal(("owner/repo", "blobs", "e3b0-my model.bin", 123456789L), (pointer.Repository, pointer.ReleaseTag, pointer.AssetName, pointer.Size));
        Assert.Equal(new PointerPart("blobs", "e3b0-my model.bin", null, 123456789, Hash), Assert.Single(pointer.Assets));
        Assert.NotNull(Parse(Original.Replace("\"asset_id\":null,", "", StringComparison.Ordinal), out _)); // As documented there.
        Assert.Equal(7, Parse(Original.Replace("\"asset_id\":null", "\"asset_id\":7", StringComparison.Ordinal), out _)!.AssetId);
    }

    [Fact]
    public void Pointer_WhenItIsWritten_HasTheOriginalsKeysFirstAndIsReadBack()
    {
        Pointer pointer = new(
            "o/r", "blobs", "sha256-x.part00", 5, "https://github.com/o/r/releases/tag/blobs", "home/\u4F60 \"a\"", 30, Hash, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            [new("blobs", "sha256-x.part00", 5, 20, Hash), new("blobs-2", "sha256-x.part01", null, 10, Hash)]);

        string text = Encoding.UTF8.GetString(pointer.ToJson());

        Assert.StartsWith("{\"type\":\"release-asset\",\"repo\":\"o/r\",\"release_tag\":\"blobs\",\"asset_name\":\"sha256-x.part00\",\"asset_id\":5,\"download_url\":", text);
        Assert.Contains("\u4F60", text);
        Pointer read = Parse(text, out string? problem)!;
        Assert.Null(problem);
        Assert.Equal(pointer.Parts, read.Parts);
        Assert.Equal(pointer with { Parts = [] }, read with { Parts = [] });
    }

    [Theory]
    [InlineData("\"release-asset\"", "\"other\"", "its type is \"other\"")]
    [InlineData("owner/repo\"", "owner/../x\"", "is no owner/repo")]
    [InlineData("owner/repo\"", "owner/..\"", "is no owner/repo")]
    [InlineData("123456789", "-1", "below 0")]
    [InlineData("123456789", "1e30", "")]
    [InlineData("b855\"", "b85g\"", "its sha256 is none")]
    [InlineData("\"asset_name\":\"e3b0-my model.bin\"", "\"asset_name\":\"\"", "its asset_name is empty or too long")]
    [InlineData("{\"type\"", "{\"format\":2,\"type\"", "its format is 2")]
    [InlineData("{\"type\"", "{\"parts\":[{\"release_tag\":\"a\",\"asset_name\":\"b\",\"size\":1,\"sha256\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}],\"type\"", "do not have 123456789 bytes")]
    [InlineData("{\"type\"", "{\"a\":[[[[[1]]]]],\"type\"", "depth")]
    [InlineData("{\"type\"", "[", "")]
    public void Pointer_WhenItIsWrong_IsRefusedWithTheReason(string old, string @new, string reason)
    {
        Assert.Null(Parse(Original.Replace(old, @new, StringComparison.Ordinal), out string? problem));

        Assert.Contains(reason, problem);
    }

    [Fact]
    public void Pointer_WhenItHasMorePartsThanAnyFile_IsRefusedAndNotReadAsOneWithoutParts()
    {
        string parts = string.Join(',', Enumerable.Repeat($$"""{"release_tag":"a","asset_name":"b","size":1,"sha256":"{{Hash}}"}""", 2001));

        Assert.Null(Parse(Original.Replace("{\"type\"", $"{{\"parts\":[{parts}],\"type\"", StringComparison.Ordinal), out string? problem));

        Assert.Contains("more than 2000 parts", problem);
    }
}
