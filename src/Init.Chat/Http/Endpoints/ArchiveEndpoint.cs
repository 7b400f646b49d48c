using Init.Chat.Transfer;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http.Endpoints;

/// <summary>What is kept about a user, as the original's archive with every branch besides.</summary>
internal static class ArchiveEndpoint
{
    public static void Map(ChatRouter router) => router.Map("GET", "/userdata/file/{user}.zip", GetAsync);

    private static async Task GetAsync(ChatCall call)
    {
        call.Context.Response.ContentType = "application/zip";
        call.Context.Response.Headers.XContentTypeOptions = "nosniff";
        if (!HttpMethods.IsHead(call.Context.Request.Method))
            await UserExport.WriteAsync(call.Services.Store, call.User, call.Context.Response.Body, call.Gone);
    }
}
