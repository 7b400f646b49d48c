using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Init.Chat.Http;

/// <summary>Text files that people edit beside the role: names that users are called by, and prompts to choose from. Read again when they have changed.</summary>
/// <param name="nicknameFile">A flat JSON object.</param>
/// <param name="promptDirectory">Of <c>NAME.txt</c>.</param>
public sealed class UserTexts(string nicknameFile, string promptDirectory)
{
    /// <summary>Larger files count as missing.</summary>
    private const int BytesMax = 1 << 20;

    /// <summary>Of a preset's name.</summary>
    private const int NameLengthMax = 200;

    private sealed record Nicknames(DateTime Written, ImmutableDictionary<string, string> Names);

    private volatile Nicknames _nicknames = new(default, ImmutableDictionary<string, string>.Empty);

    /// <returns>The nickname of the name, of the id, or the name.</returns>
    public string NameOf(string userId, string userName)
    {
        ImmutableDictionary<string, string> names = ReadNicknames();
        return names.GetValueOrDefault(userName) ?? names.GetValueOrDefault(userId) ?? userName;
    }

    /// <returns>The text of a preset; null: there is none by this name. A name is never a way out of the directory.</returns>
    public string? Preset(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is 0 or > NameLengthMax || name.AsSpan().ContainsAny('/', '\\', '\0') || name is "." or "..")
            return null;
        return Read(Path.Combine(promptDirectory, name + ".txt")) is { } bytes ? Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF') : null;
    }

    private ImmutableDictionary<string, string> ReadNicknames()
    {
        DateTime written = File.GetLastWriteTimeUtc(nicknameFile); // 1601 when it is not there.
        Nicknames known = _nicknames;
        if (known.Written != written)
            _nicknames = known = new Nicknames(written, Read(nicknameFile) is { } bytes ? Parse(bytes) : ImmutableDictionary<string, string>.Empty);
        return known.Names;
    }

    /// <summary>What is no object of texts is ignored, as by the original.</summary>
    private static ImmutableDictionary<string, string> Parse(byte[] bytes)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            var names = ImmutableDictionary.CreateBuilder<string, string>();
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                foreach (JsonProperty property in document.RootElement.EnumerateObject().Where(property => property.Value.ValueKind == JsonValueKind.String))
                    names[property.Name] = property.Value.GetString()!;
            }

            return names.ToImmutable();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return ImmutableDictionary<string, string>.Empty;
        }
    }

    private static byte[]? Read(string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: <= BytesMax } ? File.ReadAllBytes(path) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
