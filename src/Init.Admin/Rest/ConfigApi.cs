using Init.Control;

namespace Init.Admin.Rest;

/// <summary><c>/reread</c> and <c>/update</c>.</summary>
internal static class ConfigApi
{
    public static Task RereadAsync(RestCall call) => AnswerAsync(call, new ControlRequest.Reread());

    public static Task UpdateAsync(RestCall call) => AnswerAsync(call, new ControlRequest.Update());

    private static async Task AnswerAsync(RestCall call, ControlRequest request)
    {
        if (await call.AskAsync<ControlResult.Changes>(request) is { } changes)
            await call.AnswerAsync(new ChangeList(changes.Applied, changes.Items, changes.Warnings, changes.Groups), RestJson.Default.ChangeList);
    }
}
