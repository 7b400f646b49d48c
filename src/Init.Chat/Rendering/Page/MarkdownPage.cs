using System.Text;

namespace Init.Chat.Rendering.Page;

/// <summary>The page that is drawn: Markdown as HTML with the colours of a style. No script, nothing that would be fetched, no HTML of the text.</summary>
internal static class MarkdownPage
{
    /// <summary>CSS pixels: the text, and with what is around it.</summary>
    public const int BodyWidth = 740, Margin = 30, Width = BodyWidth + Margin + Margin;

    /// <summary>CSS pixels of the bar at the end of what was cut.</summary>
    public const int CutBarHeight = 44;

    /// <summary>The browser is told the same by other ways as well; here it stands with the page.</summary>
    private const string Policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

    /// <param name="content">Markdown.</param>
    /// <param name="reasoning">Markdown; comes first, as a quotation with a rule behind it. Empty: there is none.</param>
    /// <param name="style">The colours.</param>
    /// <param name="cut">Null: all is shown.</param>
    public static string Build(string content, string reasoning, RenderStyle style, PageCut? cut = null)
    {
        StringBuilder page = new(content.Length + reasoning.Length + 8192);
        page.Append("<!DOCTYPE html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" content=\"").Append(Policy).Append("\"><style>");
        page.Append(PageStyle.Of(style));
        if (cut is { } at)
            page.Append($"main{{height:{at.Height - Margin - CutBarHeight}px;overflow:hidden}}");
        page.Append("</style></head><body><main>");
        if (!string.IsNullOrWhiteSpace(reasoning))
            page.Append("<blockquote class=\"reasoning\">").Append(SafeMarkdown.ToHtml(reasoning)).Append("</blockquote><hr>");
        page.Append(SafeMarkdown.ToHtml(content)).Append("</main>");
        if (cut is { } bar)
            page.Append($"<div class=\"cut\">✂ 图片过长，此处截断 · cut here: {bar.Height * 100L / Math.Max(bar.FullHeight, 1)} % of the text is shown</div>");
        return page.Append("</body></html>").ToString();
    }
}

/// <param name="Height">Of the picture, CSS pixels.</param>
/// <param name="FullHeight">That it would have had.</param>
internal readonly record struct PageCut(int Height, int FullHeight);
