using System.IO.Compression;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Init.Chat.Store;

namespace Init.Chat.Http.Endpoints;

/// <summary>What is kept about a user, as the original's archive: three files of the current branches, stored without compression. With <c>?all=true</c>, every branch besides.</summary>
internal static class ArchiveEndpoint
{
    private static readonly JsonWriterOptions Pretty = new() { Indented = true, IndentSize = 4, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Map(ChatRouter router) => router.Map("GET", "/userdata/file/{user}.zip", GetAsync);

    private static async Task GetAsync(ChatCall call)
    {
        RequestInputs inputs = await RequestInputs.ReadAsync(call);
        bool isAll = inputs.Flag("all", otherwise: false);
        inputs.Finish();
        IChatStore store = call.Services.Store;
        List<(string Name, byte[] Content)> members = [];
        foreach (var (kind, name) in new[] { (ItemKind.Context, "user_context"), (ItemKind.Config, "user_config"), (ItemKind.Prompt, "user_prompt") })
            members.Add(($"{name}.json", await ContentAsync(call, new ItemKey(kind, call.User, await store.CurrentBranchAsync(kind, call.User, call.Gone)))));
        if (isAll)
        {
            foreach (ItemKind kind in Enum.GetValues<ItemKind>())
            {
                int number = 0;
                foreach (BranchInfo branch in await store.BranchesAsync(kind, call.User, call.Gone))
                    members.Add(($"branches/{kind}/{++number:D4} {FileName(branch.Name)}.json", await ContentAsync(call, new ItemKey(kind, call.User, branch.Name))));
            }
        }

        using MemoryStream archive = new();
        using (ZipArchive zip = new(archive, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in members)
            {
                await using Stream entry = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
                await entry.WriteAsync(content, call.Gone);
            }
        }

        await ChatReply.BytesAsync(call.Context, "application/zip", archive.GetBuffer().AsMemory(0, (int)archive.Length), 200);
    }

    private static async Task<byte[]> ContentAsync(ChatCall call, ItemKey key)
    {
        IChatStore store = call.Services.Store;
        switch (key.Kind)
        {
            case ItemKind.Context:
                StoredContext context = await store.ContextAsync(key.User, key.Branch, call.Gone);
                return ToJson(json =>
                {
                    if (context.Messages.IsEmpty)
                        WriteEmpty(json, isObject: true); // The original's, and not a list.
                    else
                        MessageJson.WriteArray(json, context.Messages);
                });
            case ItemKind.Config:
                JsonObject config = UserConfig.ParseObject(await store.DocumentAsync(key, call.Gone));
                return ToJson(json =>
                {
                    if (config.Count == 0)
                        WriteEmpty(json, isObject: false); // Likewise.
                    else
                        config.WriteTo(json);
                });
            default:
                string prompt = await store.DocumentAsync(key, call.Gone) ?? "";
                return ToJson(json => json.WriteStringValue(prompt));
        }
    }

    /// <summary>A branch may be called anything; a file of an archive may not.</summary>
    private static string FileName(string branch) => new([.. branch.Take(100).Select(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' || (character > '\x9f' && !char.IsSurrogate(character)) ? character : '_')]);

    private static void WriteEmpty(Utf8JsonWriter json, bool isObject)
    {
        if (isObject)
        {
            json.WriteStartObject();
            json.WriteEndObject();
        }
        else
        {
            json.WriteStartArray();
            json.WriteEndArray();
        }
    }

    private static byte[] ToJson(Action<Utf8JsonWriter> write)
    {
        using MemoryStream content = new();
        using (Utf8JsonWriter json = new(content, Pretty))
            write(json);
        return content.ToArray();
    }
}
