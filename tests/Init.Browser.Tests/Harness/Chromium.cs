using Microsoft.Playwright;

namespace Init.Browser.Tests.Harness;

/// <summary>Debian's Chromium without a window, one for all tests.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private const string Executable = "/usr/bin/chromium";

    private static readonly string[] Arguments =
        ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP *.test 127.0.0.1"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task InitializeAsync()
    {
        if (!File.Exists(Executable))
            throw new InvalidOperationException($"cannot find {Executable}: as root, apt-get install chromium");

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = Executable, Args = Arguments });
    }

    internal async Task<PanelPage> OpenAsync(string address, Look look) => await PanelPage.OpenAsync(_browser!, address, look);

    /// <summary>A visitor of pages that are not the panel's.</summary>
    internal async Task<IBrowserContext> NewVisitorAsync() => await _browser!.NewContextAsync();

    public async Task DisposeAsync()
    {
        if (_browser is not null)
            await _browser.CloseAsync();
        _playwright?.Dispose();
    }
}

/// <summary>What a visitor has in front of him.</summary>
internal sealed record Look(string Language = "en-GB", bool IsDark = false, int Width = 1280, int Height = 860)
{
    public static Look Desktop { get; } = new();

    public static Look Phone { get; } = new(Width: 360, Height: 740);
}

[CollectionDefinition(Name)]
public sealed class BrowserCollection : ICollectionFixture<Chromium>
{
    public const string Name = "browser";
}
