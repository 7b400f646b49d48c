using System.Text.Json;

namespace Init.Chat.Providers;

/// <summary>A provider's answer that is no stream.</summary>
public static class Completion
{
    /// <summary>The completion as the one piece of a stream.</summary>
    /// <exception cref="StreamException">It is no completion.</exception>
    public static StreamPart.Chunk Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 64 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw ProviderStream.Malformed(null);
            return ProviderStream.ChunkOf(document.RootElement, json, "message");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw ProviderStream.Malformed(exception);
        }
    }
}
