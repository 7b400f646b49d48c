using System.Text;
using Init.Chat.Rendering.Code;
using Init.Chat.Rendering.Mathematics;
using Markdig.Extensions.Footnotes;
using Markdig.Extensions.Mathematics;
using Markdig.Extensions.TaskLists;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Init.Chat.Rendering.Page;

/// <summary>Code in colours, with the name of its language. A block of TeX is mathematics.</summary>
internal sealed class CodeHtml : HtmlObjectRenderer<CodeBlock>
{
    private const int NameCharactersMax = 24;

    protected override void Write(HtmlRenderer renderer, CodeBlock code)
    {
        string? language = (code as FencedCodeBlock)?.Info?.Trim();
        string text = Lines(code);
        if (language is "math" or "latex" or "tex" or "katex" && text.Length <= TexFormula.CharactersMax && !text.Contains("\\documentclass", StringComparison.Ordinal))
        {
            renderer.Write(TexFormula.ToMathMl(text, isDisplay: true));
            return;
        }

        StringBuilder html = new("<pre>");
        if (language is { Length: > 0 and <= NameCharactersMax })
        {
            html.Append("<span class=\"lang\">");
            CodeColouring.Escape(html, language);
            html.Append("</span>");
        }

        html.Append("<code>");
        CodeColouring.Write(html, text, language);
        renderer.EnsureLine().Write(html.Append("</code></pre>").ToString()).EnsureLine();
    }

    public static string Lines(LeafBlock block)
    {
        StringBuilder text = new();
        for (int line = 0; line < block.Lines.Count; line++)
            text.Append(line == 0 ? "" : "\n").Append(block.Lines.Lines[line].Slice.AsSpan());
        return text.ToString();
    }
}

internal sealed class MathBlockHtml : HtmlObjectRenderer<MathBlock>
{
    protected override void Write(HtmlRenderer renderer, MathBlock formula) => renderer.EnsureLine().Write(TexFormula.ToMathMl(CodeHtml.Lines(formula), isDisplay: true)).EnsureLine();
}

internal sealed class MathInlineHtml : HtmlObjectRenderer<MathInline>
{
    protected override void Write(HtmlRenderer renderer, MathInline formula) => renderer.Write(TexFormula.ToMathMl(formula.Content.ToString(), isDisplay: formula.DelimiterCount > 1));
}

/// <summary>Nobody can follow a link in a picture: its text is shown, and no address is in the page. A picture is its description.</summary>
internal sealed class LinkHtml : HtmlObjectRenderer<LinkInline>
{
    protected override void Write(HtmlRenderer renderer, LinkInline link)
    {
        renderer.Write(link.IsImage ? "<span class=\"img\">🖼 " : "<span class=\"a\">");
        if (link.IsImage && link.FirstChild is null)
            renderer.WriteEscape("image");
        renderer.WriteChildren(link);
        renderer.Write("</span>");
    }
}

internal sealed class AutolinkHtml : HtmlObjectRenderer<AutolinkInline>
{
    protected override void Write(HtmlRenderer renderer, AutolinkInline link) => renderer.Write("<span class=\"a\">").WriteEscape(link.Url).Write("</span>");
}

internal sealed class TaskHtml : HtmlObjectRenderer<TaskList>
{
    protected override void Write(HtmlRenderer renderer, TaskList task) => renderer.Write(task.Checked ? "<span class=\"box on\"></span>" : "<span class=\"box\"></span>");
}

internal sealed class FootnoteLinkHtml : HtmlObjectRenderer<FootnoteLink>
{
    protected override void Write(HtmlRenderer renderer, FootnoteLink link)
    {
        if (!link.IsBackLink)
            renderer.Write("<sup class=\"fn\">[").Write(link.Footnote.Order.ToString()).Write("]</sup>");
    }
}

internal sealed class FootnoteHtml : HtmlObjectRenderer<FootnoteGroup>
{
    protected override void Write(HtmlRenderer renderer, FootnoteGroup group)
    {
        renderer.EnsureLine().Write("<div class=\"notes\"><ol>");
        foreach (Footnote note in group.OfType<Footnote>())
        {
            renderer.Write("<li>");
            renderer.WriteChildren(note);
            renderer.Write("</li>");
        }

        renderer.Write("</ol></div>").EnsureLine();
    }
}

/// <summary>The end of a line in a paragraph is a space, and nothing between two characters of scripts that have no spaces.</summary>
internal sealed class SoftBreakHtml : HtmlObjectRenderer<LineBreakInline>
{
    protected override void Write(HtmlRenderer renderer, LineBreakInline end)
    {
        if (end.IsHard)
            renderer.Write("<br>");
        else if (!(IsWide(Last(end.PreviousSibling)) && IsWide(First(end.NextSibling))))
            renderer.Write(" ");
    }

    private static char Last(Inline? inline) => inline is LiteralInline { Content.Length: > 0 } text ? text.Content.AsSpan()[^1] : '\0';

    private static char First(Inline? inline) => inline is LiteralInline { Content.Length: > 0 } text ? text.Content.AsSpan()[0] : '\0';

    private static bool IsWide(char c) => c is >= '\u3000' and <= '\u9FFF' or >= '\uF900' and <= '\uFAFF' or >= '\uFF00' and <= '\uFFEF';
}
