namespace Init.Chat.Rendering;

/// <summary>How pictures are made, and all limits.</summary>
public sealed record RenderOptions
{
    public static readonly TimeSpan KeptMin = TimeSpan.FromSeconds(1), KeptMax = TimeSpan.FromDays(1);

    /// <summary>Where pictures lie until they expire (RENDERED_IMAGE_DIR). Made when it is missing, for the owner only.</summary>
    public required string Directory { get; init; }

    /// <summary>Of <see cref="RenderStyle.All"/> (MARKDOWN_TO_IMAGE_STYLE); an unknown one is taken as "light".</summary>
    public string DefaultStyle { get; init; } = "light";

    /// <summary>How long a picture can be fetched when the request does not say.</summary>
    public TimeSpan Kept { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Of all pictures together. Beyond it those that expire first go before their time.</summary>
    public long BytesMax { get; init; } = 1L << 30;

    /// <summary>The browser: a path, or names that are looked for in PATH. The first that is there is taken.</summary>
    public IReadOnlyList<string> Browsers { get; init; } = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "headless_shell"];

    /// <summary>For one picture, starting the browser included, waiting for others not.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>A browser that has nothing to do takes some 300 MB, and starts within a second.</summary>
    public TimeSpan IdleMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Pictures at a time.</summary>
    public int ParallelMax { get; init; } = 2;

    /// <summary>Requests that wait for their turn; more are refused.</summary>
    public int WaitingMax { get; init; } = 32;

    /// <summary>Of Markdown in one request, UTF-16 units. The highest picture holds about 20,000; the reader of Markdown takes the square of the time for some texts.</summary>
    public int CharactersMax { get; init; } = 64_000;

    /// <summary>Of the page that is made of it, UTF-16 units. Mathematics and colours make a page longer than its text.</summary>
    public int PageCharactersMax { get; init; } = 8_000_000;

    /// <summary>Of a picture, CSS pixels; what is longer is cut, and a bar says so. Chromium draws no more than 16,384 pixels in a piece.</summary>
    public int HeightMax { get; init; } = 8000;

    /// <summary>Pixels of the picture for a CSS pixel: text is read on telephones.</summary>
    public int Scale { get; init; } = 2;
}
