using System.Collections.Frozen;

namespace Init.Chat.Rendering.Mathematics;

/// <summary>Commands of TeX that are one sign.</summary>
internal static class TexSymbols
{
    /// <summary>Variables: they may be bold, and are slanted.</summary>
    public static FrozenDictionary<string, string> Letters { get; } = Table(
        "alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ varkappa ϰ lambda λ mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς " +
        "tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ omega ω ell ℓ imath ı jmath ȷ");

    /// <summary>Letters and signs that stand upright.</summary>
    public static FrozenDictionary<string, string> Upright { get; } = Table(
        "Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω infty ∞ partial ∂ nabla ∇ hbar ℏ hslash ℏ Re ℜ Im ℑ aleph ℵ beth ℶ wp ℘ emptyset ∅ varnothing ∅ top ⊤ bot ⊥ angle ∠ " +
        "triangle △ square □ blacksquare ■ diamond ⋄ clubsuit ♣ diamondsuit ♢ heartsuit ♡ spadesuit ♠ flat ♭ natural ♮ sharp ♯ degree ° checkmark ✓ dagger † ddagger ‡ S § P ¶ copyright © pounds £ " +
        "euro € yen ¥ % % $ $ # # & & _ _ ldots … dots … cdots ⋯ vdots ⋮ ddots ⋱ dotsc … dotsb ⋯ dotsm ⋯ dotsi ⋯ prime ′ backslash ∖ Box □ qed ∎ mho ℧ eth ð surd √");

    public static FrozenDictionary<string, string> Operators { get; } = Table(
        "pm ± mp ∓ times × div ÷ cdot ⋅ ast ∗ star ⋆ circ ∘ bullet ∙ oplus ⊕ ominus ⊖ otimes ⊗ oslash ⊘ odot ⊙ cup ∪ cap ∩ uplus ⊎ sqcup ⊔ sqcap ⊓ vee ∨ lor ∨ wedge ∧ land ∧ setminus ∖ smallsetminus ∖ wr ≀ amalg ⨿ " +
        "neg ¬ lnot ¬ forall ∀ exists ∃ nexists ∄ in ∈ notin ∉ ni ∋ leq ≤ le ≤ geq ≥ ge ≥ leqslant ⩽ geqslant ⩾ neq ≠ ne ≠ equiv ≡ approx ≈ sim ∼ simeq ≃ cong ≅ propto ∝ varpropto ∝ ll ≪ gg ≫ doteq ≐ prec ≺ succ ≻ " +
        "preceq ⪯ succeq ⪰ subset ⊂ supset ⊃ subseteq ⊆ supseteq ⊇ subsetneq ⊊ supsetneq ⊋ sqsubseteq ⊑ sqsupseteq ⊒ parallel ∥ nparallel ∦ perp ⊥ mid ∣ nmid ∤ vdash ⊢ dashv ⊣ models ⊨ vDash ⊨ asymp ≍ bowtie ⋈ " +
        "to → rightarrow → leftarrow ← gets ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ implies ⟹ impliedby ⟸ iff ⟺ mapsto ↦ longmapsto ⟼ longrightarrow ⟶ longleftarrow ⟵ longleftrightarrow ⟷ " +
        "Longrightarrow ⟹ Longleftarrow ⟸ Longleftrightarrow ⟺ uparrow ↑ downarrow ↓ updownarrow ↕ Uparrow ⇑ Downarrow ⇓ nearrow ↗ searrow ↘ swarrow ↙ nwarrow ↖ hookrightarrow ↪ hookleftarrow ↩ rightharpoonup ⇀ " +
        "rightharpoondown ⇁ leftharpoonup ↼ leftharpoondown ↽ rightleftharpoons ⇌ rightleftarrows ⇄ leadsto ⇝ because ∵ therefore ∴ colon : coloneqq ≔ vcentcolon ∶ triangleq ≜ lhd ⊲ rhd ⊳ unlhd ⊴ unrhd ⊵ " +
        "lesssim ≲ gtrsim ≳ approxeq ≊ ltimes ⋉ rtimes ⋊ boxtimes ⊠ boxplus ⊞ dotplus ∔ nleq ≰ ngeq ≱ nsubseteq ⊈ owns ∋ smile ⌣ frown ⌢ lt < gt > sslash ⫽");

    /// <summary>Brackets by name.</summary>
    public static FrozenDictionary<string, string> Fences { get; } = Table(
        "{ { } } lbrace { rbrace } lbrack [ rbrack ] langle ⟨ rangle ⟩ lceil ⌈ rceil ⌉ lfloor ⌊ rfloor ⌋ lvert | rvert | vert | | ‖ lVert ‖ rVert ‖ Vert ‖ lgroup ⟮ rgroup ⟯ ulcorner ⌜ urcorner ⌝ llbracket ⟦ rrbracket ⟧");

    /// <summary>Large ones, with what stands below and above.</summary>
    public static FrozenDictionary<string, string> Large { get; } = Table(
        "sum ∑ prod ∏ coprod ∐ bigcup ⋃ bigcap ⋂ bigvee ⋁ bigwedge ⋀ bigoplus ⨁ bigotimes ⨂ bigodot ⨀ biguplus ⨄ bigsqcup ⨆");

    public static FrozenDictionary<string, string> Integrals { get; } = Table("int ∫ iint ∬ iiint ∭ oint ∮ oiint ∯ oiiint ∰ smallint ∫");

    public static FrozenSet<string> Functions { get; } =
        "sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan arccot ln log lg exp deg dim ker hom arg sgn tr rank diag".Split(' ').ToFrozenSet();

    /// <summary>Functions with something below.</summary>
    public static FrozenDictionary<string, string> LimitFunctions { get; } = Table(
        "lim lim limsup lim_sup liminf lim_inf max max min min sup sup inf inf det det gcd gcd lcm lcm Pr Pr argmax arg_max argmin arg_min");

    public static FrozenDictionary<string, string> AccentsAbove { get; } = Table(
        "hat ^ widehat ^ check ˇ tilde ~ widetilde ~ acute ´ grave ` dot ˙ ddot ¨ dddot ⃛ breve ˘ bar ¯ vec → mathring ˚ overrightarrow → overleftarrow ← overleftrightarrow ↔ overbrace ⏞ overparen ⏜");

    public static FrozenDictionary<string, string> AccentsBelow { get; } = Table("underbrace ⏟ underrightarrow → underleftarrow ← underparen ⏝");

    /// <summary>Widths in em.</summary>
    public static FrozenDictionary<string, string> Spaces { get; } = Table(
        ", 0.1667 : 0.2222 > 0.2222 ; 0.2778 ! -0.1667 quad 1 qquad 2 thinspace 0.1667 medspace 0.2222 thickspace 0.2778 enspace 0.5 negthinspace -0.1667 enskip 0.5");

    /// <summary>Commands that change nothing we could show.</summary>
    public static FrozenSet<string> Silent { get; } =
        "displaystyle textstyle scriptstyle scriptscriptstyle limits nolimits nonumber notag hline allowbreak nobreak mathstrut strut relax / -".Split(' ').ToFrozenSet();

    /// <summary>Likewise, with an argument.</summary>
    public static FrozenSet<string> SilentWithArgument { get; } = "label hspace hspace* vspace color".Split(' ').ToFrozenSet();

    private static FrozenDictionary<string, string> Table(string pairs)
    {
        string[] words = pairs.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return Enumerable.Range(0, words.Length / 2).ToFrozenDictionary(index => words[2 * index], index => words[(2 * index) + 1].Replace('_', words[2 * index].Length > 1 ? ' ' : '_'));
    }
}
