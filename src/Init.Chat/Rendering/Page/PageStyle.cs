namespace Init.Chat.Rendering.Page;

/// <summary>The style sheet.</summary>
internal static class PageStyle
{
    // DejaVu has black and white emoji, and the emoji font has digits: so the latter is asked first, for emoji only. "i" is only ever a piece of coloured code: Markdown's emphasis is "em".
    private const string Rules = """
        @font-face{font-family:emoji;src:local("Noto Color Emoji");unicode-range:U+200D,U+FE0F,U+20E3,U+231A-231B,U+23E9-23EC,U+23F0,U+23F3,U+25FD-25FE,U+2614-2615,U+2648-2653,U+267F,U+2693,U+26A1,
          U+26AA-26AB,U+26BD-26BE,U+26C4-26C5,U+26CE,U+26D4,U+26EA,U+26F2-26F3,U+26F5,U+26FA,U+26FD,U+2705,U+270A-270B,U+2728,U+274C,U+274E,U+2753-2755,U+2757,U+2795-2797,U+27B0,U+27BF,U+2B1B-2B1C,
          U+2B50,U+2B55,U+1F000-1FAFF}
        html{background:var(--bg)}
        body{width:740px;margin:0;padding:30px;background:var(--bg);color:var(--fg);
          font:17px/1.7 emoji,"Noto Sans","Liberation Sans","Noto Sans CJK SC","Noto Sans SC","WenQuanYi Micro Hei",sans-serif;
          overflow-wrap:anywhere;-webkit-font-smoothing:antialiased}
        main>:first-child,blockquote>:first-child,li>:first-child{margin-top:0}
        main>:last-child,blockquote>:last-child,li>:last-child{margin-bottom:0}
        h1,h2,h3,h4,h5,h6{color:var(--ac);line-height:1.35;margin:1.3em 0 .6em;font-weight:700}
        h1{font-size:1.7em;padding-bottom:.25em;border-bottom:2px solid var(--ln)}
        h2{font-size:1.42em;padding-bottom:.2em;border-bottom:1px solid var(--ln)}
        h3{font-size:1.2em}h4{font-size:1.08em}h5,h6{font-size:1em}
        p,ul,ol,dl,pre,table,blockquote,math[display=block]{margin:.85em 0}
        ul,ol{padding-left:1.7em}li{margin:.3em 0}li>p{margin:.4em 0}
        li.task-list-item{list-style:none;margin-left:-1.45em}
        .box{display:inline-block;width:.85em;height:.85em;margin-right:.6em;border:2px solid var(--mu);border-radius:3px;vertical-align:-.1em;position:relative}
        .box.on{background:var(--ac);border-color:var(--ac)}
        .box.on::after{content:"";position:absolute;left:.24em;top:.02em;width:.22em;height:.5em;border:solid var(--bg);border-width:0 2.5px 2.5px 0;transform:rotate(45deg)}
        .a{color:var(--ac);text-decoration:underline;text-underline-offset:.2em;text-decoration-thickness:1px}
        .img{color:var(--mu);border:1px dashed var(--ln);border-radius:4px;padding:.05em .5em}
        blockquote{color:var(--mu);border-left:4px solid var(--ln);padding:.1em 0 .1em 1em;margin-left:0;margin-right:0}
        blockquote.reasoning{font-size:.92em}
        hr{border:0;border-top:2px solid var(--ln);margin:1.5em 0}
        code,pre,kbd{font-family:emoji,"JetBrains Mono","DejaVu Sans Mono","Liberation Mono","Noto Sans Mono CJK SC",monospace}
        code{background:var(--pn);border-radius:4px;padding:.1em .35em;font-size:.87em}
        pre{background:var(--pn);border:1px solid var(--ln);border-radius:8px;padding:.85em 1em;white-space:pre-wrap;line-height:1.5;tab-size:4}
        pre code{background:none;padding:0;font-size:.83em}
        pre .lang{float:right;color:var(--mu);font:12px/1 "Noto Sans","Noto Sans CJK SC",sans-serif;margin:-.2em -.2em .4em 1em}
        pre i{font-style:normal}pre i.k{color:var(--ck)}pre i.s{color:var(--cs)}pre i.n{color:var(--cn)}pre i.c{color:var(--cc);font-style:italic}
        pre i.f{color:var(--cf)}pre i.t{color:var(--ct)}pre i.d{color:var(--ck)}
        table{border-collapse:collapse;max-width:100%;font-size:.95em}
        th,td{border:1px solid var(--ln);padding:.42em .75em;vertical-align:top;min-width:1.5em}
        th{background:var(--pn);font-weight:700;overflow-wrap:normal}
        mark{background:#ffe58a;color:#3a2c00;padding:0 .15em;border-radius:2px}
        ins{text-underline-offset:.2em}
        sup.fn{font-size:.72em;color:var(--ac);line-height:0}.notes{font-size:.88em;color:var(--mu);border-top:1px solid var(--ln);margin-top:1.6em;padding-top:.5em}
        math{font-family:"STIX Two Math","Latin Modern Math","DejaVu Math TeX Gyre","Noto Sans Math",math;font-size:1.08em}
        math[display=block]{text-align:center;font-size:1.15em}
        mtext{font-family:"Noto Sans","Liberation Sans","Noto Sans CJK SC",sans-serif;font-size:.92em}
        mtext.unknown{color:var(--ct);font-family:"DejaVu Sans Mono",monospace}
        mrow.over{border-top:1.3px solid currentColor;padding-top:.12em}mrow.under{border-bottom:1.3px solid currentColor;padding-bottom:.12em}
        mrow.boxed{border:1.5px solid currentColor;padding:.25em .35em}
        mtd.r{text-align:right;text-align:-webkit-right}mtd.l{text-align:left;text-align:-webkit-left}
        mtable.aligned mtd{padding:.28em 0}mtable.aligned mtd.r{padding-left:1.5em}mtable.aligned mtd:first-child{padding-left:0}
        .cut{height:43px;margin:0 -30px -30px;border-top:1px solid var(--ln);background:var(--pn);color:var(--mu);font-size:14px;line-height:43px;text-align:center}
        """;

    public static string Of(RenderStyle style) =>
        $":root{{--bg:{style.Background};--fg:{style.Text};--mu:{style.Muted};--ln:{style.Line};--pn:{style.Panel};--ac:{style.Accent};" +
        $"--ck:{style.Code.Keyword};--cs:{style.Code.Text};--cn:{style.Code.Number};--cc:{style.Code.Comment};--cf:{style.Code.Name};--ct:{style.Code.Type}}}{Rules}";
}
