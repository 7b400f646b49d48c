using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Init.Chat.Rendering;

/// <summary>The colours of a picture, as CSS writes them. The first five have the original's background and text.</summary>
/// <param name="Name">That a request says.</param>
/// <param name="Background">Of the body.</param>
/// <param name="Text">Of the body.</param>
/// <param name="Muted">Quotations, notes.</param>
/// <param name="Line">Borders and rules.</param>
/// <param name="Panel">Behind code and heads of tables.</param>
/// <param name="Accent">Headings and links.</param>
/// <param name="Code">In code.</param>
public sealed record RenderStyle(string Name, string Background, string Text, string Muted, string Line, string Panel, string Accent, CodeColours Code)
{
    private static readonly CodeColours OnLight = new("#a626a4", "#22762c", "#9a5b00", "#6f7480", "#0b5fc4", "#a1350f");
    private static readonly CodeColours OnDark = new("#cba6f7", "#a6e3a1", "#fab387", "#8f95b2", "#89b4fa", "#f9e2af");

    public static ImmutableArray<RenderStyle> All { get; } =
    [
        new("light", "#ffffff", "#333333", "#636a73", "#d5dae0", "#f5f6f8", "#0a58ca", OnLight),
        new("dark", "#1e1e2e", "#e0e0e0", "#a3a8be", "#44475e", "#282a3d", "#89b4fa", OnDark),
        new("pink", "#fff0f5", "#5a1a37", "#8a4c68", "#f0bfd2", "#ffe3ec", "#c2185b", new("#ad1457", "#2e7031", "#96500a", "#8d6577", "#5b3fb5", "#a33a12")),
        new("blue", "#f0f8ff", "#0d3b66", "#466a8d", "#b9d6ee", "#e0effb", "#0b66c3", new("#8b2fa8", "#1d6b45", "#95540a", "#5f7b94", "#0b5fc4", "#a1350f")),
        new("green", "#f0fff4", "#1d3c34", "#4b6f63", "#b4dcc3", "#dff5e6", "#187a4b", new("#8b2f9d", "#1c6e31", "#8a5607", "#5e7d70", "#12629e", "#9c3a12")),
        new("sepia", "#f8f1e3", "#4b3a2a", "#78634d", "#dcccb0", "#efe4cd", "#96500f", new("#8a2f78", "#47691b", "#94520a", "#83715a", "#27608f", "#9c3a12")),
        new("nord", "#2e3440", "#e5e9f0", "#aab4c6", "#4c566a", "#3b4252", "#88c0d0", new("#b9a1d6", "#a3be8c", "#e3a98f", "#8d99b0", "#8fbcdb", "#ebcb8b")),
        new("solarized-light", "#fdf6e3", "#586e75", "#6d8087", "#ddd6c1", "#eee8d5", "#1f76b5", new("#6c55b8", "#687700", "#b5481a", "#7f8d8d", "#1f76b5", "#946c00")),
        new("solarized-dark", "#002b36", "#a9b7b9", "#8b9da0", "#134652", "#073642", "#4fa7e3", new("#9d9ff0", "#a3b300", "#e8794a", "#7a8f95", "#4fa7e3", "#d2a52a")),
        new("high-contrast", "#000000", "#ffffff", "#d6d6d6", "#ffffff", "#141414", "#ffee33", new("#ff9cf5", "#7dff8a", "#ffc66b", "#c4c4c4", "#7ecbff", "#ffee33")),
    ];

    private static readonly FrozenDictionary<string, RenderStyle> ByName = All.ToFrozenDictionary(style => style.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Null: there is no such style.</summary>
    public static RenderStyle? Find(string? name) => name is not null && ByName.TryGetValue(name.Trim(), out RenderStyle? style) ? style : null;
}

/// <param name="Keyword">Words of the language, tags.</param>
/// <param name="Text">Strings.</param>
/// <param name="Number">Numbers and constants.</param>
/// <param name="Comment">Comments.</param>
/// <param name="Name">Functions, keys, attributes.</param>
/// <param name="Type">Types, variables of shells, annotations.</param>
public sealed record CodeColours(string Keyword, string Text, string Number, string Comment, string Name, string Type);
