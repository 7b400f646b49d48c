using Markdig;
using Markdig.Extensions.Mathematics;
using Markdig.Helpers;
using Markdig.Parsers;
using Markdig.Parsers.Inlines;
using Markdig.Renderers;

namespace Init.Chat.Rendering.Page;

/// <summary>\( … \) and \[ … \], which chat models write as often as dollars.</summary>
internal sealed class BackslashMathematics : IMarkdownExtension
{
    public void Setup(MarkdownPipelineBuilder pipeline) => pipeline.InlineParsers.InsertBefore<EscapeInlineParser>(new Parser());

    public void Setup(MarkdownPipeline pipeline, IMarkdownRenderer renderer)
    {
        // What it finds is drawn as other mathematics is.
    }

    private sealed class Parser : InlineParser
    {
        public Parser() => OpeningCharacters = ['\\'];

        public override bool Match(InlineProcessor processor, ref StringSlice slice)
        {
            char open = slice.PeekChar();
            if (open is not ('(' or '['))
                return false;
            string close = open == '(' ? "\\)" : "\\]";
            int begin = slice.Start + 2, length = slice.Text.AsSpan(begin, slice.End + 1 - begin).IndexOf(close, StringComparison.Ordinal);
            if (length <= 0)
                return false;

            int line = 0, column = 0;
            processor.Inline = new MathInline
            {
                Delimiter = '$',
                DelimiterCount = open == '(' ? 1 : 2,
                Content = new StringSlice(slice.Text, begin, begin + length - 1),
                Span = new Markdig.Syntax.SourceSpan(processor.GetSourcePosition(slice.Start, out line, out column), processor.GetSourcePosition(begin + length + 1)),
                Line = line,
                Column = column,
            };
            slice.Start = begin + length + 2;
            return true;
        }
    }
}
