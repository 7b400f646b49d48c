using Init.Chat.Store;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http;

/// <summary>Names of users and branches. They are never paths: any text will do.</summary>
internal static class Names
{
    /// <exception cref="RefusedException">It cannot be one.</exception>
    public static void Check(string what, string name)
    {
        if (name.Length is 0 or > ItemKey.NameLengthMax || name.Contains('\0', StringComparison.Ordinal) || HasLoneSurrogate(name))
            throw new RefusedException(StatusCodes.Status400BadRequest, $"the {what} must be 1 to {ItemKey.NameLengthMax} characters, without NUL and halves of characters");
    }

    private static bool HasLoneSurrogate(string name)
    {
        for (int i = 0; i < name.Length; i++)
        {
            if (!char.IsSurrogate(name[i]))
                continue;
            if (!char.IsHighSurrogate(name[i]) || i + 1 == name.Length || !char.IsLowSurrogate(name[i + 1]))
                return true;
            i++;
        }

        return false;
    }
}
