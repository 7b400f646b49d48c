using Init.Integration.Tests.Harness;
using Microsoft.Playwright;

namespace Init.Browser.Tests.Harness;

/// <summary>
/// One visitor with cookies of his own. Whatever the browser complains about, policy violations first of all, and every request to elsewhere, is collected and fails the test in the end.
/// </summary>
internal sealed class PanelPage : IAsyncDisposable
{
    private const float PatienceMilliseconds = 20_000;

    private readonly IBrowserContext _context;
    private readonly string _address;
    private readonly List<string> _complaints = [];

    private PanelPage(IBrowserContext context, IPage page, string address)
    {
        _context = context;
        _address = address;
        Page = page;
    }

    public IPage Page { get; }

    /// <summary>What the browser has said up to now, without the answers that a test has asked for (401, 403, 429).</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    public static async Task<PanelPage> OpenAsync(IBrowser browser, string address, Look look)
    {
        IBrowserContext context = await browser.NewContextAsync(new()
        {
            Locale = look.Language,
            ColorScheme = look.IsDark ? ColorScheme.Dark : ColorScheme.Light,
            ViewportSize = new() { Width = look.Width, Height = look.Height },
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout(PatienceMilliseconds);
        Assertions.SetDefaultExpectTimeout(PatienceMilliseconds);
        IPage page = await context.NewPageAsync();
        PanelPage opened = new(context, page, address);
        opened.Listen();
        await page.AddInitScriptAsync("document.addEventListener('securitypolicyviolation', e => console.error('POLICY ' + e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample))");
        await page.GotoAsync(address);

        // The first page is there; before that, a change of the address would be lost.
        await Assertions.Expect(page.Locator("#password")).ToBeVisibleAsync();
        return opened;
    }

    /// <param name="path">Of the panel, such as "/programs".</param>
    public Task GoAsync(string path) => Page.GotoAsync($"{_address}#{path}");

    /// <summary>Waits until the page of an address is there, and not the one before it, with what it loads.</summary>
    /// <param name="path">As of <see cref="GoAsync"/>.</param>
    /// <param name="heading">Its first heading.</param>
    public async Task ExpectPageAsync(string path, string heading)
    {
        string entry = "#/" + path.Split('/', '?')[1];
        await Assertions.Expect(Page.GetByRole(AriaRole.Navigation).Locator("[aria-current=page]")).ToHaveAttributeAsync("href", entry);
        await Assertions.Expect(Page.Locator("main h1")).ToHaveTextAsync(heading);
        await Assertions.Expect(Page.Locator(".el-skeleton")).ToHaveCountAsync(0);
    }

    /// <summary>Waits until a drawer is open, with what it loads.</summary>
    public async Task ExpectDrawerAsync()
    {
        await Assertions.Expect(Page.Locator(".el-drawer.open")).ToBeVisibleAsync();
        await Assertions.Expect(Page.Locator(".el-skeleton")).ToHaveCountAsync(0);
    }

    public async Task SignInAsync(string password)
    {
        await Page.Locator("#password").FillAsync(password);
        await Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(Page.GetByRole(AriaRole.Navigation)).ToBeVisibleAsync();
    }

    /// <summary>To out/screenshots, for people to look at.</summary>
    public Task ShootAsync(string name) =>
        Page.ScreenshotAsync(new() { Path = Path.Combine(TestPaths.Repository, "out", "screenshots", name + ".png") });

    public void ExpectNoComplaints() => Assert.Empty(_complaints);

    public async ValueTask DisposeAsync() => await _context.CloseAsync();

    private void Listen()
    {
        Page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal))
                _complaints.Add(message.Text);
        };
        Page.PageError += (_, error) => _complaints.Add(error);
        Page.Dialog += async (_, dialog) =>
        {
            _complaints.Add($"dialog: {dialog.Message}");
            await dialog.DismissAsync();
        };
        Page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(new Uri(_address).GetLeftPart(UriPartial.Authority), StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal))
                _complaints.Add($"asked elsewhere: {request.Url}");
        };
    }
}
