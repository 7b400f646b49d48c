using Init.Chat.Store;

namespace Init.Chat.Transfer;

/// <summary>
/// The original's USER_DATA_DIR: <c>{kind}/{user}/{ParallelData}/{branch}.json</c>, and <c>metadata.json</c> beside it with the current branch of that kind.
/// </summary>
internal static class OriginalLayout
{
    public const string MetadataFile = "metadata.json";

    /// <summary>In <see cref="MetadataFile"/>.</summary>
    public const string CurrentField = "default_item";

    public const string BranchEnd = ".json";

    public static readonly ItemKind[] Kinds = [ItemKind.Context, ItemKind.Prompt, ItemKind.Config];

    public static string FolderOf(ItemKind kind) => kind switch
    {
        ItemKind.Context => "Context_UserData",
        ItemKind.Prompt => "Prompt_UserData",
        _ => "UserConfig_UserData",
    };

    /// <summary>As the zip and our own files call it.</summary>
    public static string NameOf(ItemKind kind) => kind switch
    {
        ItemKind.Context => "context",
        ItemKind.Prompt => "prompt",
        _ => "config",
    };
}
