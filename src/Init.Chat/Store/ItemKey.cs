namespace Init.Chat.Store;

/// <summary>What is kept for a user. Each kind has branches of its own, and a current one.</summary>
public enum ItemKind
{
    /// <summary>Messages.</summary>
    Context,

    /// <summary>A text.</summary>
    Prompt,

    /// <summary>A JSON object.</summary>
    Config,
}

/// <summary>One branch of one kind of a user.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="User">Any text but ""; a name and never a path: "..", "a/b" and "A" are users like others, and each is another one.</param>
/// <param name="Branch">Likewise.</param>
public readonly record struct ItemKey(ItemKind Kind, string User, string Branch)
{
    /// <summary>The current branch of whoever has chosen none.</summary>
    public const string DefaultBranch = "default";

    /// <summary>Of a user and of a branch, in UTF-16 units.</summary>
    public const int NameLengthMax = 512;

    public static ItemKey Context(string user, string branch) => new(ItemKind.Context, user, branch);
}
