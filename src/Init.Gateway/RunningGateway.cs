using Init.Admin.Backend;
using Init.Admin.Events;
using Init.Admin.Hosting;
using Init.Admin.Http;
using Init.Config;
using Init.Gateway.Forwarding;
using Init.Gateway.Forwarding.Backends;
using Init.Gateway.Hosting;
using Init.Gateway.Logging;
using Init.Linux;
using Init.Panel;
using Init.Panel.Rules;
using Init.Panel.SignIn;
using Init.Routing.Actions;
using Init.Routing.Statistics;
using Init.Routing.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace Init.Gateway;

/// <summary>A gateway from the moment it listens until it is disposed of. One process may run several.</summary>
public sealed class RunningGateway : IAsyncDisposable
{
    /// <summary>What is still being answered when the gateway is to end has this long.</summary>
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(1);

    private readonly WebApplication _server;
    private readonly IReadOnlyList<BoundEndpoint> _endpoints;
    private readonly EventHub _events;
    private readonly IDisposable? _backend;
    private readonly PublicServer? _public;
    private readonly RouteKeeper? _routes;
    private readonly PanelAccess? _access;
    private readonly MemoryTrim _trim;
    private readonly LineLoggerProvider _log;

    private RunningGateway(
        WebApplication server, PublicServer? publicServer, RouteKeeper? routes, PanelAccess? access, IReadOnlyList<BoundEndpoint> endpoints, EventHub events, IDisposable? backend, MemoryTrim trim, LineLoggerProvider log)
    {
        _trim = trim;
        _access = access;
        _server = server;
        _public = publicServer;
        _routes = routes;
        _endpoints = endpoints;
        _events = events;
        _backend = backend;
        _log = log;
    }

    /// <summary>Of rules and password; null when there is no file of them.</summary>
    private FileNews? News { get; init; }

    /// <summary>Of the public port; null without one.</summary>
    internal RulesServices? Rules { get; private init; }

    /// <exception cref="BindException">An address cannot be listened on; then none is.</exception>
    public static Task<RunningGateway> StartAsync(GatewayOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ControlBackend backend = new(options.ControlSocket);
        return StartAsync(options, new SharedAnswers(backend), backend);
    }

    /// <summary>As <see cref="StartAsync(GatewayOptions)"/>, with another supervisor behind it.</summary>
    public static Task<RunningGateway> StartAsync(GatewayOptions options, IControlBackend backend) => StartAsync(options, backend, owned: null);

    private static async Task<RunningGateway> StartAsync(GatewayOptions options, IControlBackend backend, IDisposable? owned)
    {
        LineLoggerProvider log = new(fd: 2, options.IsQuiet ? LogLevel.Warning : LogLevel.Information);
        if (!OpenSsl.IsThere && NeedingCryptography(options) is { } what)
            throw new BindException($"cannot serve {what}: OpenSSL is missing ({OpenSsl.Remedy})");

        ProxySettings? proxy = options.Proxy is { } configured ? OpenFiles.MakeRoom(configured, log) : null;
        int publicCount = proxy?.AllEndpoints.Length ?? 0;
        List<BoundEndpoint> endpoints =
        [
            .. EndpointBinder.BindAll([.. proxy?.AllEndpoints ?? [], .. options.Endpoints])
                .Select(endpoint => endpoint with { IsTls = proxy?.Tls?.Endpoints.Contains(endpoint.Configured) == true }),
        ];
        EventHub events = new(backend, TimeProvider.System);
        MemoryTrim trim = new();
        PublicServer? publicServer = null;
        RulesServices? rules = null;
        PanelAccess? access = null;
        if (proxy is not null)
        {
            BackendBoard board = new(() => MonotonicClock.Now, log.BackendHealth);
            ProgramNews news = new(backend, options.Programs, options.Backup is { } backup ? new BackupNews(backup, () => MonotonicClock.Now) : null);
            RouteKeeper keeper = options.Routes ?? RouteKeeper.Open(proxy.RulesFile, DateTimeOffset.UtcNow, proxy.DefaultBackend);
            if (proxy.Panel is { } panel && OpenSsl.IsThere)
                access = await OpenAccessAsync(panel, keeper, log);
            else if (proxy.Panel is not null)
                log.PanelClosed(OpenSsl.Remedy);
            rules = (await OpenRulesAsync(keeper, log)) with { Backends = () => news.SightsAsync(keeper.Source.Current, board) };
            publicServer = PublicServer.Build(
                proxy,
                endpoints[..publicCount],
                new PublicServices(rules, board, news) { Chat = options.Chat },
                access is null
                    ? null
                    : ending => new PanelServices(new AdminServices(backend, options.Version) { Directories = options.Directories, Ending = ending }, events, rules, access) { Backup = options.Backup, Chat = options.ChatLink },
                trim,
                log);
        }

        WebApplication server = ServerBuilder.Build(options, endpoints[publicCount..], backend, events, rules, trim, log);
        RunningGateway gateway = new(server, publicServer, options.Routes is null ? rules?.Keeper : null, access, endpoints, events, owned, trim, log)
        {
            Rules = rules,
            News = rules is not null && options.Routes is null ? WatchFiles(proxy!, rules.Keeper, access, log) : null,
        };
        if (publicServer is not null)
            await publicServer.StartAsync();
        await server.StartAsync();
        foreach (BoundEndpoint endpoint in endpoints)
        {
            log.Listening(endpoint.Name);
            if (!options.IsQuiet && endpoint.Configured is { UnixPath: null, IsOpen: true } && endpoints.IndexOf(endpoint) >= publicCount)
                log.Unprotected(endpoint.Name);
        }

        return gateway;
    }

