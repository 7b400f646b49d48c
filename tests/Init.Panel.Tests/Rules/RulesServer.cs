using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Init.Admin.Http;
using Init.Panel.Rules;
using Init.Routing.Statistics;
using Init.Routing.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Init.Panel.Tests.Rules;

/// <summary>The interface to the rules on a port of its own, without the gate that stands before it.</summary>
internal sealed class RulesServer : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly string _directory;

    private RulesServer(WebApplication server, RulesServices services, string directory)
    {
        _server = server;
        _directory = directory;
        Services = services;
        Client = new HttpClient { BaseAddress = new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };
    }

    public RulesServices Services { get; }

    public HttpClient Client { get; }

    public string FilePath => Path.Combine(_directory, "routes.json");

    public static async Task<RulesServer> StartAsync(string? file = null, Func<RulesServices, RulesServices>? adjust = null)
    {
        string directory = Directory.CreateTempSubdirectory("rules-").FullName;
        string path = Path.Combine(directory, "routes.json");
        if (file is not null)
            await File.WriteAllTextAsync(path, file);
        RulesServices services = new(RouteKeeper.Open(path, DateTimeOffset.UtcNow), new RouteStatistics(TimeProvider.System), TimeProvider.System);
        services = adjust?.Invoke(services) ?? services;

        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        WebApplication server = builder.Build();
        server.Use(next => context => ErrorPages.CompleteAsync(context, next, NullLogger.Instance));
        RulesRoutes.Map(server, "/api/v1", services);
        server.Map(OriginalRoutes.Path, new OriginalRoutes(services).AnswerAsync);
        await server.StartAsync();
        return new RulesServer(server, services, directory);
    }

    /// <summary>All that is mapped below this path, as "METHOD /path".</summary>
    public IEnumerable<string> Endpoints(string root) => ((IEndpointRouteBuilder)_server).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
        .Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith(root, StringComparison.Ordinal))
        .Select(endpoint => $"{endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Single()} {endpoint.RoutePattern.RawText![root.Length..]}")
        .Order(StringComparer.Ordinal);

    /// <param name="method">The method.</param>
    /// <param name="path">Behind /api/v1/routes, or a whole one.</param>
    /// <param name="body">JSON; quotes may be single.</param>
    /// <param name="headers">Name, value, name, value.</param>
    public Task<Answer> AskAsync(string method, string path, string? body = null, params string[] headers) => AskExactlyAsync(method, path, body?.Replace('\'', '"'), headers);

    public async Task<Answer> AskExactlyAsync(string method, string path, string? body, params string[] headers)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), path.StartsWith("/admin", StringComparison.Ordinal) ? path : "/api/v1/routes" + path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        for (int i = 0; i < headers.Length; i += 2)
            Assert.True(request.Headers.TryAddWithoutValidation(headers[i], headers[i + 1]));
        using HttpResponseMessage response = await Client.SendAsync(request);
        return new Answer(response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers, response.Content.Headers);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
        Services.Keeper.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}

internal sealed record Answer(HttpStatusCode Status, string Text, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    public string? ETag => Headers.ETag?.Tag;
}
