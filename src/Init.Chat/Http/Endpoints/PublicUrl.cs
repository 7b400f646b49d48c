using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http.Endpoints;

/// <summary>Addresses as the client sees them. The gateway's word about that is taken: only it comes in by the published door.</summary>
internal static class PublicUrl
{
    public static string Of(ChatCall call, string path)
    {
        HttpRequest request = call.Context.Request;
        if (call.Door != ChatDoor.Published)
            return $"http://{request.Host.Value}{path}";
        string scheme = Said("X-Forwarded-Proto") is "https" ? "https" : "http";
        return $"{scheme}://{Said("X-Forwarded-Host") ?? request.Host.Value}{call.Services.Options.Publish}{path}";

        string? Said(string header) => request.Headers[header] is [{ Length: > 0 } value, ..] ? value : null;
    }
}