    /// <summary>Reads again what is read from files beside the configuration: the certificate, and rules and password when somebody else has changed them.</summary>
    public void Reread()
    {
        _public?.RereadCertificate();
        News?.Note();
    }

    public async ValueTask DisposeAsync()
    {
        News?.Dispose();
        foreach (BoundEndpoint endpoint in _endpoints)
            endpoint.RemoveFile();

        using (CancellationTokenSource limit = new(EndTimeout))
            await Task.WhenAll(_server.StopAsync(limit.Token), _public?.StopAsync(limit.Token) ?? Task.CompletedTask);
        await _server.DisposeAsync();
        if (_public is not null)
            await _public.DisposeAsync();
        await _events.DisposeAsync();
        _backend?.Dispose();
        _routes?.Dispose();
        if (_access is not null)
        {
            await Task.WhenAny(_access.Ready); // A password that has been said is stored, too.
            _access.Dispose();
        }

        _trim.Dispose();
        _log.Dispose();
    }

    /// <summary>What cannot be done without at all; the panel can be closed instead.</summary>
    private static string? NeedingCryptography(GatewayOptions options) =>
        options.Proxy?.Tls is not null ? "TLS ([gateway.proxy] tls)"
        : options.Endpoints.Any(endpoint => !endpoint.IsOpen) ? "an address that asks for a password or a token"
        : null;

    /// <summary>The password of a file of the original is stored before the rules are, for that takes it out of the file.</summary>
    private static async Task<PanelAccess> OpenAccessAsync(PanelSettings panel, RouteKeeper keeper, LineLoggerProvider log)
    {
        string? original = keeper.TakeAdminPassword();
        PanelAccess access = PanelAccess.Open(panel, original, TimeProvider.System, log);
        if (original is not null)
            await Task.WhenAny(access.Ready);
        return access;
    }

    private static FileNews WatchFiles(ProxySettings proxy, RouteKeeper keeper, PanelAccess? access, LineLoggerProvider log)
    {
        FileNews news = new(access is null ? [proxy.RulesFile] : [proxy.RulesFile, proxy.Panel!.StoreFile], TakeOverAsync, log);
        news.Note(); // For what has come before anybody listened.
        return news;

        async Task TakeOverAsync()
        {
            foreach (string note in await keeper.TakeOverAsync(DateTimeOffset.UtcNow))
                log.RulesNote(note);
            if (access is not null)
                await access.TakeOverAsync(keeper.TakeAdminPassword());
            if (await keeper.SettleAsync() is { } problem)
                log.RulesNote(problem);
        }
    }

    private static async Task<RulesServices> OpenRulesAsync(RouteKeeper keeper, LineLoggerProvider log)
    {
        foreach (string note in keeper.Notes)
            log.RulesNote(note);
        if (await keeper.SettleAsync() is { } problem)
            log.RulesNote(problem);

        RouteStatistics statistics = new(TimeProvider.System);
        keeper.Changed += (_, _) => statistics.Keep(keeper.InForce.State.KnownIds());
        return new RulesServices(keeper, statistics, TimeProvider.System);
    }
}
