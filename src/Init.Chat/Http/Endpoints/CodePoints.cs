namespace Init.Chat.Http.Endpoints;

internal static class CodePoints
{
    /// <summary>As Python counts: a character beyond the first plane is one.</summary>
    public static long Count(string text)
    {
        long count = text.Length;
        for (int i = 1; i < text.Length; i++)
        {
            if (char.IsSurrogatePair(text[i - 1], text[i]))
                count--;
        }

        return count;
    }
}
