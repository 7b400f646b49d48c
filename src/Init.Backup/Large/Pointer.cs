using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Init.Backup.Large;

/// <param name="AssetName">"sha256-HEX.partNN", HEX being the SHA-256 of the whole file.</param>
/// <param name="AssetId">GitHub's; a name can be changed by a person, and this cannot.</param>
/// <param name="Sha256">Of this part.</param>
public sealed record PointerPart(string ReleaseTag, string AssetName, long? AssetId, long Size, string Sha256);

/// <summary>
/// In the tree instead of a large file: "NAME.pointer", JSON text that says where the content is. The original's keys, so that its readers and ours understand each other, and
/// two of our own: "format", and "parts" for a file that is longer than one asset can be. The content is trusted only after its SHA-256 has been compared.
/// </summary>
/// <param name="Repository">"owner/repo".</param>
/// <param name="AssetName">Of the first part, when there are several.</param>
/// <param name="AssetId">Null in pointers of the original whose upload failed.</param>
/// <param name="DownloadUrl">For people with a browser, and the last resort for assets that are found by nothing else; empty when it is not known.</param>
/// <param name="OriginalPath">For people. Where the file belongs is said by where the pointer is.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">64 lower-case hexadecimal digits.</param>
/// <param name="GeneratedAt">UTC.</param>
/// <param name="Parts">In order; none when the content is one asset.</param>
public sealed record Pointer(
    string Repository, string ReleaseTag, string AssetName, long? AssetId, string DownloadUrl, string OriginalPath, long Size, string Sha256, DateTimeOffset GeneratedAt,
    IReadOnlyList<PointerPart> Parts)
{
    /// <summary>A reader refuses every higher one. The original's pointers have none, and are read as 1.</summary>
    public const int Format = 1;

    /// <summary>Bytes of a pointer: parts for some 4 TiB.</summary>
    public const int BytesMax = 1024 * 1024;

    private const string Type = "release-asset";
    private const int PartsMax = 2000;
    private const int TextMax = 4 * BackupLimits.PathBytesMax;

    /// <summary>The assets that the content is in, in order: the parts, or the one.</summary>
    public IReadOnlyList<PointerPart> Assets => Parts.Count > 0 ? Parts : [new PointerPart(ReleaseTag, AssetName, AssetId, Size, Sha256)];

    /// <summary>One line with its end, in the order of the original.</summary>
    public byte[] ToJson()
    {
        ArrayBufferWriter<byte> text = new();
        using (Utf8JsonWriter json = new(text, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("type", Type);
            json.WriteString("repo", Repository);
            json.WriteString("release_tag", ReleaseTag);
            json.WriteString("asset_name", AssetName);
            WriteId(json, AssetId);
            json.WriteString("download_url", DownloadUrl);
            json.WriteString("original_path", OriginalPath);
            json.WriteNumber("size", Size);
            json.WriteString("sha256", Sha256);
            json.WriteString("generated_at", GeneratedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
            json.WriteNumber("format", Format);
            json.WriteStartArray("parts");
            foreach (PointerPart part in Parts)
            {
                json.WriteStartObject();
                json.WriteString("release_tag", part.ReleaseTag);
                json.WriteString("asset_name", part.AssetName);
                WriteId(json, part.AssetId);
                json.WriteNumber("size", part.Size);
                json.WriteString("sha256", part.Sha256);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return [.. text.WrittenSpan, (byte)'\n'];
    }

    /// <param name="problem">What is wrong; null when it is read.</param>
    public static Pointer? Parse(ReadOnlyMemory<byte> json, out string? problem)
    {
        try
        {
            if (json.Length > BytesMax)
                throw new FormatException($"it has more than {BytesMax} bytes");

            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 4 });
            JsonElement root = document.RootElement;
            if (Text(root, "type") != Type)
                throw new FormatException($"its type is \"{Text(root, "type")}\", not \"{Type}\"");
            int format = root.TryGetProperty("format", out JsonElement number) ? number.GetInt32() : Format;
            if (format != Format)
                throw new FormatException($"its format is {format}, and this Init knows {Format}; use the version of Init that wrote it, or a later one");

            List<PointerPart> parts = root.TryGetProperty("parts", out JsonElement array) ? [.. array.EnumerateArray().Take(PartsMax + 1).Select(ReadPart)] : [];
            if (parts.Count > PartsMax)
                throw new FormatException($"it has more than {PartsMax} parts");
            Pointer pointer = new(
                Text(root, "repo"), Text(root, "release_tag"), Text(root, "asset_name"), ReadId(root), OptionalText(root, "download_url"), OptionalText(root, "original_path"),
                ReadSize(root), ReadSha256(root), ReadTime(root), parts);
            if (!IsRepository(pointer.Repository))
                throw new FormatException($"\"{pointer.Repository}\" is no owner/repo");
            if (parts.Count > 0 && parts.Sum(part => part.Size) != pointer.Size)
                throw new FormatException($"its parts do not have {pointer.Size} bytes together");
            problem = null;
            return pointer;
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or OverflowException)
        {
            problem = exception.Message;
            return null;
        }
    }

    /// <summary>"owner/repo" in GitHub's alphabet, so that it can stand in a path of its API.</summary>
    public static bool IsRepository(string text)
    {
        const int RepositoryMax = 140; // 39 of the owner, 100 of the repository.
        string[] names = text.Split('/');
        return names.Length == 2 && text.Length <= RepositoryMax
            && names.All(name => name.Length > 0 && name is not ("." or "..") && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.'));
    }

    private static PointerPart ReadPart(JsonElement part) => new(Text(part, "release_tag"), Text(part, "asset_name"), ReadId(part), ReadSize(part), ReadSha256(part));

    private static void WriteId(Utf8JsonWriter json, long? id)
    {
        if (id is { } number)
            json.WriteNumber("asset_id", number);
        else
            json.WriteNull("asset_id");
    }

    private static long? ReadId(JsonElement element) => element.TryGetProperty("asset_id", out JsonElement id) && id.ValueKind != JsonValueKind.Null ? id.GetInt64() : null;

    private static long ReadSize(JsonElement element) => element.GetProperty("size").GetInt64() is >= 0 and var size ? size : throw new FormatException("its size is below 0");

    private static string ReadSha256(JsonElement element) =>
        Text(element, "sha256").ToLowerInvariant() is { Length: 64 } text && text.All(char.IsAsciiHexDigit) ? text : throw new FormatException("its sha256 is none");

    private static DateTimeOffset ReadTime(JsonElement element) =>
        DateTimeOffset.TryParse(OptionalText(element, "generated_at"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : DateTimeOffset.UnixEpoch;

    private static string OptionalText(JsonElement element, string key) =>
        element.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: <= TextMax } text ? text : "";

    private static string Text(JsonElement element, string key) =>
        element.GetProperty(key).GetString() is { Length: > 0 and <= TextMax } text && !text.Contains('\0', StringComparison.Ordinal)
            ? text
            : throw new FormatException($"its {key} is empty or too long");
}
