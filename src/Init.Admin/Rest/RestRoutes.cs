using System.Reflection;
using Init.Admin.Events;
using Init.Admin.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Init.Admin.Rest;

/// <summary>Every path below /api/v1, or where else they are wanted. openapi.json beside this file describes them, and a test holds the one against the other.</summary>
public static class RestRoutes
{
    public const string Root = "/api/v1";

    /// <param name="routes">Where they are added.</param>
    /// <param name="root">In front of every path.</param>
    /// <param name="services">What they work with.</param>
    /// <param name="events">What happens.</param>
    public static void Map(IEndpointRouteBuilder routes, string root, AdminServices services, EventHub events)
    {
        Get("/programs", ProgramsApi.ListAsync);
        Get("/programs/{name}", ProgramsApi.GetAsync);
        Post("/programs/{name}/start", call => ProgramsApi.ActAsync(call, "start"));
        Post("/programs/{name}/stop", call => ProgramsApi.ActAsync(call, "stop"));
        Post("/programs/{name}/restart", call => ProgramsApi.ActAsync(call, "restart"));
        Post("/programs/{name}/signal", ProgramsApi.SignalAsync);
        Get("/programs/{name}/environment", ProgramsApi.EnvironmentAsync);
        Get("/programs/{name}/explanation", ProgramsApi.ExplainAsync);
        Get("/programs/{name}/logs/{stream}", LogsApi.ReadAsync);
        routes.MapDelete(root + "/programs/{name}/logs", Handler(ProgramsApi.ClearLogsAsync));

        Get("/groups", GroupsApi.ListAsync);
        Get("/groups/{name}", GroupsApi.GetAsync);
        Post("/groups/{name}/start", call => GroupsApi.ActAsync(call, "start"));
        Post("/groups/{name}/stop", call => GroupsApi.ActAsync(call, "stop"));
        Post("/groups/{name}/restart", call => GroupsApi.ActAsync(call, "restart"));
        Post("/groups/{name}/signal", GroupsApi.SignalAsync);

        Get("/events", call => EventsApi.FollowAsync(call, events));
        Post("/reread", ConfigApi.RereadAsync);
        Post("/update", ConfigApi.UpdateAsync);
        Get("/system", SystemApi.GetAsync);
        Get("/system/log", LogsApi.ReadOwnAsync);

        Get("/openapi.json", call => TextReply.WriteAsync(call.Context, "application/json", call.Services.Document.Value));

        void Get(string path, Func<RestCall, Task> answer) => routes.MapGet(root + path, Handler(answer));

        void Post(string path, Func<RestCall, Task> answer) => routes.MapPost(root + path, Handler(answer));

        RequestDelegate Handler(Func<RestCall, Task> answer) => context => answer(new RestCall(context, services));
    }

    /// <summary>What describes the paths that are mapped here.</summary>
    public static byte[] ReadDocument()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("openapi.json")!;
        using MemoryStream copy = new();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
