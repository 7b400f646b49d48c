using System.Collections.Immutable;
using Init.Chat.Store;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http.Endpoints;

/// <summary>What contexts, prompts and configurations have in common: users, and branches.</summary>
/// <param name="kind">Of what.</param>
/// <param name="path">"context", "prompt", "config".</param>
/// <param name="word">In confirmations: "Context".</param>
internal sealed class BranchEndpoints(ItemKind kind, string path, string word)
{
    public void Map(ChatRouter router)
    {
        string root = $"/userdata/{path}";
        router.Map("GET", $"{root}/userlist", UsersAsync, RouteAccess.AnyKey);
        router.Map("GET", $"{root}/branch/{{user}}", BranchesAsync);
        router.Map("GET", $"{root}/now_branch/{{user}}", CurrentAsync);
        router.Map("GET", $"{root}/info/{{user}}", InfoAsync);
        router.MapWrite($"{root}/change/{{user}}", ChangeAsync);
        router.MapWrite($"{root}/clone/{{user}}", CloneAsync);
        router.MapWrite($"{root}/rename/{{user}}", RenameAsync);
        router.Map("DELETE", $"{root}/delete/{{user}}", DeleteAsync);
    }

    /// <summary>The branch that a request names, else the current one.</summary>
    public static async Task<string> BranchOfAsync(ChatCall call, ItemKind kind, RequestInputs? inputs = null, string field = "branch_id")
    {
        if (inputs?.Text(field) is not { Length: > 0 } branch)
            return await call.Services.Store.CurrentBranchAsync(kind, call.User, call.Gone);
        Names.Check("branch id", branch);
        return branch;
    }

    private async Task UsersAsync(ChatCall call)
    {
        ImmutableArray<string> users = await call.Services.Store.UsersAsync(kind, call.Gone);
        await WriteNamesAsync(call, users.Where(call.MayActFor));
    }

    private async Task BranchesAsync(ChatCall call)
    {
        ImmutableArray<BranchInfo> branches = await call.Services.Store.BranchesAsync(kind, call.User, call.Gone);
        await WriteNamesAsync(call, branches.Select(branch => branch.Name));
    }

    private async Task CurrentAsync(ChatCall call) => await ChatReply.TextAsync(call, await call.Services.Store.CurrentBranchAsync(kind, call.User, call.Gone));

    private async Task InfoAsync(ChatCall call)
    {
        ImmutableArray<BranchInfo> branches = await call.Services.Store.BranchesAsync(kind, call.User, call.Gone);
        string current = await call.Services.Store.CurrentBranchAsync(kind, call.User, call.Gone);
        await ChatReply.JsonAsync(call, json =>
        {
            json.WriteStartArray();
            foreach (BranchInfo branch in branches)
            {
                json.WriteStartObject();
                json.WriteString("branch_id", branch.Name);
                json.WriteBoolean("current", branch.Name == current);
                json.WriteNumber("length", branch.Length);
                json.WriteString("changed", branch.Changed);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
    }

    private async Task ChangeAsync(ChatCall call)
    {
        RequestInputs inputs = await RequestInputs.ReadAsync(call);
        string branch = NewBranch(inputs);
        await call.Services.Store.SelectBranchAsync(new ItemKey(kind, call.User, branch), call.Gone);
        await ChatReply.TextAsync(call, $"{word} changed successfully");
    }

    private async Task CloneAsync(ChatCall call)
    {
        RequestInputs inputs = await RequestInputs.ReadAsync(call);
        string to = NewBranch(inputs);
        ItemKey from = new(kind, call.User, await BranchOfAsync(call, kind, inputs));
        Check(await call.Services.Store.CloneAsync(from, to, call.Gone));
        await ChatReply.TextAsync(call, $"{word} cloned successfully");
    }

    private async Task RenameAsync(ChatCall call)
    {
        RequestInputs inputs = await RequestInputs.ReadAsync(call);
        string to = NewBranch(inputs);
        ItemKey from = new(kind, call.User, await BranchOfAsync(call, kind, inputs));
        await using IAsyncDisposable? turn = kind == ItemKind.Context ? await call.Services.Store.EnterContextAsync(call.User, from.Branch, call.Gone) : null;
        Check(await call.Services.Store.RenameAsync(from, to, call.Gone));
        await ChatReply.TextAsync(call, $"{word} renamed successfully");
    }

    private async Task DeleteAsync(ChatCall call)
    {
        string branch = await BranchOfAsync(call, kind, await RequestInputs.ReadAsync(call));
        await using IAsyncDisposable? turn = kind == ItemKind.Context ? await call.Services.Store.EnterContextAsync(call.User, branch, call.Gone) : null;
        await call.Services.Store.DeleteAsync(new ItemKey(kind, call.User, branch), call.Gone);
        await ChatReply.TextAsync(call, $"{word} deleted successfully");
    }

    private static string NewBranch(RequestInputs inputs)
    {
        string branch = inputs.NeededText("new_branch_id");
        inputs.Finish();
        Names.Check("branch id", branch);
        return branch;
    }

    private static void Check(BranchOutcome outcome)
    {
        if (outcome == BranchOutcome.Missing)
            throw new RefusedException(StatusCodes.Status404NotFound, "Branch not found");
        if (outcome == BranchOutcome.Exists)
            throw new RefusedException(StatusCodes.Status409Conflict, "there is a branch of this name already");
    }

    private static Task WriteNamesAsync(ChatCall call, IEnumerable<string> names) => ChatReply.JsonAsync(call, json =>
    {
        json.WriteStartArray();
        foreach (string name in names)
            json.WriteStringValue(name);
        json.WriteEndArray();
    });
}
