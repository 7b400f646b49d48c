using Init.Chat.Providers;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http.Endpoints;

/// <summary>What only the administrator may: by the key of the header, or by the administration socket.</summary>
internal static class AdminEndpoints
{
    private const string Header = "X-Admin-API-Key";

    public static void Map(ChatRouter router)
    {
        router.MapWrite("/admin/reload/apiinfo", ReloadAsync, RouteAccess.Anyone);
        router.MapWrite("/admin/regenerate/admin_key", RegenerateAsync, RouteAccess.Anyone);
    }

    private static async Task ReloadAsync(ChatCall call)
    {
        Check(call);
        switch (ModelFile.Read(call.Services.Options.ModelsFile))
        {
            case ModelList.Read read:
                call.Services.Upstream.Replace(read.Models);
                await ChatReply.JsonAsync(call, json =>
                {
                    json.WriteStartObject();
                    json.WriteString("detail", "Apiinfo reloaded");
                    json.WriteEndObject();
                });
                break;
            case ModelList.Refused refused:
                throw new RefusedException(StatusCodes.Status400BadRequest, $"nothing has changed, for the list of models cannot be used: {string.Join("; ", refused.Problems)}");
        }
    }

    private static async Task RegenerateAsync(ChatCall call)
    {
        Check(call);
        string key = await call.Services.AdminKey.RegenerateAsync(call.Gone);
        call.Context.Response.Headers.CacheControl = "no-store";
        await ChatReply.JsonAsync(call, json =>
        {
            json.WriteStartObject();
            json.WriteString("detail", "Admin key regenerated");
            json.WriteString("admin_key", key);
            json.WriteEndObject();
        });
    }

    private static void Check(ChatCall call)
    {
        if (call.Door == ChatDoor.Administration)
            return;
        if (call.Context.Request.Headers[Header] is not [{ } key])
            throw new InputsRefusedException([InputProblem.Missing("header", Header)]);
        if (!call.Services.AdminKey.Fits(key))
            throw new RefusedException(StatusCodes.Status401Unauthorized, "Invalid API key");
    }
}
