using System.IO.Compression;
using System.Text.Json;
using Init.Chat.Store;

namespace Init.Chat.Transfer;

/// <summary>
/// Everything of a user as a zip: the original's <c>user_context.json</c>, <c>user_config.json</c> and <c>user_prompt.json</c> with the current branches, then every branch below <c>branches/</c>, and <c>metadata.json</c> with
/// their exact names. Stored and not compressed, JSON with an indent of 4, letters as they are.
/// </summary>
/// <remarks>
/// Where there is nothing the original would have written <c>{}</c> for a context and <c>[]</c> for a configuration. Here an empty one is of the type that a full one is: <c>[]</c>, <c>{}</c> and <c>""</c>.
/// </remarks>
public static class UserExport
{
    /// <summary>Of <c>metadata.json</c>.</summary>
    private const int Format = 1;

    private static readonly JsonWriterOptions Pretty = MessageJson.Compact with { Indented = true, IndentSize = 4 };

    /// <summary>Holds one branch at a time, and the names of all.</summary>
    /// <param name="store">Is read branch by branch; what is changed meanwhile is in it or is not.</param>
    /// <param name="user">An unknown one has a zip of empty files, as the original meant.</param>
    /// <param name="output">Written to in order; need not be able to go back.</param>
    /// <param name="cancellation">The zip is not whole then.</param>
    public static async Task WriteAsync(IChatStore store, string user, Stream output, CancellationToken cancellation)
    {
        await using ZipWindow window = new();
        using (ZipArchive zip = new(window, ZipArchiveMode.Create, leaveOpen: true))
        {
            async Task AddAsync(string name, Action<Utf8JsonWriter> write)
            {
                await using (Stream entry = zip.CreateEntry(name, CompressionLevel.NoCompression).Open())
                await using (Utf8JsonWriter writer = new(entry, Pretty))
                    write(writer);
                await window.SendAsync(output, cancellation);
            }

            Dictionary<ItemKind, string> current = [];
            foreach (ItemKind kind in new[] { ItemKind.Context, ItemKind.Config, ItemKind.Prompt })
            {
                current[kind] = await store.CurrentBranchAsync(kind, user, cancellation);
                var (write, _) = await ContentAsync(store, new ItemKey(kind, user, current[kind]), cancellation);
                await AddAsync($"user_{OriginalLayout.NameOf(kind)}.json", write);
            }

            List<(ItemKind Kind, string Name, string File, BranchSettings Settings)> branches = [];
            foreach (ItemKind kind in OriginalLayout.Kinds)
            {
                foreach (BranchInfo branch in await store.BranchesAsync(kind, user, cancellation))
                {
                    var (write, settings) = await ContentAsync(store, new ItemKey(kind, user, branch.Name), cancellation);
                    string file = $"branches/{OriginalLayout.NameOf(kind)}/{ZipNames.Of(branch.Name)}.json";
                    await AddAsync(file, write);
                    branches.Add((kind, branch.Name, file, settings));
                }
            }

            await AddAsync("metadata.json", writer => WriteMetadata(writer, user, current, branches));
        }

        await window.SendAsync(output, cancellation); // The directory.
        await output.FlushAsync(cancellation);
    }

    private static async Task<(Action<Utf8JsonWriter> Write, BranchSettings Settings)> ContentAsync(IChatStore store, ItemKey key, CancellationToken cancellation)
    {
        if (key.Kind == ItemKind.Context)
        {
            StoredContext context = await store.ContextAsync(key.User, key.Branch, cancellation);
            return (writer => MessageJson.WriteArray(writer, context.Messages), context.Settings);
        }

        string? text = await store.DocumentAsync(key, cancellation);
        BranchSettings none = new(null, null);
        return key.Kind == ItemKind.Prompt ? (writer => writer.WriteStringValue(text ?? ""), none) : (writer => WriteObject(writer, text ?? "{}"), none);
    }

    private static void WriteObject(Utf8JsonWriter writer, string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        document.RootElement.WriteTo(writer);
    }

    private static void WriteMetadata(
        Utf8JsonWriter writer, string user, Dictionary<ItemKind, string> current, List<(ItemKind Kind, string Name, string File, BranchSettings Settings)> branches)
    {
        writer.WriteStartObject();
        writer.WriteNumber("format", Format);
        writer.WriteString("user", user);
        writer.WriteStartObject("current");
        foreach (var (kind, branch) in current)
            writer.WriteString(OriginalLayout.NameOf(kind), branch);
        writer.WriteEndObject();
        writer.WriteStartArray("branches");
        foreach (var (kind, name, file, settings) in branches)
        {
            writer.WriteStartObject();
            writer.WriteString("kind", OriginalLayout.NameOf(kind));
            writer.WriteString("name", name);
            writer.WriteString("file", file);
            if (settings.Prompt is not null)
                writer.WriteString("prompt", settings.Prompt);
            if (settings.ModelType is not null)
                writer.WriteString("model_type", settings.ModelType);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
