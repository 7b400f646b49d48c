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

    // No sub- and superscripts by "~" and "^": in chats these are faces and a drawn-out tone far more often. No attributes in braces: they could bring a style or an address.
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder { MaximumNestingDepth = DepthMax }
        .DisableHtml()
        .UsePipeTables()
        .UseTaskLists()
        .UseFootnotes()
        .UseEmphasisExtras(EmphasisExtraOptions.Strikethrough | EmphasisExtraOptions.Inserted | EmphasisExtraOptions.Marked)
        .UseCjkFriendlyEmphasis()
        .UseAutoLinks()
        .UseMathematics()
        .Use<BackslashMathematics>()
        .Build();

    /// <param name="markdown">Anything.</param>
    public static string ToHtml(string markdown)
    {
        try
        {
            using StringWriter text = new();
            HtmlRenderer html = new(text) { MaximumNestingDepth = 4 * DepthMax };
            Pipeline.Setup(html);
            Replace(html.ObjectRenderers);
            MarkdownDocument document = Markdown.Parse(markdown, Pipeline);
            html.Render(document);
            return text.ToString();
        }
        catch (ArgumentException)
        {
            // Too deep for it. The text is still there to be read.
            return $"<pre><code>{WebUtility.HtmlEncode(markdown)}</code></pre>";
        }
    }

    private static void Replace(ObjectRendererCollection renderers)
    {
        renderers.InsertRange(
            0,
            [new CodeHtml(), new MathBlockHtml(), new MathInlineHtml(), new LinkHtml(), new AutolinkHtml(), new TaskHtml(), new FootnoteHtml(), new FootnoteLinkHtml(), new SoftBreakHtml()]);
    }
}
