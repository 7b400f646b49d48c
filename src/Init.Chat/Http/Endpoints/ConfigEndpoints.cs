using System.Text.Json;
using System.Text.Json.Nodes;
using Init.Chat.Store;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http.Endpoints;

/// <summary>A user's configuration. A value says its type in the path, in a field, or by being JSON.</summary>
internal static class ConfigEndpoints
{
    private const int KeysMax = 256, KeyLengthMax = 200, LengthMax = 64 << 10;

    public static void Map(ChatRouter router)
    {
        router.Map("GET", "/userdata/config/get/{user}", GetAsync);
        router.MapWrite("/userdata/config/set/{user}", SetAsync);
        router.MapWrite("/userdata/config/set/{user}/{type}", SetAsync);
        router.MapWrite("/userdata/config/delkey/{user}", DeleteKeyAsync);
    }

    private static async Task GetAsync(ChatCall call)
    {
        string branch = await BranchEndpoints.BranchOfAsync(call, ItemKind.Config, await RequestInputs.ReadAsync(call));
        await WriteAsync(call, UserConfig.ParseObject(await call.Services.Store.DocumentAsync(new ItemKey(ItemKind.Config, call.User, branch), call.Gone)));
    }

    private static async Task SetAsync(ChatCall call)
    {
        RequestInputs inputs = await RequestInputs.ReadAsync(call);
        Dictionary<string, JsonNode?> values = inputs.Has("config") && !inputs.Has("key") ? ReadObject(inputs.Text("config")!) : ReadOne(call, inputs);
        foreach (var (key, value) in values)
        {
            if (key.Length is 0 or > KeyLengthMax)
                throw new RefusedException(StatusCodes.Status400BadRequest, $"a key has 1 to {KeyLengthMax} characters");
            ConfigValue.Check(key, value);
        }

        await ChangeAsync(call, inputs, config =>
        {
            foreach (var (key, value) in values)
                config[key] = value?.DeepClone();
        });
    }

    private static async Task DeleteKeyAsync(ChatCall call)
    {
        RequestInputs inputs = await RequestInputs.ReadAsync(call);
        string key = inputs.NeededText("key");
        inputs.Finish();
        await ChangeAsync(call, inputs, config =>
        {
            if (!config.Remove(key))
                throw new RefusedException(StatusCodes.Status400BadRequest, "Key not found");
        });
    }

    private static Dictionary<string, JsonNode?> ReadOne(ChatCall call, RequestInputs inputs)
    {
        string key = inputs.NeededText("key");
        string? type = call.ValueOrNull("type") ?? inputs.Text("type");
        if (type != "null" && !inputs.Has("value"))
            _ = inputs.NeededText("value");
        inputs.Finish();

        // {"key": "stop", "value": {"type": "list", "value": ["a"]}} is a later version's; {"key": "stop", "value": ["a"]} needs no type.
        JsonElement? json = inputs.Json("value");
        if (type is null && json is { ValueKind: JsonValueKind.Object } typed && typed.TryGetProperty("type", out JsonElement said) && said.ValueKind == JsonValueKind.String && typed.TryGetProperty("value", out JsonElement inner))
        {
            type = said.GetString();
            json = inner;
        }

        string text = json is { } element ? (element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText()) : inputs.Text("value") ?? "";
        return new() { [key] = ConfigValue.Convert(type ?? (json is { ValueKind: not JsonValueKind.String } ? "raw" : "string"), text) };
    }

    /// <summary>The README's form: an object, which is put over what there is.</summary>
    private static Dictionary<string, JsonNode?> ReadObject(string text)
    {
        if (ConfigValue.Convert("dict", text) is not JsonObject values)
            return [];
        return values.ToDictionary(entry => entry.Key, entry => entry.Value);
    }

    /// <summary>Changes of one configuration wait for each other: by the turn of a context that no user names so.</summary>
    private static async Task ChangeAsync(ChatCall call, RequestInputs inputs, Action<JsonObject> change)
    {
        IChatStore store = call.Services.Store;
        ItemKey key = new(ItemKind.Config, call.User, await BranchEndpoints.BranchOfAsync(call, ItemKind.Config, inputs));
        await using IAsyncDisposable turn = await store.EnterContextAsync(call.User, $"\u0001config\u0001{key.Branch}", call.Gone);
        JsonObject config = UserConfig.ParseObject(await store.DocumentAsync(key, call.Gone));
        change(config);
        string text = ToText(config);
        if (config.Count > KeysMax || text.Length > LengthMax)
            throw new RefusedException(StatusCodes.Status413PayloadTooLarge, $"a configuration has at most {KeysMax} keys and {LengthMax >> 10} KiB");
        await store.PutDocumentAsync(key, text, call.Gone);
        await WriteAsync(call, config);
    }

    private static string ToText(JsonObject config) => System.Text.Encoding.UTF8.GetString(ChatReply.ToJson(json => config.WriteTo(json)));

    private static Task WriteAsync(ChatCall call, JsonObject config) => ChatReply.JsonAsync(call, json => config.WriteTo(json));
}
