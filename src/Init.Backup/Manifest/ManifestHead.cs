using System.Text;
using System.Text.Json;
using Init.Backup.Names;

namespace Init.Backup.Manifest;

/// <summary>A manifest cannot be used. The message says where it is wrong and what to do.</summary>
#pragma warning disable CA1032, MA0056 // Without a reason it would not be this exception.
public sealed class ManifestException(string message) : Exception(message);
#pragma warning restore CA1032, MA0056

/// <param name="Name">In the directory of the manifest; from the path of its first entry, so that a new part renames no other.</param>
/// <param name="Sha256">Of its text.</param>
public sealed record ManifestPart(string Name, int Entries, int Bytes, string Sha256);

/// <summary>
/// ".init/manifest/head.json": the version of the format, what was to be backed up, and the parts with their checksums, in order. It says nothing of when or by whom: the
/// same tree gives the same bytes. The commit says that.
/// </summary>
/// <param name="Targets">Sorted; none is below another.</param>
/// <param name="Bytes">Of all files.</param>
public sealed record ManifestHead(IReadOnlyList<BytePath> Targets, long Entries, long Bytes, IReadOnlyList<ManifestPart> Parts)
{
    /// <summary>A reader refuses every higher one, and whoever changes the meaning of anything in here adds one.</summary>
    public const int Format = 1;

    /// <summary>Bytes of a head: parts for some ten million entries.</summary>
    public const int BytesMax = 16 * 1024 * 1024;

    private const string Place = ".init/manifest/head.json";

    public byte[] ToJson()
    {
        StringBuilder text = new($"{{\"format\":{Format},\"entries\":{Entries},\"bytes\":{Bytes},\n\"targets\":[");
        text.AppendJoin(',', Targets.Select(target => $"\"{JsonEncodedText.Encode(target.ToString())}\"")).Append("],\n\"parts\":[");
        text.AppendJoin(',', Parts.Select(part => $"\n{{\"name\":\"{part.Name}\",\"entries\":{part.Entries},\"bytes\":{part.Bytes},\"sha256\":\"{part.Sha256}\"}}"));
        return Encoding.UTF8.GetBytes(text.Append("\n]}\n").ToString());
    }

    /// <exception cref="ManifestException">It is of a later format, or none.</exception>
    public static ManifestHead Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 4 });
            JsonElement root = document.RootElement;
            int format = root.GetProperty("format").GetInt32();
            if (format > Format)
                throw new ManifestException($"cannot read {Place}: its format is {format}, and this Init knows up to {Format}; use the version of Init that wrote it, or a later one");
            if (format < 1)
                throw new ManifestException($"cannot read {Place}: there is no format {format}");

            ManifestHead head = new(
                [.. root.GetProperty("targets").EnumerateArray().Select(target => ReadPath(TextOf(target)))],
                root.GetProperty("entries").GetInt64(),
                root.GetProperty("bytes").GetInt64(),
                [.. root.GetProperty("parts").EnumerateArray().Select(ReadPart)]);
            if (head.Parts.Sum(part => (long)part.Entries) != head.Entries)
                throw new ManifestException($"cannot read {Place}: its parts do not have {head.Entries} entries together");
            return head;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ManifestException($"cannot read {Place}: {exception.Message}; restore from an earlier commit");
        }
    }

    private static BytePath ReadPath(string text) =>
        PathText.Decode(text) is { Length: > 0 } bytes && BytePath.TryOf(bytes, out BytePath path) ? path : throw new FormatException($"\"{text}\" is no target");

    private static string TextOf(JsonElement value) => value.GetString() ?? throw new FormatException("null is where a text should be");

    private static ManifestPart ReadPart(JsonElement part)
    {
        ManifestPart read = new(TextOf(part.GetProperty("name")), part.GetProperty("entries").GetInt32(), part.GetProperty("bytes").GetInt32(), TextOf(part.GetProperty("sha256")));
        bool valid = read.Name.Length == ManifestWriter.NameLength && read.Name.All(char.IsAsciiHexDigitLower)
            && read.Entries is > 0 and <= ManifestWriter.PartEntriesMax && read.Bytes is > 0 and <= ManifestWriter.PartBytesMax + ManifestWriter.LineBytesMax;
        return valid ? read : throw new FormatException($"part \"{read.Name}\" is out of range");
    }
}
