using Init.Chat.Rendering;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http.Endpoints;

/// <summary>POST /render/{user}: any text as a picture, as the original's successor has it.</summary>
internal static class RenderEndpoint
{
    public static void Map(ChatRouter router) => router.MapWrite("/render/{user}", RenderAsync);

    private static async Task RenderAsync(ChatCall call)
    {
        RequestInputs inputs = await RequestInputs.ReadAsync(call);
        string text = inputs.NeededText("text");
        string? style = inputs.Text("style") is { Length: > 0 } said ? said : null;
        long? seconds = inputs.Integer("timeout");
        inputs.Finish();
        if (style is not null && RenderStyle.Find(style) is null)
            throw new RefusedException(StatusCodes.Status400BadRequest, "Invalid style");

        style ??= (await VariableEndpoints.ConfigOfAsync(call, call.User)).RenderStyle;
        TimeSpan? kept = seconds is { } given ? TimeSpan.FromSeconds(Math.Clamp(given, 1, (long)RenderOptions.KeptMax.TotalSeconds)) : null;
        RenderedPicture picture = await call.Services.Renderer.RenderAsync(new RenderRequest { Content = text, Style = style, Kept = kept }, call.Gone);
        await ChatReply.JsonAsync(call, json =>
        {
            json.WriteStartObject();
            json.WriteString("image_url", PublicUrl.Of(call, $"/file/render/{picture.FileId}.png"));
            json.WriteString("file_uuid", picture.FileId);
            json.WriteString("style", picture.Style);
            json.WriteNumber("timeout", picture.Kept.TotalSeconds);
            json.WriteString("text", text);
            json.WriteNumber("create", picture.Created.ToUnixTimeSeconds());
            json.WriteNumber("create_ms", picture.Created.ToUnixTimeMilliseconds());
            json.WriteEndObject();
        });
    }
}
