using System.Net;
using System.Text;
using System.Text.Json;
using Init.Admin.Backend;
using Init.Admin.Events;
using Init.Admin.Http;
using Init.Config;
using Init.Control;
using Init.Panel.Backup;
using Init.Panel.Chat;
using Init.Panel.Rules;
using Init.Panel.SignIn;
using Init.Routing.Statistics;
using Init.Routing.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Init.Panel.Tests.Harness;

/// <summary>The panel's pipeline without a server, with files of its own and a clock that is moved by hand. Passwords are derived with few iterations.</summary>
internal sealed class PanelUnderTest : IAsyncDisposable
{
    public const string Password = "correct horse";

    private readonly WebApplication _application;
    private readonly EventHub _events;

    private PanelUnderTest(string directory, string? given, string? original, IControlBackend backend, ManualClock clock)
    {
        Directory = directory;
        Clock = clock;
        PanelSettings settings = new(Path.Combine(directory, "admin.json")) { GivenPassword = given };
        Access = PanelAccess.Open(settings, original, clock, Log, iterations: 1);
        _events = new EventHub(backend, TimeProvider.System);
        RulesServices rules = new(RouteKeeper.Open(Path.Combine(directory, "routes.json"), clock.GetUtcNow()), new RouteStatistics(clock), clock);
        Services = new PanelServices(new AdminServices(backend, "1.2.3"), _events, rules, Access) { Backup = new BackupLink(BackupSocket, "backup"), Chat = new ChatLink(ChatSocket, "chat") };
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        _application = builder.Build();
        Pipeline = PanelPipeline.Build(_application.Services, Services, [], Log);
    }

    public string Directory { get; }

    /// <summary>Where a role of the backup would listen.</summary>
    public string BackupSocket => Path.Combine(Directory, "backup.sock");

    /// <summary>Where a role of the chat would listen.</summary>
    public string ChatSocket => Path.Combine(Directory, "chat.sock");

    public string StorePath => Path.Combine(Directory, "admin.json");

    public ManualClock Clock { get; }

    public LinesLogger Log { get; } = new();

    public PanelAccess Access { get; }

    public PanelServices Services { get; }

    public RequestDelegate Pipeline { get; }

    /// <summary>What a browser would have.</summary>
    public Dictionary<string, string> Cookies { get; } = [];

    /// <summary>Method and path of everything that is answered.</summary>
    public IReadOnlyList<(string Method, string Path)> Routes
    {
        get
        {
            PanelRoutes.Map(_application, Services, new PanelGate(Access));
            return [.. ((IEndpointRouteBuilder)_application).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
                .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET", "POST"]).Select(method => (method, endpoint.RoutePattern.RawText!)))];
        }
    }

    /// <param name="given">ADMIN_PASSWORD.</param>
    /// <param name="original">Of a file of the original.</param>
    /// <param name="before">Whose directory and clock it takes over.</param>
    /// <param name="backend">The supervisor; null: there is none.</param>
    public static PanelUnderTest Start(string? given = Password, string? original = null, PanelUnderTest? before = null, IControlBackend? backend = null) =>
        new(before?.Directory ?? System.IO.Directory.CreateTempSubdirectory("panel-").FullName, given, original, backend ?? new NoSupervisor(), before?.Clock ?? new ManualClock());

    /// <param name="method">With a body, it is JSON.</param>
    /// <param name="path">With its query.</param>
    /// <param name="body">Null: none.</param>
    /// <param name="adjust">Headers, or what the proxy in front says.</param>
    public async Task<Answer> SendAsync(string method, string path, string? body = null, Action<DefaultHttpContext>? adjust = null)
    {
        DefaultHttpContext context = NewContext(method, path, body);
        adjust?.Invoke(context);
        await Pipeline(context);
        Answer answer = new(context.Response.StatusCode, Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray()), context.Response.Headers);
        foreach (string cookie in answer.SetCookies)
        {
            string[] pair = cookie.Split(';')[0].Split('=', 2);
            Cookies[pair[0]] = pair[1];
        }

        return answer;
    }

    /// <summary>With the cookies of the browser, over https.</summary>
    public DefaultHttpContext NewContext(string method, string path, string? body = null)
    {
        DefaultHttpContext context = new();
        HttpRequest request = context.Request;
        request.Method = method;
        string[] parts = path.Split('?');
        request.Path = parts[0];
        request.QueryString = new QueryString(parts.Length > 1 ? "?" + parts[1] : "");
        request.Headers.Host = "inner:7860";
        request.Headers.Cookie = string.Join("; ", Cookies.Select(pair => $"{pair.Key}={pair.Value}"));
        if (body is not null)
        {
            request.ContentType = "application/json";
            request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        }

        context.Response.Body = new MemoryStream();
        context.Features.Set(new PanelClient(IPAddress.Parse("192.0.2.7"), "https", "bots.example"));
        return context;
    }

    public Task<Answer> SignInAsync(string password = Password, Action<DefaultHttpContext>? adjust = null) =>
        SendAsync("POST", "/admin/api/v1/session", JsonSerializer.Serialize(new Dictionary<string, string> { ["password"] = password }), adjust);

    public async ValueTask DisposeAsync()
    {
        await Access.Ready;
        await _events.DisposeAsync();
        await _application.DisposeAsync();
    }

    internal sealed record Answer(int Status, string Body, IHeaderDictionary Headers)
    {
        public IReadOnlyList<string> SetCookies => [.. Headers.SetCookie.OfType<string>()];

        public JsonElement Json => JsonDocument.Parse(Body).RootElement;

        /// <summary>Of a problem.</summary>
        public string? Code => Json.GetProperty("code").GetString();
    }

    private sealed class NoSupervisor : IControlBackend
    {
        public Task<ControlAnswer> AskAsync(ControlRequest request, ControlItemSink? onItem = null, Action<long>? onDropped = null, CancellationToken cancellation = default) =>
            Task.FromResult<ControlAnswer>(new ControlAnswer.Lost("no supervisor here"));
    }
}
