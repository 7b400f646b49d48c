using Init.Chat.Store;

namespace Init.Chat.Http.Endpoints;

/// <summary>A user's own prompt: of the current branch, or of the one that is named.</summary>
internal static class PromptEndpoints
{
    public static void Map(ChatRouter router)
    {
        router.Map("GET", "/userdata/prompt/get/{user}", GetAsync);
        router.MapWrite("/userdata/prompt/set/{user}", SetAsync);
    }

    private static async Task GetAsync(ChatCall call)
    {
        string branch = await BranchEndpoints.BranchOfAsync(call, ItemKind.Prompt, await RequestInputs.ReadAsync(call));
        await ChatReply.TextAsync(call, await call.Services.Store.DocumentAsync(new ItemKey(ItemKind.Prompt, call.User, branch), call.Gone) ?? "");
    }

    private static async Task SetAsync(ChatCall call)
    {
        RequestInputs inputs = await RequestInputs.ReadAsync(call);
        string prompt = inputs.NeededText("prompt");
        inputs.Finish();
        string branch = await BranchEndpoints.BranchOfAsync(call, ItemKind.Prompt, inputs);
        await call.Services.Store.PutDocumentAsync(new ItemKey(ItemKind.Prompt, call.User, branch), prompt, call.Gone);
        await ChatReply.TextAsync(call, "Prompt set successfully");
    }
}
