using System.Collections.Frozen;

namespace Init.Chat.Rendering.Code;

/// <summary>What the scanner has to know of a language. It knows words, strings, comments and numbers, and no grammar.</summary>
internal sealed record CodeLanguage
{
    public FrozenSet<string> Keywords { get; init; } = FrozenSet<string>.Empty;

    public FrozenSet<string> Constants { get; init; } = FrozenSet<string>.Empty;

    public FrozenSet<string> Types { get; init; } = FrozenSet<string>.Empty;

    public string[] LineComments { get; init; } = [];

    public (string Open, string Close)[] BlockComments { get; init; } = [];

    /// <summary>Longer ones first.</summary>
    public StringRule[] Strings { get; init; } = [];

    /// <summary>Characters that a word may begin with and have, besides letters, digits and the underscore.</summary>
    public string WordCharacters { get; init; } = "";

    /// <summary>A word behind one of these is a variable or an annotation: "$" of shells, "@" of Java.</summary>
    public string Sigils { get; init; } = "";

    /// <summary>A word or string before this is a key; '\0': there are none.</summary>
    public char KeyEnd { get; init; }

    /// <summary>A comment sign counts only at the beginning of a word ("#" of shells and YAML).</summary>
    public bool CommentsNeedSpace { get; init; }

    /// <summary>Words that begin with a capital are types.</summary>
    public bool HasCapitalTypes { get; init; }

    /// <summary>A word before "(" is a function.</summary>
    public bool HasCalls { get; init; } = true;

    public CodeShape Shape { get; init; }
}

/// <param name="Open">That it begins with.</param>
/// <param name="Close">That it ends with.</param>
/// <param name="HasEscapes">A backslash takes the next character with it.</param>
/// <param name="IsMultiline">It may go over the end of a line; otherwise it ends there.</param>
internal readonly record struct StringRule(string Open, string Close, bool HasEscapes, bool IsMultiline);

internal enum CodeShape
{
    /// <summary>Words, strings, comments.</summary>
    Words,

    /// <summary>Tags with attributes.</summary>
    Markup,

    /// <summary>Lines that are added or removed.</summary>
    Difference,

    /// <summary>Nothing is coloured.</summary>
    Plain,
}
