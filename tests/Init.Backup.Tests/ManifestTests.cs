using System.Text;
using Init.Backup.Manifest;
using Init.Backup.Names;
using Init.Linux;

namespace Init.Backup.Tests;

public sealed class ManifestTests
{
    private const string Hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private const string FileLine = $"f 0644 1700000000.000000001 1000 1000 5 {Hash} blob home/a%20b -";

    [Fact]
    public void Entry_WhenWrittenAndRead_IsTheSame()
    {
        Random random = new(7);
        for (int i = 0; i < 5000; i++)
        {
            ManifestEntry entry = RandomEntry(random, BytePath.Of("t").Append(RandomNames.Next(random)));

            Assert.Equal(entry, ManifestEntry.Parse(entry.ToLine(), out string? problem));
            Assert.Null(problem);
        }
    }

    [Theory]
    [InlineData("0644", "0844", "is no mode")]
    [InlineData("0644", "644", "as Init writes it")]
    [InlineData("f ", "x ", "kind of entry")]
    [InlineData("f ", "d ", "do not agree")]
    [InlineData(" blob ", " tape ", "kind of storage")]
    [InlineData(" blob ", " - ", "do not agree")]
    [InlineData("home/a%20b", "home/../b", "no path below BASE")]
    [InlineData("home/a%20b", "/home", "no path below BASE")]
    [InlineData("home/a%20b", "home/%61", "no path below BASE")]
    [InlineData(" 5 ", " -5 ", "number in range")]
    [InlineData(" -", "", "9 fields")]
    [InlineData(" -", " x", "no target")]
    [InlineData(".000000001", ".1", "no time")]
    public void Entry_WhenALineIsWrong_SaysWhatIsWrong(string from, string to, string expected)
    {
        Assert.NotNull(ManifestEntry.Parse(FileLine, out _));

        Assert.Null(ManifestEntry.Parse(FileLine.Replace(from, to), out string? problem));
        Assert.Contains(expected, problem);
    }

    [Fact]
    public void Manifest_WhenOneOfManyFilesChanges_ChangesOnePartOfFewKilobytes()
    {
        List<ManifestEntry> entries = Many(10_000);
        var before = Write(entries);

        entries[5000] = entries[5000] with { Size = 77 };
        var changed = Write(entries);
        entries.RemoveAt(2000);
        var removed = Write(entries);

        Assert.InRange(before.Head.Parts.Count, 20, 80);
        Assert.Single(changed.Parts, part => !before.Parts.ContainsKey(part.Key) || before.Parts[part.Key] != part.Value);
        Assert.InRange(removed.Parts.Count(part => changed.Parts.GetValueOrDefault(part.Key) != part.Value), 1, 2);
    }

    [Fact]
    public void Manifest_WhenWrittenTwice_HasTheSameBytesAndReadsBack()
    {
        List<ManifestEntry> entries = Many(3000);
        var first = Write(entries);
        var second = Write(entries);

        Assert.Equal(first.Head.ToJson(), second.Head.ToJson());
        ManifestHead head = ManifestHead.Parse(first.Head.ToJson());
        Assert.Equal(3000, head.Entries);
        Assert.Equal(entries, ManifestReader.Entries(head, part => Encoding.UTF8.GetBytes(first.Parts[part.Name])));
    }

    [Fact]
    public void Manifest_WhenAPartIsMissingOrDamaged_NamesIt()
    {
        var (head, parts) = Write(Many(1000));

        Assert.Contains("it is missing", Assert.Throws<ManifestException>(() => ManifestReader.Entries(head, _ => null).Count()).Message);
        string message = Assert.Throws<ManifestException>(() =>
            ManifestReader.Entries(head, part => Encoding.UTF8.GetBytes(parts[part.Name].Replace("0644", "0600"))).Count()).Message;
        Assert.Contains($".init/manifest/{head.Parts[0].Name}: it is not what the head says", message);
    }

    [Theory]
    [InlineData("{\"format\":2}", "its format is 2, and this Init knows up to 1; use the version of Init that wrote it")]
    [InlineData("{\"format\":0}", "no format 0")]
    [InlineData("{}", "cannot read .init/manifest/head.json")]
    [InlineData("[", "cannot read .init/manifest/head.json")]
    [InlineData("{\"format\":1,\"entries\":0,\"bytes\":0,\"targets\":[\"../etc\"],\"parts\":[]}", "no target")]
    [InlineData("{\"format\":1,\"entries\":1,\"bytes\":0,\"targets\":[\"a\"],\"parts\":[]}", "do not have 1 entries")]
    [InlineData("{\"format\":1,\"entries\":1,\"bytes\":0,\"targets\":[\"a\"],\"parts\":[{\"name\":\"../x\",\"entries\":1,\"bytes\":1,\"sha256\":\"\"}]}", "out of range")]
    [InlineData("{\"format\":1,\"entries\":0,\"bytes\":0,\"targets\":[null],\"parts\":[]}", "null is where a text should be")]
    [InlineData("{\"format\":1,\"entries\":1,\"bytes\":0,\"targets\":[\"a\"],\"parts\":[{\"name\":null,\"entries\":1,\"bytes\":1,\"sha256\":\"\"}]}", "null is where a text should be")]
    public void Head_WhenItCannotBeUsed_SaysWhyAndWhatToDo(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<ManifestException>(() => ManifestHead.Parse(Encoding.UTF8.GetBytes(json))).Message);

    private static List<ManifestEntry> Many(int count)
    {
        Random random = new(3);
        return [.. Enumerable.Range(0, count).Select(i => RandomEntry(random, BytePath.Of($"t/{i / 100:D4}-{i % 100:D2}")))];
    }

    private static (ManifestHead Head, Dictionary<string, string> Parts) Write(IEnumerable<ManifestEntry> entries)
    {
        Dictionary<string, string> parts = [];
        ManifestWriter writer = new([BytePath.Of("t")], (part, text) => parts.Add(part.Name, Encoding.UTF8.GetString(text)));
        foreach (ManifestEntry entry in entries)
            writer.Add(entry);
        return (writer.Complete(), parts);
    }

    private static ManifestEntry RandomEntry(Random random, BytePath path)
    {
        FileTime time = new(random.NextInt64(-10_000_000_000, 20_000_000_000), random.Next(1_000_000_000));
        return random.Next(4) switch
        {
            0 => new(path, EntryKind.Directory, random.Next(0x1000), time, 0, 1, 0, "", Storage.None, ""),
            1 => new(path, EntryKind.Link, 0x1FF, time, uint.MaxValue, 1, 0, "", Storage.None, PathText.Encode(RandomNames.Next(random))),
            _ => new(path, EntryKind.File, 0x1A4, time, 0, 1, random.NextInt64(long.MaxValue), Hash, (Storage)random.Next(1, 4), ""),
        };
    }
}
