using System.Diagnostics;
using System.Text.RegularExpressions;
using Init.Chat.Rendering;
using Init.Chat.Rendering.Mathematics;
using Init.Chat.Rendering.Page;

namespace Init.Chat.Tests.Rendering;

public sealed class MarkdownPageTests
{
    private static string Html(string markdown) => SafeMarkdown.ToHtml(markdown).Trim();

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("<img src=x onerror=alert(1)>")]
    [InlineData("text <iframe src=file:///etc/passwd></iframe>")]
    [InlineData("<style>@import url(http://127.0.0.1/)</style>")]
    [InlineData("<svg onload=alert(1)>")]
    [InlineData("<!-- x --><meta http-equiv=refresh content=0>")]
    [InlineData("[a](javascript:alert(1)) ![b](file:///etc/passwd) <javascript:alert(1)> <http://127.0.0.1/?\"onload=x>")]
    [InlineData("[a]: http://127.0.0.1/ \"onmouseover=x\"\n\n[a] ![a]")]
    [InlineData("# a {style=\"background:url(http://127.0.0.1/)\" onclick=x}")]
    [InlineData("```\"><script>alert(1)</script>\nx\n```")]
    [InlineData("```html\n<script>alert(1)</script>\n```")]
    [InlineData("$</math><script>alert(1)</script>$ $\\text{<script>}\\operatorname{<script>}\\begin{<script>}\\<script> <script>$")]
    [InlineData("| <script> |\n|---|\n| <img src=x> |")]
    [InlineData("[^<script>]: <script>\n\n[^<script>]")]
    public void Text_WhenItIsHtmlOrHasAddresses_ShowsItAndBringsNoneInto(string markdown)
    {
        string html = Html(markdown);

        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotMatch("<(img|iframe|style|svg|meta|link|object|embed|form|input|video|base)\\b", html);
        Assert.DoesNotMatch("<[^>]*\\s(href|src|on[a-z]+|style=\"background)", html);
    }

    [Theory]
    [InlineData("中文**加粗。**后面", "<p>中文<strong>加粗。</strong>后面</p>")]
    [InlineData("第一行\n第二行\nword\nword", "<p>第一行第二行 word word</p>")]
    [InlineData("好的~今天~吧 a^b^ ~~x~~ ==y==", "<p>好的~今天~吧 a^b^ <del>x</del> <mark>y</mark></p>")]
    [InlineData("costs $5 and $10", "<p>costs $5 and $10</p>")]
    [InlineData("[a](http://x/)", "<p><span class=\"a\">a</span></p>")]
    [InlineData("![](http://x/)", "<p><span class=\"img\">🖼 image</span></p>")]
    public void Text_OfAKind_BecomesWhatPeopleMean(string markdown, string html) => Assert.Equal(html, Html(markdown));

    [Fact]
    public void Page_WithReasoning_HasItAsAQuotationWithARule()
    {
        string page = MarkdownPage.Build("content", "because", RenderStyle.All[0]);

        Assert.Contains("<blockquote class=\"reasoning\"><p>because</p>\n</blockquote><hr><p>content</p>", page);
        Assert.DoesNotContain("<hr>", MarkdownPage.Build("content", " ", RenderStyle.All[0]));
        Assert.Contains("default-src 'none'", page);
    }

    [Theory]
    [InlineData("```python\ndef f(x): return \"a\" # b\n```", "<i class=k>def</i> <i class=f>f</i>(x): <i class=k>return</i> <i class=s>&quot;a&quot;</i> <i class=c># b</i>")]
    [InlineData("```sh\necho a#b $HOME # c\n```", "<i class=k>echo</i> a#b <i class=t>$HOME</i> <i class=c># c</i>")]
    [InlineData("```json\n{\"a\": \"b\", \"c\": 1}\n```", "{<i class=f>&quot;a&quot;</i>: <i class=s>&quot;b&quot;</i>, <i class=f>&quot;c&quot;</i>: <i class=n>1</i>}")]
    [InlineData("```rust\nfn a<'x>(b: &'x str) -> i32 { 1 }\n```", "<i class=k>fn</i> a&lt;&#39;x&gt;(b: &amp;&#39;x <i class=t>str</i>) -&gt; <i class=t>i32</i> { <i class=n>1</i> }")]
    [InlineData("```html\n<a href=\"x\">y</a>\n```", "<i class=k>&lt;a</i> <i class=f>href</i>=<i class=s>&quot;x&quot;</i><i class=k>&gt;</i>y<i class=k>&lt;/a</i><i class=k>&gt;</i>")]
    [InlineData("```diff\n+a\n-b\n c\n```", "<i class=s>+a</i>\n<i class=d>-b</i>\n c")]
    [InlineData("```brainfuck\n+<>\n```", "+&lt;&gt;")]
    public void Code_OfALanguage_IsColoured(string markdown, string code) => Assert.Contains($"<code>{code}</code>", Html(markdown));

    [Theory]
    [InlineData("x^2", "<msup><mrow><mi>x</mi></mrow><mrow><mn>2</mn></mrow></msup>")]
    [InlineData("x_i^{10}", "<msubsup><mrow><mi>x</mi></mrow><mrow><mi>i</mi></mrow><mrow><mn>10</mn></mrow></msubsup>")]
    [InlineData("\\frac12", "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac>")]
    [InlineData("\\sqrt[3]{x}", "<mroot><mrow><mi>x</mi></mrow><mrow><mn>3</mn></mrow></mroot>")]
    [InlineData("\\sum_{i}", "<munder><mrow><mo>∑</mo></mrow><mrow><mi>i</mi></mrow></munder>")]
    [InlineData("\\int_0^1", "<msubsup><mrow><mo>∫</mo></mrow><mrow><mn>0</mn></mrow><mrow><mn>1</mn></mrow></msubsup>")]
    [InlineData("\\mathbb{R}", "<mi mathvariant=\"normal\">ℝ</mi>")]
    [InlineData("f'", "<msup><mrow><mi>f</mi></mrow><mrow><mo>′</mo></mrow></msup>")]
    [InlineData("\\nosuch{x}", "<mtext class=\"unknown\">\\nosuch</mtext>")]
    [InlineData("a<b", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>")]
    public void Formula_OfTex_BecomesMathMl(string tex, string mathMl) => Assert.Contains(mathMl, TexFormula.ToMathMl(tex, isDisplay: false).Replace("<mrow><mrow><mi mathvariant=\"normal\">ℝ</mi></mrow></mrow>", "<mi mathvariant=\"normal\">ℝ</mi>", StringComparison.Ordinal));

    [Theory]
    [InlineData("{")]
    [InlineData("}")]
    [InlineData("\\")]
    [InlineData("^_^_'")]
    [InlineData("\\frac")]
    [InlineData("\\left(")]
    [InlineData("\\right)")]
    [InlineData("\\begin{pmatrix} a & ")]
    [InlineData("\\end{x} & \\\\ } \\begin{")]
    [InlineData("\\sqrt[")]
    [InlineData("{\\right\\end{a}&}")]
    public void Formula_ThatIsBroken_IsShownNevertheless(string tex) => Assert.StartsWith("<math><mrow>", TexFormula.ToMathMl(tex, isDisplay: false));

    [Fact]
    public void Formula_OfRandomPieces_EndsAndIsBalanced()
    {
        string[] pieces = ["\\frac", "{", "}", "^", "_", "x", "1", "\\left(", "\\right)", "\\begin{cases}", "\\end{cases}", "&", "\\\\", "\\sqrt", "[", "]", "'", "\\text{a}", "\\mathbf", "\\not", "\\hat", " ", "中", "%", "\\big", "\\middle|", "\\substack{", "\\limits", "~", "\\"];
        Random random = new(20261122);
        for (int round = 0; round < 20_000; round++)
        {
            string tex = string.Concat(Enumerable.Range(0, random.Next(1, 30)).Select(_ => pieces[random.Next(pieces.Length)]));
            string html = TexFormula.ToMathMl(tex, isDisplay: true);
            AssertBalanced(html, tex);
        }
    }

    [Fact]
    public void Text_MeantToTakeLong_DoesNot()
    {
        string[] bombs =
        [
            new('>', 100_000), new('[', 100_000), new('*', 100_000), string.Concat(Enumerable.Repeat("*a _b ", 20_000)), string.Concat(Enumerable.Repeat("- ", 50_000)), new('`', 100_000),
            string.Concat(Enumerable.Repeat("${", 50_000)), "$" + new string('{', 4_000) + "$", "```sh\n" + string.Concat(Enumerable.Repeat("${", 50_000)) + "\n```", string.Concat(Enumerable.Repeat("\\(", 50_000)),
            string.Concat(Enumerable.Repeat("$\\frac", 20_000)), "|" + string.Concat(Enumerable.Repeat("a|", 2_000)) + "\n|" + string.Concat(Enumerable.Repeat("-|", 2_000)) + "\n" + string.Concat(Enumerable.Repeat("|a\n", 5_000)),
            string.Concat(Enumerable.Repeat("[^1]", 20_000)) + "\n\n[^1]: x", new('\\', 100_000), string.Concat(Enumerable.Repeat("![a](b", 20_000)), string.Concat(Enumerable.Repeat("<a ", 30_000)),
        ];
        int charactersMax = new RenderOptions { Directory = "/" }.CharactersMax;
        foreach (string bomb in bombs.Select(bomb => bomb[..Math.Min(bomb.Length, charactersMax)]))
        {
            long begin = Stopwatch.GetTimestamp();
            string page = MarkdownPage.Build(bomb, "", RenderStyle.All[0]);
            TimeSpan elapsed = Stopwatch.GetElapsedTime(begin);
            Assert.True(elapsed < TimeSpan.FromSeconds(5), $"{elapsed} for {bomb[..12]}…");
            Assert.True(page.Length < 8_000_000, $"{page.Length} characters of {bomb[..12]}…");
        }
    }

    private static void AssertBalanced(string html, string tex)
    {
        Stack<string> open = new();
        foreach (Match tag in Regex.Matches(html, "<(?<end>/?)(?<name>[a-z]+)[^>]*>", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5)))
        {
            if (tag.Groups["end"].Value.Length == 0)
                open.Push(tag.Groups["name"].Value);
            else
                Assert.True(open.TryPop(out string? name) && name == tag.Groups["name"].Value, tex);
        }

        Assert.True(open.Count == 0, tex);
    }
}
