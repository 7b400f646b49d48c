using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Init.Admin.Events;
using Init.Admin.Http;
using Init.Admin.Rest;
using Init.Admin.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Init.Admin.Tests.Rest;

/// <summary>The document says what is there: each route and each property of each body, no more and no less.</summary>
public sealed class OpenApiTests
{
    private static readonly JsonElement Document = ReadDocument();

    [Fact]
    public async Task Paths_AreTheRoutes()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        await using WebApplication server = builder.Build();
        FakeSupervisor supervisor = new();
        await using EventHub events = new(supervisor, TimeProvider.System);
        AdminRoutes.Map(server, new AdminServices(supervisor, "1"), events);

        IEnumerable<string> routes = ((IEndpointRouteBuilder)server).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith(RestRoutes.Root, StringComparison.Ordinal))
            .Select(endpoint => $"{endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Single()} {endpoint.RoutePattern.RawText![RestRoutes.Root.Length..]}");
        IEnumerable<string> documented =
            from path in Document.GetProperty("paths").EnumerateObject()
            from method in path.Value.EnumerateObject()
            where method.Name != "parameters"
            select $"{method.Name.ToUpperInvariant()} {path.Name}";

        Assert.Equal(routes.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Schemas_HaveThePropertiesOfTheBodies()
    {
        JsonElement schemas = Document.GetProperty("components").GetProperty("schemas");
        HashSet<string> seen = [];
        foreach (JsonTypeInfo type in new JsonTypeInfo[]
        {
            RestJson.Default.Problem, RestJson.Default.ActionBody, RestJson.Default.SignalBody, RestJson.Default.ProgramList, RestJson.Default.ProgramStatus,
            RestJson.Default.OutcomeList, RestJson.Default.Outcome, RestJson.Default.EnvironmentNames, RestJson.Default.EnvironmentName, RestJson.Default.GroupList,
            RestJson.Default.GroupInfo, RestJson.Default.ChangeList, RestJson.Default.ConfigChange, RestJson.Default.GroupChanges, RestJson.Default.SystemInfo,
            RestJson.Default.MemoryInfo, RestJson.Default.DiskInfo, RestJson.Default.ControlEvent, RestJson.Default.Explanation,
        })
        {
            Assert.True(schemas.TryGetProperty(type.Type.Name, out JsonElement schema), $"{type.Type.Name} is not in the document");
            Assert.Equal(
                type.Properties.Select(property => property.Name).Order(StringComparer.Ordinal),
                schema.GetProperty("properties").EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal));
            seen.Add(type.Type.Name);
        }

        Assert.Equal(seen.Order(StringComparer.Ordinal), schemas.EnumerateObject().Select(schema => schema.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void References_LeadSomewhere()
    {
        Assert.All(ReferencesIn(Document), reference =>
        {
            JsonElement at = Document;
            foreach (string part in reference.Split('/').Skip(1))
                Assert.True(at.TryGetProperty(part, out at), reference);
        });
    }

    private static IEnumerable<string> ReferencesIn(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property =>
            property.Name == "$ref" ? [property.Value.GetString()!] : ReferencesIn(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(ReferencesIn),
        _ => [],
    };

    private static JsonElement ReadDocument()
    {
        using Stream stream = typeof(AdminRoutes).Assembly.GetManifestResourceStream("openapi.json")!;
        return JsonDocument.Parse(stream).RootElement;
    }
}
