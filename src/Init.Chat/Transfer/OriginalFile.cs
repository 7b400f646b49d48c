using System.Collections.Immutable;
using System.Text.Json;
using Init.Chat.Store;
using Init.Linux;

namespace Init.Chat.Transfer;

/// <summary>A file of the original cannot be taken over. The message says why, without its path.</summary>
internal sealed class OriginalFileException(string message) : Exception(message);

/// <summary>Reads the files of <see cref="OriginalLayout"/>.</summary>
internal static class OriginalFile
{
    /// <summary>A context of a million long messages. What is larger is none.</summary>
    public const int BytesMax = 256 << 20;

    private static readonly byte[] Mark = [0xEF, 0xBB, 0xBF];

    /// <exception cref="OriginalFileException">It is no regular file, cannot be read, or is too large.</exception>
    public static byte[] Read(string path)
    {
        byte[]? content = StateFiles.Read(path, BytesMax, out string? reason);
        if (content is null)
            throw new OriginalFileException(reason is null ? "it is gone, or its name is no UTF-8" : $"it cannot be read: {reason}");
        return content.AsSpan().StartsWith(Mark) ? content[Mark.Length..] : content;
    }

    public static ImmutableArray<ChatMessage> Context(byte[] content)
    {
        try
        {
            return MessageJson.ReadArray(content);
        }
        catch (MessageJsonException exception)
        {
            throw new OriginalFileException(exception.Message);
        }
    }

    /// <returns>The text of a prompt; a configuration as compact JSON.</returns>
    public static string Document(ItemKind kind, byte[] content) => Parse(content, root => kind switch
    {
        ItemKind.Prompt when root.ValueKind == JsonValueKind.String => root.GetString()!,
        ItemKind.Prompt => throw new OriginalFileException("a prompt must be a JSON string"),
        _ when root.ValueKind == JsonValueKind.Object => MessageJson.Text(root.WriteTo),
        _ => throw new OriginalFileException("a configuration must be a JSON object"),
    });

    public static string CurrentBranch(byte[] content) => Parse(content, root =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(OriginalLayout.CurrentField, out JsonElement current) && current.ValueKind == JsonValueKind.String
            && current.GetString() is { Length: > 0 and <= ItemKey.NameLengthMax } branch
            ? branch
            : throw new OriginalFileException($"\"{OriginalLayout.CurrentField}\" must be the name of a branch"));

    private static T Parse<T>(byte[] content, Func<JsonElement, T> take)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(content);
            return take(document.RootElement);
        }
        catch (JsonException exception)
        {
            throw new OriginalFileException($"is no JSON: {MessageJson.PlaceOf(exception)}");
        }
        catch (InvalidOperationException)
        {
            throw new OriginalFileException("has half a surrogate pair");
        }
    }
}
