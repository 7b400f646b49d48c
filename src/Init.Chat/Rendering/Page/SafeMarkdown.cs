using System.Net;
using Markdig;
using Markdig.Extensions.EmphasisExtras;
using Markdig.Renderers;
using Markdig.Syntax;

namespace Init.Chat.Rendering.Page;

/// <summary>Markdown as HTML that shows and does nothing else: no HTML of the text, no address of any kind, no picture.</summary>
internal static class SafeMarkdown
{
    /// <summary>Quotations in quotations, lists in lists. What is deeper is shown as it is written.</summary>
    private const int DepthMax = 60;

    /// <summary>Each row of a table is filled up to its longest: a few kilobytes can be millions of cells. What could be more than this is shown as it is written.</summary>
    private const long CellsMax = 30_000;

    private static readonly MarkdownPipeline WithTables = Create(hasTables: true), WithoutTables = Create(hasTables: false);

    /// <param name="markdown">Anything.</param>
    public static string ToHtml(string markdown)
    {
        try
        {
            MarkdownPipeline pipeline = CellsOf(markdown) <= CellsMax ? WithTables : WithoutTables;
            using StringWriter text = new();
            HtmlRenderer html = new(text) { MaximumNestingDepth = 4 * DepthMax };
            pipeline.Setup(html);
            Replace(html.ObjectRenderers);
            MarkdownDocument document = Markdown.Parse(markdown, pipeline);
            html.Render(document);
            return text.ToString();
        }
        catch (ArgumentException)
        {
            // Too deep for it. The text is still there to be read.
            return $"<pre><code>{WebUtility.HtmlEncode(markdown)}</code></pre>";
        }
    }

    // No sub- and superscripts by "~" and "^": in chats these are faces and a drawn-out tone far more often. No attributes in braces: they could bring a style or an address.
    private static MarkdownPipeline Create(bool hasTables)
    {
        MarkdownPipelineBuilder builder = new MarkdownPipelineBuilder { MaximumNestingDepth = DepthMax }
            .DisableHtml()
            .UseTaskLists()
            .UseFootnotes()
            .UseEmphasisExtras(EmphasisExtraOptions.Strikethrough | EmphasisExtraOptions.Inserted | EmphasisExtraOptions.Marked)
            .UseCjkFriendlyEmphasis()
            .UseAutoLinks()
            .UseMathematics()
            .Use<BackslashMathematics>();
        return (hasTables ? builder.UsePipeTables() : builder).Build();
    }

    /// <summary>At most so many cells can come of it.</summary>
    private static long CellsOf(string markdown)
    {
        long rows = 0, columns = 0;
        foreach (ReadOnlySpan<char> line in markdown.AsSpan().EnumerateLines())
        {
            int signs = line.Count('|');
            rows += signs > 0 ? 1 : 0;
            columns = Math.Max(columns, signs + 1);
        }

        return rows * columns;
    }

    private static void Replace(ObjectRendererCollection renderers)
    {
        // A block of mathematics is a kind of code block to the parser: it comes first.
        renderers.InsertRange(
            0,
            [new MathBlockHtml(), new CodeHtml(), new MathInlineHtml(), new LinkHtml(), new AutolinkHtml(), new TaskHtml(), new FootnoteHtml(), new FootnoteLinkHtml(), new SoftBreakHtml()]);
    }
}
