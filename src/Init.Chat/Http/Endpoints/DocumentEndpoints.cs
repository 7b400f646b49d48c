using System.Reflection;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http.Endpoints;

/// <summary>What the API says about itself.</summary>
internal static class DocumentEndpoints
{
    private static readonly Lazy<byte[]> OpenApi = new(() => Read("openapi-chat.json"));

    public static void Map(ChatRouter router)
    {
        router.Map("GET", "/openapi.json", call => ChatReply.BytesAsync(call.Context, ChatReply.Json, OpenApi.Value, StatusCodes.Status200OK), RouteAccess.Anyone);
        foreach (string path in new[] { "/docs", "/redoc" })
            router.Map("GET", path, call => ChatReply.TextAsync(call, ChatDocument.Page(OpenApi.Value), "text/html; charset=utf-8"), RouteAccess.Anyone);
        router.Map("GET", "/readme.md", call => ChatReply.TextAsync(call, ChatDocument.Markdown(OpenApi.Value), "text/markdown; charset=utf-8"), RouteAccess.Anyone);
        router.Map("GET", "/favicon.ico", _ => throw new RefusedException(StatusCodes.Status404NotFound, "File not found"), RouteAccess.Anyone);
    }

    private static byte[] Read(string name)
    {
        using Stream resource = Assembly.GetExecutingAssembly().GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not in the assembly");
        using MemoryStream bytes = new();
        resource.CopyTo(bytes);
        return bytes.ToArray();
    }
}
