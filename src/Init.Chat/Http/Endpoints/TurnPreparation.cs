using System.Collections.Immutable;
using Init.Chat.Generation;
using Init.Chat.Store;
using Init.Chat.Variables;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http.Endpoints;

/// <summary>Puts together what a provider is asked, from what the request says and what is kept.</summary>
internal sealed class TurnPreparation(ChatCall call, CompletionInputs inputs)
{
    private readonly ChatServices _services = call.Services;
    private readonly IChatStore _store = call.Services.Store;

    /// <summary>The request for the generator; its turn is held, and belongs to whoever gets it.</summary>
    public async Task<GenerationRequest> PrepareAsync()
    {
        long began = NanosecondsNow();
        string branch = await _store.CurrentBranchAsync(ItemKind.Context, call.User, call.Gone);
        IAsyncDisposable? turn = inputs.Saves ? await _store.EnterContextAsync(call.User, branch, call.Gone) : null;
        try
        {
            return await PrepareAsync(began, branch, turn);
        }
        catch
        {
            if (turn is not null)
                await turn.DisposeAsync();
            throw;
        }
    }

    private async Task<GenerationRequest> PrepareAsync(long began, string branch, IAsyncDisposable? turn)
    {
        long prepared = NanosecondsNow();
        StoredContext own = await _store.ContextAsync(call.User, branch, call.Gone);
        UserConfig config = await VariableEndpoints.ConfigOfAsync(call, call.User);
        string type = inputs.ModelType ?? own.Settings.ModelType ?? config.ModelType ?? _services.Options.ModelType;
        CompletionInputs.CheckModel(call, type);

        // Of another user: what was said there and its prompt. What is said now is appended to one's own.
        StoredContext source = inputs.ReferenceId is { } other ? await _store.ContextAsync(other, await _store.CurrentBranchAsync(ItemKind.Context, other, call.Gone), call.Gone) : own;
        string userName = _services.Texts.NameOf(call.User, inputs.UserName);
        VariableExpander expander = VariableEndpoints.Expander(call, config, userName, type);
        string prompt = inputs.LoadsPrompt ? await PromptAsync(inputs.ReferenceId ?? call.User, inputs.ReferenceId is null ? config : await VariableEndpoints.ConfigOfAsync(call, inputs.ReferenceId), source.Settings) : "";
        if (prompt.Length > 0)
            prompt = BlankLines.Limit(expander.Expand(prompt).Text);

        ImmutableArray<ChatMessage> said = Said(expander, userName);
        CheckRoom(Math.Max(own.Messages.Length, source.Messages.Length) + said.Length + 1);
        ImmutableArray<ChatMessage> messages = [.. prompt.Length > 0 ? [new ChatMessage("system", prompt)] : ImmutableArray<ChatMessage>.Empty, .. source.Messages, .. said];
        if (messages.IsEmpty)
            throw new RefusedException(StatusCodes.Status400BadRequest, inputs.Continues ? "there is nothing to continue: the context is empty" : "there is nothing to send: message, context and prompt are empty");

        return new GenerationRequest
        {
            User = call.User,
            UserName = userName,
            Branch = inputs.Saves ? branch : null,
            Messages = messages,
            Said = said,
            ModelType = type,
            Parameters = config.Parameters(_services.Options),
            KeyId = call.KeyId,
            Turn = turn,
            TaskStartTime = began,
            CallPrepareStartTime = prepared,
        };
    }

    /// <summary>Nothing when an answer is continued, or nothing was said.</summary>
    private ImmutableArray<ChatMessage> Said(VariableExpander expander, string userName)
    {
        string text = inputs.Continues ? "" : BlankLines.Limit(expander.Expand(inputs.Message).Text);
        if (text.Length == 0)
            return [];
        string? name = inputs.RoleName ?? (inputs.ReferenceId is not null && userName.Length > 0 ? userName : null);
        return [new ChatMessage(inputs.Role, text) { Name = name }];
    }

    /// <summary>The branch's own, else the user's own, else the preset that the user has chosen, else the one of the options.</summary>
    private async Task<string> PromptAsync(string user, UserConfig config, BranchSettings settings)
    {
        if (settings.Prompt is { Length: > 0 } ofBranch)
            return ofBranch;
        string branch = await _store.CurrentBranchAsync(ItemKind.Prompt, user, call.Gone);
        if (await _store.DocumentAsync(new ItemKey(ItemKind.Prompt, user, branch), call.Gone) is { Length: > 0 } own)
            return own;
        return _services.Texts.Preset(config.Preset ?? _services.Options.Preset) ?? "";
    }

    private void CheckRoom(int messages)
    {
        int max = _services.Options.ContextMessages;
        if (messages > max)
            throw new RefusedException(StatusCodes.Status413PayloadTooLarge, $"the context is full: it has at most {max} messages ([chat] context_messages); withdraw some, delete it, or change to another branch");
    }

    private long NanosecondsNow() => (_services.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
}
