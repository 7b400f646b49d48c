using System.Collections.Immutable;
using Init.Chat.Store;
using Init.Chat.Variables;

namespace Init.Chat.Http.Endpoints;

/// <summary>What a text becomes when its variables are put in.</summary>
internal static class VariableEndpoints
{
    public static void Map(ChatRouter router) => router.MapWrite("/userdata/variable/expand/{user}", ExpandAsync);

    /// <param name="call">Whose.</param>
    /// <param name="config">Of that user.</param>
    /// <param name="userName">What the user is called.</param>
    /// <param name="modelType">Of the answer to come; "nomodel" when there is none.</param>
    public static VariableExpander Expander(ChatCall call, UserConfig config, string userName, string modelType)
    {
        ChatServices services = call.Services;
        VariableSubject subject = new(call.User, userName, modelType, config.TimeZone(services.Options.TimeZone));
        ImmutableDictionary<string, Variable> variables = BuiltInVariables.For(subject, new VariableBot(services.Options.BotName, services.Options.Birthday, services.Version), services.Time.GetUtcNow(), Random.Shared);
        return new VariableExpander(variables, (int)Math.Min(services.Options.BodyLimit.Bytes, VariableExpander.CharactersMaxDefault));
    }

    public static async Task<UserConfig> ConfigOfAsync(ChatCall call, string user)
    {
        IChatStore store = call.Services.Store;
        string branch = await store.CurrentBranchAsync(ItemKind.Config, user, call.Gone);
        return UserConfig.Parse(await store.DocumentAsync(new ItemKey(ItemKind.Config, user, branch), call.Gone));
    }

    private static async Task ExpandAsync(ChatCall call)
    {
        RequestInputs inputs = await RequestInputs.ReadAsync(call);
        string name = inputs.NeededText("username"), text = inputs.NeededText("text");
        inputs.Finish();
        UserConfig config = await ConfigOfAsync(call, call.User);
        await ChatReply.TextAsync(call, Expander(call, config, name, "nomodel").Expand(text).Text);
    }
}
