using Init.Linux;
using Microsoft.Extensions.Logging;

namespace Init.Chat.Rendering.Browser;

/// <summary>Finds the browser, starts it, and finds out whether its sandbox works here.</summary>
/// <param name="options">Where to look, and where it may write.</param>
/// <param name="logger">Is told once what cannot be as it should.</param>
internal sealed class BrowserStart(RenderOptions options, ILogger logger)
{
    private const int ErrorLines = 3;

    // Root's Chromium refuses to start with its sandbox.
    private bool _hasSandbox = Processes.GetUid() != 0;
    private bool _isFirst = true;

    /// <summary>The browser's path; null: there is none.</summary>
    public string? Find()
    {
        string? path = Environment.GetEnvironmentVariable("PATH");
        return options.Browsers.Select(name => CommandLookup.Find(name, path, null) is CommandLookup.Found found ? found.Path : null).FirstOrDefault(found => found is not null);
    }

    /// <exception cref="RenderException">There is none, or it does not start.</exception>
    public async Task<ChromiumBrowser> StartAsync(CancellationToken cancellation)
    {
        string program = Find() ?? throw new RenderException(
            501, "render_unavailable", $"cannot render: no browser is installed; install Debian's package \"chromium\" (looked for {string.Join(", ", options.Browsers)} in PATH)");
        if (_isFirst)
            Tell();
        _isFirst = false;

        Profiles.Sweep(isStart: false);
        while (true)
        {
            ChromiumProcess process = ChromiumProcess.Start(program, Profiles.Make(), _hasSandbox);
            try
            {
                await process.Pipe.CallAsync("Browser.getVersion", null, null, cancellation);
                return new ChromiumBrowser(process);
            }
            catch (DevToolsException exception)
            {
                string said = await process.EndingAsync();
                await process.DisposeAsync();
                if (_hasSandbox && said.Contains("sandbox", StringComparison.OrdinalIgnoreCase))
                {
                    _hasSandbox = false;
                    logger.NoSandbox();
                    continue;
                }

                string[] lines = said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                throw new RenderException(500, "render_failed", $"cannot render: {program} does not start: {string.Join(" / ", lines.TakeLast(ErrorLines))}", exception);
            }
            catch
            {
                await process.DisposeAsync();
                throw;
            }
        }
    }

    private void Tell()
    {
        if (!_hasSandbox)
            logger.NoSandbox();
        string[] missing = [.. Fonts.Missing()];
        if (missing.Length > 0)
            logger.FontsMissing(string.Join(" ", missing));
    }
}
