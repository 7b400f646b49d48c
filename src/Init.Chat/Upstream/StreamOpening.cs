using Init.Chat.Providers;

namespace Init.Chat.Upstream;

/// <summary>What the first bytes of a stream of events say about it.</summary>
internal abstract record StreamOpening
{
    private StreamOpening()
    {
    }

    /// <summary>Comments, or a piece that says only who speaks: what follows may still be an error.</summary>
    public sealed record Unknown : StreamOpening;

    /// <summary>The answer has begun.</summary>
    public sealed record Begun : StreamOpening;

    /// <summary>An error stands where the answer should.</summary>
    public sealed record Failed(ProviderError Error) : StreamOpening;

    /// <param name="text">All that has come.</param>
    /// <exception cref="StreamException">It is no stream of an answer.</exception>
    public static StreamOpening Of(ReadOnlySpan<byte> text)
    {
        string kind = "";
        List<byte> data = [];
        while (NextLine(ref text, out ReadOnlySpan<byte> line))
        {
            if (line.IsEmpty)
            {
                StreamPart? part = ProviderStream.PartOf(kind, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(data));
                if (part is StreamPart.Failed failed)
                    return new Failed(new ProviderError(failed.Message, failed.Code ?? "", null, System.Text.Encoding.UTF8.GetString([.. data])));
                if (part is StreamPart.Ended || part is StreamPart.Chunk { HasToolCalls: true } || part is StreamPart.Chunk chunk && (chunk.Content.Length > 0 || chunk.Reasoning.Length > 0 || chunk.FinishReason is not null))
                    return new Begun();
                kind = "";
                data.Clear();
            }
            else if (Field(line, "data:"u8, out ReadOnlySpan<byte> value))
            {
                if (data.Count > 0)
                    data.Add((byte)'\n');
                data.AddRange(value);
            }
            else if (Field(line, "event:"u8, out value))
            {
                kind = System.Text.Encoding.UTF8.GetString(value);
            }
        }

        return new Unknown();
    }

    private static bool NextLine(ref ReadOnlySpan<byte> text, out ReadOnlySpan<byte> line)
    {
        int end = text.IndexOfAny((byte)'\r', (byte)'\n');
        line = end < 0 ? default : text[..end];
        if (end < 0)
            return false;
        text = text[(text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? end + 2 : end + 1)..];
        return true;
    }

    private static bool Field(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (!line.StartsWith(name))
            return false;
        value = line[name.Length..];
        if (value.StartsWith(" "u8))
            value = value[1..];
        return true;
    }
}
