using System.Collections.Immutable;
using System.Globalization;
using Init.Chat.Store;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http.Endpoints;

/// <summary>Messages of a context: read, withdrawn, rewritten, put in. Changes wait for their turn, so that none is lost beside a chat.</summary>
internal static class ContextEndpoints
{
    /// <summary>What a change may say it was worked out from; another one in the store: 409.</summary>
    private const string RevisionField = "revision", RevisionHeader = "X-Context-Revision";

    public static void Map(ChatRouter router)
    {
        router.Map("GET", "/userdata/context/get/{user}", GetAsync);
        router.Map("GET", "/userdata/context/length/{user}", LengthAsync);
        router.MapWrite("/userdata/context/withdraw/{user}", WithdrawAsync);
        router.MapWrite("/userdata/context/rewrite/{user}", RewriteAsync);
        router.MapWrite("/userdata/context/inject/{user}", InjectAsync);
        router.MapWrite("/userdata/context/set/{user}", SetAsync);
        router.Map("GET", "/userdata/context/settings/{user}", SettingsAsync);
        router.MapWrite("/userdata/context/settings/{user}", PutSettingsAsync);
    }

    private static async Task GetAsync(ChatCall call)
    {
        StoredContext context = await ReadAsync(call);
        call.Context.Response.Headers[RevisionHeader] = context.Revision.ToString(CultureInfo.InvariantCulture);
        await ChatReply.JsonAsync(call, json => MessageJson.WriteArray(json, context.Messages));
    }

    private static async Task LengthAsync(ChatCall call)
    {
        ImmutableArray<ChatMessage> messages = (await ReadAsync(call)).Messages;
        long total = messages.Sum(message => CodePoints.Count(message.Content) + CodePoints.Count(message.Reasoning));
        await ChatReply.JsonAsync(call, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("total_context_length", total);
            json.WriteNumber("context_length", messages.Length);
            json.WriteNumber("average_content_length", messages.IsEmpty ? 0 : (double)total / messages.Length);
            json.WriteEndObject();
        });
    }

    private static async Task WithdrawAsync(ChatCall call)
    {
        RequestInputs inputs = await RequestInputs.ReadAsync(call);
        bool isPaired = inputs.Has("context_pair_num") && !inputs.Has("index");
        long? number = isPaired ? inputs.NeededInteger("context_pair_num") : inputs.NeededInteger("index");
        await ChangeAsync(call, inputs, messages => isPaired ? ContextEdit.WithdrawPairs(messages, number!.Value) : ContextEdit.Withdraw(messages, number!.Value));
    }

    private static async Task RewriteAsync(ChatCall call)
    {
        RequestInputs inputs = await RequestInputs.ReadAsync(call);
        long? index = inputs.NeededInteger("index");
        await ChangeAsync(call, inputs, messages => ContextEdit.Rewrite(messages, index!.Value, inputs.Text("content") ?? "", inputs.Text("reasoning_content") ?? ""));
    }

    private static async Task InjectAsync(ChatCall call)
    {
        RequestInputs inputs = await RequestInputs.ReadAsync(call);
        string role = inputs.Text("role") is { Length: > 0 } said ? said : "user";
        string content = inputs.NeededText("content"), reasoning = inputs.Text("reasoning_content") ?? "";
        long? index = inputs.Integer("index");
        inputs.Finish();
        CompletionInputs.CheckRole(role);
        if (reasoning.Length > 0 && role != "assistant")
            throw new RefusedException(StatusCodes.Status400BadRequest, "Only assistant can have reasoning_content");
        ChatMessage message = new(role, content) { Reasoning = reasoning, Name = inputs.Text("role_name") is { Length: > 0 } name ? name : null };
        await ChangeAsync(call, inputs, messages => ContextEdit.Inject(messages, index, message));
    }

    private static async Task SetAsync(ChatCall call)
    {
        RequestInputs inputs = await RequestInputs.ReadAsync(call);
        string text = inputs.NeededText("messages");
        inputs.Finish();
        ImmutableArray<ChatMessage> all;
        try
        {
            all = MessageJson.ReadArray(text);
        }
        catch (MessageJsonException exception)
        {
            throw new RefusedException(StatusCodes.Status400BadRequest, $"messages: {exception.Message}");
        }

        await ChangeAsync(call, inputs, _ => all);
    }

    private static async Task SettingsAsync(ChatCall call) => await WriteSettingsAsync(call, (await ReadAsync(call)).Settings);

    /// <summary>What is not said stays; "" takes it away.</summary>
    private static async Task PutSettingsAsync(ChatCall call)
    {
        RequestInputs inputs = await RequestInputs.ReadAsync(call);
        IChatStore store = call.Services.Store;
        string branch = await BranchEndpoints.BranchOfAsync(call, ItemKind.Context, inputs);
        await using IAsyncDisposable turn = await store.EnterContextAsync(call.User, branch, call.Gone);
        BranchSettings old = (await store.ContextAsync(call.User, branch, call.Gone)).Settings;
        BranchSettings settings = new(Said("prompt", old.Prompt), Said("model_type", old.ModelType));
        if (settings.ModelType is { } type && settings.ModelType != old.ModelType)
            CompletionInputs.CheckModel(call, type);
        await store.PutBranchSettingsAsync(call.User, branch, settings, call.Gone);
        await WriteSettingsAsync(call, settings);

        string? Said(string field, string? otherwise) => inputs.Text(field) is not { } text ? otherwise : text.Length == 0 ? null : text;
    }

    private static Task WriteSettingsAsync(ChatCall call, BranchSettings settings) => ChatReply.JsonAsync(call, json =>
    {
        json.WriteStartObject();
        json.WriteString("prompt", settings.Prompt);
        json.WriteString("model_type", settings.ModelType);
        json.WriteEndObject();
    });

    private static async Task<StoredContext> ReadAsync(ChatCall call)
    {
        string branch = await BranchEndpoints.BranchOfAsync(call, ItemKind.Context, await RequestInputs.ReadAsync(call));
        return await call.Services.Store.ContextAsync(call.User, branch, call.Gone);
    }

    private static async Task ChangeAsync(ChatCall call, RequestInputs inputs, Func<ImmutableArray<ChatMessage>, ImmutableArray<ChatMessage>> change)
    {
        long? expected = inputs.Integer(RevisionField);
        inputs.Finish();
        IChatStore store = call.Services.Store;
        string branch = await BranchEndpoints.BranchOfAsync(call, ItemKind.Context, inputs);
        await using IAsyncDisposable turn = await store.EnterContextAsync(call.User, branch, call.Gone);
        StoredContext context = await store.ContextAsync(call.User, branch, call.Gone);
        ImmutableArray<ChatMessage> messages = expected is null || expected == context.Revision ? change(context.Messages) : throw Changed();
        if (messages.Length > call.Services.Options.ContextMessages)
            throw new RefusedException(StatusCodes.Status413PayloadTooLarge, $"a context has at most {call.Services.Options.ContextMessages} messages ([chat] context_messages)");
        if (!await store.PutContextAsync(call.User, branch, messages, context.Revision, call.Gone))
            throw Changed();
        await ChatReply.JsonAsync(call, json => MessageJson.WriteArray(json, messages));
    }

    private static RefusedException Changed() => new(StatusCodes.Status409Conflict, "the context has changed meanwhile: read it again");
}
